"""How fast each stage of the compiler is: `python -m bench.stages [--lines 100000] [--runs 7]`.

Lines and megabytes per second of lexing and parsing, checking and C generation on 1 and 2 threads, the
speed-up from one
run to the other, peak memory of a check, and a cold debug build. Runs on 1 and 2 threads alternate, and
medians are
printed, because machines are shared. A cache-resident loop on 1 and 2 threads, interleaved, says what
speed-up this
machine could give at that moment.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import sigil
from bench import corpus
from bench.measure import Row, median, parser, report
from sigil.scale.record import calibration

TARGETS = {
    "parse": ("lex + parse", 10.0),
    "check": ("check (signatures and bodies)", 3.0),
    "generate": ("lower and generate C", 3.0),
}
STAGES = {
    "parse": ("parse",),
    "check": ("modules", "signatures", "bodies"),
    "generate": ("lower", "generate"),
}


def run_once(project: Path, threads: int, last: str) -> dict[str, float]:
    """Seconds of each group of stages in one cold run."""
    workspace = sigil.Workspace(project, pool=sigil.ThreadPoolConfig(max_threads=threads))
    if last == "check":
        result = workspace.check()
    else:
        result, _ = workspace.generate()
    if not result.ok:
        first = next(d for d in result.diagnostics if d.is_error)
        sys.exit(f"the corpus does not check: {first.span}: {first.code}: {first.message}")
    times = {time.name: time.wall for time in result.timings}
    return {group: sum(times.get(stage, 0.0) for stage in stages) for group, stages in STAGES.items()}


def peak_memory(project: Path) -> float:
    """Megabytes at the peak of a check in a process of its own, less those of one that only imports."""
    code = (
        "import sigil, sys\n"
        "if len(sys.argv) > 1: sigil.Workspace(sys.argv[1]).check()\n"
        "peak = [line for line in open('/proc/self/status') if line.startswith('VmHWM')]\n"
        "print(peak[0].split()[1])\n"
    )  # not getrusage: there a process begins with the peak of the one that started it

    def peak(*arguments: str) -> int:
        command = [sys.executable, "-c", code, *arguments]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    return (peak(str(project)) - peak()) / 1024


def cold_build(project: Path, threads: int) -> tuple[float, dict[str, float]]:
    """Seconds from nothing to a program, and of its stages."""
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["rm", "-rf", str(project / ".sigil")], check=True)
        start = time.perf_counter()
        workspace = sigil.Workspace(project, pool=sigil.ThreadPoolConfig(max_threads=threads))
        result = workspace.build(profile="debug", output=Path(scratch) / "program", jobs=threads)
        wall = time.perf_counter() - start
        if not result.ok:
            sys.exit("the corpus does not build")
        subprocess.run([str(Path(scratch) / "program")], stdout=subprocess.DEVNULL, check=True)
        return wall, {time.name: time.wall for time in result.timings}


def main() -> int:
    options = parser("bench.stages", __doc__ or "")
    options.add_argument("--lines", type=int, default=100_000)
    options.add_argument("--modules", type=int, default=400)
    options.add_argument("--runs", type=int, default=7, help="runs for each thread count (default 7)")
    options.add_argument("--no-build", action="store_true", help="leave out the C compiler")
    arguments: argparse.Namespace = options.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="sigil-bench-") as scratch:
        project = Path(scratch) / "corpus"
        lines, size = corpus.generate(project, lines=arguments.lines, modules=arguments.modules, seed=1)
        times: dict[int, list[dict[str, float]]] = {1: [], 2: []}
        calibrations: list[float] = []
        for _ in range(arguments.runs):
            calibrations.append(calibration(2))
            for threads in (1, 2):
                times[threads].append(run_once(project, threads, "generate"))
        for group, (name, target) in TARGETS.items():
            for threads in (1, 2):
                seconds = median([run[group] for run in times[threads]])
                rows.append(
                    Row(
                        f"{name}, {threads} thread{'s' if threads > 1 else ''}",
                        lines / seconds / 1e6,
                        "M lines/s",
                        f"≥ {target:g}" if threads == 1 else "",
                        f"{size / seconds / 1e6:.0f} MB/s, {seconds * 1000:.1f} ms",
                    )
                )
        possible = median(calibrations)
        for group, (name, _) in TARGETS.items():
            ratios = [one[group] / two[group] for one, two in zip(times[1], times[2], strict=True)]
            rows.append(
                Row(
                    f"speed-up of {name}, 2 threads",
                    median(ratios),
                    "x",
                    f"≥ {0.97 * possible:.3f}",
                    "0.97 × calibration",
                )
            )
        totals = [sum(one.values()) / sum(two.values()) for one, two in zip(times[1], times[2], strict=True)]
        rows.append(
            Row(
                "speed-up overall, 2 threads",
                median(totals),
                "x",
                f"≥ {0.97 * possible:.3f}",
                "0.97 × calibration",
            )
        )
        rows.append(Row("speed-up of a cache-resident loop", possible, "x", "", "calibration"))
        check = median([run["parse"] + run["check"] for run in times[2]])
        rows.append(Row(f"cold check of {lines:,} lines, 2 threads", check * 1000, "ms", "≤ 40"))
        with contextlib.suppress(subprocess.CalledProcessError, ValueError, IndexError):
            rows.append(Row("peak memory of a check", peak_memory(project), "MB", "≤ 60"))
        if not arguments.no_build:
            builds = [cold_build(project, 2) for _ in range(min(3, arguments.runs))]
            wall = median([build[0] for build in builds])
            stages = builds[0][1]
            note = ", ".join(f"{name} {seconds * 1000:.0f}" for name, seconds in stages.items()) + " ms"
            rows.append(Row(f"cold debug build of {lines:,} lines, 2 threads", wall, "s", "≤ 0.5", note))
    report(
        f"bench.stages: {lines:,} lines, {arguments.modules + 1} modules, {size / 1e6:.2f} MB",
        rows,
        arguments,
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
