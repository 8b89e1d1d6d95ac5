"""A file that is lexed in chunks gives what it gives as a whole, for every text and wherever it is cut.

Compared are the diagnostics, the tokens with their positions, and the tree with its names and literals. Texts are of three
kinds: any bytes, pieces chosen so that comments, strings, escapes, line ends, NUL and broken UTF-8 stand at the cuts, and
real sources with parts that change places. tests/unit/test_parse_parallel.c compares the arrays themselves.
"""

from __future__ import annotations

import random
from typing import Any

import compiler
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from test_any_text import SEEDS, mutated

WHOLE = 2**32 - 1
THREADS = (1, 2, 3, 8, 64)

limits = settings(
    max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)
pieces = st.sampled_from(
    [
        b"a",
        b"12",
        b".",
        b"\n",
        b"\r\n",
        b"\r",
        b'"',
        b"'",
        b"\\",
        b"//",
        b" ",
        b"0x",
        b"1.5",
        b"5ms",
        b"2gb",
        b"\x00",
        b"\xce\xbb",
        b"\xff",
        b"\xe2\x82",
        b"\xef\xbb\xbf",
        b"..=",
        b'"x"\n',
        b'"\\u{41}',
        b"`",
        b"(",
        b")",
        b"{",
        b"}",
        b"// c\n",
        b"@f (x: int) -> int = x\n",
        b"'ab'\n",
        b'"{x + ',
        b"self",
        b"99999999999999999999",
        b"/",
        b"=",
        b">",
    ]
)


def parsed(text: bytes, threads: int, chunk_bytes: int) -> tuple[Any, ...]:
    ws = compiler.workspace(threads)
    compiler.load(ws, {"main": text})
    diagnostics, _times = ws.run("parse", lex_chunk_bytes=chunk_bytes)
    return diagnostics, ws.emit("tokens", "main"), ws.emit("tree", "main")


def chunks_agree(text: bytes, sizes: tuple[int, ...] = (1, 2, 7, 40, 300), threads: int = 3) -> None:
    whole = parsed(text, 1, WHOLE)
    for size in sizes:
        assert parsed(text, threads, size) == whole, f"chunks of {size} bytes"


@limits
@given(st.binary(max_size=120))
@example(b"\n")
@example(b"\n\n\n")
@example(b'"no end\n1.2.3\n.\n5\r\n\xe2\x82\n\xac')
@example(b"\xef\xbb\xbf\n\xef\xbb\xbf")
@example(b"((" * 100)  # more tokens than there was room for, in a single chunk
@example(b"((" * 100 + b"\n12\n" + b"5," * 100)
def test_any_bytes(text: bytes) -> None:
    chunks_agree(text)


@limits
@given(st.lists(pieces, max_size=60).map(b"".join))
def test_pieces_that_meet_a_cut(text: bytes) -> None:
    chunks_agree(text)


@pytest.mark.parametrize("seed", range(60))
def test_sources_with_parts_that_change_places(seed: int) -> None:
    chance = random.Random(seed)
    text = mutated(chance, chance.choice(SEEDS))
    if seed % 3 == 0:
        text = text.replace(b"\n", b"\r\n")
    if seed % 5 == 0 and text:  # a byte of another kind somewhere
        at = chance.randrange(len(text))
        text = text[:at] + chance.choice([b"\0", b"\xff", b"\xe2\x82", b"\n", b'"', b"\r"]) + text[at + 1 :]
    chunks_agree(text, sizes=(1, 16, chance.randint(20, 400)))


def test_a_large_file_with_every_number_of_threads() -> None:
    chance = random.Random(5)
    text = b"".join(mutated(chance, chance.choice(SEEDS)) for _ in range(500))
    whole = parsed(text, 1, WHOLE)
    assert len(text) > 100_000
    assert whole[0]  # there are mistakes in it
    for threads in THREADS:
        for size in (1, 700, 10_000, 0):
            assert parsed(text, threads, size) == whole, f"{threads} threads, chunks of {size} bytes"
