"""The structure of a recorded build: what was serial, what was a loop, and what each item took.

A stage is a list of parts that come one after another: times in which one thread was at work alone, and
loops. The items of a loop are independent; an item is itself a list of times and of loops that it ran
inside. Numbers are nanoseconds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sigil.trace import Event, Loop, StageSpan, Trace

OTHER_PROGRAMS = ("compile", "link", "tests")  # stages of other programs: the C compiler, the tests


class PlanError(ValueError):
    """The trace cannot be replayed; the message says why in one sentence."""


@dataclass(frozen=True, slots=True)
class Serial:
    """Time in which nothing else can run."""

    time: float
    place: str  # for people: `before parse file`


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a loop: times of its own and loops inside, one after another."""

    number: int
    parts: tuple[float | Job, ...]
    name: str = ""
    work: float = field(init=False)
    span: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "work", sum(_work(part) for part in self.parts))
        object.__setattr__(self, "span", sum(_span(part) for part in self.parts))


@dataclass(frozen=True, slots=True)
class Job:
    """A parallel-for: its items in the order in which they are handed out. `overhead` was no item's time."""

    kind: str
    items: tuple[Item, ...]
    overhead: float = 0.0
    work: float = field(init=False)
    span: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "work", sum(item.work for item in self.items))
        object.__setattr__(self, "span", max((item.span for item in self.items), default=0.0))

    @property
    def largest(self) -> Item | None:
        return max(self.items, key=lambda item: item.span, default=None)


def _work(part: float | Job) -> float:
    return part.work if isinstance(part, Job) else part


def _span(part: float | Job) -> float:
    return part.span if isinstance(part, Job) else part


@dataclass(frozen=True, slots=True)
class StagePlan:
    """One stage; `recorded` is how long it took, overheads of the scheduler included."""

    name: str
    parts: tuple[Serial | Job, ...]
    recorded: float = 0.0

    @property
    def jobs(self) -> Iterator[Job]:
        return (part for part in self.parts if isinstance(part, Job))

    @property
    def serial(self) -> float:
        return sum(part.time for part in self.parts if isinstance(part, Serial))

    @property
    def work(self) -> float:
        return self.serial + sum(job.work for job in self.jobs)

    @property
    def span(self) -> float:
        return self.serial + sum(job.span for job in self.jobs)


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole build. `between` is what lay between stages, where one thread is at work."""

    stages: tuple[StagePlan, ...]
    between: float = 0.0
    about: dict[str, Any] = field(default_factory=dict)


# ---- from a trace ------------------------------------------------------------------------------------------


def of_trace(trace: Trace) -> Plan:
    """The plan of a recording on one thread."""
    if trace.threads != 1:
        raise PlanError(
            f"the trace was recorded on {trace.threads} threads; a replay needs one that was recorded on 1"
        )
    if not trace.stages:
        raise PlanError("the trace has no stages")
    try:
        return _plan(trace)
    except (IndexError, TypeError) as error:  # a stored trace may hold anything
        raise PlanError(f"the trace contradicts itself: {error}") from error


def _plan(trace: Trace) -> Plan:
    if any(event.loop >= len(trace.loops) or event.end < event.begin for event in trace.events):
        raise IndexError("an item has no loop, or ends before it begins")
    if any(not 0 <= loop.stage < len(trace.stages) for loop in trace.loops):
        raise IndexError("a loop has no stage")
    inside = _loops_inside(trace)
    events: list[list[Event]] = [[] for _ in trace.loops]
    for event in trace.events:
        if event.loop >= 0:
            events[event.loop].append(event)
    for own in events:
        own.sort(key=lambda event: event.begin)

    def job(number: int) -> Job:
        loop = trace.loops[number]
        items = [item(event) for event in events[number]]
        rest = float(loop.end - loop.begin) - sum(event.end - event.begin for event in events[number])
        missing = loop.count - len(items)
        if missing > 0:  # the buffer had no room for them: what they took is spread evenly
            each = max(rest, 0.0) / missing
            items += [Item(-1 - i, (each,)) for i in range(missing)]
            rest = 0.0
        return Job(loop.kind, tuple(items), max(rest, 0.0))

    def item(event: Event) -> Item:
        parts: list[float | Job] = []
        now = event.begin
        for number in inside.get(id(event), ()):
            loop = trace.loops[number]
            parts += [float(loop.begin - now), job(number)]
            now = loop.end
        parts.append(float(event.end - now))
        return Item(event.item, tuple(parts), event.name)

    stages, own_stages = [], []
    for index, span in enumerate(trace.stages):
        if span.name in OTHER_PROGRAMS:
            continue
        loops = [n for n in inside.get(None, ()) if trace.loops[n].stage == index]
        stages.append(_stage(span, [(trace.loops[n], job(n)) for n in loops]))
        own_stages.append(span)
    between = sum(max(0, second.begin - first.end) for first, second in pairwise(own_stages))
    return Plan(tuple(stages), float(between), dict(trace.about))


def _stage(span: StageSpan, loops: Sequence[tuple[Loop, Job]]) -> StagePlan:
    parts: list[Serial | Job] = []
    now, last = span.begin, ""
    for loop, job in loops:
        place = f"between {last} and {job.kind}" if last else f"before {job.kind}"
        parts += [Serial(float(max(0, loop.begin - now)), place), job]
        now, last = loop.end, job.kind
    place = f"after {last}" if last else "the whole stage"
    parts.append(Serial(float(max(0, span.end - now)), place))
    return StagePlan(span.name, tuple(parts), float(span.end - span.begin))


def _loops_inside(trace: Trace) -> dict[int | None, list[int]]:
    """Which loops each item ran, in order, by the event's id(); under None those that no item ran."""
    ordered = sorted((event for event in trace.events if event.loop >= 0), key=lambda e: (e.begin, -e.end))
    begins = [event.begin for event in ordered]
    around: list[int] = []  # for each event the nearest one around it, as an index of `ordered`, or -1
    open_events: list[int] = []
    for index, event in enumerate(ordered):
        while open_events:
            top = ordered[open_events[-1]]
            if top.end >= event.end and not top.begin < top.end <= event.begin:
                break
            open_events.pop()
        around.append(open_events[-1] if open_events else -1)
        open_events.append(index)
    inside: dict[int | None, list[int]] = {}
    for number in sorted(range(len(trace.loops)), key=lambda n: (trace.loops[n].begin, n)):
        loop = trace.loops[number]
        index = bisect_right(begins, loop.begin) - 1

        def holds(index: int, number: int = number, loop: Loop = loop) -> bool:
            event = ordered[index]
            outer = trace.loops[event.loop]
            is_before = (outer.begin, event.loop) < (loop.begin, number)
            return is_before and event.end >= loop.end

        while index >= 0 and not holds(index):
            index = around[index]
        inside.setdefault(id(ordered[index]) if index >= 0 else None, []).append(number)
    return inside


