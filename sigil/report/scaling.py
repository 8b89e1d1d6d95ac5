"""What `sigil scale` shows: predicted speed-ups, measured ones, what stays serial; 80 columns wide."""

from __future__ import annotations

import json

from sigil.report.console import Console
from sigil.report.summary import counted, duration
from sigil.scale.predict import LOSS_WORKERS, Scaling, as_json, seed, target

HEADS = {
    "parse": "parse",
    "signatures": "check",
    "levels": "levels",
    "codegen": "codegen",
    "overall": "overall",
}
COLUMN = 13
SHOWN_PARTS = 10
SHOWN_LOOPS = 24


def show(scaling: Scaling, console: Console, *, form: str = "human") -> None:
    """The report on standard output."""
    if form == "json":
        console.say(json.dumps(as_json(scaling), indent=1))
        return
    console.say("\n".join(lines(scaling)))


def lines(scaling: Scaling) -> list[str]:
    """The report for people, a line each."""
    out = [f"scaling of {scaling.subject}", *_about(scaling), ""]
    out += _predictions(scaling)
    out += _validation(scaling)
    out += _losses(scaling)
    out += _stages(scaling)
    out += _serial(scaling)
    out += _loops(scaling)
    out += _machine(scaling)
    return out


def time(nanoseconds: float) -> str:
    """Short, with the digits that matter: 850 ns, 12.3 us, 1.23 ms, 1.24 s."""
    if nanoseconds < 1000:
        return f"{nanoseconds:.0f} ns"
    if nanoseconds < 1e6:
        return f"{nanoseconds / 1e3:.3g} us" if nanoseconds < 999.5e3 else "1 ms"
    if nanoseconds < 99.5e6:
        return f"{nanoseconds / 1e6:.3g} ms"
    return duration(nanoseconds / 1e9) if nanoseconds >= 1e9 else f"{nanoseconds / 1e6:.0f} ms"


def _about(scaling: Scaling) -> list[str]:
    about = scaling.about
    words = [
        counted(about[key], noun) for key, noun in (("lines", "line"), ("modules", "module")) if key in about
    ]
    if "recordings" in about:
        count = about["recordings"]
        words.append(
            f"{count} recordings on 1 thread (lower quartiles)" if count > 1 else "1 recording on 1 thread"
        )
    return ["  " + ", ".join(words)] if words else []


def _cell(value: float | None, beside: float | None = None) -> str:
    if value is None:
        return f"{'-':>{COLUMN}}"
    text = f"{value:.2f}" if value < 9.995 else f"{value:.1f}"
    note = f" ({beside:g})" if beside is not None else ""
    return f"{text:>{COLUMN - 7}}{note:<7}"


def _table(head: str, scaling: Scaling, rows: list[tuple[str, list[str]]]) -> list[str]:
    heads = "".join(
        f"{HEADS[column]:>{COLUMN - 7}}{'':7}" if len(HEADS[column]) < 8 else f"{HEADS[column]:>{COLUMN}}"
        for column in scaling.columns
    )
    return [f"{head:<10}{heads}".rstrip(), *(f"{name:<10}{''.join(cells)}".rstrip() for name, cells in rows)]


def _predictions(scaling: Scaling) -> list[str]:
    columns = scaling.columns
    rows = [
        (f"{cores:>5}", [_cell(row.get(column), seed(cores, column)) for column in columns])
        for cores, row in scaling.predicted().items()
    ]
    out = [
        "PREDICTED SPEED-UP  (the seed's figure)"
        + ("; levels: the seed's way of checking" if "levels" in columns else ""),
        *_table("  cores", scaling, rows),
    ]
    goals = [
        (f"{cores:>5}", [_cell(target(cores, column)) for column in columns])
        for cores in scaling.cores
        if any(target(cores, column) for column in columns)
    ]
    if goals:
        out += ["  wanted", *(f"{name:<10}{''.join(cells)}".rstrip() for name, cells in goals)]
    corrected = scaling.corrected()
    if corrected is not None:
        chosen = [n for n in scaling.cores if n > 1]
        rows = [
            (f"{cores:>5}", [_cell(row.get(column)) for column in columns])
            for cores, row in corrected.predicted().items()
            if cores in chosen
        ]
        threads = max(scaling.measured_threads())
        out += [f"  with items as much slower as {threads} threads made them (below)"]
        out += [f"{name:<10}{''.join(cells)}".rstrip() for name, cells in rows]
    return [*out, ""]


def _percent(value: float | None) -> str:
    return f"{'-':>{COLUMN}}" if value is None else f"{value:>+{COLUMN - 7}.0%}{'':7}"


