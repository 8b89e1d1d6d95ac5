"""Runs the tests of a program: each in a process of its own, so that none can hurt another.

A test executable that is started as `PROGRAM --si-test INDEX` runs that one test and writes one JSON object
about it to file descriptor 3 (docs/ABI.md, section 5). What it prints on the way is captured. A test that
leaves no report behind, because it crashed, exited or ran too long, has failed, and the way it ended says
why.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sigil.results import Test, TestFailure, TestOutcome
from sigil.trace import Ran

TIMEOUT_SECONDS = 60.0
OUTPUT_BYTES = 1 << 20  # of one test, at most; what comes after is dropped
_REPORT_BYTES = 1 << 22
_LOOK_SECONDS = 0.05  # how often a test is looked at whose pipes are silent
_LEAKED = 99  # the runtime's exit status for cells that are still alive, where it was asked to look


def run(
    program: Path | None,
    tests: Sequence[Test],
    *,
    jobs: int,
    timeout: float = TIMEOUT_SECONDS,
    on_done: Callable[[int], None] | None = None,
    ran: list[Ran] | None = None,
) -> list[TestOutcome]:
    """The outcomes of tests, in their order. Interrupted, it kills what runs and raises KeyboardInterrupt.

    `ran` gets the time of each.
    """
    stop = threading.Event()
    done = 0
    counting = threading.Lock()
    slots: dict[int, int] = {}  # of the threads

    def one(test: Test) -> TestOutcome:
        nonlocal done
        began = time.monotonic_ns()
        outcome = _judge_compile_fail(test)
        if outcome is None and test.index is not None and program is not None:
            ended = _run_one(program, test.index, timeout, stop)
            outcome = _outcome(test, ended, timeout)
        elif outcome is None:
            kind, said = ("compile_fail", "this test needs a declaration with an error")
            if not test.has_errors:
                kind, said = ("missing", "this test is not part of the test executable")
            outcome = _failed(test, kind, said)
        with counting:
            done += 1
            if ran is not None:
                slot = slots.setdefault(threading.get_ident(), len(slots))
                ran.append(Ran(f"{test.module}.{test.name}", slot, began, time.monotonic_ns()))
        if on_done is not None:
            on_done(done)
        return outcome

    with ThreadPoolExecutor(max(1, jobs), thread_name_prefix="sigil-test") as pool:
        futures = [pool.submit(one, test) for test in tests]
        try:
            return [future.result() for future in futures]
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


# ---- one process -------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Ended:
    """How a test's process ended, and what it left behind."""

    status: int | None  # as in subprocess: -N for signal N; None: we stopped it
    output: bytes
    report: bytes
    seconds: float
    timed_out: bool


def _run_one(program: Path, index: int, timeout: float, stop: threading.Event) -> _Ended:
    start = time.monotonic()
    output_read, output_write = os.pipe()
    report_read, report_write = os.pipe()
    try:
        # Not subprocess: the report needs descriptor 3 exactly, without Python code between fork and exec.
        pid = os.posix_spawn(
            program,
            [str(program), "--si-test", str(index)],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, output_write, 1),
                (os.POSIX_SPAWN_DUP2, output_write, 2),
                (os.POSIX_SPAWN_DUP2, report_write, 3),
            ],
            setpgroup=0,  # a group of its own, so that its children can be ended with it
            setsigdef=[signal.SIGINT, signal.SIGPIPE],
        )
    except OSError:
        os.close(output_read)
        os.close(report_read)
        raise
    finally:
        os.close(output_write)
        os.close(report_write)
    try:
        return _watch(pid, output_read, report_read, start, timeout, stop)
    finally:
        os.close(output_read)
        os.close(report_read)


def _watch(
    pid: int, output_read: int, report_read: int, start: float, timeout: float, stop: threading.Event
) -> _Ended:
    """Reads both pipes until the process has ended; ends it, and its children, when its time is up."""
    kept = {output_read: bytearray(), report_read: bytearray()}
    limits = {output_read: OUTPUT_BYTES, report_read: _REPORT_BYTES}
    open_ends = [output_read, report_read]
    status: int | None = None
    timed_out = stopped = False
    while True:
        ready, _, _ = select.select(open_ends, [], [], _LOOK_SECONDS if open_ends else 0.001)
        for end in ready:
            data = os.read(end, 1 << 16)
            if not data:
                open_ends.remove(end)
            kept[end] += data[: limits[end] - len(kept[end])]
        if status is not None and not ready:
            break  # it has ended and there is no more to read, even if a child of its own still holds a pipe
        if status is None and (not ready or not open_ends):
            found, code = os.waitpid(pid, os.WNOHANG)
            if found:
                status = os.waitstatus_to_exitcode(code)
                if not open_ends:
                    break
        if status is None and (time.monotonic() - start > timeout or stop.is_set()):
            timed_out, stopped = not stop.is_set(), True
            _kill_group(pid)
            _, code = os.waitpid(pid, 0)
            break
    _kill_group(pid)  # whatever it left running
    seconds = time.monotonic() - start
    return _Ended(
        None if stopped else status, bytes(kept[output_read]), bytes(kept[report_read]), seconds, timed_out
    )


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


# ---- from its end to an outcome ----------------------------------------------------------------------------


def _outcome(test: Test, ended: _Ended, timeout: float) -> TestOutcome:
    output = ended.output.decode("utf-8", "replace")
    time_ms = ended.seconds * 1e3
    if ended.timed_out:
        return _failed(test, "timeout", f"it ran longer than {timeout:g} s", time_ms, output)
    report = _parse(ended.report)
    if report is None:
        return _failed(test, "crash", _how(ended.status), time_ms, output)
    if ended.status == _LEAKED:
        return _failed(test, "leak", "values are still alive at the end", time_ms, output)
    if ended.status not in (0, 1):
        return _failed(test, "crash", f"{_how(ended.status)}, after its report", time_ms, output)
    state = report.get("status")
    if state not in ("passed", "failed", "skipped") or (state == "failed") != (ended.status == 1):
        return _failed(
            test, "crash", f"its report does not fit its end: {_how(ended.status)}", time_ms, output
        )
    failure = None
    if state == "failed":
        told = report.get("failure") or {}
        failure = TestFailure(
            kind=told.get("kind", "panic"),
            message=told.get("message", ""),
            actual=told.get("actual"),
            expected=told.get("expected"),
            file=told.get("file", test.file),
            line=told.get("line", test.line),
            column=told.get("column", test.column),
        )
    return TestOutcome(
        name=test.name,
        module=test.module,
        status=state,
        targets=test.targets,
        assertions=int(report.get("assertions", 0)),
        time_ms=float(report.get("time_ms", time_ms)),
        failure=failure,
        output=output,
        reason=report.get("reason"),
    )


def _parse(report: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(report.decode("utf-8", "replace"))
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _how(status: int | None) -> str:
    if status is not None and status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = f"signal {-status}"
        return f"the process was ended by {name}"
    return f"the process ended with status {status}"


def _failed(test: Test, kind: str, message: str, time_ms: float = 0.0, output: str = "") -> TestOutcome:
    failure = TestFailure(kind, message, file=test.file, line=test.line, column=test.column)
    return TestOutcome(test.name, test.module, "failed", test.targets, 0, time_ms, failure, output)


def _judge_compile_fail(test: Test) -> TestOutcome | None:
    """`#[compile_fail]` is judged by the checker: an error there says the text. It is never run."""
    if test.compile_fail is None:
        return None
    if test.has_errors:
        return TestOutcome(test.name, test.module, "passed", test.targets)
    return _failed(test, "compile_fail", "expected compilation to fail")
