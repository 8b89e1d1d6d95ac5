"""The page of `sigil build --timings`: one HTML file with everything in it, readable without a network.

The tables are plain HTML; the timeline is drawn by timings.js from the recording, which lies in the page as
JSON. The same trace gives the same page, byte for byte.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any

from sigil.report.timings_figures import CORES, OUTSIDE, Figures, StageFigures, Step, figures
from sigil.trace import Event, Trace

_HERE = Path(__file__).resolve().parent
_UNIT = 100  # nanoseconds: the unit of the page's data
_DRAWN_MOST = 40_000  # events; neighbours are merged until there are no more
_PATH_LINES = 14

_STAGES = {
    "read": "reads the source files",
    "parse": "turns text into trees",
    "modules": "links imports into the module graph",
    "signatures": "checks types, traits and signatures",
    "bodies": "checks every function body",
    "lower": "turns functions into core form, an instance for each set of types",
    "generate": "writes C",
    "compile": "the C compiler",
    "link": "the linker",
    "tests": "runs the tests",
}


def page(trace: Trace) -> str:
    """The whole page."""
    numbers = figures(trace)
    about = trace.about
    title = f"{about.get('project', 'a build')}: where the time went"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="about">{escape(_about(trace))}</p>',
        _warnings(trace),
        _tiles(trace, numbers),
        _timeline(trace, numbers),
        _stage_table(trace, numbers),
        _predictions(numbers),
        _critical_path(numbers),
        _slowest(trace, numbers),
        _words(),
    ]
    script = (_HERE / "timings.js").read_text("utf-8")
    style = (_HERE / "timings.css").read_text("utf-8")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(part for part in parts if part)
        + '\n</main>\n<div id="hint" role="status" hidden></div>\n'
        f'<script type="application/json" id="data">{_embedded(_data(trace))}</script>\n'
        f"<script>\n{script}</script>\n</body>\n</html>\n"
    )


# ---- words and numbers -------------------------------------------------------------------------------------


def time(ns: float) -> str:
    """12 µs, 3.4 ms, 1.25 s."""
    if ns < 9.95e3:
        return f"{ns / 1e3:.1f} µs"
    if ns < 0.995e6:
        return f"{ns / 1e3:.0f} µs"
    if ns < 9.95e6:
        return f"{ns / 1e6:.2f} ms"
    if ns < 99.5e6:
        return f"{ns / 1e6:.1f} ms"
    if ns < 0.995e9:
        return f"{ns / 1e6:.0f} ms"
    return f"{ns / 1e9:.2f} s"


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0


def _short(number: float) -> str:
    return f"{number:.1f}" if number < 99.95 else f"{number:,.0f}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _embedded(content: Any) -> str:
    """JSON that no text in it can end: `<` is written as an escape."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")


def _about(trace: Trace) -> str:
    about = trace.about
    words = [_counted(trace.threads, "thread")]
    if about.get("jobs", trace.threads) != trace.threads:
        words.append(f"up to {_counted(about['jobs'], 'C compiler')} at once")
    words += [str(about[key]) for key in ("machine", "date") if about.get(key)]
    if about.get("version"):
        words.append(f"sigil {about['version']}")
    return " · ".join(words)


def _warnings(trace: Trace) -> str:
    if not trace.dropped:
        return ""
    return (
        f'<p class="warn">There was no room for {_counted(trace.dropped, "event")} of this run: work and '
        "counts below are too small by that much.</p>"
    )


def _tiles(trace: Trace, numbers: Figures) -> str:
    own_wall = sum(stage.wall for stage in numbers.of(True))
    work, span = numbers.work(True), numbers.span(True)
    tiles = [(time(numbers.wall), "from the first stage to the last")]
    if own_wall and numbers.of(False):
        tiles.append((time(own_wall), "of that in the compiler itself; the rest in other programs"))
    if own_wall:
        busy = f"{_ratio(work, own_wall):.2f} of {trace.threads}"
        tiles += [
            (busy, "cores kept busy by the compiler’s own stages, on average"),
            (_short(_ratio(work, span)), "cores they could keep busy: work divided by span"),
            (f"{numbers.speed_up(16, True):.1f} ×", "predicted speed-up of them on 16 cores"),
        ]
    cells = "".join(
        f'<div class="tile"><div class="value">{escape(value)}</div>'
        f'<div class="label">{escape(label)}</div></div>'
        for value, label in tiles
    )
    return f'<div class="tiles">{cells}</div>'


