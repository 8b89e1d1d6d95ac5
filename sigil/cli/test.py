"""`sigil test`: builds each project with its tests and runs them."""

from __future__ import annotations

from pathlib import Path

from sigil.cli import shared, status
from sigil.cli.options import TestArguments
from sigil.cli.shared import opened
from sigil.cli.status import ExitStatus
from sigil.report import diagnostics, summary
from sigil.report.console import Console
from sigil.report.progress import ProgressBar
from sigil.report.tests import TestReport


def run(arguments: TestArguments, console: Console) -> ExitStatus:
    """Tests; the report goes to standard output, diagnostics and the summary to standard error."""
    report = TestReport(console, arguments.test_format, arguments.show_output)
    statuses: list[ExitStatus] = []
    for project in opened(arguments.paths or (Path(),), arguments.jobs, arguments.schedule):
        with ProgressBar(project.workspace, console, project.subject, quiet=arguments.quiet):
            result = project.workspace.test(
                filter=arguments.filter,
                timeout=arguments.timeout,
                profile=arguments.profile,
                coverage=arguments.coverage,
                cc=arguments.cc,
                sanitize=arguments.sanitize,
            )
        diagnostics.show(
            result, console, on_error=True, max_errors=arguments.max_errors, prefix=project.prefix
        )
        report.add(result, project.prefix)
        if not arguments.quiet:
            console.say_error(summary.line("test", project.subject, result, console.err_look))
        shared.keep_trace(project.workspace, console, arguments, is_first=not statuses)
        problems = ExitStatus.PROBLEMS if result.failed else ExitStatus.SUCCESS
        statuses += [problems, status.of_diagnostics(result, deny_warnings=arguments.deny_warnings)]
    report.end()
    return status.worst(statuses)
