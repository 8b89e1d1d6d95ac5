"""Shared by the tests of the Python layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import fake_core
import pytest

Tree = Callable[[dict[str, str | bytes]], Path]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Makes files below an empty folder: their paths and contents."""

    def make(files: dict[str, str | bytes]) -> Path:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path

    return make


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[fake_core.Workspace]]:
    """The Python layer on a core that says what the test wants: set the class's attributes."""
    import sigil.workspace

    class Fresh(fake_core.Workspace):
        pass

    monkeypatch.setattr(fake_core, "Workspace", Fresh)
    monkeypatch.setattr(sigil.workspace, "_core", fake_core)
    yield Fresh
