"""What is compared: the rows, and who takes part in each of them.

How each library is used, and why so, stands at the top of the program that uses it: tbb.cpp, omp.c, rust/src/*.rs.
Where a library has an automatic grain and one that is set by hand, both take part and the better one counts, ours included.
"""

from __future__ import annotations

from dataclasses import dataclass

OURS = "sigil"


@dataclass(frozen=True, slots=True)
class Row:
    """One job. `size` is what the table is about, `quick` a smaller one, `tiny` what the tests run."""

    name: str
    title: str
    size: int
    quick: int
    tiny: int
    unit: str  # ns/…: time per thing counted; ms: time; M/s: size per time, shown as such
    target: str
    per_count: bool = False  # divided by what the program counted, else by `size`


ROWS = (
    Row("fib", "spawn + join, fib(32)", 32, 27, 12, "ns/spawn", "≤ the best peer's", per_count=True),
    Row("flat", "parallel-for, 1 M × 50 ns", 1_000_000, 200_000, 1_000, "ms", "≤ the best peer's"),
    Row("unequal", "parallel-for, 10 k × 20 µs unequal", 10_000, 2_000, 50, "ms", "≤ the best peer's"),
    Row("tree", "irregular tree (UTS-like)", 4_000, 500, 40, "ns/node", "≤ the best peer's", per_count=True),
    Row(
        "intern", "intern 10 M identifiers (Zipf)", 10_000_000, 2_000_000, 20_000, "M/s", "≥ the best peer's"
    ),
    Row("once", "get-or-compute, 90 % hits", 1_000_000, 200_000, 1_000, "ns/lookup", "≤ the best peer's"),
)
DISTINCT = {10_000_000: 100_000, 2_000_000: 50_000, 20_000: 500}  # names in a stream of so many identifiers


@dataclass(frozen=True, slots=True)
class Contestant:
    """A library, used in one way."""

    library: str
    program: str  # what build.py builds
    variant: str  # the program's first argument
    rows: tuple[str, ...]
    threads: tuple[int, ...] = (1, 2)
    is_peer: bool = True  # False: shown for what it tells, not compared with
    computes_once: bool = True  # in the row `once`: promises that each value is computed once

    @property
    def label(self) -> str:
        plain = self.variant in ("auto", self.library)
        return self.library if plain else f"{self.library} ({self.variant.removeprefix(self.library + '-')})"


FLAT = ("flat", "unequal")
FORKS = ("fib", "tree")

CONTESTANTS = (
    Contestant(OURS, "ours", "auto", ("fib", "flat", "unequal", "tree"), is_peer=False),
    Contestant(OURS, "ours", "group", ("fib",), is_peer=False),
    Contestant(OURS, "ours", "lazy", ("fib", "tree"), is_peer=False),
    Contestant(OURS, "ours", "ranges", ("flat", "unequal"), is_peer=False),
    Contestant(OURS, "ours_maps", "auto", ("intern", "once"), is_peer=False),
    Contestant(OURS, "ours", "hand", ("tree",), is_peer=False),
    Contestant("oneTBB", "tbb", "auto", ("fib", "flat", "unequal", "tree", "intern", "once")),
    Contestant("oneTBB", "tbb", "group", ("fib",)),
    Contestant("oneTBB", "tbb", "hand", ("tree", *FLAT)),
    Contestant("oneTBB", "tbb", "unordered", ("intern",)),
    *(
        Contestant(library, program, variant, rows)
        for library, program in (("GNU OpenMP", "gomp"), ("LLVM OpenMP", "lomp"))
        for variant, rows in (("auto", (*FORKS, *FLAT)), ("dynamic", FLAT), ("hand", ("tree", *FLAT)))
    ),
    Contestant("rayon", "rust", "rayon", (*FORKS, *FLAT)),
    Contestant("rayon", "rust", "rayon-join", ("tree",)),
    Contestant("rayon", "rust", "rayon-hand", ("tree", *FLAT)),
    Contestant("chili", "rust", "chili", (*FORKS, *FLAT)),
    Contestant("chili", "rust", "chili-hand", ("tree", *FLAT)),
    Contestant("forte", "rust", "forte", (*FORKS, *FLAT)),
    Contestant("forte", "rust", "forte-hand", ("tree", *FLAT)),
    Contestant("crossbeam-deque", "rust", "crossbeam", ("tree", *FLAT)),
    Contestant("fork_union", "rust", "fork_union", FLAT),
    Contestant("fork_union", "rust", "fork_union-dynamic", FLAT),
    Contestant("lasso", "rust", "lasso", ("intern",)),
    Contestant("lasso", "rust", "lasso-sequential", ("intern",), threads=(1,), is_peer=False),
    Contestant("ustr", "rust", "ustr", ("intern",)),
    Contestant("symbol_table", "rust", "symbol_table", ("intern",)),
    Contestant("dashmap", "rust", "dashmap", ("intern", "once")),
    Contestant("dashmap", "rust", "dashmap-cell", ("once",)),
    Contestant("papaya", "rust", "papaya", ("intern", "once"), computes_once=False),
    Contestant("scc", "rust", "scc", ("intern", "once")),
)


def row_named(name: str) -> Row:
    return next(row for row in ROWS if row.name == name)
