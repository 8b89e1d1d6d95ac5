"""Tables from a replay: predicted speed-ups beside the seed's and the measured ones, the error, and what
stays serial.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sigil.scale import replay
from sigil.scale.costs import Costs, Machine
from sigil.scale.plan import Job, Plan, Serial, StagePlan, quartile
from sigil.scale.replay import Slowdown

VERSION = 1
DEFAULT_CORES = (1, 2, 4, 8, 16, 32, 64)
LOSS_WORKERS = 16  # for which the losses are told apart

# What a column of the tables is made of. Overall has every stage and what lies between them.
GROUPS: dict[str, tuple[str, ...]] = {
    "parse": ("parse",),
    "check": ("modules", "signatures", "bodies"),
    "codegen": ("lower", "generate"),
}
# parse, check, codegen, overall
SEED: dict[int, tuple[float, float, float, float]] = {
    1: (1.0, 1.0, 1.0, 1.0),
    2: (1.9, 1.8, 1.9, 1.85),
    4: (3.6, 3.2, 3.7, 3.5),
    8: (6.8, 5.5, 7.0, 6.4),
    16: (12, 8, 13, 11),
}
TARGETS: dict[int, tuple[float, float, float, float]] = {16: (15, 14, 15, 14.5)}
COLUMNS = ("parse", "signatures", "levels", "codegen", "overall")  # check has a column for each schedule
_PLACE = {"parse": 0, "signatures": 1, "levels": 1, "codegen": 2, "overall": 3}


def seed(cores: int, column: str) -> float | None:
    """The seed's figure for a column, where its table has one."""
    row = SEED.get(cores)
    return row[_PLACE[column]] if row else None


def target(cores: int, column: str) -> float | None:
    row = TARGETS.get(cores)
    return row[_PLACE[column]] if row and column != "levels" else None


@dataclass(frozen=True, slots=True)
class StageMemory:
    """What a stage touches, in bytes: for the first time, and again from outside of a core's own caches."""

    fresh: float = 0.0
    stream: float = 0.0

    def slowdown(self, work: float, machine: Machine) -> Slowdown:
        """How much slower each of n workers is than one alone: the time for its bytes grows, the rest
        stays.
        """

        def factor(workers: int) -> float:
            extra = self.fresh * (machine.fresh(workers) - machine.fresh(1))
            extra += self.stream * (machine.stream(workers) - machine.stream(1))
            return 1.0 + max(0.0, extra) / work if work > 0 else 1.0

        return factor


@dataclass(frozen=True, slots=True)
class Recorded:
    """One schedule's recording and what each of its stages touched."""

    plan: Plan
    memory: Mapping[str, StageMemory] = field(default_factory=dict)
    # By stage: how much longer each item takes as soon as two workers are busy; measured, for `corrected`
    # alone.
    inflation: Mapping[str, float] = field(default_factory=dict)

    def stage_time(self, stage: StagePlan, workers: int, machine: Machine) -> float:
        touched = self.memory.get(stage.name, StageMemory())
        slower = touched.slowdown(stage.work, machine)
        inflation = max(1.0, self.inflation.get(stage.name, 1.0))
        if inflation > 1.0:
            return replay.stage(
                stage, workers, machine.costs, lambda n: max(slower(n), inflation if n > 1 else 1.0)
            ).time
        return replay.stage(stage, workers, machine.costs, slower).time

    def times(self, workers: int, machine: Machine) -> dict[str, float]:
        """Nanoseconds of each group on so many workers."""
        stages = {stage.name: self.stage_time(stage, workers, machine) for stage in self.plan.stages}
        return grouped(stages) | {"overall": sum(stages.values()) + self.plan.between}

    def recorded_times(self) -> dict[str, float]:
        stages = {stage.name: stage.recorded for stage in self.plan.stages}
        return grouped(stages) | {"overall": sum(stages.values()) + self.plan.between}