# ---- what recordings on several threads show ---------------------------------------------------------------


def time_in_items(trace: Trace) -> dict[str, float]:
    """Nanoseconds that items took in each stage, of all workers together: the more they get in each other's
    way, the more.
    """
    spent = dict.fromkeys((stage.name for stage in trace.stages), 0.0)
    for event in trace.events:
        if event.loop >= 0:
            spent[trace.stages[trace.loops[event.loop].stage].name] += event.end - event.begin
    return spent


def waiting_for_workers(trace: Trace) -> dict[str, float]:
    """Nanoseconds from the begin of the stage's loops until the last of their workers began, loops without
    inner ones alone.
    """
    first: dict[tuple[int, int], int] = {}
    for event in trace.events:
        key = (event.loop, event.worker)
        first[key] = min(first.get(key, event.begin), event.begin)
    last: dict[int, int] = {}
    for (number, _), begin in first.items():
        last[number] = max(last.get(number, begin), begin)
    waited = dict.fromkeys((stage.name for stage in trace.stages), 0.0)
    for number, loop in enumerate(trace.loops):
        if number in last:
            waited[trace.stages[loop.stage].name] += last[number] - loop.begin
    return waited


# ---- several recordings as one -----------------------------------------------------------------------------


def quartile(values: Iterable[float]) -> float:
    """The lower one; of up to four values the smallest."""
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 4]


def undisturbed(plans: Sequence[Plan]) -> Plan:
    """One plan whose every time is the lower quartile of those of equal plans.

    What disturbs a run only ever adds to a time, some milliseconds where another process was let in. On a
    busy machine that hits the same item more than once, so the median would not do. Plans of another shape
    than most are left out.
    """
    if not plans:
        raise PlanError("there is no recording")
    shapes = [_shape(plan) for plan in plans]
    usual = max(shapes, key=shapes.count)
    plans = [plan for plan, shape in zip(plans, shapes, strict=True) if shape == usual]
    stages = tuple(
        StagePlan(
            rows[0].name,
            tuple(_undisturbed_part(parts) for parts in zip(*(row.parts for row in rows), strict=True)),
            quartile(row.recorded for row in rows),
        )
        for rows in zip(*(plan.stages for plan in plans), strict=True)
    )
    return Plan(stages, quartile(plan.between for plan in plans), plans[0].about)


def _undisturbed_part(parts: Sequence[Any]) -> Any:
    first = parts[0]
    if isinstance(first, Serial):
        return Serial(quartile(part.time for part in parts), first.place)
    if isinstance(first, Job):
        items = zip(*(part.items for part in parts), strict=True)
        return Job(
            first.kind,
            tuple(_undisturbed_item(item) for item in items),
            quartile(part.overhead for part in parts),
        )
    return quartile(parts)


def _undisturbed_item(items: Sequence[Item]) -> Item:
    parts = zip(*(item.parts for item in items), strict=True)
    return Item(items[0].number, tuple(_undisturbed_part(part) for part in parts), items[0].name)


def _shape(plan: Plan) -> tuple[Any, ...]:
    def of(parts: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(
            (part.kind, tuple((item.number, of(item.parts)) for item in part.items))
            if isinstance(part, Job)
            else None
            for part in parts
        )

    return tuple((stage.name, of(stage.parts)) for stage in plan.stages)
