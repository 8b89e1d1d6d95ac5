"""`sigil check`: what is wrong with each project."""

from __future__ import annotations

from sigil.cli import status
from sigil.cli.options import CheckArguments
from sigil.cli.shared import opened
from sigil.cli.status import ExitStatus
from sigil.report import coverage, diagnostics, summary
from sigil.report.console import Console
from sigil.report.progress import ProgressBar


def run(arguments: CheckArguments, console: Console) -> ExitStatus:
    """Checks; diagnostics go to standard output, the summary to standard error."""
    statuses: list[ExitStatus] = []
    for project in opened([arguments.path], arguments.jobs, arguments.schedule):
        with ProgressBar(project.workspace, console, project.subject, quiet=arguments.quiet):
            result = project.workspace.check(coverage=arguments.coverage)
        diagnostics.show(
            result,
            console,
            form=arguments.format,
            max_errors=arguments.max_errors,
            prefix=project.prefix,
        )
        if arguments.coverage_report:
            coverage.show(project.workspace.coverage(), console, form=arguments.format)
        if arguments.format == "human" and not arguments.quiet:
            console.say_error(summary.line("check", project.subject, result, console.err_look))
        statuses.append(status.of_diagnostics(result, deny_warnings=arguments.deny_warnings))
    return status.worst(statuses)
