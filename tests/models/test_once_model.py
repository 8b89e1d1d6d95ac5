"""Checks once.pml for every set of needs and several numbers of workers; test_models.py checks the default.

What the model covers and what not: ONCE.md.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from test_models import check

GRAPHS = range(6)
WORKERS = [(1, 0), (1, 1), (2, 0)]  # threads, replacements


@pytest.mark.parametrize("runs", [0, 1])
@pytest.mark.parametrize(("threads", "spares"), WORKERS)
@pytest.mark.parametrize("graph", GRAPHS)
def test_every_need_is_met_or_told(graph: int, threads: int, spares: int, runs: int, tmp_path: Path) -> None:
    bounds = [f"-DTHREADS={threads}", f"-DSPARES={spares}", f"-DRUNS={runs}"]
    output = check("once", tmp_path, [f"-DGRAPH={graph}", *bounds])
    assert "errors: 0" in output, output
    assert "max search depth too small" not in output
    assert "Search not completed" not in output
