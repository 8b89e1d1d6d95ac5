"""How diagnostics look: the form of the reference's chapter 13, to the column."""

from __future__ import annotations

import json

import pytest

from sigil.report import diagnostics, text
from sigil.report.console import ASCII, Glyphs, Look
from sigil.results import Diagnostic, Edit, Fix, Label, Severity, Span

PLAIN = Look()


def span(source: bytes, wanted: str, file: str = "src/main.si", *, nth: int = 0) -> Span:
    """The span of a piece of the source."""
    piece = wanted.encode("utf-8", "surrogateescape")
    start = -1
    for _ in range(nth + 1):
        start = source.index(piece, start + 1)
    return between(source, start, start + len(piece), file)


def between(source: bytes, start: int, end: int, file: str = "src/main.si") -> Span:
    def place(offset: int) -> tuple[int, int]:
        before = source[:offset].decode("utf-8", "surrogateescape")
        return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1

    return Span(file, start, end, *place(start), *place(end))


def error(source: bytes, place: Span | None, label: str = "", **more: object) -> str:
    diagnostic = Diagnostic("E0301", Severity.ERROR, "type mismatch", place, label, **more)  # type: ignore[arg-type]
    return diagnostics.render(diagnostic, {"src/main.si": source}, PLAIN)


REFERENCE = b"""\









@half (x: float) -> float = x / 2.0

    let h = half(.x: count),
"""


def test_the_example_of_the_reference() -> None:
    source = REFERENCE[1:]
    diagnostic = Diagnostic(
        "E0301",
        Severity.ERROR,
        "type mismatch: expected `float`, found `int`",
        span(source, "count"),
        "this is `int`",
        labels=(Label(span(source, "x: float"), "`x` is declared here"),),
        notes=("numbers are never converted silently",),
        fixes=(Fix("convert with `float(x)`", True, (Edit(span(source, "count"), "float(count)"),)),),
    )
    assert diagnostics.render(diagnostic, {"src/main.si": source}, PLAIN) == (
        "error[E0301]: type mismatch: expected `float`, found `int`\n"
        "   ┌─ src/main.si:11:22\n"
        "   │\n"
        " 9 │ @half (x: float) -> float = x / 2.0\n"
        "   │        -------- `x` is declared here\n"
        "   ·\n"
        "11 │     let h = half(.x: count),\n"
        "   │                      ^^^^^ this is `int`\n"
        "   = note: numbers are never converted silently\n"
        "   = help: convert with `float(x)`: `float(count)`"
    )


def test_tabs_are_four_columns_and_wide_characters_two() -> None:
    source = "\tlet 漢字 = e\u0301(x)\n".encode()
    assert error(source, span(source, "x")) == (
        "error[E0301]: type mismatch\n"
        "  ┌─ src/main.si:1:14\n"
        "  │\n"
        "1 │     let 漢字 = e\u0301(x)\n"
        "  │                  ^"
    )
    assert error(source, span(source, "漢字")).endswith("  │         ^^^^")


def test_what_does_not_print_is_escaped() -> None:
    source = 'x = "\u202e\x1b[31m\u200b" y\n'.encode()
    shown = error(source, span(source, "y"))
    assert '1 │ x = "\\u{202e}\\u{1b}[31m\\u{200b}" y\n' in shown
    assert shown.endswith("\n  │ " + " " * len('x = "\\u{202e}\\u{1b}[31m\\u{200b}" ') + "^")


def test_escapes_also_in_messages_labels_and_notes() -> None:
    source = b"x\n"
    shown = error(source, span(source, "x"), "l\x1b[2J", notes=("n\x07",))
    assert "\x1b" not in shown and "\x07" not in shown
    assert "l\\u{1b}[2J" in shown and "n\\u{7}" in shown


