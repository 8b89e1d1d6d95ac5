"""`sigil build`: an executable for each project."""

from __future__ import annotations

from sigil.cli import shared, status
from sigil.cli.options import BuildArguments
from sigil.cli.shared import opened
from sigil.cli.status import ExitStatus
from sigil.discover import ProjectError
from sigil.report import diagnostics, summary
from sigil.report.console import Console
from sigil.report.progress import ProgressBar


def run(arguments: BuildArguments, console: Console) -> ExitStatus:
    """Builds; diagnostics and the summary go to standard error."""
    statuses: list[ExitStatus] = []
    for project in opened([arguments.path], arguments.jobs, arguments.schedule):
        if arguments.output is not None and statuses:
            raise ProjectError(f"{arguments.path} holds several projects; --output needs one")
        with ProgressBar(project.workspace, console, project.subject, quiet=arguments.quiet):
            result = project.workspace.build(
                profile=arguments.profile,
                output=arguments.output,
                coverage=arguments.coverage,
                cc=arguments.cc,
                sanitize=arguments.sanitize,
                emit=arguments.emit,
            )
        diagnostics.show(
            result, console, on_error=True, max_errors=arguments.max_errors, prefix=project.prefix
        )
        if not arguments.quiet:
            console.say_error(summary.build_line(project.subject, result, console.err_look))
        shared.keep_trace(project.workspace, console, arguments, is_first=not statuses)
        statuses.append(status.of_diagnostics(result, deny_warnings=arguments.deny_warnings))
    return status.worst(statuses)