def _validation(scaling: Scaling) -> list[str]:
    if not scaling.measured_threads():
        return ["NOT MEASURED HERE: the recording was given, or this machine has one CPU", ""]
    out = []
    first = next(iter(scaling.measured.values()))
    for threads, errors in scaling.errors().items():
        runs = len(first.runs[threads])
        possible = first.calibration.get(threads)
        head = f"MEASURED HERE on {threads} threads, {runs} runs interleaved with runs on 1"
        if possible:
            head += f"\n  a loop that needs no memory gained {possible:.2f} at the same time"
        measured = [_cell(scaling.measured_speedup(threads, c), seed(threads, c)) for c in scaling.columns]
        out += [
            *head.splitlines(),
            *_table(
                "",
                scaling,
                [
                    ("  median", measured),
                    ("  quiet", [_cell(scaling.undisturbed_speedup(threads, c)) for c in scaling.columns]),
                    ("  error", [_percent(errors.get(c)) for c in scaling.columns]),
                ],
            ),
        ]
        out.append("  quiet: lower quartiles; error: predicted / quiet - 1. Items took longer by")
        inflation = first.inflation.get(threads, {})
        late = first.late.get(threads, {})
        out += _wrapped(", ".join(f"{name} {value - 1:+.0%}" for name, value in inflation.items()))
        if late:
            out.append("  and loops waited for their last worker (mean of the runs)")
            out += _wrapped(", ".join(f"{name} {time(value)}" for name, value in late.items() if value > 0))
    error = scaling.replay_error()
    shown = ", ".join(f"{name} {value:+.1%}" for name, value in error.items())
    return [*out, "  replayed on 1 worker against the recording:", *_wrapped(shown), ""]


def _wrapped(text: str, indent: str = "    ", width: int = 78) -> list[str]:
    out, line = [], indent
    for word in text.split(", "):
        if len(line) > len(indent) and len(line) + len(word) + 2 > width:
            out.append(line.rstrip())
            line = indent
        line += word + ", "
    return [*out, line.rstrip(", ")] if line.strip() else out


def _losses(scaling: Scaling) -> list[str]:
    rows = scaling.losses()
    out = [
        f"WHERE {LOSS_WORKERS} CORES LOSE",
        f"  {'stage':<12}{'work/' + str(LOSS_WORKERS):>10}{'serial':>11}{'imbalance':>11}"
        f"{'scheduler':>11}{'memory':>11}{'speed-up':>10}",
    ]
    for row in rows:
        speedup = row.ideal * LOSS_WORKERS / row.time if row.time > 0 else 1.0
        cells = "".join(
            f"{time(max(0.0, value)):>11}" for value in (row.serial, row.imbalance, row.scheduler, row.memory)
        )
        out.append(f"  {row.stage:<12}{time(row.ideal):>10}{cells}{speedup:>10.1f}")
    return [*out, ""]


def _stages(scaling: Scaling) -> list[str]:
    out = [
        "WORK AND SPAN",
        f"  {'stage':<12}{'work':>10}{'span':>11}{'burdened':>11}"
        f"{'serial':>11}{'work/span':>11}{'bound on 2':>11}",
    ]
    for row in scaling.stage_rows():
        out.append(
            f"  {row.name:<12}{time(row.work):>10}{time(row.span):>11}{time(row.burdened):>11}"
            f"{time(row.serial):>11}{row.parallelism:>11.1f}{row.ideal2:>11.2f}"
        )
    return [*out, ""]


def _serial(scaling: Scaling) -> list[str]:
    parts = scaling.serial_parts()
    total = sum(part.share for part in parts)
    out = [
        f"SERIAL PARTS  {total:.2%} of all work: no number of cores gives more than {1 / total:.1f}x"
        if total
        else "SERIAL PARTS  none"
    ]
    for part in parts[:SHOWN_PARTS]:
        out.append(f"  {time(part.time):>9} {part.share:>7.2%}  {part.stage}: {part.place}"[:79])
    rest = parts[SHOWN_PARTS:]
    if rest:
        out.append(
            f"  {time(sum(p.time for p in rest)):>9} {sum(p.share for p in rest):>7.2%}  {len(rest)} more"
        )
    return [*out, ""]


def _loops(scaling: Scaling) -> list[str]:
    out = [
        "LOOPS  the largest item bounds what a loop can gain",
        f"  {'loop':<20}{'items':>7}{'work':>10}{'largest':>10}{'bound':>8}  largest item",
    ]
    rows = scaling.loops()
    shown = sorted(sorted(range(len(rows)), key=lambda n: -rows[n].work)[:SHOWN_LOOPS])
    for row in (rows[n] for n in shown):
        bound = f"{row.bound:,.0f}" if row.bound >= 100 else f"{row.bound:.1f}"
        name = row.name if len(row.name) <= 21 else ".." + row.name[-19:]
        out.append(
            f"  {row.kind:<20}{row.items:>7,}{time(row.work):>10}{time(row.largest):>10}{bound:>8}  {name}"
        )
    if len(rows) > len(shown):
        out.append(f"  and {len(rows) - len(shown)} smaller ones")
    return [*out, ""]


def _machine(scaling: Scaling) -> list[str]:
    costs, machine = scaling.machine.costs, scaling.machine
    if not costs.dispatch:
        return ["COSTS  none: a scheduler and a memory that cost nothing"]
    names = ("claim", "spawn", "steal", "wake", "dispatch", "chain", "join")
    out = [
        "COSTS  measured here",
        *_wrapped(", ".join(f"{name} {time(getattr(costs, name))}" for name in names)),
    ]
    for title, rate in (("new memory", machine.fresh), ("copying", machine.stream)):
        rates = ", ".join(f"{1 / value:.1f} GB/s for each of {n}" for n, value in rate.points if value > 0)
        limit = f"{rate.limit:.0f} GB/s for all" if rate.limit else "none seen"
        out += _wrapped(f"{title}: {rates}, limit: {limit}")
    return out
