"""Whatever the text, `check` ends with diagnostics, and with the same ones for any number of threads.

A crash would end the test run itself: the compiler is in this process. Texts are of four kinds: any bytes, Sigil's own
tokens in any order, real sources with parts that change places, and the same in several modules that import each other.
"""

from __future__ import annotations

import random
import re
from pathlib import Path

import compiler
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parent.parent.parent
TOKEN = re.compile(rb'"(?:\\.|[^"\\\n])*"|//[^\n]*|\s+|\w+|[-=.<>&|?:!]{2,3}|.', re.DOTALL)
SEEDS = [
    path.read_bytes()
    for folder in ("examples", "tests/conformance", "tests/fuzz/corpus")
    for path in sorted((ROOT / folder).rglob("*.si"))
    if path.stat().st_size < 5000
]
WORDS = sorted({token for seed in SEEDS for token in TOKEN.findall(seed) if not token.isspace()})[:4000]

limits = settings(
    max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)


def mutated(chance: random.Random, text: bytes) -> bytes:
    """Some ranges of tokens left out, doubled, swapped or replaced by those of another source."""
    tokens = TOKEN.findall(text)
    for _ in range(chance.randint(1, 5)):
        if not tokens:
            break
        at, length = chance.randrange(len(tokens)), chance.choice([1, 1, 2, 4, 12])
        part = tokens[at : at + length]
        kind = chance.randrange(5)
        if kind == 0:
            tokens[at : at + length] = []
        elif kind == 1:
            tokens[at:at] = part
        elif kind == 2:
            other = chance.randrange(len(tokens))
            tokens[at : at + length], tokens[other : other + length] = tokens[other : other + length], part
        elif kind == 3:
            tokens[at : at + 1] = [chance.choice(WORDS)]
        else:
            source = TOKEN.findall(chance.choice(SEEDS))
            start = chance.randrange(len(source)) if source else 0
            tokens[at : at + length] = source[start : start + chance.choice([1, 3, 10, 30])]
    return b"".join(tokens)


def all_threads_agree(modules: dict[str, bytes]) -> None:
    expected = compiler.check(modules, 1)
    for threads in compiler.THREADS[1:]:
        assert compiler.check(modules, threads) == expected, f"{threads} threads say something else"


@given(st.binary(max_size=300))
@limits
def test_any_bytes(text: bytes) -> None:
    all_threads_agree({"main": text})


@given(st.lists(st.sampled_from(WORDS), max_size=60))
@limits
def test_any_tokens(words: list[bytes]) -> None:
    all_threads_agree({"main": b" ".join(words)})


@given(st.integers(0, 2**32), st.sampled_from(SEEDS))
@limits
def test_mutated_sources(seed: int, source: bytes) -> None:
    all_threads_agree({"main": mutated(random.Random(seed), source)})


@given(st.integers(0, 2**32))
@limits
def test_modules_that_import_each_other(seed: int) -> None:
    chance = random.Random(seed)
    names = ["main", "a", "b", "c.d", "c.e"]
    modules = {}
    for name in names:
        paths = [
            f"'{'../' if '.' in name else './'}{other.replace('.', '/')}'"
            for other in chance.sample(names, 2)
        ]
        uses = "".join(
            f"use {path} {{ {chance.choice(['f', 'main', 'T', '$x', '::g'])} }}\n" for path in paths
        )
        modules[name] = uses.encode() + mutated(chance, chance.choice(SEEDS))
    all_threads_agree(modules)


@pytest.mark.parametrize("threads", compiler.THREADS)
def test_a_workspace_forgets_the_run_before(threads: int) -> None:
    good, bad = b'@main () -> void = print("a")\n', b"@main () -> void = print(1 + nothing)\n"
    assert compiler.check(good, threads, "generate") == []
    assert compiler.check(bad, threads, "generate") != []
    assert compiler.check(good, threads, "generate") == []
