"""`sigil scale`: what more cores would give a project, from a recording on one thread."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from sigil import discover
from sigil.cli.options import ScaleArguments
from sigil.cli.shared import subject
from sigil.cli.status import ExitStatus
from sigil.discover import ProjectError
from sigil.pool import ThreadPoolConfig
from sigil.report import scaling as report
from sigil.report.console import Console
from sigil.scale import costs, plan, record
from sigil.scale.predict import Recorded, Scaling, StageMemory
from sigil.trace import Trace

SCHEDULES = ("signatures", "levels")


def run(arguments: ScaleArguments, console: Console) -> ExitStatus:
    """Records, replays and prints; a project with errors, or a trace that cannot be replayed, is a usage
    error.
    """
    try:
        scaling = _of_file(arguments) if arguments.from_trace is not None else _of_project(arguments, console)
    except (plan.PlanError, record.RecordError) as error:
        raise ProjectError(str(error)) from error
    report.show(scaling, console, form=arguments.scale_format)
    return ExitStatus.SUCCESS


def _of_file(arguments: ScaleArguments) -> Scaling:
    path: Path = arguments.from_trace  # type: ignore[assignment]  # run has asked
    try:
        trace = Trace.read(path)
    except OSError as error:
        raise ProjectError(f"cannot read the trace {path}: {error.strerror}") from error
    except ValueError as error:  # of the text's encoding too
        raise ProjectError(f"cannot read the trace {path}: {error}") from error
    try:
        recorded = plan.of_trace(trace)
    except plan.PlanError as error:
        raise ProjectError(f"cannot replay {path}: {error}") from error
    schedule = str(trace.about.get("schedule") or "signatures")
    about: dict[str, Any] = {"recordings": 1, "schedule": schedule, "trace": str(path)}
    if trace.dropped:
        about["dropped"] = trace.dropped
    name = str(trace.about.get("project") or path)
    # Without the project nothing is known of the memory that its stages touch.
    memory: dict[str, StageMemory] = {}
    machine = costs.measure((1,), 3)
    return Scaling(name, arguments.cores, {schedule: Recorded(recorded, memory)}, machine, about=about)


def _of_project(arguments: ScaleArguments, console: Console) -> Scaling:
    project = discover.project(arguments.path)
    threads = tuple(
        sorted({n for n in (1, 2, *arguments.cores) if n <= ThreadPoolConfig.default().max_threads})
    )
    schedules = (arguments.scale_schedule,) if arguments.scale_schedule else SCHEDULES
    machine = costs.measure(threads)
    recorded: dict[str, Recorded] = {}
    measured = {}
    begin = time.monotonic()
    for schedule in schedules:

        def tell(done: int, schedule: str = schedule) -> None:
            if console.may_animate and time.monotonic() - begin > 1:
                console.err.write(f"\rrecording {schedule}: {done} of {arguments.runs} ")
                console.err.flush()

        memory = record.touched_memory(project, schedule)
        recording, found = record.rounds(project, threads, arguments.runs, schedule, tell)
        recorded[schedule] = Recorded(recording, memory)
        if len(threads) > 1:
            measured[schedule] = found
    if console.may_animate and time.monotonic() - begin > 1:
        console.err.write("\r\x1b[K")
    about = {"recordings": arguments.runs, "modules": len(project.own_files), "schedules": list(schedules)}
    return Scaling(subject(project.place), arguments.cores, recorded, machine, measured, about)
