"""How fast one thread lexes and parses: `python -m bench.lexing [--lines 100000] [--runs 15]`.

Runs bench/lex_parse.c, a C program without Python and without a pool, on the corpus. What it measures is CPU time of its
thread, the median of the runs; memory is warm, so this is the cost of the code alone. bench.stages has the whole stage.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from bench import corpus
from bench.measure import ROOT, Row, median, parser, report

sys.path.insert(0, str(ROOT / "tools"))
import cbuild


def program() -> Path:
    """Builds the driver with the flags of the extension module."""
    build, cc = cbuild.Build(), cbuild.c_compiler()
    flags = [*cbuild.base_flags(), "-O2", "-DNDEBUG", "-g1", "-fPIC"]
    with build.locked():
        objects = build.compile("bench", [*cbuild.core_sources(), Path("bench/lex_parse.c")], flags, cc)
        return build.program(build.folder / "bench/lex_parse", cc, [], objects, ["-lm", "-lpthread", "-ldl"])


def main() -> int:
    options = parser("bench.lexing", __doc__ or "")
    options.add_argument("--lines", type=int, default=100_000)
    options.add_argument("--modules", type=int, default=400)
    options.add_argument("--runs", type=int, default=15)
    arguments = options.parse_args()
    driver = program()
    with tempfile.TemporaryDirectory(prefix="sigil-bench-") as scratch:
        project = Path(scratch) / "corpus"
        corpus.generate(project, lines=arguments.lines, modules=arguments.modules, seed=1)
        files = sorted(map(str, project.rglob("*.si")))
        output = subprocess.run(
            [driver, str(arguments.runs), *files], capture_output=True, text=True, check=True
        ).stdout
    runs = [tuple(map(int, line.split())) for line in output.splitlines()]
    lex, parse = median([run[0] for run in runs]), median([run[1] for run in runs])
    lines, size, tokens, nodes = runs[0][2:]
    rows = [
        Row(
            name,
            lines / ns * 1e3,
            "M lines/s",
            f"≥ {target}",
            f"{size / ns * 1e3:.0f} MB/s, {ns / tokens:.1f} ns a token",
        )
        for name, ns, target in [("lexing, 1 thread", lex, 25), ("lex + parse, 1 thread", parse, 10)]
    ]
    rows.append(
        Row("tokens", tokens / lines, "a line", "", f"{nodes / lines:.1f} nodes, {size / lines:.1f} bytes")
    )
    report("bench.lexing", rows, arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main())
