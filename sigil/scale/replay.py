"""The simulated workers: a stage's parts on N of them, greedily, with what each step costs.

RULES   A loop's items are handed out in their order, one at a time, to whoever has time
        (csrc/sched/for_each.c). Workers that sleep are woken as a tree (csrc/sched/parking.c): the caller and
        each worker wake up to WAKE_FAN others, of whom the first begins `dispatch` after its waker and each
        further one `chain` later. Whoever finds its loop used up goes on with an open loop of another item,
        chosen at random as a thief chooses its victim, for the price of a `steal`; an idle worker joins a
        loop that opens for the same price, or for `wake` if it slept. The item that ran an inner loop works
        on it, and waits for the rest of it doing nothing else. The outside thread goes on `join` after the
        last item.
MEMORY  While n workers run items, each is slower than alone by `slowdown(n)`. The simulation keeps a clock
        of its own in which an item always takes as long as it did alone; a second of it is slowdown(n) real
        ones. So one heap of events will do.
BOUND   max(work / N, span) ≤ time ≤ (work / N + span) · slowdown(N) + overheads: greedy, after Graham 1969
        and Brent 1974. The same plan, costs and seed give the same result: the random numbers are
        xorshift64, as the workers' own.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sigil.scale.costs import Costs
from sigil.scale.plan import Item, Job, Serial, StagePlan

Slowdown = Callable[[int], float]
SEED = 0x9E3779B97F4A7C15
MASK = (1 << 64) - 1
WAKE_FAN = 3  # as in csrc/sched/parking.h


def no_slowdown(workers: int) -> float:
    return 1.0


def wake_times(count: int, first: float, chain: float) -> list[float]:
    """When workers begin that are woken together; `first`: from a waker to the first that it wakes."""
    times: list[float] = []
    for number in range(count):
        waker = 0.0 if number < WAKE_FAN else times[number // WAKE_FAN - 1]
        times.append(waker + first + number % WAKE_FAN * chain)
    return times


@dataclass(frozen=True, slots=True)
class StageReplay:
    """What a stage took, in real nanoseconds."""

    time: float
    busy: float  # of all workers together, in items
    steals: int


class _Loop:
    """A loop that runs: how many of its items were begun, how many have not ended, who waits for it."""

    __slots__ = ("begun", "helpers", "items", "opened", "owner", "unfinished")

    def __init__(self, job: Job, owner: int | None, helpers: int, opened: float) -> None:
        self.items = job.items
        self.begun = 0
        self.unfinished = len(job.items)
        self.owner = owner  # the worker whose item ran it; None: the outside thread
        self.helpers = helpers  # workers that may still join
        self.opened = opened

    @property
    def has_work(self) -> bool:
        return self.begun < len(self.items)


class _Worker:
    __slots__ = ("idle_since", "is_running", "stack", "waits")

    def __init__(self) -> None:
        self.stack: list[tuple[_Loop, Iterator[float | Job] | None]] = []  # loops, each with the item in hand
        self.waits = False  # for the inner loop on top of its stack
        self.is_running = False  # an item's own time; counts for the memory
        self.idle_since: float | None = None  # it looks for work, or sleeps


class _Simulation:
    """One outer loop on N workers. Times are on the simulation's own clock; `real` is the other one."""

    def __init__(self, workers: int, costs: Costs, slowdown: Slowdown, seed: int) -> None:
        self.costs = costs
        self.slowdown = [slowdown(max(1, n)) for n in range(workers + 1)]
        self.workers = [_Worker() for _ in range(workers)]
        self.heap: list[tuple[float, int, int]] = []  # time, order of insertion, worker
        self.order = 0
        self.now = 0.0
        self.real = 0.0
        self.busy = 0.0
        self.running = 0
        self.open: list[_Loop] = []  # inner loops with items to begin
        self.random = seed
        self.steals = 0

    def at(self, time: float, worker: int) -> None:
        heapq.heappush(self.heap, (time, self.order, worker))
        self.order += 1

    def run(self, job: Job, is_hot: bool) -> None:
        """Runs the loop to its end and moves both clocks, dispatch and join included."""
        costs = self.costs
        if not job.items:
            return
        count = min(len(self.workers), len(job.items))
        outer = _Loop(job, None, 0, 0.0)
        times = [costs.hot] * count if is_hot else wake_times(count, costs.dispatch, costs.chain)
        for number, begin in enumerate(times):
            self.workers[number].stack = [(outer, None)]
            self.at(begin, number)
        for worker in self.workers[count:]:
            worker.idle_since = 0.0
        while outer.unfinished > 0:
            time, _, number = heapq.heappop(self.heap)
            step = time - self.now
            self.real += step * self.slowdown[self.running]
            self.busy += step * self.slowdown[self.running] * self.running
            self.now = time
            self.go_on(self.workers[number], number)
        self.real += costs.join

    def go_on(self, worker: _Worker, number: int) -> None:
        """A worker has ended what it did; it begins the next thing."""
        if worker.is_running:
            worker.is_running = False
            self.running -= 1
        worker.idle_since = None
        while worker.stack:
            loop, parts = worker.stack[-1]
            if parts is None:  # between items
                if loop.has_work:
                    item = loop.items[loop.begun]
                    loop.begun += 1
                    if not loop.has_work and loop in self.open:
                        self.open.remove(loop)
                    worker.stack[-1] = (loop, self.parts_of(item))
                    continue
                if loop.owner == number:
                    if loop.unfinished > 0:
                        worker.waits = True
                        return
                    worker.stack.pop()
                    continue
                worker.stack.pop()
                continue
            part = next(parts, None)
            if part is None:
                worker.stack[-1] = (loop, None)
                self.end_item(loop)
            elif isinstance(part, Job):
                self.open_inner(worker, number, part)
            else:
                if part <= 0.0:
                    continue
                worker.is_running = True
                self.running += 1
                self.at(self.now + part, number)
                return
        self.find(worker, number)

    def parts_of(self, item: Item) -> Iterator[float | Job]:
        """Its parts, claiming it included."""
        claim = self.costs.claim
        if item.parts and not isinstance(item.parts[0], Job):
            return iter((claim + item.parts[0], *item.parts[1:]))
        return iter((claim, *item.parts))

    def end_item(self, loop: _Loop) -> None:
        loop.unfinished -= 1
        if loop.unfinished == 0 and loop.owner is not None and self.workers[loop.owner].waits:
            self.workers[loop.owner].waits = False
            self.at(self.now + self.costs.steal, loop.owner)

    def open_inner(self, worker: _Worker, number: int, job: Job) -> None:
        if not job.items:
            return
        helpers = min(len(self.workers), len(job.items)) - 1
        loop = _Loop(job, number, helpers, self.now)
        worker.stack.append((loop, None))
        if helpers == 0:
            return
        self.open.append(loop)
        times = iter(wake_times(helpers, self.costs.wake, self.costs.chain))
        for other_number, other in enumerate(self.workers):
            if other.idle_since is None or other.stack or loop.helpers == 0:
                continue
            is_asleep = self.now - other.idle_since > self.costs.linger
            self.join(other, other_number, loop, next(times) if is_asleep else self.costs.steal)

    def join(self, worker: _Worker, number: int, loop: _Loop, cost: float) -> None:
        loop.helpers -= 1
        self.steals += 1
        worker.idle_since = None
        worker.stack = [(loop, None)]
        self.at(self.now + cost, number)

    def find(self, worker: _Worker, number: int) -> None:
        """Another loop to work on, else idle."""
        loops = [loop for loop in self.open if loop.helpers > 0]
        if not loops:
            worker.idle_since = self.now
            return
        self.random ^= (self.random << 13) & MASK
        self.random ^= self.random >> 7
        self.random ^= (self.random << 17) & MASK
        self.join(worker, number, loops[self.random % len(loops)], self.costs.steal)


def stage(
    plan: StagePlan,
    workers: int,
    costs: Costs | None = None,
    slowdown: Slowdown = no_slowdown,
    seed: int = SEED,
) -> StageReplay:
    """A stage on so many workers; what is serial runs on the outside thread while they look, then sleep."""
    if workers < 1:
        raise ValueError("a replay needs at least one worker")
    costs = costs or Costs()
    time = busy = 0.0
    steals = 0
    rest = float("inf")  # since the last loop ended: whether the workers still look
    for part in plan.parts:
        if isinstance(part, Serial):
            time += part.time
            rest += part.time
            continue
        simulation = _Simulation(workers, costs, slowdown, seed)
        simulation.run(part, is_hot=rest + costs.join < costs.linger)
        time += simulation.real
        busy += simulation.busy
        steals += simulation.steals
        rest = 0.0
    return StageReplay(time, busy, steals)
