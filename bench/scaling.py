"""The seed's table of speed-ups, measured and predicted: `python -m bench.scaling [--lines 100000] [--runs 15]`.

For each number of threads that the machine has, rounds of a run on 1 thread, one on that many, and a cache-resident loop
on as many processes; medians of the ratios within a round. For more cores, the replay of the recordings on 1 thread
(`sigil scale`, docs/SCALING.md). Then work and span, and what stays serial.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench import corpus
from bench.measure import Row, parser, report
from sigil import discover
from sigil.pool import ThreadPoolConfig
from sigil.scale import costs, record
from sigil.scale.predict import COLUMNS, DEFAULT_CORES, Recorded, Scaling, seed, target

NAMES = {
    "parse": "parse",
    "signatures": "check",
    "levels": "check by levels",
    "codegen": "codegen",
    "overall": "overall",
}
SHARE_OF_POSSIBLE = 0.97  # of what the cache-resident loop gains
BOUND_ON_TWO = 1.95  # by work and span alone
SERIAL_ROWS = 12
NOISE_NS = 20_000  # serial parts below it are not worth a row


def scaling_of(
    project: Path, lines: int, runs: int, cores: tuple[int, ...], schedules: tuple[str, ...]
) -> Scaling:
    """Measures and records everything; the second schedule with a third of the runs."""
    found = discover.project(project)
    cpus = ThreadPoolConfig.default().max_threads
    threads = tuple(n for n in (1, 2, 4, 8, 16, 32, 64) if n <= max(2, cpus))
    machine = costs.measure(threads)
    recorded, measured = {}, {}
    for number, schedule in enumerate(schedules):
        memory = record.touched_memory(found, schedule)
        share = runs if number == 0 else max(3, runs // 3)
        plan, measured[schedule] = record.rounds(found, threads, share, schedule)
        recorded[schedule] = Recorded(plan, memory)
    return Scaling("corpus", cores, recorded, machine, measured, {"lines": lines})


def measured_rows(scaling: Scaling) -> list[Row]:
    """The seed's table, for what could be measured."""
    rows = []
    errors = scaling.errors()
    first = next(iter(scaling.measured.values()))
    for threads in scaling.measured_threads():
        possible = first.calibration.get(threads, float(threads))
        for column in scaling.columns:
            value = scaling.measured_speedup(threads, column)
            if value is None:
                continue
            beside = seed(threads, column)
            note = "" if beside is None else f"seed {beside:g}, "
            error = errors.get(threads, {}).get(column)
            quiet = scaling.undisturbed_speedup(threads, column)
            if error is not None and quiet is not None:
                note += f"quiet {quiet:.2f}, predicted {quiet * (1 + error):.2f} ({error:+.0%})"
            goal = "" if column == "levels" else f"≥ {SHARE_OF_POSSIBLE * possible:.2f}"
            rows.append(Row(f"{NAMES[column]}, {threads} threads", value, "x", goal, note))
        rows.append(Row(f"cache-resident loop, {threads}", possible, "x", "", "calibration"))
        for stage, value in first.inflation.get(threads, {}).items():
            rows.append(Row(f"items of {stage}, {threads} threads", value, "x", "", "time, beside 1 thread"))
    return rows


def predicted_rows(scaling: Scaling) -> list[Row]:
    rows = []
    corrected = scaling.corrected()
    lower = corrected.predicted() if corrected else {}
    for cores, values in scaling.predicted().items():
        if cores <= max(scaling.measured_threads(), default=1):
            continue
        for column, value in values.items():
            goal, beside = target(cores, column), seed(cores, column)
            note = "" if beside is None else f"seed {beside:g}"
            if column in lower.get(cores, {}):
                note += f"{', ' if note else ''}corrected {lower[cores][column]:.1f}"
            rows.append(
                Row(f"{NAMES[column]}, {cores} cores", value, "x", f"≥ {goal:g}" if goal else "", note)
            )
    return rows


def span_rows(scaling: Scaling) -> list[Row]:
    """What work and span allow on two workers that cost nothing, and the parallelism."""
    return [
        Row(
            f"{row.name}, work/span on 2",
            row.ideal2,
            "x",
            f"≥ {BOUND_ON_TWO}",
            f"work/span {row.parallelism:.1f}",
        )
        for row in scaling.stage_rows()
    ]


def serial_rows(scaling: Scaling) -> list[Row]:
    parts = scaling.serial_parts()
    total = sum(part.share for part in parts)
    limit = f"at most {1 / total:.1f}x" if total else ""
    rows = [Row("serial, all", sum(part.time for part in parts) / 1e6, "ms", "", f"{total:.2%}, {limit}")]
    for part in parts[:SERIAL_ROWS]:
        if part.time >= NOISE_NS:
            rows.append(
                Row(f"serial, {part.stage}", part.time / 1e6, "ms", "", f"{part.share:.2%} {part.place}"[:44])
            )
    return rows


def main() -> int:
    options = parser("bench.scaling", __doc__ or "")
    options.add_argument("--lines", type=int, default=100_000)
    options.add_argument("--modules", type=int, default=400)
    options.add_argument("--runs", type=int, default=15, help="rounds (default 15)")
    options.add_argument(
        "--schedule", choices=("levels", "signatures"), help="measure only one (default: both)"
    )
    arguments = options.parse_args()
    schedules = (arguments.schedule,) if arguments.schedule else ("signatures", "levels")
    with tempfile.TemporaryDirectory(prefix="sigil-bench-") as scratch:
        project = Path(scratch) / "corpus"
        lines, size = corpus.generate(project, lines=arguments.lines, modules=arguments.modules, seed=1)
        scaling = scaling_of(project, lines, arguments.runs, DEFAULT_CORES, schedules)
        rows = [
            *measured_rows(scaling),
            *predicted_rows(scaling),
            *span_rows(scaling),
            *serial_rows(scaling),
        ]
    title = f"bench.scaling: {lines:,} lines, {arguments.modules + 1} modules, {size / 1e6:.2f} MB"
    report(title, rows, arguments)
    return 0


assert set(NAMES) == set(COLUMNS)

if __name__ == "__main__":
    raise SystemExit(main())