def grouped(stages: Mapping[str, float]) -> dict[str, float]:
    """The groups of which at least one stage is there."""
    return {
        group: sum(stages.get(name, 0.0) for name in names)
        for group, names in GROUPS.items()
        if any(name in stages for name in names)
    }


@dataclass(frozen=True, slots=True)
class Loss:
    """Why a stage takes longer on N workers than its work / N: nanoseconds of each cause."""

    stage: str
    ideal: float  # work / N
    serial: float
    imbalance: float  # unequal items at the end of loops, inner loops
    scheduler: float  # claiming, stealing, waking, joining
    memory: float

    @property
    def time(self) -> float:
        return self.ideal + self.serial + self.imbalance + self.scheduler + self.memory


@dataclass(frozen=True, slots=True)
class SerialPart:
    stage: str
    place: str
    time: float
    share: float  # of all work


@dataclass(frozen=True, slots=True)
class LoopRow:
    stage: str
    kind: str
    items: int
    work: float
    largest: float
    name: str  # of the largest item

    @property
    def bound(self) -> float:
        """The speed-up that the largest item alone allows."""
        return self.work / self.largest if self.largest > 0 else float(self.items)


@dataclass(frozen=True, slots=True)
class StageRow:
    name: str
    work: float
    span: float
    burdened: float  # the span with what the scheduler adds to it
    serial: float
    ideal2: float  # the speed-up of two workers that cost nothing

    @property
    def parallelism(self) -> float:
        return self.work / self.span if self.span > 0 else 1.0


@dataclass(frozen=True, slots=True)
class Measured:
    """Runs of the whole pipeline on the machine at hand, interleaved: seconds of each group, a dict for
    each run.
    """

    runs: Mapping[int, Sequence[Mapping[str, float]]]  # by threads
    calibration: Mapping[int, float] = field(default_factory=dict)  # speed-up of a loop that needs no memory
    # By threads and stage: how much longer items took than on one thread; how long loops waited for their
    # last worker.
    inflation: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    late: Mapping[int, Mapping[str, float]] = field(default_factory=dict)

    def speedup(self, threads: int, group: str) -> float | None:
        """The median of the ratios within a round."""
        pairs = zip(self.runs.get(1, ()), self.runs.get(threads, ()), strict=True)
        ratios = [one[group] / many[group] for one, many in pairs if many.get(group) and group in one]
        return statistics.median(ratios) if ratios else None

    def undisturbed(self, threads: int, group: str) -> float | None:
        """The ratio of the lower quartiles: of runs that others left alone, as the plan's times are."""
        alone = [run[group] for run in self.runs.get(1, ()) if group in run]
        many = [run[group] for run in self.runs.get(threads, ()) if group in run]
        return quartile(alone) / quartile(many) if alone and many and quartile(many) > 0 else None


