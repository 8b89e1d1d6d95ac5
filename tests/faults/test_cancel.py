"""A run that is cancelled at any moment ends soon, and the same workspace then gives what an untouched one gives."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from sigil import _core, discover

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    folder = tmp_path_factory.mktemp("corpus")
    command = [sys.executable, "-m", "bench.corpus", "--lines", "20000", "--modules", "60", "--seed", "3"]
    subprocess.run([*command, folder], cwd=ROOT, check=True, capture_output=True)
    project = discover.project(folder)
    return [(f.module, f.kind, f.flags, f.shown, None, Path(f.path).read_bytes()) for f in project.files]


@pytest.mark.parametrize("threads", [1, 3])
def test_cancelled_runs_leave_a_workspace_that_works(files: list[Any], threads: int) -> None:
    ws = _core.Workspace(max_threads=threads)
    ws.load(files)
    started = time.monotonic()
    ws.run("generate")
    whole = time.monotonic() - started
    expected = ws.output()
    chance, cancelled = random.Random(threads), 0
    for _ in range(15):
        timer = threading.Timer(whole * chance.uniform(0.0, 1.1), ws.cancel)
        timer.start()
        try:
            ws.run("generate")
        except KeyboardInterrupt:
            cancelled += 1
        timer.join()
    assert cancelled > 0
    ws.run("generate")
    assert ws.output() == expected
