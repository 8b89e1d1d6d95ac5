"""The extension module as Python sees it: threads, interrupts, errors, and that its stubs say the truth."""

from __future__ import annotations

import ast
import gc
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

import sigil
from sigil import _core
from sigil.workspace import ThreadPoolConfig, Workspace

STUBS = Path(sigil.__file__).with_name("_core.pyi")


def program(functions: int) -> str:
    """A valid module of about eight lines for each function."""
    part = (
        "// #Text number {0}, with a comment as people write them.\n"
        "pub @step{0} (count: int, name: str, flag: bool) -> int = run(\n"
        "    let first = count * {0} + 17,\n"
        "    let second = if flag then first else count - 1,\n"
        '    let words = [name, name + "!", "more"],\n'
        "    second + words.len())\n\n"
    )
    return "".join(part.replace("{0}", str(number)) for number in range(functions))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose check takes long enough to look at it from outside."""
    folder = tmp_path_factory.mktemp("large")
    (folder / "sigil.toml").write_text('[project]\nname = "large"\n\n[tests]\ncoverage = "off"\n')
    (folder / "src").mkdir()
    for number in range(8):
        (folder / f"src/m{number}.si").write_text(program(4000))
    return folder


# ---- stubs -------------------------------------------------------------------------------------------------


def public(scope: Any) -> set[str]:
    return {name for name in vars(scope) if not name.startswith("_")}


def test_the_stubs_name_exactly_what_is_there() -> None:
    tree = ast.parse(STUBS.read_text("utf-8"))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    classes = {
        node.name: {member.name for member in node.body if isinstance(member, ast.FunctionDef)} - {"__init__"}
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    }
    assert functions | set(classes) == public(_core)
    for name, members in classes.items():
        assert members == public(getattr(_core, name))


def test_the_stubs_agree_on_what_calls_return(tmp_path: Path) -> None:
    workspace = _core.Workspace(max_threads=2, stack_size=1 << 20, priority=0)
    assert workspace.threads == 2
    workspace.load([("m", 0, 2, "m.si", None, b"@f () -> int = 1\n")])
    diagnostics, times = workspace.run(
        "parse", program_name="p", with_tests=True, with_lines=False, coverage=0
    )
    assert diagnostics == [] and all(
        isinstance(wall, float) and isinstance(cpu, float) for wall, cpu in times.values()
    )
    assert isinstance(workspace.emit("tokens", "m"), str) and workspace.emit("tokens", "n") is None
    assert workspace.source(0) == ("m.si", b"@f () -> int = 1\n")
    tree = ast.parse(STUBS.read_text("utf-8"))
    typed = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "_Program")
    fields = {
        node.target.id
        for node in typed.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    assert set(workspace.program()) == fields
    assert all(isinstance(count, int) for count in workspace.progress().values())
    assert workspace.output() == [] and workspace.coverage() == []
    for code, (severity, name, message) in _core.diagnostic_codes().items():
        assert (severity == 2) == (code[0] == "E") and name.isupper() and message


def test_progress_has_the_fields_of_the_library() -> None:
    from sigil.workspace import Progress

    counters = set(_core.Workspace(max_threads=1).progress())
    assert counters | {"tests_total"} == set(Progress.__dataclass_fields__)


# ---- arguments ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "error"),
    [
        ("text", TypeError),
        ([1], TypeError),
        ([("m",)], TypeError),
        ([("m", 9, 0, "m.si", None, b"")], ValueError),
        ([("m", -1, 0, "m.si", None, b"")], ValueError),
        ([("m", 0, 0, "m.si", None, None)], TypeError),
        ([("m", 0, 0, "m.si", "text", None)], TypeError),
        ([("m", 0, 0, "m.si", None, "text")], TypeError),
        ([("m\udcff", 0, 0, "m.si", None, b"")], UnicodeEncodeError),
        ([("b", 0, 0, "b.si", None, b""), ("a", 0, 0, "a.si", None, b"")], ValueError),
        ([("a", 0, 0, "b.si", None, b""), ("a", 0, 0, "a.si", None, b"")], ValueError),
    ],
)
def test_wrong_files_are_refused(files: Any, error: type[Exception]) -> None:
    workspace = _core.Workspace(max_threads=1)
    with pytest.raises(error):
        workspace.load(files)
    workspace.load([("m", 0, 0, "m.si", None, b"")])
    workspace.run("parse")


@pytest.mark.parametrize(
    "call",
    [
        lambda workspace: workspace.run("nonesuch"),
        lambda workspace: workspace.run("parse", coverage=3),
        lambda workspace: workspace.emit("noise", "m"),
        lambda workspace: _core.Workspace(max_threads=100_000),
        lambda workspace: _core.Workspace(stack_size=-1),
    ],
)
def test_wrong_values_are_refused(call: Any) -> None:
    with pytest.raises(ValueError):
        call(_core.Workspace(max_threads=1))


def test_a_workspace_without_files_or_runs_answers() -> None:
    workspace = _core.Workspace(max_threads=1)
    assert workspace.output() == [] and workspace.emit("tokens", "m") is None
    assert workspace.program()["lines"] == 0
    with pytest.raises(IndexError):
        workspace.source(0)
    assert workspace.run("parse")[0] == []


@pytest.mark.parametrize(
    ("text", "lines"), [(b"", 0), (b"a", 1), (b"a\n", 1), (b"a\n\n", 2), (b"a\r\nb", 2), (b"a\rb\r", 2)]
)
def test_lines_are_counted_as_people_count_them(text: bytes, lines: int) -> None:
    workspace = _core.Workspace(max_threads=1)
    workspace.load([("m", 0, 0, "m.si", None, text), ("p", 1, 0, "p.si", None, b"\n\n\n")])
    workspace.run("parse")
    assert workspace.program()["lines"] == lines
    assert workspace.program()["modules"] == 1


# ---- memory ------------------------------------------------------------------------------------------------


def exercise() -> None:
    workspace = _core.Workspace(max_threads=1)
    text = b"use './x' { y }\n@f (a: Foo) -> int = (1 + \n@test_f tests @f () -> void = assert_eq(f(), 1)\n"
    for _ in range(2):
        workspace.load([("m", 0, 2, "m.si", None, text)])
        workspace.run("bodies", coverage=1)
        workspace.run("bodies", coverage=2)
        workspace.emit("tree", "m")
        workspace.source(0)
        workspace.program()
        workspace.coverage()
        workspace.graph()
        workspace.progress()
        with pytest.raises(TypeError):
            workspace.load([("a", 0, 0, "a.si", None, b""), ("m",)])
    _core.diagnostic_codes()


def test_no_references_are_lost() -> None:
    """Python's own blocks: a lost reference would keep some with every round."""
    for _ in range(5):
        exercise()
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.take_snapshot()
        for _ in range(50):
            exercise()
        gc.collect()
        after = tracemalloc.take_snapshot()
    finally:
        tracemalloc.stop()
    here = [difference for difference in after.compare_to(before, "filename") if difference.count_diff >= 50]
    assert not here, here


