"""What the scheduler's steps and the memory of this machine cost: measured by the core, medians of several
rounds.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sigil import _core

ROUNDS = 9


@dataclass(frozen=True, slots=True)
class Costs:
    """Nanoseconds of each step, as csrc/sched/costs.h says; all 0: a scheduler that costs nothing."""

    claim: float = 0.0  # an item
    spawn: float = 0.0  # a task
    steal: float = 0.0  # from another worker, by one that looks
    wake: float = 0.0  # from another worker, by one that slept
    dispatch: float = 0.0  # from the call of a loop to its first item, workers asleep
    hot: float = 0.0  # … while they still look
    linger: float = 0.0  # how long they look
    chain: float = 0.0  # between the begins of two workers woken by the same one
    join: float = 0.0  # from the last item to the return of the loop
    clock: float = 0.0  # a look at the clock


@dataclass(frozen=True, slots=True)
class Rate:
    """Nanoseconds for a byte, for each of several threads that work at once. `points`: what was measured.

    Between the measured numbers of threads it is interpolated. Beyond them each thread adds what it added
    on the average up to the largest: the memory's limit is then 1 / slope bytes in a nanosecond for all
    together. Where more threads cost nothing, no limit was seen, and none is assumed.
    """

    points: tuple[tuple[int, float], ...] = ()

    def __call__(self, threads: int) -> float:
        if not self.points:
            return 0.0
        before = self.points[0]
        for point in self.points:
            if threads <= point[0]:
                if point[0] == before[0]:
                    return point[1]
                share = (threads - before[0]) / (point[0] - before[0])
                return before[1] + share * (point[1] - before[1])
            before = point
        return before[1] + self.slope * (threads - before[0])

    @property
    def slope(self) -> float:
        """What each further thread adds to everybody's nanoseconds for a byte; never negative."""
        if len(self.points) < 2:
            return 0.0
        (first, alone), (last, together) = self.points[0], self.points[-1]
        return max(0.0, (together - alone) / (last - first))

    @property
    def limit(self) -> float | None:
        """Bytes in a nanosecond that all threads together cannot exceed; None: none was seen."""
        return 1 / self.slope if self.slope > 0 else None


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything that a replay needs to know of the machine."""

    costs: Costs = field(default_factory=Costs)
    fresh: Rate = field(default_factory=Rate)  # memory that is touched for the first time
    stream: Rate = field(default_factory=Rate)  # memory that is read from outside of a core's own caches

    def as_json(self) -> dict[str, Any]:
        return {
            "costs_ns": {name: round(value, 1) for name, value in asdict(self.costs).items()},
            "fresh_ns_per_byte": {str(n): round(value, 4) for n, value in self.fresh.points},
            "stream_ns_per_byte": {str(n): round(value, 4) for n, value in self.stream.points},
        }


def measure(threads: Sequence[int], rounds: int = ROUNDS) -> Machine:
    """Measures now; takes about a tenth of a second for each round. `threads`: for which the memory is
    measured.
    """
    steps: list[Mapping[str, float]] = []
    rates: dict[int, list[tuple[float, float]]] = {number: [] for number in threads}
    for _ in range(rounds):
        steps.append(_core.scheduler_costs())
        for number, found in rates.items():  # interleaved, so that all see the same hour
            found.append(_core.memory_rates(number))
    costs = Costs(**{name: statistics.median(step[name] for step in steps) for name in steps[0]})

    def rate(which: int) -> Rate:
        alone = min(rates)
        points = []
        for number, found in sorted(rates.items()):
            # Ratios within one round, then the median: the machine's speed moves, the ratio less so.
            ratios = [one[which] / many[which] for one, many in zip(rates[alone], found, strict=True)]
            base = 1 / statistics.median(one[which] for one in rates[alone])
            points.append((number, base * statistics.median(ratios)))
        return Rate(tuple(points))

    return Machine(costs, rate(0), rate(1))
