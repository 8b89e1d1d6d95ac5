"""What a build's workers did and when: the recorded trace, as the reports, the replay and tests read it.

A trace is a list of stages; in a stage, parallel-fors (`Loop`) and the items that workers ran in them
(`Event`). What lies in a stage outside of any loop was done by one thread alone. Times are nanoseconds
since the trace began.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

VERSION = 1


@dataclass(frozen=True, slots=True)
class StageSpan:
    """A stage of the compiler (`read`, `parse`, …) or of the toolchain (`compile`, `link`)."""

    name: str
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Loop:
    """A parallel-for: `count` items of one kind, between two barriers."""

    kind: str  # a row of the table of trace kinds, such as `parse file`
    stage: int  # index into Trace.stages
    begin: int
    end: int
    count: int


@dataclass(frozen=True, slots=True)
class Event:
    """One item or task on one worker."""

    kind: str
    loop: int  # index into Trace.loops; -1 for a task outside of any
    item: int
    worker: int
    begin: int
    end: int
    stolen_from: int = -1  # the worker that it was taken from; -1: nobody
    name: str = ""  # what the item is, for people: a path, a function


@dataclass(frozen=True, slots=True)
class Trace:
    """One recorded run. `about` has the project's name, thread count, schedule, date, machine and version."""

    threads: int
    stages: tuple[StageSpan, ...]
    loops: tuple[Loop, ...]
    events: tuple[Event, ...]
    dropped: int = 0  # events for which a buffer had no room
    about: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """The stored form; `from_json` reads it back."""
        return json.dumps({"version": VERSION, **asdict(self)}, separators=(",", ":"))

    @staticmethod
    def from_json(text: str) -> Trace:
        """A stored trace; raises ValueError where the text is none, or is of another version."""
        try:
            content = json.loads(text)
            if content["version"] != VERSION:
                raise ValueError(f"the trace has version {content['version']}, this sigil reads {VERSION}")
            return Trace(
                threads=content["threads"],
                stages=tuple(StageSpan(**row) for row in content["stages"]),
                loops=tuple(Loop(**row) for row in content["loops"]),
                events=tuple(Event(**row) for row in content["events"]),
                dropped=content["dropped"],
                about=content["about"],
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a trace: {error}") from error

    @staticmethod
    def read(path: Path) -> Trace:
        """The trace stored in a file."""
        return Trace.from_json(path.read_text("utf-8"))
