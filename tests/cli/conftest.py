"""Shared by the black-box tests of the command line: `sigil(…)` runs it as a user would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Done = subprocess.CompletedProcess[str]
LIMIT_SECONDS = 60


@pytest.fixture
def environment(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A plain environment: a home and a cache of its own, nothing that changes what is shown."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("NO_COLOR", "FORCE_COLOR", "CI", "SIGIL_CC") and not name.startswith("XDG_")
    }
    home = tmp_path_factory.mktemp("home")
    return kept | {"HOME": str(home), "PYTHONPATH": str(root), "TERM": "xterm", "PYTHONUTF8": "1"}


@pytest.fixture
def sigil(tmp_path: Path, environment: dict[str, str]) -> Callable[..., Done]:
    """Runs a command in the test's folder and returns what it did."""

    def run(
        *words: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None, **more: object
    ) -> Done:
        return subprocess.run(  # type: ignore[call-overload,no-any-return]  # keywords are passed on
            [sys.executable, "-m", "sigil", *map(str, words)],
            cwd=cwd or tmp_path,
            env=environment | (env or {}),
            **({"stdin": subprocess.DEVNULL, "capture_output": True} | more),
            encoding="utf-8",
            errors="surrogateescape",
            timeout=LIMIT_SECONDS,
            check=False,
        )

    return run


@pytest.fixture
def write(tmp_path: Path) -> Callable[[dict[str, str | bytes]], Path]:
    """Makes files in the test's folder: their paths and contents."""

    def make(files: dict[str, str | bytes]) -> Path:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path

    return make
