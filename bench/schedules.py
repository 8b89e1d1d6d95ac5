"""How the two schedules of checking compare: `python -m bench.schedules [--modules 200] [--runs 15]`.

On a chain of modules, each of which imports the one before, `levels` has one module at a time to check, so only
`signatures` has work for a second thread. On a wide project (nobody imports anybody but `main`) both have. Runs on one
and on two threads of both schedules alternate, and medians are printed; a cache-resident loop, interleaved, says what
speed-up the machine could give at that moment.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import sigil
from bench import chains
from bench.measure import Row, median, parser, report
from sigil.scale.record import calibration

CHECK = ("modules", "signatures", "bodies")
SCHEDULES = ("levels", "signatures")


def seconds(project: Path, schedule: str, threads: int) -> float:
    """Of one cold check, without reading and parsing."""
    workspace = sigil.Workspace(project, pool=sigil.ThreadPoolConfig(max_threads=threads), schedule=schedule)
    result = workspace.check()
    if not result.ok:
        sys.exit(f"the project does not check: {result.diagnostics[0].message}")
    return sum(time.wall for time in result.timings if time.name in CHECK)


def main() -> int:
    options = parser("bench.schedules", __doc__ or "")
    options.add_argument("--modules", type=int, default=200)
    options.add_argument("--runs", type=int, default=15)
    arguments: argparse.Namespace = options.parse_args()
    rows: list[Row] = []
    calibrations: list[float] = []
    lines = 0
    with tempfile.TemporaryDirectory(prefix="sigil-bench-") as scratch:
        for shape in ("chain", "wide"):
            project = Path(scratch) / shape
            lines = chains.generate(project, shape=shape, modules=arguments.modules)
            times: dict[tuple[str, int], list[float]] = {}
            for _ in range(arguments.runs):
                calibrations.append(calibration(2))
                for schedule in SCHEDULES:
                    for threads in (1, 2):
                        times.setdefault((schedule, threads), []).append(seconds(project, schedule, threads))
            for (schedule, threads), found in times.items():
                name = f"{shape}: {schedule}, {threads} thread{'s' if threads > 1 else ''}"
                rows.append(Row(name, median(found) * 1000, "ms"))
            for schedule in SCHEDULES:
                pairs = zip(times[schedule, 1], times[schedule, 2], strict=True)
                rows.append(
                    Row(f"{shape}: speed-up of {schedule}, 2 threads", median([a / b for a, b in pairs]), "x")
                )
            for threads in (1, 2):
                pairs = zip(times["levels", threads], times["signatures", threads], strict=True)
                target = "≥ 1.7" if (shape, threads) == ("chain", 2) else ""
                name = f"{shape}: signatures against levels, {threads} thread{'s' if threads > 1 else ''}"
                rows.append(Row(name, median([a / b for a, b in pairs]), "x", target))
    rows.append(Row("speed-up of a cache-resident loop", median(calibrations), "x", "", "calibration"))
    report(f"bench.schedules: {arguments.modules} modules, {lines:,} lines", rows, arguments)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
