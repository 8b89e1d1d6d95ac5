"""Runs the programs of a row in turn and compares them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.measure import median
from bench.peers.rows import CONTESTANTS, OURS, Contestant, Row

FAR_BEHIND = 4.0  # whoever needs so many times as long as the fastest …
FAR_BEHIND_RUNS = 3  # … is not run more often than this
EQUAL = 1.02  # what a shared machine cannot tell apart
RUN_SECONDS = 60


class Disagreement(Exception):
    """Two libraries gave different results for the same work, or one broke its promise."""


@dataclass(frozen=True, slots=True)
class Outcome:
    ns: int
    checksum: int
    count: int


@dataclass
class Result:
    """The times of one contestant in one row, a run each; None where a round left it out."""

    contestant: Contestant
    times: list[int | None] = field(default_factory=list)
    count: int = 0

    @property
    def ns(self) -> float:
        return median([time for time in self.times if time is not None])


@dataclass
class Comparison:
    """One row at one number of threads."""

    row: Row
    threads: int
    size: int
    results: list[Result] = field(default_factory=list)

    def ours(self) -> Result | None:
        results = (result for result in self.results if result.contestant.library == OURS)
        return min(results, key=lambda result: result.ns, default=None)

    def best_peer(self) -> Result | None:
        return min(
            (r for r in self.results if r.contestant.is_peer), key=lambda result: result.ns, default=None
        )

    def ratio(self) -> float | None:
        """Our time over the best peer's: the median of the rounds' own ratios, since a round's runs are neighbours."""
        ours, best = self.ours(), self.best_peer()
        return None if ours is None or best is None else paired_ratio(ours, best)

    def value(self, result: Result) -> float:
        """In the row's unit."""
        if self.row.unit == "ms":
            return result.ns / 1e6
        if self.row.unit == "M/s":
            return self.size / result.ns * 1e3
        return result.ns / (result.count if self.row.per_count else self.size)

    def verdict(self) -> str:
        ratio = self.ratio()
        if ratio is None:
            return "nothing to compare"
        if ratio <= 1:
            return "reached"
        return "equal within 2 %" if ratio <= EQUAL else "missed"


def paired_ratio(first: Result, second: Result) -> float:
    pairs = zip(first.times, second.times, strict=True)
    return median([a / b for a, b in pairs if a is not None and b is not None])


def run_program(
    program: Path, variant: str, row: str, threads: int, size: int, stream: Path
) -> Outcome | None:
    """One run; None where the program says that it does not do this row."""
    command = [str(program), variant, row, str(threads), str(size), str(stream)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=RUN_SECONDS)
    if done.returncode == 3:
        return None
    if done.returncode != 0:
        raise Disagreement(f"{' '.join(command)} ended with status {done.returncode}: {done.stderr.strip()}")
    return Outcome(**json.loads(done.stdout))


def contestants_of(row: Row, threads: int, programs: dict[str, Path]) -> list[Contestant]:
    return [
        one
        for one in CONTESTANTS
        if row.name in one.rows and threads in one.threads and one.program in programs
    ]


def compare(
    row: Row, threads: int, size: int, runs: int, programs: dict[str, Path], stream: Path
) -> Comparison:
    """`runs` rounds; in each round every contestant runs once, and each round begins with another one."""
    comparison = Comparison(row, threads, size)
    results = [Result(one) for one in contestants_of(row, threads, programs)]
    agreed: dict[int, str] = {}
    for round_number in range(runs):
        known = [result.ns for result in results if result.times and result.count]
        limit = min(known) * FAR_BEHIND if known else float("inf")
        start = round_number % len(results) if results else 0
        for result in results[start:] + results[:start]:
            is_behind = result.count and result.ns > limit and result.contestant.library != OURS
            if round_number >= FAR_BEHIND_RUNS and is_behind:
                result.times.append(None)
                continue
            one = result.contestant
            outcome = run_program(programs[one.program], one.variant, row.name, threads, size, stream)
            if outcome is None:
                raise Disagreement(f"{one.label} has no row {row.name}, though rows.py says so")
            result.times.append(outcome.ns)
            result.count = outcome.count
            agreed.setdefault(outcome.checksum, one.label)
            if len(agreed) > 1:
                (first, a), (second, b) = list(agreed.items())
                raise Disagreement(
                    f"{row.name}, {threads} threads: {a} gives {first}, but {b} gives {second}"
                )
            check_promise(row, one, outcome, size)
    comparison.results = sorted(results, key=lambda result: result.ns)
    return comparison