def _swatch(stage: str) -> str:
    return f'<span class="swatch" style="background:var(--{_colour(stage)})"></span>'


def _colour(stage: str) -> str:
    return stage if stage in _STAGES else "alone"


def _timeline(trace: Trace, numbers: Figures) -> str:
    legend = "".join(f"<span>{_swatch(stage.name)}{escape(stage.name)}</span>" for stage in numbers.stages)
    spoken = escape(_spoken(trace, numbers))
    return f"""<h2>Timeline</h2>
<p>One row for each worker; a box is one item: a file, a function, a run of the C compiler. The row “one
thread” is what a stage did alone, while the others waited. Drag to move; to zoom, click and turn the
wheel, or use + and −; point at a box to see what it is.</p>
<div class="card"><div class="tools"><span class="buttons">
<button id="zoom-in" aria-label="zoom in">+</button>
<button id="zoom-out" aria-label="zoom out">−</button>
<button id="zoom-all">whole build</button></span>
<span class="legend">{legend}</span></div>
<canvas id="timeline" tabindex="0" role="img" aria-label="{spoken}"></canvas></div>"""


def _spoken(trace: Trace, numbers: Figures) -> str:
    stages = ", ".join(f"{stage.name} {time(stage.wall)}" for stage in numbers.stages)
    return f"Timeline of {_counted(trace.threads, 'worker')}: {stages}"


# ---- tables ------------------------------------------------------------------------------------------------


def _table(heads: Sequence[tuple[str, str, str]], rows: Iterable[str]) -> str:
    """heads: text, class, what it means."""
    cells = "".join(
        f'<th scope="col"{_class(kind)}{_title(title)}>{escape(head)}</th>' for head, kind, title in heads
    )
    return (
        f'<div class="card scroll"><table><thead><tr>{cells}</tr></thead><tbody>\n'
        + "\n".join(rows)
        + "\n</tbody></table></div>"
    )


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def _title(text: str) -> str:
    return f' title="{escape(text)}"' if text else ""


def _bar(part: float, whole: float, stage: str) -> str:
    share = min(100.0, 100 * _ratio(part, whole))
    style = f"width:{share:.1f}%;background:var(--{_colour(stage)})"
    return f'<td class="bars"><span class="bar" style="{style}"></span></td>'


def _cells(texts: Iterable[str]) -> str:
    return "".join(f"<td>{text}</td>" for text in texts)


def _stage_row(stage: StageFigures, number: int, longest: int) -> str:
    cells = [time(stage.wall), time(stage.cpu) if stage.cpu else "–", time(stage.work), time(stage.span)]
    cells += [time(stage.burdened), time(stage.alone), _short(_ratio(stage.work, stage.span))]
    cells += [f"{_ratio(stage.work, stage.wall):.2f}", f"{stage.items:,}" if stage.items else "–"]
    return (
        f'<tr><td class="text"{_title(_STAGES.get(stage.name, ""))}>'
        f'<button class="stage" data-stage="{number}">{_swatch(stage.name)}{escape(stage.name)}</button></td>'
        f"{_bar(stage.wall, longest, stage.name)}{_cells(cells)}</tr>"
    )


