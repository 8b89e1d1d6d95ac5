"""`sigil new`: a project to start from."""

from __future__ import annotations

from pathlib import Path

from sigil import scaffold
from sigil.cli.options import NewArguments
from sigil.cli.status import ExitStatus
from sigil.report.console import Console


def run(arguments: NewArguments, console: Console) -> ExitStatus:
    """Makes the project and says how to go on."""
    made = scaffold.create(Path(arguments.name))
    console.say_error(f"made {made.root}: {', '.join(made.files)}")
    console.say_error(f"next: sigil run {made.root}, sigil test {made.root}")
    return ExitStatus.SUCCESS