def test_shared_objects_keep_their_counts() -> None:
    texts = [b"some text of a file", "name_of_a_module", "shown/path.si"]
    before = [sys.getrefcount(text) for text in texts]
    workspace = _core.Workspace(max_threads=1)
    for _ in range(100):
        workspace.load([(texts[1], 0, 0, texts[2], None, texts[0])])  # type: ignore[list-item]
        workspace.run("parse")
        with pytest.raises(ValueError):
            workspace.load([(texts[1], 7, 0, texts[2], None, texts[0])])  # type: ignore[list-item]
    del workspace
    assert [sys.getrefcount(text) for text in texts] == before


# ---- threads -----------------------------------------------------------------------------------------------


def test_a_python_thread_keeps_counting_while_a_check_runs(large: Path) -> None:
    """While C works nobody holds the GIL: a thread of pure Python gets on. Held, no tick at all."""
    workspace = Workspace(large, pool=ThreadPoolConfig(max_threads=1))
    workspace.check()
    ends = threading.Event()
    ticks: list[float] = []

    def count() -> None:
        while not ends.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.0005)

    counter = threading.Thread(target=count)
    counter.start()
    try:
        _, times = workspace._core.run("bodies", coverage=0)
    finally:
        ends.set()
        counter.join()
    end = time.perf_counter()
    took = sum(wall for wall, _ in times.values())
    during = [tick for tick in ticks if end - took <= tick]
    assert took > 0.02, "the project is too small to show anything"
    assert len(during) >= 3, f"{len(during)} ticks in {took:.3f} s"


def test_progress_can_be_read_while_a_check_runs(large: Path) -> None:
    workspace = Workspace(large, pool=ThreadPoolConfig(max_threads=1))
    done: list[Any] = []
    worker = threading.Thread(target=lambda: done.append(workspace.check()))
    worker.start()
    seen = []
    while worker.is_alive():
        seen.append(workspace.progress())
        time.sleep(0.001)
    worker.join()
    assert done and done[0].ok
    parsed = [progress.files_parsed for progress in seen]
    assert parsed == sorted(parsed)
    typed = [progress.functions_typed for progress in seen]
    assert typed == sorted(typed)
    total = workspace.progress().functions_total
    assert any(0 < count < total for count in typed), "bodies are counted as they end, not all at once"
    assert workspace.progress().files_parsed == workspace.progress().files_total == 9


def test_one_workspace_used_by_many_threads_answers_all(tmp_path: Path) -> None:
    path = tmp_path / "x.si"
    path.write_text("@f (x: Foo) -> int = 1\n")
    workspace = Workspace(path)
    answers: list[Any] = []

    def work() -> None:
        for _ in range(20):
            answers.append(workspace.check(coverage="off").diagnostics)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 80 and len(set(answers)) == 1