def _stage_table(trace: Trace, numbers: Figures) -> str:
    heads = [
        ("stage", "text", ""),
        ("", "text", ""),
        ("wall", "", "by the clock"),
        (
            "CPU",
            "",
            "processor time that the process was given; less than work where others used the machine",
        ),
        ("work", "", "the time of all items and of what the stage did alone, added up"),
        ("span", "", "the longest chain of things that have to wait for each other"),
        ("burdened", "", "the span with what starting and ending parallel work was seen to cost"),
        ("alone", "", "on one thread, while the other workers waited"),
        ("parallelism", "", "work divided by span: how many cores the stage could keep busy"),
        ("busy", "", "work divided by wall: how many cores it did keep busy"),
        ("items", "", "pieces that workers took one by one"),
    ]
    places = {(stage.name, stage.begin): number for number, stage in enumerate(trace.stages)}
    longest = max((stage.wall for stage in numbers.stages), default=0)
    rows = [_stage_row(stage, places[stage.name, stage.begin], longest) for stage in numbers.stages]
    own = numbers.of(True)
    if own:
        wall = sum(stage.wall for stage in own)
        alone = sum(stage.alone for stage in own)
        cells = [time(wall), time(sum(stage.cpu for stage in own)), time(numbers.work(True))]
        cells += [time(numbers.span(True)), time(numbers.burdened(True)), time(alone)]
        cells += [_short(_ratio(numbers.work(True), numbers.span(True)))]
        cells += [f"{_ratio(numbers.work(True), wall):.2f}", f"{sum(stage.items for stage in own):,}"]
        name = '<td class="text">the compiler’s own</td><td></td>'
        rows.append(f'<tr class="sum">{name}{_cells(cells)}</tr>')
    return "<h2>Stages</h2>\n<p>Select a stage to see it in the timeline.</p>\n" + _table(heads, rows)


def _slowest(trace: Trace, numbers: Figures) -> str:
    if not numbers.slowest:
        return ""
    longest = max(event.end - event.begin for event in numbers.slowest)
    rows = []
    for event in numbers.slowest:
        stage = _stage_of(trace, event)
        length = event.end - event.begin
        rows.append(
            f'<tr><td class="name">{_swatch(stage)}{escape(event.name or event.kind)}</td>'
            f'<td class="text">{escape(event.kind)}</td>{_bar(length, longest, stage)}'
            f"{_cells([time(length), str(event.worker)])}</tr>"
        )
    heads = [("item", "text", ""), ("what", "text", ""), ("", "text", "")]
    return "<h2>Slowest items</h2>\n" + _table([*heads, ("time", "", ""), ("worker", "", "")], rows)


def _stage_of(trace: Trace, event: Event) -> str:
    return trace.stages[trace.loops[event.loop].stage].name if event.loop >= 0 else ""


def _critical_path(numbers: Figures) -> str:
    path = numbers.critical_path()
    if not path:
        return ""
    total = sum(step.time for step in path)
    longest = sorted(range(len(path)), key=lambda i: (-path[i].time, i))[:_PATH_LINES]
    rows = [_path_row(path[i], total) for i in sorted(longest)]
    rest = [step for i, step in enumerate(path) if i not in longest]
    if rest:
        left = sum(step.time for step in rest)
        share = f"{100 * _ratio(left, total):.1f} %"
        rows.append(
            f'<tr><td class="text"></td><td class="name">{_counted(len(rest), "shorter step")}</td>'
            f"{_bar(left, total, '')}{_cells([time(left), share])}</tr>"
        )
    heads = [("stage", "text", ""), ("step", "text", ""), ("", "text", "")]
    return f"""<h2>Critical path</h2>
<p>What had to follow one another, in order: {time(total)} that no number of cores makes shorter. To make a
build scale further, shorten the longest of these.</p>
""" + _table([*heads, ("time", "", ""), ("share", "", "")], rows)


def _path_row(step: Step, total: int) -> str:
    what = f"{step.what}: {step.name}" if step.name else step.what
    if not step.what:
        what = "on one thread" if step.stage not in OUTSIDE else "preparing and collecting files"
    return (
        f'<tr><td class="text">{_swatch(step.stage)}{escape(step.stage)}</td>'
        f'<td class="name">{escape(what)}</td>{_bar(step.time, total, step.stage)}'
        f"{_cells([time(step.time), f'{100 * _ratio(step.time, total):.1f} %'])}</tr>"
    )


