"""What a trace says in numbers: work, span, parallelism, what was slow, and what more cores would bring.

Work is all that was computed, on whichever worker. Span is the longest chain of things that had to wait for
each other: what a stage does alone, and of each parallel-for the longest item. No number of cores makes a
stage shorter than its span, and work / span is how many cores it can keep busy (Blumofe & Leiserson,
Scheduling Multithreaded Computations by Work Stealing, 1999). The burdened span adds what the scheduler was
seen to need on the way: the time until a parallel-for's first item ran and from its last item's end until it
was over (after He, Leiserson & Leiserson, The Cilkview Scalability Analyzer, SPAA 2010).
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field

from sigil.trace import Event, Trace

CORES = (1, 2, 4, 8, 16, 32, 64)
OUTSIDE = ("compile", "link", "tests")  # stages whose work other programs do


@dataclass(slots=True)
class Item:
    """An event without the parallel-fors that it started itself, which are counted on their own."""

    event: Event
    work: int  # its own, without what ran inside of it
    span: int  # with the spans of what it started
    inner: int = 0  # work of what it started

    @property
    def total(self) -> int:
        return self.work + self.inner


@dataclass(slots=True)
class LoopFigures:
    """One parallel-for that a stage itself started, with everything that its items started in turn."""

    kind: str
    wall: int
    work: int
    span: int
    burden: int
    count: int
    longest: Event | None
    items: list[Item] = field(default_factory=list)  # in the order in which they began


@dataclass(slots=True)
class StageFigures:
    """One stage. Times are nanoseconds."""

    name: str
    begin: int
    wall: int
    cpu: int  # that the process, or those that it started, were given
    alone: int  # outside of any parallel-for: one thread
    loops: list[LoopFigures]

    @property
    def work(self) -> int:
        return self.alone + sum(loop.work for loop in self.loops)

    @property
    def span(self) -> int:
        return self.alone + sum(loop.span for loop in self.loops)

    @property
    def burdened(self) -> int:
        return self.span + sum(loop.burden for loop in self.loops)

    @property
    def items(self) -> int:
        return sum(loop.count for loop in self.loops)

    def on(self, cores: int) -> float:
        """How long it would take on so many cores: greedy, in the recorded order, with the seen burdens."""
        total = float(self.alone)
        for loop in self.loops:
            total += _greedy(loop.items, cores)
            if cores > 1:
                total += loop.burden
        return total


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 1.0


@dataclass(frozen=True, slots=True)
class Step:
    """One link of the critical path."""

    stage: str
    what: str  # the kind of item; empty for what the stage does alone
    name: str
    time: int


@dataclass(slots=True)
class Figures:
    """Everything the page shows in numbers."""

    stages: list[StageFigures]
    slowest: list[Event]

    @property
    def wall(self) -> int:
        """From the first stage's begin to the last one's end."""
        if not self.stages:
            return 0
        return self.stages[-1].begin + self.stages[-1].wall - self.stages[0].begin

    @property
    def gaps(self) -> int:
        """Between stages: the command itself, on one thread."""
        return max(0, self.wall - sum(stage.wall for stage in self.stages))

    def of(self, own: bool | None = None) -> list[StageFigures]:
        """The stages of the compiler itself (True), of other programs (False), or all."""
        return [stage for stage in self.stages if own is None or (stage.name not in OUTSIDE) == own]

    def work(self, own: bool | None = None) -> int:
        return sum(stage.work for stage in self.of(own))

    def span(self, own: bool | None = None) -> int:
        return sum(stage.span for stage in self.of(own))

    def burdened(self, own: bool | None = None) -> int:
        return sum(stage.burdened for stage in self.of(own))

    def speed_up(self, cores: int, own: bool | None = None) -> float:
        """Time on one core through time on so many."""
        stages = self.of(own)
        gaps = self.gaps if own is None else 0
        return _ratio(sum(stage.on(1) for stage in stages) + gaps, sum(s.on(cores) for s in stages) + gaps)

    def critical_path(self) -> list[Step]:
        """What had to follow one another, in order."""
        steps: list[Step] = []
        for stage in self.stages:
            if stage.alone:
                steps.append(Step(stage.name, "", "", stage.alone))
            for loop in stage.loops:
                if loop.span:
                    steps.append(
                        Step(stage.name, loop.kind, loop.longest.name if loop.longest else "", loop.span)
                    )
        return steps


def _greedy(items: Sequence[Item], cores: int) -> float:
    """Each item to the core that is free first. One that started items itself is spread as far as it goes."""
    if cores == 1:
        return float(sum(item.total for item in items))
    free = [0.0] * min(cores, max(1, len(items)))
    for item in items:
        length = item.span + max(0, item.total - item.span) / cores
        heapq.heapreplace(free, free[0] + length)
    # Nested items fill the gaps of others, so no schedule is shorter than the work divided by the cores.
    return max(max(free), sum(item.total for item in items) / cores)


# ---- from events to items ----------------------------------------------------------------------------------


def figures(trace: Trace, slowest: int = 25) -> Figures:
    """Everything at once."""
    items = [Item(event, event.end - event.begin, 0) for event in trace.events]
    inside = _nested(trace, items)
    by_loop: list[list[int]] = [[] for _ in trace.loops]
    for number, event in enumerate(trace.events):
        if event.loop >= 0:
            by_loop[event.loop].append(number)

    nested = {loop for loops in inside.values() for loop in loops}
    # Loops that were started last lie deepest: with them first, every item's parts are known before the item.
    for loop in sorted(range(len(trace.loops)), key=lambda loop: -trace.loops[loop].begin):
        for number in by_loop[loop]:
            item = items[number]
            item.span = max(0, item.work)
            for inner in inside.get(number, ()):
                item.span += max((items[i].span for i in by_loop[inner]), default=0)
                item.inner += sum(items[i].total for i in by_loop[inner])

    stages = []
    for number, stage in enumerate(trace.stages):
        top = [
            loop
            for loop, recorded in enumerate(trace.loops)
            if recorded.stage == number and loop not in nested
        ]
        loops = [_loop_figures(trace, loop, items, by_loop[loop]) for loop in top]
        wall = stage.end - stage.begin
        alone = max(0, wall - sum(loop.wall for loop in loops))
        if wall:
            stages.append(StageFigures(stage.name, stage.begin, wall, stage.cpu, alone, loops))
    ordered = sorted(
        trace.events, key=lambda event: (event.begin - event.end, event.kind, event.name, event.item)
    )
    return Figures(stages, ordered[:slowest])


def _loop_figures(trace: Trace, loop: int, items: list[Item], numbers: list[int]) -> LoopFigures:
    recorded = trace.loops[loop]
    own = sorted((items[number] for number in numbers), key=lambda item: (item.event.begin, item.event.item))
    longest = max(own, key=lambda item: (item.span, -item.event.item), default=None)
    burden = 0
    if own:
        begin = min(item.event.begin for item in own) - recorded.begin
        end = recorded.end - max(item.event.end for item in own)
        burden = max(0, begin) + max(0, end)
    return LoopFigures(
        recorded.kind,
        recorded.end - recorded.begin,
        sum(item.total for item in own),
        longest.span if longest else 0,
        burden,
        recorded.count,
        longest.event if longest else None,
        own,
    )


def _nested(trace: Trace, items: list[Item]) -> dict[int, list[int]]:
    """The loops that each item started, by the item's number; takes their time from the item's own work.

    A worker that starts a loop inside of an item works on it, too. So a loop was started by the item in which
    events of the loop lie on the same worker, and which spans the whole loop. An event that lies in another
    one for a different reason (a task that was run while waiting) only shortens the other's own work.
    """
    inside: dict[int, list[int]] = {}
    rows: dict[int, list[int]] = {}
    for number, event in enumerate(trace.events):
        rows.setdefault(event.worker, []).append(number)
    for numbers in rows.values():
        numbers.sort(key=lambda number: (trace.events[number].begin, -trace.events[number].end))
        open_: list[int] = []
        for number in numbers:
            event = trace.events[number]
            while open_ and trace.events[open_[-1]].end <= event.begin:
                open_.pop()
            if open_:
                _place(trace, items, inside, open_[-1], number)
            open_.append(number)
    return inside


def _place(trace: Trace, items: list[Item], inside: dict[int, list[int]], outer: int, inner: int) -> None:
    event, around = trace.events[inner], trace.events[outer]
    if event.loop >= 0 and around.loop < 0:
        return  # a task that is no item is a step of its stage; its time between loops counts as alone
    if event.loop >= 0 and event.loop != around.loop:
        loop = trace.loops[event.loop]
        if around.begin <= loop.begin and loop.end <= around.end:
            if event.loop not in inside.setdefault(outer, []):
                inside[outer].append(event.loop)
                items[outer].work -= loop.end - loop.begin
            return
    items[outer].work -= event.end - event.begin
