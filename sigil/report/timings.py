"""What `--timings` and `--trace FILE` leave behind: the stored trace, the page, the file for trace viewers.

All are written under a temporary name first, so a reader sees a whole file or the one before.
"""

from __future__ import annotations

from pathlib import Path

from sigil.discover import ProjectError
from sigil.report.console import Console
from sigil.report.timings_chrome import chrome
from sigil.report.timings_page import page
from sigil.toolchain import write_if_changed
from sigil.trace import Trace
from sigil.workspace import Workspace

STORED = "trace.json"
PAGE = "timings.html"


def keep(workspace: Workspace, console: Console | None, *, trace_file: Path | None, timings: bool) -> None:
    """After a command has done its work: writes what it was asked for, and says where on the console."""
    if trace_file is None and not timings:
        return
    trace = workspace.trace()
    if trace is None:
        raise ProjectError("nothing was recorded, so there is no trace to write")
    _write(workspace.state_folder / STORED, trace.to_json())
    if trace_file is not None:
        _write(trace_file, chrome(trace))
        _tell(console, f"trace: {shown(trace_file)} (open it in https://ui.perfetto.dev or chrome://tracing)")
    if timings:
        place = workspace.state_folder / PAGE
        _write(place, page(trace))
        _tell(console, f"timings: {shown(place)} (open it in a browser)")


def shown(place: Path) -> str:
    """A path as people see it: from the current folder on, where it lies below."""
    here = Path.cwd()
    whole = place.absolute()
    return str(whole.relative_to(here)) if whole.is_relative_to(here) else str(place)


def _tell(console: Console | None, text: str) -> None:
    if console is not None:
        console.say_error(text)


def render_again(folder: Path) -> Path:
    """The page of the trace that is stored in a project's folder of results."""
    stored = folder / STORED
    try:
        trace = Trace.read(stored)
    except FileNotFoundError:
        raise ProjectError(
            f"there is no recorded build in {shown(folder)}; make one with `sigil build --timings`"
        ) from None
    except ValueError as error:
        raise ProjectError(f"{shown(stored)} cannot be read: {error}; build again with --timings") from None
    place = folder / PAGE
    _write(place, page(trace))
    return place


def _write(place: Path, content: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    write_if_changed(place, content.encode("utf-8", "backslashreplace"))
