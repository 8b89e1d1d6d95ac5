"""A trace in the Trace Event Format, which chrome://tracing, Perfetto and Speedscope open.

SOURCE  “Trace Event Format”, the document of the Chromium project: an object with `traceEvents`; complete
        events have ph "X" and times in microseconds; metadata (ph "M") names processes and threads; ph "C" is
        a counter; a flow goes from ph "s" to ph "f" of one id.
"""

from __future__ import annotations

import json
from typing import Any

from sigil.trace import Trace

_PROCESS = 1
_STAGES = 0  # the thread that stages and parallel-fors are shown on; worker N is thread N + 1


def chrome(trace: Trace) -> str:
    """The text of the file: an event a line, in the order of rows and time."""
    events = [*_names(trace), *_stages(trace), *_items(trace), *_counters(trace)]
    rows = ",\n".join(json.dumps(event, separators=(",", ":"), ensure_ascii=False) for event in events)
    about = json.dumps(trace.about, ensure_ascii=False)
    return f'{{"displayTimeUnit":"ms","otherData":{about},"traceEvents":[\n{rows}\n]}}\n'


def _event(phase: str, name: str, thread: int, at: int, **more: Any) -> dict[str, Any]:
    return {"ph": phase, "name": name, "pid": _PROCESS, "tid": thread, "ts": at / 1000, **more}


def _names(trace: Trace) -> list[dict[str, Any]]:
    project = str(trace.about.get("project", "project"))
    workers = max([trace.threads, *(event.worker + 1 for event in trace.events)])
    rows = [_event("M", "process_name", _STAGES, 0, args={"name": f"sigil {project}"})]
    for thread in range(workers + 1):
        name = "stages" if thread == _STAGES else f"worker {thread - 1}"
        rows.append(_event("M", "thread_name", thread, 0, args={"name": name}))
        rows.append(_event("M", "thread_sort_index", thread, 0, args={"sort_index": thread}))
    return rows


def _stages(trace: Trace) -> list[dict[str, Any]]:
    rows = [
        _event("X", stage.name, _STAGES, stage.begin, dur=(stage.end - stage.begin) / 1000, cat="stage")
        for stage in trace.stages
        if stage.end > stage.begin
    ]
    # Parallel-fors that items started overlap each other; only the stages' own nest in the row.
    last = -1
    for loop in sorted(trace.loops, key=lambda loop: (loop.begin, -loop.end)):
        if loop.begin < last:
            continue
        last = loop.end
        rows.append(
            _event(
                "X",
                f"for each: {loop.kind}",
                _STAGES,
                loop.begin,
                dur=(loop.end - loop.begin) / 1000,
                cat="loop",
                args={"items": loop.count},
            )
        )
    return rows


def _items(trace: Trace) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    shares: set[tuple[int, int]] = set()
    for number, event in enumerate(sorted(trace.events, key=lambda e: (e.worker, e.begin, -e.end))):
        details: dict[str, Any] = {"item": event.item} if event.item >= 0 else {}
        if event.loop >= 0:
            details["stage"] = trace.stages[trace.loops[event.loop].stage].name
        if event.stolen_from >= 0:
            details["stolen_from"] = event.stolen_from
        rows.append(
            _event(
                "X",
                event.name or event.kind,
                event.worker + 1,
                event.begin,
                dur=(event.end - event.begin) / 1000,
                cat=event.kind,
                args=details,
            )
        )
        # All items of a share in a loop were taken with it: one arrow is enough.
        is_new = event.loop < 0 or (event.worker, event.loop) not in shares
        shares.add((event.worker, event.loop))
        if is_new and event.stolen_from >= 0 and event.stolen_from != event.worker:
            rows.append(_event("s", "taken", event.stolen_from + 1, event.begin, id=number, cat="steal"))
            rows.append(_event("f", "taken", event.worker + 1, event.begin, id=number, cat="steal", bp="e"))
    return rows


def _counters(trace: Trace) -> list[dict[str, Any]]:
    """How many workers have something to do, at most 2,000 times."""
    changes: dict[int, int] = {}
    ends: dict[int, int] = {}  # of the outermost event of each worker
    for event in sorted(trace.events, key=lambda e: (e.begin, -e.end)):
        if event.begin < ends.get(event.worker, -1):
            continue
        ends[event.worker] = event.end
        changes[event.begin] = changes.get(event.begin, 0) + 1
        changes[event.end] = changes.get(event.end, 0) - 1
    end = max((stage.end for stage in trace.stages), default=0)
    rows: list[dict[str, Any]] = []
    busy, shown, next_at, period = 0, -1, 0, max(1, end // 1000)
    for at, change in sorted(changes.items()):
        busy += change
        if at >= next_at and busy != shown:
            rows.append(_event("C", "busy workers", _STAGES, at, args={"busy": busy}))
            shown, next_at = busy, at + period
    rows.append(_event("C", "busy workers", _STAGES, max([end, *changes]), args={"busy": 0}))
    return rows