def test_bytes_that_are_no_text_are_shown_and_measured() -> None:
    source = b'"a\xff\xc0" b\n'
    shown = error(source, between(source, 6, 7))
    assert '1 │ "a\\xff\\xc0" b\n' in shown
    assert shown.endswith("  │ " + " " * 12 + "^")


def test_two_marks_on_a_line() -> None:
    source = b"add(one, two)\n"
    shown = error(source, span(source, "two"), "this", labels=(Label(span(source, "one"), "that"),))
    assert shown.split("\n")[3:] == [
        "1 │ add(one, two)",
        "  │     ---  ^^^ this",
        "  │     that",
    ]
    shown = error(
        source,
        span(source, "add"),
        "first",
        labels=(Label(span(source, "two"), "third"), Label(span(source, "one"), "second")),
    )
    assert shown.split("\n")[3:] == [
        "1 │ add(one, two)",
        "  │ ^^^ ---  --- third",
        "  │ │   second",
        "  │ first",
    ]


def test_a_span_over_lines_is_marked_at_both_ends() -> None:
    source = b"  run(\n    a,\n    b,\n  )\n"
    shown = error(source, between(source, 2, source.index(b")") + 1), "all of it")
    assert shown.split("\n")[3:] == [
        "1 │   run(",
        "  │   ^^^^ all of it",
        "  ·",
        "4 │   )",
        "  │   ^",
    ]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_all_line_ends_end_lines(end: bytes) -> None:
    source = b"one" + end + b"two three" + end + b"four"
    start = source.index(b"three")
    place = Span("src/main.si", start, start + 5, 2, 5, 2, 10)
    assert error(source, place).split("\n")[3:] == ["2 │ two three", "  │     ^^^^^"]


def test_a_place_at_the_end_of_the_text() -> None:
    source = b"x = ("
    assert error(source, between(source, 5, 5)).split("\n")[3:] == ["1 │ x = (", "  │      ^"]
    source = b"x = (\n"
    assert error(source, between(source, 6, 6)).split("\n")[3:] == ["2 │", "  │ ^"]


def test_a_label_in_another_file_has_a_block_of_its_own() -> None:
    here, there = b"f(1)\n", b"\n\n@f () -> void = x\n"
    diagnostic = Diagnostic(
        "E0312",
        Severity.ERROR,
        "expected 0 arguments, found 1",
        span(here, "f"),
        labels=(Label(span(there, "f", "src/other.si"), "declared here"),),
    )
    shown = diagnostics.render(diagnostic, {"src/main.si": here, "src/other.si": there}, PLAIN)
    assert shown.split("\n") == [
        "error[E0312]: expected 0 arguments, found 1",
        "  ┌─ src/main.si:1:1",
        "  │",
        "1 │ f(1)",
        "  │ ^",
        "  │",
        "  ┌─ src/other.si:3:2",
        "  │",
        "3 │ @f () -> void = x",
        "  │  - declared here",
    ]


def test_no_place_no_source() -> None:
    assert error(b"", None) == "error[E0301]: type mismatch"
    gone = Span("gone.si", 5, 6, 1, 6, 1, 7)
    assert error(b"", gone) == "error[E0301]: type mismatch\n  ┌─ gone.si:1:6"


@pytest.mark.parametrize("character", ["x", "漢", "\t", "\x1b", "\udcff"])
@pytest.mark.parametrize("where", [0, 30, 5_000, 250_000, 499_990])
def test_long_lines_are_windowed_around_the_mark(character: str, where: int) -> None:
    unit = character.encode("utf-8", "surrogateescape")
    source = unit * where + b"HERE" + unit * (500_000 - where)
    start = where * len(unit)
    place = Span("src/main.si", start, start + 4, 1, where + 1, 1, where + 5)
    for look in (Look(width=80), Look(), Look(glyphs=ASCII, width=20)):
        rows = diagnostics.render(
            Diagnostic("E0301", Severity.ERROR, "m", place), {"src/main.si": source}, look
        ).split("\n")
        assert all(text.columns(row) <= max(40 + 4, look.width or 120) for row in rows)
        column = rows[4].index("^")
        assert rows[4].count("^") == 4
        assert text.columns(rows[3][: rows[3].index("HERE")]) == column
        assert look.glyphs.cut in rows[3]