def _words() -> str:
    return """<h2>Words</h2>
<p><b class="word">Work</b> is everything that was computed, added up over all workers: the time on one
core. <b class="word">Span</b> is the longest chain of steps that wait for each other: the time on
endlessly many cores. <b class="word">Parallelism</b> is work divided by span. The <b
class="word">burdened</b> span adds what was measured between the start of a piece of parallel work and
its first item, and between its last item and its end. All figures come from this one recording; on a
machine that does other things at the same time, items look longer than they are.</p>"""


# ---- prediction --------------------------------------------------------------------------------------------


def _predictions(numbers: Figures) -> str:
    lines = [("own", "the compiler’s own stages", [numbers.speed_up(cores, True) for cores in CORES])]
    if numbers.of(False):
        lines.append(("all", "with C compiler and linker", [numbers.speed_up(cores) for cores in CORES]))
    heads = [("cores", "", ""), *((label, "", "") for _, label, _ in lines)]
    rows = [
        f"<tr>{_cells([str(cores), *(f'{values[i]:.2f} ×' for _, _, values in lines)])}</tr>"
        for i, cores in enumerate(CORES)
    ]
    outside = (
        " C files count as they were compiled here, in as many batches; with more jobs there would be more."
        if len(lines) > 1
        else ""
    )
    return f"""<h2>Predicted speed-up</h2>
<p>This recording replayed on more cores: in each stage the items are handed to whichever core is free, what
was done alone stays alone, and starting parallel work costs what it cost here.{outside} The command
<code>sigil scale</code> also measures what the scheduler and the memory of this machine allow.</p>
<div class="columns"><div class="card">{_chart(lines)}</div>{_table(heads, rows)}</div>"""


def _chart(lines: Sequence[tuple[str, str, Sequence[float]]]) -> str:
    wide, high, left, right, top, bottom = 640, 250, 44, 16, 26, 34
    best = max(max(values) for _, _, values in lines)
    limit = next(step for step in (2, 4, 8, 16, 32, 64, 128) if step >= best or step == 128)

    def x(cores: float) -> float:
        return left + (wide - left - right) * math.log2(cores) / math.log2(CORES[-1])

    def y(speed: float) -> float:
        return high - bottom - (high - top - bottom) * math.log2(max(1.0, speed)) / math.log2(limit)

    parts = [f'<svg viewBox="0 0 {wide} {high}" role="img" aria-label="speed-up by number of cores">']
    step = 1
    while step <= limit:
        at = f"{y(step):.1f}"
        parts.append(f'<line class="grid" x1="{left}" x2="{wide - right}" y1="{at}" y2="{at}"/>')
        parts.append(f'<text x="{left - 8}" y="{y(step) + 4:.1f}" text-anchor="end">{step} ×</text>')
        step *= 2
    for cores in CORES:
        parts.append(f'<text x="{x(cores):.1f}" y="{high - 14}" text-anchor="middle">{cores}</text>')
    parts.append(f'<text x="{wide - right}" y="{high - 1}" text-anchor="end">cores</text>')
    end = min(limit, CORES[-1])
    parts.append(f'<path class="ideal" d="M{x(1):.1f} {y(1):.1f}L{x(end):.1f} {y(end):.1f}"/>')
    for kind, _, values in lines:
        points = [(x(cores), y(value), cores, value) for cores, value in zip(CORES, values, strict=True)]
        parts.append(f'<path class="{kind}" d="M{"L".join(f"{px:.1f} {py:.1f}" for px, py, *_ in points)}"/>')
        parts += [
            f'<circle class="{kind}" cx="{px:.1f}" cy="{py:.1f}" r="4">'
            f"<title>{cores} cores: {value:.2f} ×</title></circle>"
            for px, py, cores, value in points
        ]
    place = left + 12
    for kind, label in [*((kind, label) for kind, label, _ in lines), ("ideal", "ideal")]:
        parts.append(
            f'<path class="{kind}" d="M{place} 10h20"/><text x="{place + 26}" y="14">{escape(label)}</text>'
        )
        place += 46 + round(len(label) * 6.4)
    return "".join([*parts, "</svg>"])


