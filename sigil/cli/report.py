"""`sigil report`: what an earlier build recorded, shown again."""

from __future__ import annotations

import webbrowser

from sigil import discover
from sigil.cli.options import ReportArguments
from sigil.cli.status import ExitStatus
from sigil.report import timings
from sigil.report.console import Console
from sigil.workspace import state_folder


def run(arguments: ReportArguments, console: Console) -> ExitStatus:
    """Makes the page from the stored trace; its path goes to standard output."""
    place = timings.render_again(state_folder(discover.project(arguments.path)))
    console.say(timings.shown(place))
    if arguments.open and not webbrowser.open(place.resolve().as_uri()):
        console.error("no browser could be started; open the file by hand")
        return ExitStatus.USAGE
    return ExitStatus.SUCCESS
