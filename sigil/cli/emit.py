"""`sigil emit`: what the compiler made of one file."""

from __future__ import annotations

from pathlib import Path

from sigil import config, discover
from sigil.cli import status
from sigil.cli.options import EmitArguments
from sigil.cli.status import ExitStatus
from sigil.report import diagnostics
from sigil.report.console import Console
from sigil.workspace import Workspace


def run(arguments: EmitArguments, console: Console) -> ExitStatus:
    """Prints tokens, tree, core form or C on standard output, diagnostics on standard error."""
    project, module = locate(arguments.file)
    workspace = Workspace(project, jobs=arguments.jobs)
    result, text = workspace.emit(arguments.what, module)
    diagnostics.show(result, console, on_error=True, max_errors=arguments.max_errors)
    if text is not None:
        console.say(text)
    elif result.ok:
        console.say_error(f"{arguments.file} has no functions, so there is no {arguments.what} of it")
    return status.of_diagnostics(result)


def locate(file: Path) -> tuple[discover.Project, str]:
    """The project that a file belongs to and its module there; else a project of the file alone."""
    if file.suffix == ".si" and file.is_file():
        place = file.resolve()
        for folder in place.parents:
            if not (folder / config.MANIFEST).is_file():
                continue
            project = discover.project(folder)
            for known in project.own_files:
                if known.path.resolve() == place:
                    return project, known.module
            break
    project = discover.project(file)
    return project, project.entry
