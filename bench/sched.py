"""What the scheduler costs: `python -m bench.sched [--runs 7] [--n 32]`.

Runs bench/sched.c, a C program without Python: fib(n) with a fork and a join at every node, and with a spawned task and a
group at every node; loops over a million items that do next to nothing; waking a pool that sleeps; when the workers of 200 loops begin whose
caller computes for a millisecond before each. Medians of the runs.
The figures of fib hold the function itself, whose cost alone is in the first row. Other libraries: bench.peers.
"""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from bench.measure import ROOT, Row, median, parser, report

sys.path.insert(0, str(ROOT / "tools"))
import cbuild  # tools/ is no package

NAMES = {
    "alone": ("fib, one call without any task", "ns"),
    "fork": ("fork + join", "ns/task"),
    "spawn": ("spawn + group_wait", "ns/task"),
    "item": ("pool_for_each, empty items", "ns/item"),
    "range": ("pool_for_ranges, empty items", "ns/item"),
    "wake": ("submit to a sleeping pool, until it begins", "ns"),
    **{
        f"{key}_{part}": (f"{label}: {word}", "ns")
        for key, label in (
            ("first", "pool_for_each, until the first item begins"),
            ("second", "pool_for_each, until the second worker begins"),
            ("back", "pool_for_each, from the last item to the return"),
        )
        for part, word in (("median", "median"), ("95", "95th percentile"), ("max", "largest"))
    },
}
TARGETS = {"fork": "toward 4 (Lace), ≤ 57 (oneTBB)"}


def program() -> Path:
    """Builds the driver with the flags of the extension module."""
    build, cc = cbuild.Build(), cbuild.c_compiler()
    flags = [*cbuild.base_flags(), "-O2", "-DNDEBUG", "-g1", "-fPIC"]
    with build.locked():
        objects = build.compile("bench", [*cbuild.core_sources(), Path("bench/sched.c")], flags, cc)
        return build.program(build.folder / "bench/sched", cc, [], objects, ["-lm", "-lpthread", "-ldl"])


def main() -> int:
    options = parser("bench.sched", __doc__ or "")
    options.add_argument("--n", type=int, default=32, help="of fib (default 32)")
    options.add_argument("--threads", type=int, default=2, help="measure 1 … so many workers (default 2)")
    options.add_argument("--runs", type=int, default=7)
    arguments = options.parse_args()
    driver = program()
    figures: defaultdict[str, list[float]] = defaultdict(list)
    for _ in range(arguments.runs):
        command = [str(driver), str(arguments.n), str(arguments.threads)]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        for line in output.splitlines():
            key, value = line.split()
            figures[key].append(float(value))
    rows = []
    for key, values in figures.items():
        name, threads = key.rsplit("-", 1)
        label, unit = NAMES[name]
        workers = "" if name == "alone" else f", {threads} worker{'s' if threads != '1' else ''}"
        rows.append(Row(label + workers, median(values), unit, TARGETS.get(name, "")))
    report("The scheduler", rows, arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main())
