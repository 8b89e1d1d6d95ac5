"""What recording a trace costs: `python -m bench.trace [--lines 100000] [--runs 15]`.

The compiler's own stages on one corpus, with the trace and without it, in turns, on one thread and on two.
CPU time of the process is compared, because it does not depend on who else uses the machine as much as the
wall does.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import sigil
from bench import corpus
from bench.measure import Row, median, parser, report


def run_once(workspace: sigil.Workspace, with_trace: bool) -> float:
    """CPU seconds of one warm run of all stages."""
    workspace.traced = with_trace
    begin = time.process_time()
    result, _ = workspace.generate()
    if not result.ok:
        raise SystemExit("the corpus does not check")
    return sum(stage.cpu for stage in result.timings) or time.process_time() - begin


def main() -> int:
    options = parser("bench.trace", __doc__ or "")
    options.add_argument("--lines", type=int, default=100_000)
    options.add_argument("--modules", type=int, default=400)
    options.add_argument(
        "--runs", type=int, default=15, help="pairs of runs for each thread count (default 15)"
    )
    arguments: argparse.Namespace = options.parse_args()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="sigil-bench-") as scratch:
        project = Path(scratch) / "corpus"
        lines, _ = corpus.generate(project, lines=arguments.lines, modules=arguments.modules, seed=1)
        for threads in (1, 2):
            workspace = sigil.Workspace(project, pool=sigil.ThreadPoolConfig(max_threads=threads))
            run_once(workspace, True)  # files and memory are warm from here on
            plain, traced = [], []
            for number in range(arguments.runs):  # who goes first alternates, too
                for with_trace in (True, False) if number % 2 else (False, True):
                    (traced if with_trace else plain).append(run_once(workspace, with_trace))
            cost = median(
                [with_trace / without - 1 for with_trace, without in zip(traced, plain, strict=True)]
            )
            run_once(workspace, True)
            trace = workspace.trace()
            noun = "thread" if threads == 1 else "threads"
            rows.append(
                Row(
                    f"a traced run's extra CPU time, {threads} {noun}",
                    cost * 100,
                    "%",
                    "< 1",
                    f"{median(plain) * 1000:.1f} ms without, {len(trace.events) if trace else 0:,} events, least "
                    f"times {min(traced) * 1000:.1f} and {min(plain) * 1000:.1f} ms",
                )
            )
    report(f"bench.trace: {lines:,} lines, {arguments.modules + 1} modules", rows, arguments)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
