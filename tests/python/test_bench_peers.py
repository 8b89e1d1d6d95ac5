"""The peers' harness: ours and whichever peer builds here do the same work, and the arithmetic of the comparison."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.peers import compare as comparing
from bench.peers.build import Built, build_all, cbuild, stream_file
from bench.peers.compare import Comparison, Disagreement, Outcome, Result, compare, run_program
from bench.peers.rows import CONTESTANTS, DISTINCT, OURS, ROWS, row_named


@pytest.fixture(scope="module")
def built() -> Built:
    """Ours, oneTBB and GNU OpenMP; the Rust crates would need a network."""
    try:
        made = build_all({"tbb", "gomp"})
    except cbuild.BuildError as error:
        pytest.fail(f"our own programs do not build: {error}")
    if len(made.programs) <= 2:
        pytest.skip(" ".join(made.skipped))
    return made


@pytest.fixture(scope="module")
def stream(built: Built) -> Path:
    count = row_named("intern").tiny
    return stream_file(built.stream_maker, count, DISTINCT[count])


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_all_agree(row: comparing.Row, threads: int, built: Built, stream: Path) -> None:
    """compare() itself raises when checksums differ or a value is computed twice."""
    comparison = compare(row, threads, row.tiny, 1, built.programs, stream)
    libraries = {result.contestant.library for result in comparison.results}
    assert OURS in libraries
    assert len(libraries) >= 2 or row.name in ("intern", "once")


def test_ours_gives_what_is_known_otherwise(built: Built, stream: Path) -> None:
    fib = run_program(built.programs["ours"], "auto", "fib", 2, 12, stream)
    assert fib is not None and (fib.checksum, fib.count) == (144, 232)  # fib(13) - 1 calls have n ≥ 2
    count = row_named("intern").tiny
    names = run_program(built.programs["ours_maps"], "auto", "intern", 2, count, stream)
    words = stream.read_bytes()[8 + 4 * (count + 1) :].split()
    assert len(words) == count and len(set(words)) == DISTINCT[count]
    assert names is not None and names.count == DISTINCT[count]


def test_a_row_that_a_program_does_not_do(built: Built, stream: Path) -> None:
    assert run_program(built.programs["ours"], "auto", "intern", 1, 10, stream) is None


def test_disagreement_is_an_error(built: Built, stream: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checksums = iter(range(1000))
    monkeypatch.setattr(comparing, "run_program", lambda *_: Outcome(1, next(checksums), 1))
    with pytest.raises(Disagreement, match=r"fib, 1 threads: .* gives 0, but .* gives 1"):
        compare(row_named("fib"), 1, 12, 1, built.programs, stream)


def test_a_value_that_is_computed_twice_is_an_error(
    built: Built, stream: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "run_program", lambda *_: Outcome(1, 7, 101))
    with pytest.raises(Disagreement, match="computed 101 values of 100 keys"):
        compare(row_named("once"), 2, 1_000, 1, built.programs, stream)


def test_ratio_is_that_of_neighbouring_runs() -> None:
    ours, peer = (
        next(one for one in CONTESTANTS if one.library == library and "fib" in one.rows)
        for library in (OURS, "rayon")
    )
    comparison = Comparison(row_named("fib"), 1, 32)
    comparison.results = [Result(ours, [10, 40, 12], 10), Result(peer, [5, 20, None], 10)]
    assert comparison.ratio() == 2.0  # medians alone would say 12 / 12.5
    assert comparison.verdict() == "missed"
    assert comparison.value(comparison.results[0]) == 1.2


def test_every_row_has_ours_and_peers() -> None:
    for row in ROWS:
        libraries = {one.library: one.is_peer for one in CONTESTANTS if row.name in one.rows}
        assert OURS in libraries
        assert sum(libraries.values()) >= 3
