"""Deep, wide and endless texts: no crash on the stack of a worker, and no time that grows like a square.

Each is checked and, where it has no errors, lowered and generated, with the smallest stack that projects get (2 MB).
"""

from __future__ import annotations

import time

import compiler
import pytest

DEPTHS = (1_990, 100_000)  # just below the limit of the grammar, and far above
SECONDS = 20  # each takes less than one on an idle machine; a square would take minutes

NESTED = {
    "parentheses": ("print(str(", "(", "1", ")", "))"),
    "lists": ("print(str(", "[", "1", "]", ".len()))"),
    "options": ("print(str(", "Some(", "1", ")", "))"),
    "tuples": ("print(str(", "(1, ", "1", ")", "))"),
    "negations": ("print(str(", "- ", "1", "", "))"),
    "conditions": ("print(str(", "if true then ", "1", " else 2", "))"),
    "else": ("print(str(", "if false then 1 else ", "1", "", "))"),
    "lambdas": ("run(let _f = ", "(x: int) -> ", "1", "", ', print("a"))'),
    "sums": ("print(str(", "(1 + ", "1", ")", "))"),
    "long sums": ("print(str(1", " + 1", "", "", "))"),
    "methods": ("print(str(1", ".abs()", "", "", "))"),
    "sequences": ("print(str(", "run(let x = ", "1", ", x)", "))"),
    "matches": ("print(str(", "match(1, _ -> ", "1", ")", "))"),
    "patterns": ("match(todo(), ", "Some(", "_", ")", ' -> print("a"), _ -> print("b"))'),
    "loops": ("", "for _x in [1] do ", 'print("a")', "", ""),
    "while": ("", "while false do ", 'print("a")', "", ""),
    "calls": ("print(str(", "int(", "1", ")", "))"),
    "indexes": ("run(let a = [0], print(str(", "a[", "0", "]", ")))"),
    "maps": ("print(str(", "{1: ", "1", "}", ".len()))"),
    "map": ("print(str(", "[1].map(_x -> ", "1", ")", ".len()))"),
    "or": ("match(1, ", "1 | ", '2 -> print("a")', "", ', _ -> print("b"))'),
}


def timed(text: bytes) -> list[object]:
    started = time.process_time()
    diagnostics = compiler.check(text, 1, "generate")
    assert time.process_time() - started < SECONDS
    return diagnostics


@pytest.mark.parametrize("name", list(NESTED))
def test_nesting(name: str) -> None:
    head, opening, middle, closing, tail = NESTED[name]
    for depth in DEPTHS:
        if name == "map" and depth > 2000:
            continue  # reported as nested too deeply as the others
        inner = opening * depth + middle + closing * depth
        timed(f"@main () -> void = {head}{inner}{tail}\n".encode())


ENDLESS = {
    "semicolons": b";",
    "at signs": b"@ ",
    "dollars": b"$ ",
    "hashes": b"# ",
    "opening": b"([{",
    "closing": b")]}",
    "bad bytes": b"\xff ",
    "NUL": b"\0 ",
    "unknown": b"\\ ",
    "quotes": b"' ",
    "unterminated": b'"\n',
    "functions": b"@f () -> int = 1 ",
    "configs": b"$a = 1 ",
    "types": b"type A = { a: int } ",
    "imports": b"use x { a } ",
    "traits": b"trait A { @f (self) -> int } ",
    "names": b"x, ",
    "lines": b"\n",
    "comments": b"// a\n",
}


@pytest.mark.parametrize("name", list(ENDLESS))
def test_a_long_line_of_one_thing(name: str) -> None:
    timed(ENDLESS[name] * (200_000 // len(ENDLESS[name])))


def test_a_megabyte_in_one_line() -> None:
    calls = b"print(1 + 1), " * 75_000
    assert timed(b"@main () -> void = run(" + calls + b")\n") == []


def test_many_errors_in_one_line() -> None:
    assert len(timed(b"@main () -> void = run(" + b"x, " * 50_000 + b"void)\n")) == 50_000


def test_unreadable_text_is_reported_where_it_is() -> None:
    codes = {
        b"\xef\xbb\xbf@main () -> void = void\n": "E0002",
        b"@main () -> void = \x00void\n": "E0003",
        b"@main () -> void = \xffvoid\n": "E0001",
        b'@main () -> void = print("a': "E0023",
    }
    for text, code in codes.items():
        assert code in [d[0] for d in timed(text)]
    assert timed(b"") == []
