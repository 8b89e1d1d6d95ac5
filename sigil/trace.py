"""What a build's workers did and when: the recorded trace, as the reports, the replay and tests read it.

A trace is a list of stages; in a stage, parallel-fors (`Loop`) and the items that workers ran in them
(`Event`). What lies in a stage outside of any loop was done by one thread alone. Times are nanoseconds
since the trace began.
"""

from __future__ import annotations

import itertools
import json
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

VERSION = 2


@dataclass(frozen=True, slots=True)
class StageSpan:
    """A stage of the compiler (`read`, `parse`, …) or of the toolchain (`compile`, `link`)."""

    name: str
    begin: int
    end: int
    cpu: int = 0  # CPU time that the process, or the processes that it started, used meanwhile


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
    item: int  # its number; the first one of a batch
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
        """The stored form: rows of numbers, with kinds and names in tables. `from_json` reads it back."""
        kinds = _Table()
        names = _Table()
        content = {
            "version": VERSION,
            "threads": self.threads,
            "dropped": self.dropped,
            "about": self.about,
            "stages": [[stage.name, stage.begin, stage.end, stage.cpu] for stage in self.stages],
            "loops": [
                [kinds.number(loop.kind), loop.stage, loop.begin, loop.end - loop.begin, loop.count]
                for loop in self.loops
            ],
            "events": [
                [
                    kinds.number(event.kind),
                    event.loop,
                    event.item,
                    event.worker,
                    event.begin,
                    event.end - event.begin,
                    event.stolen_from,
                    names.number(event.name),
                ]
                for event in self.events
            ],
            "kinds": kinds.rows,
            "names": names.rows,
        }
        return json.dumps(content, separators=(",", ":"), ensure_ascii=False)

    @staticmethod
    def from_json(text: str) -> Trace:
        """A stored trace; raises ValueError where the text is none, or is of another version."""
        try:
            content = json.loads(text)
            if "traceEvents" in content:
                raise ValueError(
                    "it is the form for trace viewers; the stored one is trace.json in the project's .sigil"
                )
            if content["version"] != VERSION:
                raise ValueError(f"the trace has version {content['version']}, this sigil reads {VERSION}")
            kinds, names = content["kinds"], content["names"]
            return Trace(
                threads=content["threads"],
                stages=tuple(StageSpan(*row) for row in content["stages"]),
                loops=tuple(
                    Loop(kinds[kind], stage, begin, begin + length, count)
                    for kind, stage, begin, length, count in content["loops"]
                ),
                events=tuple(
                    Event(kinds[kind], loop, item, worker, begin, begin + length, stolen_from, names[name])
                    for kind, loop, item, worker, begin, length, stolen_from, name in content["events"]
                ),
                dropped=content["dropped"],
                about=content["about"],
            )
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise ValueError(f"not a trace: {error!r}") from error

    @staticmethod
    def read(path: Path) -> Trace:
        """The trace stored in a file."""
        return Trace.from_json(path.read_text("utf-8"))


class _Table:
    """Texts by number, in the order in which they were first seen."""

    def __init__(self) -> None:
        self.rows: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        found = self._numbers.get(text)
        if found is None:
            found = self._numbers[text] = len(self.rows)
            self.rows.append(text)
        return found


# ---- recording ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ran:
    """A process that was started: a C compiler, a test. Times are time.monotonic_ns()."""

    name: str
    slot: int  # which of the `-j N` places it took
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Step:
    """A stage outside of the core, with the processes that ran in it."""

    name: str
    kind: str  # of its processes: `compile C`, `link program`, `run test`
    begin: int
    end: int
    cpu: int
    ran: tuple[Ran, ...] = ()


# Their items are batches: an item's number is that of its first function, and it goes up to the next one's.
# (The core knows how many bodies are checked together, and names them so.)
_BATCHED = ("lower instance", "name instances", "link instances", "generate function")


def _with_sizes(events: list[Event]) -> list[Event]:
    """Batches say how many functions they hold besides the one that they are named after."""
    loops: dict[int, list[int]] = {}
    for number, event in enumerate(events):
        if event.kind in _BATCHED and event.loop >= 0:
            loops.setdefault(event.loop, []).append(number)
    for numbers in loops.values():
        numbers.sort(key=lambda number: events[number].item)
        for number, after in itertools.pairwise(numbers):
            more = events[after].item - events[number].item - 1
            if more > 0:
                events[number] = replace(events[number], name=f"{events[number].name} and {more} more")
    return events


def _without_steps(loops: list[Loop], events: list[Event]) -> list[Event]:
    """Without tasks that run loops: each is a step of its stage, which did the items of its loops."""
    ordered = sorted(loops, key=lambda loop: loop.begin)
    begins = [loop.begin for loop in ordered]

    def is_step(event: Event) -> bool:
        place = bisect_left(begins, event.begin)
        return event.loop < 0 and place < len(ordered) and ordered[place].end <= event.end

    return [event for event in events if not is_step(event)]


def assembled(raw: Any, threads: int, steps: Iterable[Step], about: dict[str, Any]) -> Trace:
    """What the core recorded (`_core.Workspace.trace`), and after it the steps of the tool chain."""
    origin, raw_stages, raw_loops, raw_events, dropped = raw
    stages = [StageSpan(*row) for row in raw_stages]
    loops = [Loop(*row) for row in raw_loops]
    events = _with_sizes(_without_steps(loops, [Event(*row) for row in raw_events]))
    for step in steps:
        stages.append(StageSpan(step.name, step.begin - origin, step.end - origin, step.cpu))
        if not step.ran:
            continue
        begin = min(ran.begin for ran in step.ran) - origin
        end = max(ran.end for ran in step.ran) - origin
        loops.append(Loop(step.kind, len(stages) - 1, begin, end, len(step.ran)))
        events += [
            Event(
                step.kind,
                len(loops) - 1,
                number,
                ran.slot,
                ran.begin - origin,
                ran.end - origin,
                -1,
                ran.name,
            )
            for number, ran in enumerate(sorted(step.ran, key=lambda ran: (ran.begin, ran.slot)))
        ]
    return Trace(threads, tuple(stages), tuple(loops), tuple(events), dropped, about)
