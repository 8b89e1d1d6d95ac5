"""Random matches over small types: what the compiler says of them is what trying every value says.

Each round is one file of many functions, each with one match over the same few types. Values are tried by a matcher that
knows nothing of matrices; the numbers in patterns are so small that the tried values have one of every kind.
"""

from __future__ import annotations

import itertools
import random
import re
from pathlib import Path
from typing import Any

import pytest

import sigil

Tree = tuple[Any, ...]  # a type or a pattern: its sort, then its parts

BOOL, INT, OPTION, LIST, PAIR = "bool", "int", "option", "list", "pair"
TYPES = {
    "bool": (BOOL,),
    "int": (INT,),
    "Option<bool>": (OPTION, (BOOL,)),
    "Option<Option<int>>": (OPTION, (OPTION, (INT,))),
    "(bool, Option<bool>)": (PAIR, (BOOL,), (OPTION, (BOOL,))),
    "(int, bool)": (PAIR, (INT,), (BOOL,)),
    "[bool]": (LIST, (BOOL,)),
    "(bool, [bool])": (PAIR, (BOOL,), (LIST, (BOOL,))),
    "Option<[bool]>": (OPTION, (LIST, (BOOL,))),
}


def values(kind: Tree) -> list[Any]:
    match kind[0]:
        case "bool":
            return [True, False]
        case "int":
            return list(range(-2, 7))
        case "option":
            return [None, *(("some", part) for part in values(kind[1]))]
        case "pair":
            return list(itertools.product(values(kind[1]), values(kind[2])))
    return [list(parts) for length in range(6) for parts in itertools.product(values(kind[1]), repeat=length)]


def pattern(rng: random.Random, kind: Tree, depth: int = 0) -> Tree:
    """A pattern as a tuple: its sort, then its parts."""
    roll = rng.random()
    if roll < 0.2:
        return ("any",)
    if roll < 0.35 and depth < 3:
        return ("or", *(pattern(rng, kind, depth + 1) for _ in range(rng.randint(2, 3))))
    match kind[0]:
        case "bool":
            return ("is", rng.random() < 0.5)
        case "int":
            low, high = sorted((rng.randint(0, 4), rng.randint(0, 4)))
            return rng.choice(
                [("is", low), ("range", low, high), ("range", None, high), ("range", low, None)]
            )
        case "option":
            return ("none",) if rng.random() < 0.35 else ("some", pattern(rng, kind[1], depth + 1))
        case "pair":
            return ("pair", pattern(rng, kind[1], depth + 1), pattern(rng, kind[2], depth + 1))
    before = [pattern(rng, kind[1], depth + 1) for _ in range(rng.randint(0, 2))]
    if rng.random() < 0.4:
        return ("list", before, None)
    return ("list", before, [pattern(rng, kind[1], depth + 1) for _ in range(rng.randint(0, 2))])


def text(p: Tree) -> str:
    match p[0]:
        case "any":
            return "_"
        case "or":
            return "(" + " | ".join(text(part) for part in p[1:]) + ")"
        case "is":
            return str(p[1]).lower()
        case "range":
            return f"{p[1]}..={p[2]}" if None not in p else f"{p[1]}.." if p[2] is None else f"..{p[2] + 1}"
        case "none":
            return "None"
        case "some":
            return f"Some({text(p[1])})"
        case "pair":
            return f"({text(p[1])}, {text(p[2])})"
    rest = [] if p[2] is None else ["..", *map(text, p[2])]
    return f"[{', '.join([*map(text, p[1]), *rest])}]"


def fits(p: Tree, value: Any) -> bool:
    match p[0]:
        case "any":
            return True
        case "or":
            return any(fits(part, value) for part in p[1:])
        case "is":
            return value == p[1]
        case "range":
            return (p[1] is None or value >= p[1]) and (p[2] is None or value <= p[2])
        case "none":
            return value is None
        case "some":
            return value is not None and fits(p[1], value[1])
        case "pair":
            return fits(p[1], value[0]) and fits(p[2], value[1])
    assert isinstance(value, list)
    before, after = p[1], p[2] or []
    if len(value) < len(before) + len(after) or (p[2] is None and len(value) > len(before)):
        return False
    ends = value[len(value) - len(after) :]
    return all(map(fits, before, value)) and all(map(fits, after, ends))


