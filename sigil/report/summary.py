"""The one line that says what was done, how much of it there was, and where the time went."""

from __future__ import annotations

from collections.abc import Iterable

from sigil.report.console import Look
from sigil.results import BuildResult, Result, StageTime, TestResult

# What people see as one step: its name, and the stages that it is made of.
STEPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("parse", ("read", "parse")),
    ("check", ("modules", "signatures", "bodies")),
    ("C", ("lower", "generate")),
    ("compile", ("compile",)),
    ("link", ("link",)),
    ("tests", ("tests",)),
)


def duration(seconds: float) -> str:
    """A time with the digits that matter: 0.4 ms, 12 ms, 1.24 s, 2 min 5 s."""
    if seconds < 0.00995:
        return f"{seconds * 1e3:.1f} ms"
    if seconds < 0.0995:
        return f"{seconds * 1e3:.0f} ms"
    if seconds < 60:
        return f"{seconds:.2f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60} s"


def counted(number: int, noun: str) -> str:
    """`1 error`, `1,234 lines`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def steps(timings: Iterable[StageTime]) -> str:
    """`parse 3 ms, check 5 ms, C 20 ms`: the steps that took place."""
    wall: dict[str, float] = {}
    for stage in timings:
        wall[stage.name] = wall.get(stage.name, 0.0) + stage.wall
    shown = []
    for step, names in STEPS:
        if any(name in wall for name in names):
            shown.append(f"{step} {duration(sum(wall.get(name, 0.0) for name in names))}")
    return ", ".join(shown)


def findings(result: Result) -> str:
    """`2 errors, 1 warning`, or nothing."""
    parts = []
    if result.errors:
        parts.append(counted(result.errors, "error"))
    if result.warnings:
        parts.append(counted(result.warnings, "warning"))
    return ", ".join(parts)


def line(verb: str, subject: str, result: Result, look: Look) -> str:
    """`built examples/x: 12 modules, 1,234 lines in 0.12 s (parse 3 ms, …) on 2 threads`."""
    total = sum(stage.wall for stage in result.timings)
    found = findings(result)
    if result.errors:
        head = f"{look.paint('error', 'failed')} to {verb} {subject}: {found}; "
    else:
        done = {"build": "built", "check": "checked", "test": "tested", "run": "built"}.get(verb, verb)
        head = f"{look.paint('good', done)} {subject}: " + (f"{found}; " if found else "")
    size = f"{counted(result.modules, 'module')}, {counted(result.lines, 'line')}"
    return (
        f"{head}{size} in {duration(total)} ({steps(result.timings)}) on {counted(result.threads, 'thread')}"
    )


def build_line(subject: str, result: BuildResult, look: Look) -> str:
    """The line of a build; a library has nothing to link."""
    text = line("build", subject, result, look)
    return text if result.errors or result.artifacts else f"{text}; a library, so nothing was linked"


def tests_line(result: TestResult, look: Look) -> str:
    """`3 passed, 1 failed, 0 skipped`, as the reference has it."""
    failed = f"{result.failed} failed"
    if result.failed:
        failed = look.paint("error", failed)
    passed = look.paint("good", f"{result.passed} passed") if result.passed else "0 passed"
    return f"{passed}, {failed}, {result.skipped} skipped"