@dataclass(frozen=True, slots=True)
class Scaling:
    """Everything that `sigil scale` shows."""

    subject: str
    cores: tuple[int, ...]
    recorded: Mapping[str, Recorded]  # by schedule
    machine: Machine
    measured: Mapping[str, Measured] = field(default_factory=dict)  # by schedule
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def main(self) -> Recorded:
        """The recording that the columns other than check's come from."""
        return next(iter(self.recorded.values()))

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(c for c in COLUMNS if c in self.recorded or c not in ("signatures", "levels"))

    def predicted(self) -> dict[int, dict[str, float]]:
        """Speed-ups by number of cores and column."""
        alone = {name: recorded.times(1, self.machine) for name, recorded in self.recorded.items()}
        table: dict[int, dict[str, float]] = {}
        for cores in self.cores:
            times = {name: recorded.times(cores, self.machine) for name, recorded in self.recorded.items()}
            table[cores] = {}
            for column in self.columns:
                schedule, group = self.place(column)
                if times[schedule].get(group):
                    table[cores][column] = alone[schedule][group] / times[schedule][group]
        return table

    def place(self, column: str) -> tuple[str, str]:
        """The schedule and the group of a column."""
        if column in ("signatures", "levels"):
            return column, "check"
        return next(iter(self.recorded)), column

    def measured_speedup(self, threads: int, column: str) -> float | None:
        schedule, group = self.place(column)
        found = self.measured.get(schedule)
        return found.speedup(threads, group) if found else None

    def undisturbed_speedup(self, threads: int, column: str) -> float | None:
        schedule, group = self.place(column)
        found = self.measured.get(schedule)
        return found.undisturbed(threads, group) if found else None

    def measured_threads(self) -> tuple[int, ...]:
        return tuple(sorted({n for found in self.measured.values() for n in found.runs if n > 1}))

    def errors(self) -> dict[int, dict[str, float]]:
        """Predicted / measured - 1, for what was measured; both of undisturbed runs."""
        table: dict[int, dict[str, float]] = {}
        for threads in self.measured_threads():
            predicted = Scaling(self.subject, (threads,), self.recorded, self.machine).predicted()[threads]
            table[threads] = {}
            for column, value in predicted.items():
                measured = self.undisturbed_speedup(threads, column)
                if measured:
                    table[threads][column] = value / measured - 1
        return table

    def corrected(self) -> Scaling | None:
        """The same, with items as much slower as they were on the most threads that were measured; None
        without those.
        """
        recorded = {}
        for schedule, own in self.recorded.items():
            found = self.measured.get(schedule)
            if found is None or not found.inflation:
                return None
            recorded[schedule] = Recorded(own.plan, own.memory, found.inflation[max(found.inflation)])
        return Scaling(self.subject, self.cores, recorded, self.machine, self.measured, self.about)

    def replay_error(self) -> dict[str, float]:
        """The replay on one worker against the recording itself: what the model leaves out there."""
        replayed, recorded = self.main.times(1, self.machine), self.main.recorded_times()
        return {group: replayed[group] / recorded[group] - 1 for group in recorded if recorded[group]}

    # ---- what stays serial

    def stage_rows(self) -> list[StageRow]:
        return [stage_row(stage, self.machine.costs) for stage in self.main.plan.stages]

    def serial_parts(self) -> list[SerialPart]:
        """The Amdahl list: what one thread does alone, the longest first."""
        plan = self.main.plan
        work = self.main.times(1, Machine())["overall"]
        parts = [
            SerialPart(stage.name, part.place, part.time, part.time / work if work else 0.0)
            for stage in plan.stages
            for part in stage.parts
            if isinstance(part, Serial) and part.time > 0
        ]
        if plan.between > 0:
            parts.append(SerialPart("-", "between the stages", plan.between, plan.between / work))
        return sorted(parts, key=lambda part: -part.time)

    def loops(self) -> list[LoopRow]:
        """Every loop with its largest item, in the order in which they ran."""
        rows = []
        for stage in self.main.plan.stages:
            for job in stage.jobs:
                largest = job.largest
                if largest is not None:
                    rows.append(
                        LoopRow(
                            stage.name,
                            job.kind,
                            len(job.items),
                            job.work,
                            largest.span,
                            largest.name or f"item {largest.number}",
                        )
                    )
        return rows

    def losses(self, workers: int = LOSS_WORKERS) -> list[Loss]:
        return [loss(self.main, stage, workers, self.machine) for stage in self.main.plan.stages]


def stage_row(stage: StagePlan, costs: Costs) -> StageRow:
    loops = list(stage.jobs)
    burden = sum(
        costs.dispatch + costs.join + costs.claim + _depth(job) * (costs.steal + costs.claim) for job in loops
    )
    ideal = replay.stage(stage, 2).time
    return StageRow(
        stage.name,
        stage.work,
        stage.span,
        stage.span + burden,
        stage.serial,
        stage.work / ideal if ideal > 0 else 1.0,
    )


