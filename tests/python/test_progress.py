"""The progress counters: each counts what it says, live, and never falls; any thread may read them at any time."""

from __future__ import annotations

import itertools
import shutil
import threading
import time
from dataclasses import astuple, fields
from pathlib import Path

import pytest

from sigil.workspace import Progress, Workspace

ROOT = Path(__file__).resolve().parents[2]
NAMES = [field.name for field in fields(Progress)]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Forty modules with their tests, without what earlier builds left."""
    folder = tmp_path / "forty_modules"
    shutil.copytree(ROOT / "examples/forty_modules", folder, ignore=shutil.ignore_patterns(".sigil"))
    return folder


def watched(workspace: Workspace, work: str) -> tuple[object, list[Progress]]:
    """The result of a method, and what another thread saw of the counters meanwhile."""
    ended = threading.Event()
    seen = [workspace.progress()]

    def watch() -> None:
        while not ended.is_set():
            seen.append(workspace.progress())
            time.sleep(0.0002)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        result = getattr(workspace, work)(coverage="off")
    finally:
        ended.set()
        watcher.join()
    return result, [*seen, workspace.progress()]


def test_counters_rise_to_the_whole_and_never_fall(project: Path) -> None:
    workspace = Workspace(project, jobs=2)
    result, seen = watched(workspace, "test")
    for name, values in zip(NAMES, zip(*map(astuple, seen), strict=True), strict=True):
        assert all(first <= second for first, second in itertools.pairwise(values)), name
    last = seen[-1]
    assert last.files_parsed == last.files_total == len(workspace.project.files)
    assert last.modules == len(workspace.project.files)
    assert last.bytes == sum(len(workspace.source(file.shown) or b"") for file in workspace.project.files)
    assert last.functions_typed == last.functions_total > 0
    assert last.functions_generated == last.instances_total > 0
    assert last.objects_compiled == last.objects_total > 0
    assert last.tests_run == last.tests_total == len(result.outcomes) > 0  # type: ignore[attr-defined]
    assert last.errors == 0
    # Counted as they end, not all at once. The compilers' processes take long enough to be sure of it.
    assert any(0 < progress.objects_compiled < last.objects_total for progress in seen)
    assert any(0 < progress.tests_run < last.tests_total for progress in seen)


def test_a_second_run_counts_anew(project: Path) -> None:
    workspace = Workspace(project, jobs=2)
    assert workspace.build(coverage="off").ok
    first = workspace.progress()
    assert workspace.build(coverage="off").ok
    second = workspace.progress()
    assert (second.functions_typed, second.bytes) == (first.functions_typed, first.bytes)
    assert (second.objects_total, second.objects_compiled) == (0, 0)  # all reused
    assert workspace.check(coverage="off").ok
    assert workspace.progress().objects_total == 0


GOOD = "@double (n: int) -> int = n * 2\n"
MISTAKES = {
    "parse": "@f () -> int = (1 + \n",
    "import": "use './nowhere' { thing }\n" + GOOD,
    "signature": "@f (n: Nonsense) -> Rubbish = 1\n",
    "body": '@f () -> int = "text"\n@g () -> str = 1\n',
    "coverage": GOOD,
    "twice": GOOD + GOOD,
}


@pytest.mark.parametrize("name", MISTAKES)
def test_errors_are_those_of_the_result(name: str, tmp_path: Path) -> None:
    (tmp_path / "x.si").write_text(MISTAKES[name])
    workspace = Workspace(tmp_path / "x.si", jobs=2)
    result = workspace.check(coverage="error" if name == "coverage" else "off")
    assert workspace.progress().errors == result.errors > 0


def test_errors_that_tests_expect_are_none(tmp_path: Path) -> None:
    """A test that expects a type mismatch and gets it is no error, at no moment."""
    wrong = (
        '#[compile_fail("type mismatch")]\n@t_wrong tests @double () -> void = assert_eq(double("x"), 2)\n'
    )
    (tmp_path / "x.si").write_text(GOOD + wrong)
    workspace = Workspace(tmp_path / "x.si", jobs=2)
    result, seen = watched(workspace, "check")
    assert [progress.errors for progress in seen] == [0] * len(seen)
    assert result.errors == 0  # type: ignore[attr-defined]
