"""Invariant 1: the same files give the same bytes, for 1, 2, 3, 8 and 64 threads, both schedules and any order of files.

Compared is all that can be seen of a run: diagnostics, generated C, tokens, trees and core of every module. The projects
are the examples and one of 20,000 lines from the corpus generator, once as it is and once with mistakes in every module.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import compiler
import pytest

from sigil import _core, discover

ROOT = Path(__file__).resolve().parent.parent.parent
ROUNDS = int(os.environ.get("SIGIL_SAME_ROUNDS", "0"))  # `make hunt` asks for 50
EXAMPLES = sorted(path.parent.name for path in (ROOT / "examples").glob("*/sigil.toml"))


def files_of(folder: Path) -> list[tuple[Any, ...]]:
    project = discover.project(folder)
    return [(f.module, f.kind, f.flags, f.shown, None, Path(f.path).read_bytes()) for f in project.files]


def seen(files: list[tuple[Any, ...]], threads: int, is_warm: bool, schedule: str) -> dict[str, Any]:
    """By what it is: a digest, or the diagnostics themselves."""
    ws = compiler.workspace(threads) if is_warm else _core.Workspace(max_threads=threads)
    ws.load(sorted(files))
    diagnostics, _times = ws.run("generate", with_tests=True, coverage=1, schedule=schedule)
    found: dict[str, Any] = {"diagnostics": diagnostics}
    if not any(d[1] == 2 for d in diagnostics):
        for name, content in ws.output():
            found[f"C file {name}"] = hashlib.sha256(content).hexdigest()
    for module, *_rest in files:
        for kind in ("tokens", "tree", "core"):
            text = ws.emit(kind, module)
            found[f"{kind} of {module}"] = text and hashlib.sha256(text.encode()).hexdigest()
    return found


def compare(files: list[tuple[Any, ...]], rounds: int = 1) -> dict[str, Any]:
    expected = seen(files, 1, False, "signatures")
    for threads, schedule in itertools.product(compiler.THREADS, ("signatures", "levels")):
        for turn in range(rounds):
            # a new workspace, then one whose interners know other programs
            got = seen(files, threads, turn > 0, schedule)
            different = [what for what in expected if got.get(what) != expected[what]]
            assert not different and got.keys() == expected.keys(), (
                f"{schedule} on {threads} threads: other {different[:5]}"
            )
    return expected


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples(name: str) -> None:
    result = compare(files_of(ROOT / "examples" / name), rounds=ROUNDS or 2)
    assert any(what.startswith("C file") for what in result)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, ...]]:
    folder = tmp_path_factory.mktemp("corpus")
    command = [sys.executable, "-m", "bench.corpus", "--lines", "20000", "--modules", "120", "--seed", "7"]
    subprocess.run([*command, folder], cwd=ROOT, check=True, capture_output=True)
    return files_of(folder)


def test_a_large_project(large: list[tuple[Any, ...]]) -> None:
    result = compare(list(large), rounds=ROUNDS or 1)
    assert result["diagnostics"] == [] or all(d[1] < 2 for d in result["diagnostics"])


def test_a_large_project_with_mistakes(large: list[tuple[Any, ...]]) -> None:
    chance = random.Random(2)
    broken = []
    for module, kind, flags, shown, real, text in large:
        if kind == compiler.KIND_PROJECT:
            words = text.split(b" ")
            for _ in range(6):
                a, b = chance.randrange(len(words)), chance.randrange(len(words))
                words[a], words[b] = words[b], words[a]
            text = b" ".join(words)
        broken.append((module, kind, flags, shown, real, text))
    assert len(compare(broken)["diagnostics"]) > 100


def test_a_project_with_circles_of_imports(large: list[tuple[Any, ...]]) -> None:
    """Every tenth module also imports one that comes later, so that most modules are in circles or import from them."""
    names = [file[0] for file in large if file[1] == compiler.KIND_PROJECT and file[0] != "main"]
    knotted = []
    for number, (module, kind, flags, shown, real, text) in enumerate(large):
        if module in names and number % 10 == 0:
            text = f"use {names[-1 - number % 7]} as later\n".encode() + text
        knotted.append((module, kind, flags, shown, real, text))
    diagnostics = compare(knotted)["diagnostics"]
    assert any(d[0] == "E0210" for d in diagnostics)


class Shuffled:
    """What os.scandir gives, in another order."""

    plain = staticmethod(os.scandir)

    def __init__(self, path: Any = ".") -> None:
        with Shuffled.plain(path) as entries:
            self.entries = sorted(entries, key=lambda entry: hashlib.sha256(os.fsencode(entry.name)).digest())
        self.position = iter(self.entries)

    def __iter__(self) -> Shuffled:
        return self

    def __next__(self) -> Any:
        return next(self.position)

    def __enter__(self) -> Shuffled:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def close(self) -> None:
        pass


def test_the_order_of_the_file_system_does_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = files_of(ROOT / "examples/forty_modules")
    monkeypatch.setattr(os, "scandir", Shuffled)
    assert files_of(ROOT / "examples/forty_modules") == expected
