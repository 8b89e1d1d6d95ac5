"""The test runner, on programs that behave in every way a test can."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sigil import testing
from sigil.results import Test, TestOutcome


def a_test(
    name: str, index: int | None = 0, *, compile_fail: str | None = None, errors: bool = False
) -> Test:
    return Test("m", name, "src/m.si", 3, 2, ("f",), compile_fail, errors, index)


PASSED = '{"name": "x", "status": "passed", "assertions": 2, "time_ms": 0.5, "targets": ["f"]}'
FAILED = (
    '{"name": "x", "status": "failed", "assertions": 1, "time_ms": 0.5, "targets": [], "failure": '
    '{"kind": "assert_eq", "message": "assertion failed", "actual": "1", "expected": "2", '
    '"file": "src/m.si", "line": 5, "column": 9}}'
)


@pytest.fixture
def program(tmp_path: Path):
    """An executable with a shell script for each test, in the place of a compiled one."""

    def make(*bodies: str) -> Path:
        path = tmp_path / "program"
        cases = "\n".join(f"{index}) {body} ;;" for index, body in enumerate(bodies))
        path.write_text(f'#!/bin/sh\n[ "$1" = --si-test ] || exit 9\ncase $2 in\n{cases}\nesac\n')
        path.chmod(0o755)
        return path

    return make


def run_one(path: Path, **options: object) -> TestOutcome:
    (outcome,) = testing.run(path, [a_test("x")], jobs=1, **options)  # type: ignore[arg-type]
    return outcome


def test_a_report_on_descriptor_3_is_the_outcome(program) -> None:
    outcome = run_one(program(f"echo hello; echo oops >&2; echo '{PASSED}' >&3; exit 0"))
    assert outcome == TestOutcome("x", "m", "passed", ("f",), 2, 0.5, None, "hello\noops\n")


def test_a_failure_carries_values_and_place(program) -> None:
    outcome = run_one(program(f"echo '{FAILED}' >&3; exit 1"))
    assert outcome.status == "failed" and outcome.failure is not None
    assert outcome.failure.kind == "assert_eq"
    assert (outcome.failure.actual, outcome.failure.expected) == ("1", "2")
    assert (outcome.failure.file, outcome.failure.line, outcome.failure.column) == ("src/m.si", 5, 9)


def test_a_skipped_test_says_why(program) -> None:
    report = '{"status": "skipped", "reason": "later", "assertions": 0, "time_ms": 0}'
    outcome = run_one(program(f"echo '{report}' >&3"))
    assert (outcome.status, outcome.reason) == ("skipped", "later")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("kill -SEGV $$", "ended by SIGSEGV"),
        ("kill -9 $$", "ended by SIGKILL"),
        ("exit 0", "ended with status 0"),
        ("exit 5", "ended with status 5"),
        ("echo nonsense >&3; exit 0", "ended with status 0"),
        ("echo '[]' >&3; exit 0", "ended with status 0"),
        (f"echo '{PASSED}' >&3; kill -ABRT $$", "ended by SIGABRT, after its report"),
        (f"echo '{PASSED}' >&3; exit 1", "does not fit"),
        (f"echo '{FAILED}' >&3; exit 0", "does not fit"),
        (f"echo '{PASSED}' >&3; exit 3", "status 3, after its report"),
    ],
)
def test_a_test_that_ends_otherwise_has_crashed(program, body: str, words: str) -> None:
    outcome = run_one(program(body))
    assert outcome.status == "failed" and outcome.failure is not None
    assert outcome.failure.kind == "crash"
    assert words in outcome.failure.message
    assert (outcome.failure.file, outcome.failure.line, outcome.failure.column) == ("src/m.si", 3, 2)


def test_a_test_that_takes_too_long_is_ended_with_its_children(program, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    start = time.monotonic()
    outcome = run_one(program(f"(sleep 2; touch {mark}) & echo begun; sleep 30"), timeout=0.3)
    assert time.monotonic() - start < 5
    assert outcome.failure is not None and outcome.failure.kind == "timeout"
    assert outcome.failure.message == "it ran longer than 0.3 s" and outcome.output == "begun\n"
    time.sleep(2.2)
    assert not mark.exists()


def test_a_child_that_holds_the_pipes_does_not_delay_the_outcome(program) -> None:
    start = time.monotonic()
    outcome = run_one(program(f"sleep 20 & echo '{PASSED}' >&3; exit 0"))
    assert outcome.status == "passed" and time.monotonic() - start < 5


def test_output_without_end_is_cut_and_the_test_still_ends(program) -> None:
    outcome = run_one(program("yes | head -c 9000000"), timeout=20)
    assert len(outcome.output) == testing.OUTPUT_BYTES
    assert outcome.failure is not None and outcome.failure.kind == "crash"


def test_standard_input_is_empty(program) -> None:
    assert run_one(program(f"cat; echo '{PASSED}' >&3")).status == "passed"


def test_outcomes_are_in_the_order_of_the_tests_and_run_at_once(program) -> None:
    bodies = [f"sleep 0.{5 - index}; echo '{PASSED}' >&3" for index in range(5)]
    tests = [a_test(f"t{index}", index) for index in range(5)]
    counted: list[int] = []
    start = time.monotonic()
    outcomes = testing.run(program(*bodies), tests, jobs=5, on_done=counted.append)
    assert time.monotonic() - start < 1.3
    assert [outcome.name for outcome in outcomes] == [f"t{index}" for index in range(5)]
    assert sorted(counted) == [1, 2, 3, 4, 5]


def test_compile_fail_is_judged_by_the_checker() -> None:
    tests = [
        a_test("fails", None, compile_fail="mismatch", errors=True),
        a_test("checks", None, compile_fail="mismatch"),
    ]
    good, bad = testing.run(None, tests, jobs=1)
    assert good.status == "passed"
    assert bad.failure is not None
    assert (bad.failure.kind, bad.failure.message) == ("compile_fail", "expected compilation to fail")


def test_descriptors_and_processes_are_given_back(program) -> None:
    path = program("exit 0", f"echo '{PASSED}' >&3", "sleep 9")
    tests = [a_test("a", 0), a_test("b", 1), a_test("c", 2)]
    testing.run(path, tests, jobs=3, timeout=0.2)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  # Path.iterdir holds one open
    threads = threading.active_count()
    for _ in range(3):
        testing.run(path, tests, jobs=3, timeout=0.2)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
    assert threading.active_count() == threads
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_an_interrupt_ends_what_runs(program, root: Path, tmp_path: Path) -> None:
    path = program("echo $$ >>%s/pids; sleep 30" % tmp_path)  # noqa: UP031  # braces are the shell's
    script = (
        "from sigil import testing\n"
        "from sigil.results import Test\n"
        "from pathlib import Path\n"
        "tests = [Test('m', 't', 'f', 1, 1, (), None, False, 0)] * 4\n"
        "try:\n"
        f"    testing.run(Path({str(path)!r}), tests, jobs=2)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], cwd=root, stdout=subprocess.PIPE, text=True)
    pids = tmp_path / "pids"
    for _ in range(200):
        if pids.exists() and len(pids.read_text().split()) == 2:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=20)
    assert output == "interrupted\n" and process.returncode == 0
    for pid in pids.read_text().split():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)


def test_the_reports_form_is_json() -> None:
    assert json.loads(PASSED)["status"] == "passed" and json.loads(FAILED)["status"] == "failed"
