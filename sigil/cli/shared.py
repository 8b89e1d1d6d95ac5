"""What several commands do alike: finding projects, naming them, opening them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sigil import discover
from sigil.report.console import Console
from sigil.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Opened:
    """A project of a command, with the words that name it in reports."""

    workspace: Workspace
    subject: str  # as in `built SUBJECT: …`
    prefix: str  # before the paths of its files, where one command works on several projects
    place: str  # before them in any case, so that the whole leads there from the current folder


class Traced(Protocol):
    """The arguments of the commands that compile."""

    @property
    def timings(self) -> bool: ...
    @property
    def trace(self) -> Path | None: ...
    @property
    def quiet(self) -> bool: ...


def keep_trace(workspace: Workspace, console: Console, arguments: Traced, *, is_first: bool = True) -> None:
    """Writes the recording of what the command has just done, where --timings or --trace asks for it."""
    if arguments.trace is not None and not is_first:
        raise discover.ProjectError(f"--trace {arguments.trace} holds one project; name only one")
    if arguments.timings or arguments.trace is not None:
        from sigil.report import timings  # quick commands need not wait for it

        told = None if arguments.quiet else console
        timings.keep(workspace, told, trace_file=arguments.trace, timings=arguments.timings)


def opened(paths: Sequence[Path], jobs: int | None, schedule: str | None = None) -> Iterator[Opened]:
    """The projects that the paths stand for, one after another; a project that is named twice comes once."""
    seen: set[Path] = set()
    for path in paths:
        found = discover.projects(path)
        is_many = len(found) > 1 or len(paths) > 1
        for project in found:
            identity = (project.single_file or project.root).resolve()
            if identity in seen:
                continue
            seen.add(identity)
            place = _prefix(project)
            yield Opened(
                Workspace(project, jobs=jobs, schedule=schedule),
                subject(project.place),
                place if is_many else "",
                place,
            )


def _prefix(project: discover.Project) -> str:
    """What goes before a file's path in the project, so that the whole leads there."""
    place = project.place.as_posix()
    if project.single_file is None:
        return "" if place == "." else place + "/"
    return next(
        place.removesuffix(file.shown) for file in project.own_files if file.path == project.single_file
    )


def subject(place: Path) -> str:
    """How a report names a project: as it was typed, or by its folder's name where that was `.`."""
    text = os.fspath(place)
    return place.resolve().name if text in (".", "") else text