# ---- the timeline's data -----------------------------------------------------------------------------------


def _data(trace: Trace) -> dict[str, Any]:
    """Everything that timings.js draws. An event is seven numbers: its begin, counted from that of the one
    before, its length, kind, name, stage, whom it was taken from, and how many it stands for.
    """
    start = trace.stages[0].begin if trace.stages else 0
    end = max((stage.end for stage in trace.stages), default=1)
    kinds: dict[str, int] = {}
    names: dict[str, int] = {"": 0}
    workers = max([trace.threads, *(event.worker + 1 for event in trace.events)])
    rows: list[list[Event]] = [[] for _ in range(workers)]
    for event in trace.events:
        rows[event.worker].append(event)

    def numbers(events: Iterable[_Drawn]) -> list[int]:
        flat: list[int] = []
        last = 0
        for drawn in events:
            event = drawn.event
            begin = (event.begin - start) // _UNIT
            kind = kinds.setdefault(event.kind, len(kinds))
            name = names.setdefault(event.name, len(names))
            length = (drawn.end - start) // _UNIT - begin
            flat += [begin - last, length, kind, name, drawn.stage, event.stolen_from, drawn.count]
            last = begin
        return flat

    drawn = [{"label": "one thread", "events": numbers(_alone(trace))}]
    drawn += [
        {"label": f"worker {number}", "events": numbers(row)}
        for number, row in enumerate(_merged(trace, rows, end - start))
    ]
    stages = [[s.name, (s.begin - start) // _UNIT, (s.end - start) // _UNIT] for s in trace.stages]
    return {
        "total": (end - start) // _UNIT,
        "threads": trace.threads,
        "stages": stages,
        "kinds": list(kinds),
        "names": list(names),
        "rows": drawn,
    }


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A box: an event, or short neighbours of which it is the longest."""

    event: Event
    end: int
    stage: int
    count: int = 1


def _alone(trace: Trace) -> list[_Drawn]:
    """What each stage did outside of its parallel-fors, for a row of its own."""
    inside: dict[int, list[tuple[int, int]]] = {}
    for loop in trace.loops:
        inside.setdefault(loop.stage, []).append((loop.begin, loop.end))
    found: list[_Drawn] = []
    for number, stage in enumerate(trace.stages):
        at = stage.begin
        for begin, end in [*sorted(inside.get(number, [])), (stage.end, stage.end)]:
            if begin - at >= _UNIT:
                event = Event(f"{stage.name}, on one thread", -1, -1, 0, at, begin)
                found.append(_Drawn(event, begin, number))
            at = max(at, end)
    return found


def _merged(trace: Trace, rows: list[list[Event]], total: int) -> list[list[_Drawn]]:
    """The rows in the order of time. Of too many boxes, short neighbours of one loop become one."""
    made = [
        [
            _Drawn(event, event.end, trace.loops[event.loop].stage if event.loop >= 0 else -1)
            for event in sorted(row, key=lambda event: (event.begin, -event.end))
        ]
        for row in rows
    ]
    short = total // 1_000_000 + 1
    while sum(len(row) for row in made) > _DRAWN_MOST and short <= total:
        made = [_merge_row(row, short) for row in made]
        short *= 2
    return made


def _merge_row(row: list[_Drawn], short: int) -> list[_Drawn]:
    made: list[_Drawn] = []
    for drawn in row:
        last = made[-1] if made else None
        if (
            last is not None
            and last.event.loop == drawn.event.loop
            and 0 <= drawn.event.begin - last.end <= short
            and drawn.end - last.event.begin <= 4 * short
        ):
            is_longer = drawn.event.end - drawn.event.begin > last.event.end - last.event.begin
            made[-1] = _join(last, drawn, drawn.event.name if is_longer else last.event.name)
        else:
            made.append(drawn)
    return made


def _join(first: _Drawn, second: _Drawn, name: str) -> _Drawn:
    event = replace(first.event, end=second.end, name=name, stolen_from=-1)
    return _Drawn(event, second.end, first.stage, first.count + second.count)