def test_two_workspaces_share_nothing(tmp_path: Path) -> None:
    results: dict[int, Any] = {}

    def work(number: int) -> None:
        path = tmp_path / f"m{number}.si"
        path.write_text(f"@f{number} (x: Foo{number}) -> int = 1\n")
        results[number] = [found.message for found in Workspace(path).check(coverage="off").diagnostics]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: [f"unknown type `Foo{number}`"] for number in range(4)}


# ---- interrupts --------------------------------------------------------------------------------------------


def test_an_interrupt_ends_a_stage_and_leaves_a_usable_workspace(large: Path) -> None:
    workspace = Workspace(large, pool=ThreadPoolConfig(max_threads=2))
    expected = workspace.check()
    when = [0.0]

    def interrupt(number: int, frame: object) -> None:
        when[0] = time.perf_counter()
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGALRM, interrupt)
    delays: list[float] = []
    try:
        for delay in (0.005, 0.01, 0.02, 0.03):
            signal.setitimer(signal.ITIMER_REAL, delay)
            try:
                workspace.check()
            except KeyboardInterrupt:
                delays.append(time.perf_counter() - when[0])
            signal.setitimer(signal.ITIMER_REAL, 0)
            time.sleep(0.001)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert delays, "the project is too small to be interrupted"
    assert min(delays) < 0.1, delays  # the least: other processes may take the processor at any time
    again = workspace.check()
    assert again.ok and again.diagnostics == expected.diagnostics and again.lines == expected.lines


def test_cancel_from_another_thread(large: Path) -> None:
    workspace = Workspace(large, pool=ThreadPoolConfig(max_threads=1))
    workspace.check()
    cancelled = False
    for attempt in range(60):  # too early is forgotten when the run begins, too late finds nothing to cancel
        timer = threading.Timer(0.003 * (attempt % 20 + 1), workspace.cancel)
        timer.start()
        try:
            workspace.check()
        except KeyboardInterrupt:
            cancelled = True
        timer.join()
        if cancelled:
            break
    assert cancelled
    assert workspace.check().ok


def test_a_signal_handler_that_uses_the_workspace_is_told_so(large: Path) -> None:
    workspace = Workspace(large, pool=ThreadPoolConfig(max_threads=1))
    workspace._core.load([file.as_core() for file in workspace.project.files])
    errors: list[BaseException] = []

    def handler(number: int, frame: object) -> None:
        try:
            workspace._core.program()
        except RuntimeError as error:
            errors.append(error)

    previous = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
        for _ in range(10):
            workspace._core.run("bodies", coverage=0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert errors and "inside another call" in str(errors[0])


# ---- the package -------------------------------------------------------------------------------------------


def test_the_package_is_imported_in_less_than_100_ms(root: Path) -> None:
    script = "import time; t = time.perf_counter(); import sigil; print(time.perf_counter() - t)"
    times = []
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True
        )
        times.append(float(done.stdout))
    assert min(times) < 0.1, times


def test_nothing_heavy_is_imported_before_it_is_needed(root: Path) -> None:
    script = "import sys, sigil; print(' '.join(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert not loaded & {"subprocess", "tomllib", "argparse", "json", "concurrent.futures", "sigil.workspace"}


def test_every_public_name_is_there() -> None:
    for name in sigil.__all__:
        assert getattr(sigil, name) is not None
    assert set(sigil.__all__) <= set(dir(sigil))
    with pytest.raises(AttributeError):
        sigil.nonesuch  # type: ignore[attr-defined]  # noqa: B018


def test_the_library_answers_with_results(tmp_path: Path) -> None:
    path = tmp_path / "x.si"
    path.write_text("@f (x: Foo) -> int = 1\n")
    result = sigil.check(path, coverage="off")
    assert isinstance(result, sigil.CheckResult) and not result.ok
    (found,) = result.diagnostics
    assert (found.code, found.span and found.span.line) == ("E0383", 1)
    assert {stage.name for stage in result.timings} >= {"read", "parse", "modules", "signatures", "bodies"}
    assert result.sources["x.si"] == path.read_bytes()
    built = sigil.build(path, coverage="off")
    assert not built.ok and built.artifacts == () and built.executable is None
    tested = sigil.test(path, coverage="off")
    assert not tested.ok and tested.outcomes == ()


def test_results_are_snapshots(tmp_path: Path) -> None:
    path = tmp_path / "x.si"
    path.write_text("@f (x: Foo) -> int = 1\n")
    workspace = Workspace(path)
    first = workspace.check(coverage="off")
    path.write_text("@f (x: int) -> int = 1\n")
    workspace.reload()
    second = workspace.check(coverage="off")
    assert second.ok and not first.ok
    assert first.sources["x.si"] == b"@f (x: Foo) -> int = 1\n"
    with pytest.raises(AttributeError):
        first.lines = 3  # type: ignore[misc]


def test_a_script_may_change_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.si").write_text("@f (x: Foo) -> int = 1\n")
    monkeypatch.chdir(tmp_path)
    workspace = Workspace("x.si")
    monkeypatch.chdir("/")
    workspace.reload()
    assert [found.code for found in workspace.check(coverage="off").diagnostics] == ["E0383"]
