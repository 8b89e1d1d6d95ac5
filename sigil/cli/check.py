"""`sigil check`: what is wrong with each project."""

from __future__ import annotations

from sigil import fixes
from sigil.cli import shared, status
from sigil.cli.options import CheckArguments
from sigil.cli.shared import Opened, opened
from sigil.cli.status import ExitStatus
from sigil.discover import ProjectError
from sigil.report import coverage, diagnostics, sarif, summary
from sigil.report.console import Console
from sigil.report.progress import ProgressBar
from sigil.results import CheckResult, Result


def run(arguments: CheckArguments, console: Console) -> ExitStatus:
    """Checks; diagnostics go to standard output, the summary to standard error."""
    if arguments.coverage_report and arguments.format not in ("human", "json"):
        raise ProjectError("--coverage-report goes with --format human or json")
    statuses: list[ExitStatus] = []
    checked: list[tuple[Result, str]] = []
    for project in opened([arguments.path], arguments.jobs, arguments.schedule):
        with ProgressBar(project.workspace, console, project.subject, quiet=arguments.quiet):
            result = project.workspace.check(coverage=arguments.coverage)
        if arguments.fix:
            result = _fix(project, result, arguments, console)
        checked.append((result, project.place))
        if arguments.format != "sarif":  # that is one document for all projects
            diagnostics.show(
                result,
                console,
                form=arguments.format,
                max_errors=arguments.max_errors,
                prefix=project.place if arguments.format == "github" else project.prefix,
            )
        if arguments.coverage_report:
            coverage.show(project.workspace.coverage(), console, form=arguments.format)
        if arguments.format == "human" and not arguments.quiet:
            console.say_error(summary.line("check", project.subject, result, console.err_look))
        shared.keep_trace(project.workspace, console, arguments, is_first=not statuses)
        statuses.append(status.of_diagnostics(result, deny_warnings=arguments.deny_warnings))
    if arguments.format == "sarif":
        console.say(sarif.log(checked))
    return status.worst(statuses)


def _fix(project: Opened, result: CheckResult, arguments: CheckArguments, console: Console) -> CheckResult:
    """Applies what is certain, in rounds, because a mended mistake can bring another to light."""
    places = {file.shown: file.path for file in project.workspace.project.own_files}
    count, files = 0, set()
    for _ in range(fixes.ROUNDS):
        sources = {file: text for file, text in result.sources.items() if file in places}
        applied = fixes.plan(result.diagnostics, sources)
        written = fixes.write(applied, sources, places)
        if not written:
            break
        count += applied.count
        files.update(written)
        result = project.workspace.check(coverage=arguments.coverage)
    if count > 0 and not arguments.quiet:
        many = "es" if count > 1 else ""
        console.say_error(f"applied {count} fix{many} in {len(files)} file{'s' if len(files) > 1 else ''}")
    return result
