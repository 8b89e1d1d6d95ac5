"""`sigil run`: builds a program and runs it. Standard input and output belong to the program alone."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from sigil import discover
from sigil.cli import shared, status
from sigil.cli.options import RunArguments
from sigil.report import diagnostics, summary
from sigil.report.console import Console
from sigil.report.progress import ProgressBar
from sigil.workspace import Workspace


def run(arguments: RunArguments, console: Console) -> int:
    """Builds and runs; the program's exit status is passed on, 128 + N where signal N ended it."""
    workspace = Workspace(
        discover.project(arguments.target), jobs=arguments.jobs, schedule=arguments.schedule
    )
    subject = shared.subject(arguments.target)
    with ProgressBar(workspace, console, subject, quiet=arguments.quiet):
        result = workspace.build(
            profile=arguments.profile,
            coverage=arguments.coverage,
            cc=arguments.cc,
            sanitize=arguments.sanitize,
        )
    diagnostics.show(result, console, on_error=True, max_errors=arguments.max_errors)
    if not arguments.quiet:
        console.say_error(summary.build_line(subject, result, console.err_look))
    shared.keep_trace(workspace, console, arguments)
    if not result.ok:
        return status.of_diagnostics(result)
    if result.executable is None:
        entry = workspace.project.entry
        console.error(f"{subject} is a library: its module `{entry}` has no `@main` to run", code="E0704")
        return status.ExitStatus.USAGE
    return execute(result.executable, arguments.arguments)


def execute(program: Path, arguments: Sequence[str]) -> int:
    """Runs a program as a child and returns the status that a shell would give it.

    It stays in our process group, so Ctrl-C reaches it directly; how it then ends is its own affair, and we
    wait. Signals are handled here, not raised: an exception at the moment of waiting could lose the status.
    """
    process: subprocess.Popen[bytes] | None = None

    def pass_on(number: int, frame: FrameType | None) -> None:
        if number != signal.SIGINT and process is not None:
            process.send_signal(number)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    previous = {number: signal.signal(number, pass_on) for number in numbers}
    try:
        process = subprocess.Popen([str(program.resolve()), *arguments])
        code = process.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    return 128 - code if code < 0 else code