def test_a_mark_wider_than_the_window_is_cut() -> None:
    source = b"a" * 1000
    shown = diagnostics.render(
        Diagnostic("E0301", Severity.ERROR, "m", between(source, 10, 990), "text"),
        {"src/main.si": source},
        Look(width=60),
    )
    assert max(len(row) for row in shown.split("\n")) <= 60 + len(" text")


def test_ascii_where_the_terminal_can_do_no_better() -> None:
    source = b"a\n\n\nb\n"
    shown = diagnostics.render(
        Diagnostic("E0301", Severity.ERROR, "m", span(source, "b"), labels=(Label(span(source, "a"), ""),)),
        {"src/main.si": source},
        Look(glyphs=ASCII),
    )
    assert shown.isascii()
    assert shown.split("\n")[1] == "  --> src/main.si:4:1"


def test_colours_change_nothing_but_colours() -> None:
    import re

    source = b"add(one, two)\n"
    diagnostic = Diagnostic(
        "W0242",
        Severity.WARNING,
        "unused",
        span(source, "two"),
        "x",
        (Label(span(source, "one"), "y"),),
        ("n",),
    )
    coloured = diagnostics.render(diagnostic, {"src/main.si": source}, Look(colour=True))
    plain = diagnostics.render(diagnostic, {"src/main.si": source}, PLAIN)
    assert coloured != plain
    assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == plain
    assert coloured.startswith("\x1b[1;33mwarning[W0242]\x1b[0m")


def test_errors_beyond_the_limit_are_counted() -> None:
    many = [Diagnostic("E0301", Severity.ERROR, f"number {number}", None) for number in range(60)]
    shown = diagnostics.human(many, {}, PLAIN)
    assert shown.count("error[") == 50
    assert shown.endswith("… and 10 more errors (--max-errors shows more)\n\n")
    assert "more errors" not in diagnostics.human(many, {}, PLAIN, max_errors=60)
    one_more = diagnostics.human(many, {}, PLAIN, max_errors=59)
    assert one_more.endswith("… and 1 more error (--max-errors shows more)\n\n")


def test_the_same_message_at_one_place_appears_once() -> None:
    twice = [Diagnostic("E0301", Severity.ERROR, "m", None)] * 2
    assert diagnostics.human(twice, {}, PLAIN) == "error[E0301]: m\n\n"


def test_json_has_the_keys_of_the_reference() -> None:
    source = b"add(one, two)\n"
    diagnostic = Diagnostic(
        "E0301",
        Severity.ERROR,
        "m",
        span(source, "two"),
        "here",
        (Label(span(source, "one"), "there"),),
        ("note",),
        (Fix("do", True, (Edit(span(source, "add"), "sub"),)),),
    )
    told = json.loads(json.dumps(diagnostic.as_json()))
    place = {"file": "src/main.si", "line": 1, "column": 10, "end_line": 1, "end_column": 13}
    assert told | place | {"byte_start": 9, "byte_end": 12} == told
    assert set(told) >= {"code", "severity", "message", "labels", "notes", "fixes"}
    assert told["severity"] == "error"
    assert told["labels"][0] == {
        "file": "src/main.si",
        "line": 1,
        "column": 5,
        "end_line": 1,
        "end_column": 8,
        "byte_start": 4,
        "byte_end": 7,
        "text": "there",
    }
    assert told["fixes"][0]["edits"][0]["text"] == "sub"


def test_glyphs_have_an_ascii_twin() -> None:
    assert Glyphs.__dataclass_fields__.keys() == ASCII.__dataclass_fields__.keys()
    assert all(getattr(ASCII, name).isascii() for name in Glyphs.__dataclass_fields__)
