"""The same work done by other libraries, side by side: `python -m bench.peers [--runs 7] [--quick]`.

Builds into build/peers/ what is installed here, and leaves out the rest with a sentence. The runs of a row are interleaved, its
results must agree, medians are printed, and the last table has our ratio to the best peer of each row beside the target.
`--rows` and `--threads` choose a part; `--from` takes parts that were measured before, so that a whole can be put together where
a machine is quiet for a minute only. The figures of a row are comparable with each other, not with those of another run.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from bench.measure import machine, median, parser
from bench.peers.build import build_all, cbuild, stream_file
from bench.peers.compare import (
    Comparison,
    Disagreement,
    Scaling,
    as_json,
    compare,
    from_json,
    scaling,
    summary,
    table,
)
from bench.peers.rows import DISTINCT, ROWS, row_named

SCALING = "intern-scaling"
SCALING_TARGET = 0.9


def measure(
    arguments: argparse.Namespace, comparisons: list[Comparison], scalings: list[Scaling]
) -> list[str]:
    """Builds, runs what was asked for, and returns what was skipped."""
    built = build_all()
    for sentence in built.skipped:
        print(sentence)
    intern = row_named("intern")
    stream_count = intern.quick if arguments.quick else intern.size
    stream = stream_file(built.stream_maker, stream_count, DISTINCT[stream_count])
    for row in ROWS:
        if row.name in arguments.rows:
            for threads in arguments.threads:
                size = row.quick if arguments.quick else row.size
                comparison = compare(row, threads, size, arguments.runs, built.programs, stream)
                table(comparison)
                comparisons.append(comparison)
    if SCALING in arguments.rows:
        scalings.append(scaling(arguments.runs, stream_count, built.programs, stream))
    return built.skipped


def main() -> int:
    names = [row.name for row in ROWS] + [SCALING]
    options = parser("bench.peers", __doc__ or "")
    options.add_argument("--runs", type=int, default=7, metavar="N", help="rounds of each row (default 7)")
    options.add_argument("--quick", action="store_true", help="smaller sizes: a look, not a result")
    options.add_argument("--rows", default=",".join(names), help=f"which of {', '.join(names)}; empty: none")
    options.add_argument("--threads", default="1,2", help="numbers of threads (default 1,2)")
    options.add_argument(
        "--from",
        dest="stored",
        type=Path,
        nargs="*",
        default=[],
        metavar="FILE",
        help="add what these files have",
    )
    arguments = options.parse_args()
    arguments.rows = [name for name in arguments.rows.split(",") if name]
    arguments.threads = [int(number) for number in arguments.threads.split(",")]
    if unknown := set(arguments.rows) - set(names):
        options.error(f"no such row: {', '.join(sorted(unknown))}")

    comparisons: list[Comparison] = []
    scalings: list[Scaling] = []
    skipped: list[str] = []
    for path in arguments.stored:
        stored = json.loads(path.read_text("utf-8"))
        skipped += stored["skipped"]
        comparisons += [from_json(entry, row_named(entry["row"])) for entry in stored["rows"]]
        scalings += [Scaling(entry["ours"], entry["calibration"]) for entry in stored["scaling"]]
    try:
        if arguments.rows:
            skipped += measure(arguments, comparisons, scalings)
    except (cbuild.BuildError, Disagreement) as error:
        print(error, file=sys.stderr)
        return 1

    here = machine()
    print(
        f"\nOurs beside the best peer\n{here['cpu']}, {here['cpus']} CPUs, commit {here['commit']}, {here['date']}\n"
    )
    order = [row.name for row in ROWS]
    comparisons.sort(key=lambda comparison: (order.index(comparison.row.name), comparison.threads))
    summary(comparisons)
    for measured in scalings:
        verdict = "reached" if measured.share() >= SCALING_TARGET else "missed"
        print(
            f"interning, speed-up at 2 threads: {median(measured.ours):.3f}, a loop in registers "
            f"{median(measured.calibration):.3f}, share {measured.share():.3f}, target ≥ {SCALING_TARGET} {verdict}"
        )
    if arguments.json:
        content: dict[str, Any] = {
            "title": "the same work done by other libraries",
            "machine": here,
            "rows": [as_json(comparison) for comparison in comparisons],
            "scaling": [{"ours": m.ours, "calibration": m.calibration, "share": m.share()} for m in scalings],
            "skipped": sorted(set(skipped)),
        }
        arguments.json.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