def unreached(p: Tree, left: list[Any], guarded: bool) -> list[int] | None:
    """Columns of the alternatives of an arm that nothing reaches; None where alternatives nest."""
    if "|" not in text(p):
        return []
    if p[0] != "or" or any("|" in text(part) for part in p[1:]):
        return None
    columns, column = [], len("  (") + 1
    for part in p[1:]:
        if not any(fits(part, value) for value in left):
            columns.append(column)
        if not guarded:
            left = [value for value in left if not fits(part, value)]
        column += len(text(part)) + len(" | ")
    return columns


def written(case: str) -> Tree:
    """A case as the compiler shows it, read back."""
    tokens = re.findall(r"\.\.=?|-?\d+|\w+|[\[\](),]", case)

    def one() -> Tree:
        token = tokens.pop(0)
        if token == "_":
            return ("any",)
        if token in ("true", "false"):
            return ("is", token == "true")
        if token == "None":
            return ("none",)
        if token == "Some":
            return ("some", several(")")[0])
        if token == "(":
            tokens.insert(0, "(")
            return ("pair", *several(")"))
        if token == "[":
            tokens.insert(0, "[")
            parts = several("]")
            at = parts.index(("rest",)) if ("rest",) in parts else None
            return ("list", parts, None) if at is None else ("list", parts[:at], parts[at + 1 :])
        if token == "..":
            return (
                ("range", None, int(tokens.pop(0)) - 1)
                if tokens and tokens[0].lstrip("-").isdigit()
                else ("rest",)
            )
        if tokens and tokens[0] == "..":
            tokens.pop(0)
            return ("range", int(token), None)
        if tokens and tokens[0] == "..=":
            tokens.pop(0)
            return ("range", int(token), int(tokens.pop(0)))
        return ("is", int(token))

    def several(end: str) -> list[Tree]:
        parts = []
        while tokens.pop(0) != end and tokens[0] != end:
            parts.append(one())
        if tokens and tokens[0] == end and not parts:
            tokens.pop(0)
        return parts

    return one()


@pytest.mark.parametrize("seed", range(4))
def test_what_is_said_is_what_trying_every_value_says(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    functions = []
    for _ in range(150):
        shown = rng.choice(list(TYPES))
        arms = [
            (pattern(rng, TYPES[shown]), rng.random() < 0.15)  # a guard, of which nothing is known
            for _ in range(rng.randint(1, 5))
        ]
        functions.append((shown, arms))
    lines = []
    for number, (shown, arms) in enumerate(functions):
        lines.append(f"@f{number} (x: {shown}, c: bool) -> int = match(x,")
        lines += [f"  {text(p)}{'.match(c)' if guarded else ''} -> 1," for p, guarded in arms]
        lines.append(")")
    path = tmp_path / "main.si"
    path.write_text("\n".join([*lines, "@main () -> void = print(1)"]) + "\n", encoding="utf-8")
    said: dict[int, list[sigil.Diagnostic]] = {}
    for diagnostic in sigil.Workspace(path).check(coverage="off").diagnostics:
        assert diagnostic.span is not None
        said.setdefault(diagnostic.span.line, []).append(diagnostic)
    line = 1
    for shown, arms in functions:
        left = values(TYPES[shown])
        head = line
        for p, guarded in arms:
            line += 1
            fitting = [value for value in left if fits(p, value)]
            found = [d.message for d in said.get(line, []) if "this arm" in d.message]
            assert found == ([] if fitting else ["this arm can never be reached"]), (
                lines[head - 1],
                lines[line - 1],
            )
            columns = unreached(p, left, guarded)
            if fitting and columns is not None:
                found = [d.span.column for d in said.get(line, []) if "alternative" in d.message and d.span]
                assert found == columns, (lines[head - 1], lines[line - 1])
            if not guarded:
                left = [value for value in left if not fits(p, value)]
        line += 2
        missing = [d for d in said.get(head, []) if d.code == "E0411"]
        assert bool(missing) == bool(left), lines[head - 1 : line - 2]
        if not missing:
            continue
        message = missing[0].message
        cases = [written(case) for case in re.findall(r"`([^`]+)`", message.partition("does not cover")[2])]
        for value in values(TYPES[shown]):
            hits = [case for case in cases if fits(case, value)]
            has_all = "and more" not in message
            if value not in left and cases != [("any",)]:
                assert not hits, (message, value, lines[head - 1 : line - 2])
            elif value in left and has_all:
                assert hits, (message, value, lines[head - 1 : line - 2])