def check_promise(row: Row, contestant: Contestant, outcome: Outcome, size: int) -> None:
    """Exactly once: a tenth of the lookups are of new keys, so that many values are computed."""
    if row.name == "once" and contestant.computes_once and outcome.count != size // 10:
        raise Disagreement(f"{contestant.label} computed {outcome.count} values of {size // 10} keys")


@dataclass
class Scaling:
    """Our interner's speed-up from 1 to 2 threads beside that of a loop that stays in registers, in the same rounds."""

    ours: list[float] = field(default_factory=list)
    calibration: list[float] = field(default_factory=list)

    def share(self) -> float:
        return median([a / b for a, b in zip(self.ours, self.calibration, strict=True)])


CALIBRATION_ROUNDS = 60_000_000


def scaling(runs: int, size: int, programs: dict[str, Path], stream: Path) -> Scaling:
    def time(row: str, threads: int, size: int) -> int:
        program = programs["ours_maps" if row == "intern" else "ours"]
        outcome = run_program(program, "auto", row, threads, size, stream)
        assert outcome is not None
        return outcome.ns

    measured = Scaling()
    for _ in range(runs):
        measured.ours.append(time("intern", 1, size) / time("intern", 2, size))
        measured.calibration.append(
            time("calibrate", 1, CALIBRATION_ROUNDS) / time("calibrate", 2, CALIBRATION_ROUNDS)
        )
    return measured


# ---- for people and for programs


def table(comparison: Comparison, write: Callable[[str], Any] = print) -> None:
    """Everybody in one row, the fastest first."""
    row, ours = comparison.row, comparison.ours()
    write(f"\n{row.title}, {comparison.threads} thread{'s' if comparison.threads > 1 else ''}")
    width = max((len(result.contestant.label) for result in comparison.results), default=0)
    for result in comparison.results:
        times = [time for time in result.times if time is not None]
        spread = (max(times) - min(times)) / result.ns
        against = "" if ours is None or result is ours else f"  ours / this {paired_ratio(ours, result):6.3f}"
        note = "  (one thread only: no peer)" if result.contestant.threads == (1,) else ""
        value = f"{comparison.value(result):10.2f} {row.unit}"
        write(
            f"  {result.contestant.label:{width}}  {value}  ±{spread / 2:4.0%} of {len(times)}{against}{note}"
        )


def as_json(comparison: Comparison) -> dict[str, Any]:
    best = comparison.best_peer()
    return {
        "row": comparison.row.name,
        "threads": comparison.threads,
        "size": comparison.size,
        "unit": comparison.row.unit,
        "target": comparison.row.target,
        "best_peer": best.contestant.label if best else None,
        "ratio": comparison.ratio(),
        "verdict": comparison.verdict(),
        "results": [
            {
                "library": result.contestant.label,
                "value": round(comparison.value(result), 3),
                "median_ns": result.ns,
                "times_ns": result.times,
                "count": result.count,
            }
            for result in comparison.results
        ],
    }


def from_json(stored: dict[str, Any], row: Row) -> Comparison:
    by_label = {one.label: one for one in CONTESTANTS}
    results = [
        Result(by_label[entry["library"]], entry["times_ns"], entry["count"]) for entry in stored["results"]
    ]
    return Comparison(row, stored["threads"], stored["size"], results)


def summary(comparisons: Sequence[Comparison], write: Callable[[str], Any] = print) -> None:
    """One line for each row: ours, the best peer, the ratio, the target."""
    lines = [("", "threads", "ours", "best peer", "ours / best (time)", "target", "")]
    for comparison in comparisons:
        ours, best, ratio = comparison.ours(), comparison.best_peer(), comparison.ratio()
        lines.append(
            (
                comparison.row.title,
                str(comparison.threads),
                f"{comparison.value(ours):.2f} {comparison.row.unit}" if ours else "–",
                f"{comparison.value(best):.2f} {comparison.row.unit} {best.contestant.label}"
                if best
                else "–",
                f"{ratio:.3f}" if ratio is not None else "–",
                comparison.row.target,
                comparison.verdict(),
            )
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        write("  ".join(f"{word:{width}}" for word, width in zip(line, widths, strict=True)).rstrip())