def _depth(job: Job) -> int:
    """How many loops lie inside each other below this one, at most."""
    inner = [part for item in job.items for part in item.parts if isinstance(part, Job)]
    return 1 + max(map(_depth, inner)) if inner else 0


def loss(recorded: Recorded, stage: StagePlan, workers: int, machine: Machine) -> Loss:
    """What each cause adds: the stage is replayed without costs, then with them, then with the memory."""
    free = replay.stage(stage, workers).time
    scheduled = replay.stage(stage, workers, machine.costs).time
    whole = recorded.stage_time(stage, workers, machine)
    ideal = stage.work / workers
    serial = stage.serial * (1 - 1 / workers)
    return Loss(stage.name, ideal, serial, free - ideal - serial, scheduled - free, whole - scheduled)


def as_json(scaling: Scaling) -> dict[str, Any]:
    """The same for programs. Times are nanoseconds, shares and errors fractions."""

    def rounded(table: Mapping[str, float | None]) -> dict[str, float | None]:
        return {name: None if value is None else round(value, 4) for name, value in table.items()}

    predicted, errors, corrected = scaling.predicted(), scaling.errors(), scaling.corrected()
    columns = scaling.columns
    first = next(iter(scaling.recorded))
    return {
        "version": VERSION,
        "subject": scaling.subject,
        "about": dict(scaling.about),
        "cores": list(scaling.cores),
        "columns": list(columns),
        "predicted": {str(n): rounded(row) for n, row in predicted.items()},
        "seed": {str(n): rounded({c: seed(n, c) for c in columns}) for n in scaling.cores if n in SEED},
        "targets": {
            str(n): rounded({c: target(n, c) for c in columns}) for n in scaling.cores if n in TARGETS
        },
        "measured": {
            str(n): rounded({c: scaling.measured_speedup(n, c) for c in columns})
            for n in scaling.measured_threads()
        },
        "undisturbed": {
            str(n): rounded({c: scaling.undisturbed_speedup(n, c) for c in columns})
            for n in scaling.measured_threads()
        },
        "calibration": {
            str(n): round(value, 4)
            for n, value in (scaling.measured[first].calibration if first in scaling.measured else {}).items()
        },
        "error": {str(n): rounded(row) for n, row in errors.items()},
        "corrected": {str(n): rounded(row) for n, row in corrected.predicted().items()} if corrected else {},
        "inflation": {
            str(n): rounded(row)
            for n, row in (scaling.measured[first].inflation if first in scaling.measured else {}).items()
        },
        "replay_error": rounded(scaling.replay_error()),
        "machine": scaling.machine.as_json(),
        "memory": {
            name: {"fresh_bytes": round(m.fresh), "stream_bytes": round(m.stream)}
            for name, m in scaling.main.memory.items()
        },
        "stages": [
            {
                "name": row.name,
                "work": round(row.work),
                "span": round(row.span),
                "burdened_span": round(row.burdened),
                "parallelism": round(row.parallelism, 2),
                "serial": round(row.serial),
                "speedup_of_2_without_costs": round(row.ideal2, 4),
            }
            for row in scaling.stage_rows()
        ],
        "serial_parts": [
            {"stage": p.stage, "place": p.place, "time": round(p.time), "share": round(p.share, 6)}
            for p in scaling.serial_parts()
        ],
        "loops": [
            {
                "stage": row.stage,
                "kind": row.kind,
                "items": row.items,
                "work": round(row.work),
                "largest": round(row.largest),
                "largest_name": row.name,
                "bound": round(row.bound, 2),
            }
            for row in scaling.loops()
        ],
        "losses": {
            "workers": LOSS_WORKERS,
            "stages": [
                {
                    "stage": row.stage,
                    "ideal": round(row.ideal),
                    "serial": round(row.serial),
                    "imbalance": round(row.imbalance),
                    "scheduler": round(row.scheduler),
                    "memory": round(row.memory),
                }
                for row in scaling.losses()
            ],
        },
    }
