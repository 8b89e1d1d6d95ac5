"""Recordings and measurements of a project: cold runs of our own stages, without the C compiler."""

from __future__ import annotations

import resource
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

from sigil import _core
from sigil.discover import Project
from sigil.pool import ThreadPoolConfig
from sigil.scale import plan
from sigil.scale.plan import Plan, PlanError
from sigil.scale.predict import Measured, StageMemory, grouped
from sigil.workspace import Workspace

PAGE_BYTES = resource.getpagesize()
STAGES = ("parse", "modules", "signatures", "bodies", "lower", "generate")


class RecordError(ValueError):
    """The project cannot be recorded; the message says why in one sentence."""


def run(project: Project, threads: int, schedule: str) -> tuple[dict[str, float], Workspace]:
    """One cold run up to the C text: seconds of each group, and the workspace with its trace."""
    workspace = Workspace(project, pool=ThreadPoolConfig(max_threads=threads), schedule=schedule)
    result, _ = workspace.generate(coverage="off")
    if not result.ok:
        first = next(found for found in result.diagnostics if found.is_error)
        place = f"{first.span.file}:{first.span.line}: " if first.span else ""
        raise RecordError(f"the project has errors, so its build cannot be recorded: {place}{first.message}")
    stages = {stage.name: stage.wall for stage in result.timings}
    return grouped(stages) | {"overall": sum(stages.values())}, workspace


def rounds(
    project: Project,
    threads: Sequence[int],
    runs: int,
    schedule: str,
    on_round: Callable[[int], None] = lambda done: None,
) -> tuple[Plan, Measured]:
    """`runs` rounds, in each a run on 1 thread, which is the recording, and one on each other number of
    threads.

    All of a round see the same hour, so their ratios mean something on a machine that others use as well. A
    run before the first round is left out: it pays for what later ones find in place.
    """
    run(project, 1, schedule)
    plans: list[Plan] = []
    measured: dict[int, list[dict[str, float]]] = {1: [], **{n: [] for n in threads if n > 1}}
    ratios: dict[int, list[float]] = {n: [] for n in threads if n > 1}
    spent: dict[int, list[dict[str, float]]] = {n: [] for n in measured}
    late: dict[int, list[dict[str, float]]] = {n: [] for n in measured}
    for number in range(runs):
        for count in measured:
            times, workspace = run(project, count, schedule)
            measured[count].append(times)
            trace = workspace.trace()
            if trace is None:
                raise RecordError("nothing was recorded")
            if count == 1:
                plans.append(plan.of_trace(trace))
            else:
                ratios[count].append(calibration(count))
            spent[count].append(plan.time_in_items(trace))
            late[count].append(plan.waiting_for_workers(trace))
            del workspace, trace
        on_round(number + 1)
    inflation = {
        n: {
            stage: plan.quartile(many[stage] for many in found)
            / plan.quartile(one[stage] for one in spent[1])
            for stage in found[0]
            if plan.quartile(one.get(stage, 0.0) for one in spent[1]) > 0
        }
        for n, found in spent.items()
        if n > 1
    }
    return plan.undisturbed(plans), Measured(
        runs=measured,
        calibration={n: statistics.median(found) for n, found in ratios.items()},
        inflation=inflation,
        late={n: _means(found) for n, found in late.items() if n > 1},
    )


def _means(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.fmean(row[name] for row in rows) for name in rows[0]}


def calibration(threads: int) -> float:
    """The speed-up of so many threads over one for a loop that needs no memory: what the machine can give.

    The better of two tries, because the system now and then begins with two threads on one CPU.
    """
    return max(threads * _core.spin_rate(threads) / _core.spin_rate(1) for _ in range(2))


def touched_memory(project: Project, schedule: str) -> dict[str, StageMemory]:
    """What each stage touches, from page faults and growth of runs that end one stage later each.

    fresh: pages that it faults in, or by which the process grew where that is more (a huge page is one
    fault). stream: what the stages before it left behind is read again, once; what it writes is counted as
    fresh.
    """
    size = sum(_size(file.path) for file in project.files)
    total: dict[str, float] = {}
    for stage in STAGES:  # each twice: the second finds the allocator as the recordings do
        total[stage] = min(_grown(project, stage, schedule) for _ in range(2))
    memory = {"read": StageMemory(fresh=float(size))}
    before = float(size)
    for stage in STAGES:
        fresh = max(0.0, total[stage] - before)
        source = memory["read"].fresh if stage == "parse" else _input_of(stage, memory)
        memory[stage] = StageMemory(fresh=fresh, stream=source)
        before = max(before, total[stage])
    return memory


# What each stage reads of the others' results.
_INPUTS = {
    "modules": (),  # imports only
    "signatures": ("parse",),
    "bodies": ("parse",),
    "lower": ("bodies",),
    "generate": ("lower",),
}


def _input_of(stage: str, memory: dict[str, StageMemory]) -> float:
    return sum(memory[name].fresh for name in _INPUTS[stage])


def _size(path: Path | None) -> int:
    try:
        return path.stat().st_size if path is not None else 0
    except OSError:
        return 0


def _resident() -> int:
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * PAGE_BYTES
    except (OSError, ValueError, IndexError):
        return 0


def _grown(project: Project, last: str, schedule: str) -> float:
    core = _core.Workspace(max_threads=1)
    core.load([file.as_core() for file in project.files])
    faults, resident = resource.getrusage(resource.RUSAGE_SELF).ru_minflt, _resident()
    core.run(
        last,  # type: ignore[arg-type]  # the core refuses others
        program_name=project.name,
        with_tests=False,
        coverage=0,
        schedule=schedule,  # type: ignore[arg-type]  # likewise
    )
    faulted = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults
    return float(max(faulted * PAGE_BYTES, _resident() - resident))


__all__ = ["PlanError", "RecordError", "calibration", "rounds", "run", "touched_memory"]
