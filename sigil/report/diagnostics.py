"""Diagnostics as people see them, and as one JSON object per line.

    error[E0301]: type mismatch: expected `float`, found `int`
       ┌─ src/main.si:12:22
       │
     9 │ @half (x: float) -> float = x / 2.0
       │        -------- `x` is declared here
       ·
    12 │     let h = half(.x: count),
       │                      ^^^^^ this is `int`
       = help: convert with `float(x)`: `float(count)`

Places come from byte offsets, never from columns, so that marks stand right under text that is no valid
UTF-8, too. The line is rendered first (escapes, tabs, wide characters) and marks are measured on what was
rendered.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sigil.report import github, text
from sigil.report.console import Console, Look
from sigil.results import Diagnostic, Fix, Result, Span

_WIDTH = 120  # columns where there is no terminal to ask
_WIDTH_MIN = 40
_NEAR = 4096  # bytes of a very long line that are looked at around a mark


def show(
    result: Result,
    console: Console,
    *,
    form: str = "human",
    on_error: bool = False,
    max_errors: int = 50,
    prefix: str = "",
) -> None:
    """Prints the diagnostics of a result: on standard output, or on standard error where that belongs to a
    program.

    `prefix` goes before the path of every file, where one command works on several projects.
    """
    if form == "json":
        lines = [
            json.dumps(_prefixed(diagnostic.as_json(), prefix), ensure_ascii=False)
            for diagnostic in result.diagnostics
        ]
        output = "\n".join(lines)
    elif form == "github":
        output = github.commands(result.diagnostics, prefix)
    else:
        look = console.err_look if on_error else console.out_look
        output = human(result.diagnostics, result.sources, look, max_errors=max_errors, prefix=prefix)
    if output:
        (console.say_error if on_error else console.say)(output)


def _prefixed(item: Any, prefix: str) -> Any:
    """A JSON value with `prefix` before every file."""
    if not prefix:
        return item
    if isinstance(item, list):
        return [_prefixed(part, prefix) for part in item]
    if isinstance(item, dict):
        return {
            key: prefix + value if key == "file" and value else _prefixed(value, prefix)
            for key, value in item.items()
        }
    return item


def human(
    diagnostics: Iterable[Diagnostic],
    sources: Mapping[str, bytes],
    look: Look,
    *,
    max_errors: int = 50,
    prefix: str = "",
) -> str:
    """All diagnostics as text, a blank line after each; at most `max_errors` errors, then their count."""
    shown: list[str] = []
    seen: set[tuple[Span | None, str, str]] = set()
    errors = hidden = 0
    for diagnostic in diagnostics:
        key = (diagnostic.span, diagnostic.code, diagnostic.message)
        if key in seen:
            continue
        seen.add(key)
        if diagnostic.is_error:
            errors += 1
        if errors > max_errors:
            hidden += diagnostic.is_error
            continue
        shown.append(render(diagnostic, sources, look, prefix=prefix) + "\n\n")
    if hidden:
        more = f"{look.glyphs.cut} and {hidden:,} more error" + ("s" if hidden > 1 else "")
        shown.append(look.paint("strong", more) + " (--max-errors shows more)\n\n")
    return "".join(shown)


# ---- one diagnostic ----------------------------------------------------------------------------------------


def render(diagnostic: Diagnostic, sources: Mapping[str, bytes], look: Look, *, prefix: str = "") -> str:
    """One diagnostic, without a line end after it."""
    kind = diagnostic.severity.name.lower()
    head = look.paint(kind, f"{kind}[{diagnostic.code}]")
    rows = [f"{head}{look.paint('strong', ': ' + text.message(diagnostic.message))}"]
    blocks = _blocks(diagnostic, sources)
    numbers = [mark.line for _, marks in blocks for mark in marks]
    gutter = _Gutter(len(str(max(numbers, default=1))), look)
    for number, (place, marks) in enumerate(blocks):
        location = f"{prefix}{text.shown(place.file)}:{place.line}:{place.column}"
        if number > 0:
            rows.append(gutter.plain(look.glyphs.bar))
        rows.append(gutter.plain(f"{look.glyphs.corner} {location}", paint=look.glyphs.corner))
        if marks:
            rows.append(gutter.plain(look.glyphs.bar))
            rows += _snippet(sources[place.file], marks, gutter, look, kind)
    for note in diagnostic.notes:
        rows.append(gutter.remark("note", note))
    for fix in diagnostic.fixes:
        rows.append(gutter.remark("help", _fix(fix)))
    return "\n".join(rows)


def _fix(fix: Fix) -> str:
    if len(fix.edits) == 1:
        replacement = fix.edits[0].text.strip()
        if replacement and "\n" not in replacement and replacement not in fix.title:
            return f"{fix.title}: `{replacement}`"
    return fix.title


@dataclass(frozen=True, slots=True)
class _Gutter:
    """The left edge: room for line numbers, and what follows them."""

    width: int
    look: Look

    def plain(self, content: str, paint: str | None = None) -> str:
        if paint is not None:
            content = self.look.paint("gutter", paint) + content.removeprefix(paint)
        else:
            content = self.look.paint("gutter", content)
        return f"{'':{self.width}} {content}"

    def numbered(self, number: int, content: str) -> str:
        head = self.look.paint("gutter", f"{number:>{self.width}} {self.look.glyphs.bar}")
        return f"{head} {content}".rstrip()

    def marked(self, content: str) -> str:
        return f"{'':{self.width}} {self.look.paint('gutter', self.look.glyphs.bar)} {content}".rstrip()

    def remark(self, kind: str, content: str) -> str:
        indent = " " * (self.width + 5 + len(kind) + 1)
        body = text.message(content).replace("\n", "\n" + indent)
        head = f"{self.look.paint('gutter', '=')} {self.look.paint('strong', kind + ':')}"
        return f"{'':{self.width}} {head} {body}"


@dataclass(frozen=True, slots=True)
class _Mark:
    """A stretch of one line to be underlined."""

    line: int
    start: int  # bytes in the file
    end: int
    is_primary: bool
    text: str


def _blocks(diagnostic: Diagnostic, sources: Mapping[str, bytes]) -> list[tuple[Span, list[_Mark]]]:
    """The files that a diagnostic shows, the primary one first: a place for the header, and marks in order of
    lines.
    """
    if diagnostic.span is None or not diagnostic.span.file:
        return []
    blocks: dict[str, tuple[Span, list[_Mark]]] = {diagnostic.span.file: (diagnostic.span, [])}
    wanted = [(diagnostic.span, diagnostic.primary_label, True)]
    wanted += [(label.span, label.text, False) for label in diagnostic.labels if label.span is not None]
    for span, words, is_primary in wanted:
        _, marks = blocks.setdefault(span.file, (span, []))
        source = sources.get(span.file)
        if source and span.byte_start <= len(source):  # there is nothing to show of an empty file
            marks += _marks(source, span, words, is_primary)
    return [
        (place, sorted(marks, key=lambda mark: (mark.line, mark.start, not mark.is_primary)))
        for place, marks in blocks.values()
    ]


def _marks(source: bytes, span: Span, words: str, is_primary: bool) -> list[_Mark]:
    _, first_end = _line(source, span.byte_start)
    if span.byte_end <= first_end or span.end_line <= span.line:
        return [_Mark(span.line, span.byte_start, min(span.byte_end, first_end), is_primary, words)]
    marks = [_Mark(span.line, span.byte_start, first_end, is_primary, words)]
    last, _ = _line(source, span.byte_end)
    content = source[last : span.byte_end]
    start = last + len(content) - len(content.lstrip())
    if start < span.byte_end:  # it ends inside its last line, not at the line's beginning
        marks.append(_Mark(span.end_line, start, span.byte_end, is_primary, ""))
    return marks


def _line(source: bytes, offset: int) -> tuple[int, int]:
    """Start and end of the line that an offset lies in. CR LF, CR and LF end a line."""
    start = max(source.rfind(b"\n", 0, offset), source.rfind(b"\r", 0, offset)) + 1
    if source[offset - 1 : offset + 1] == b"\r\n":  # between the two: still the line that they end
        start = max(source.rfind(b"\n", 0, offset - 1), source.rfind(b"\r", 0, offset - 1)) + 1
        return start, offset - 1
    ends = [end for end in (source.find(b"\n", offset), source.find(b"\r", offset)) if end >= 0]
    return start, min(ends, default=len(source))


# ---- lines and what is under them --------------------------------------------------------------------------


def _snippet(source: bytes, marks: Sequence[_Mark], gutter: _Gutter, look: Look, kind: str) -> list[str]:
    rows: list[str] = []
    by_line: dict[int, list[_Mark]] = {}
    for mark in marks:
        by_line.setdefault(mark.line, []).append(mark)
    previous: int | None = None
    for number, here in by_line.items():
        if previous is not None and number > previous + 1:
            rows.append(gutter.plain(look.glyphs.gap))
        previous = number
        start, end = _line(source, here[0].start)
        shown, places = _window(source, start, end, here, _room(look, gutter), look.glyphs.cut)
        rows.append(gutter.numbered(number, shown))
        rows += [gutter.marked(row) for row in _underlines(places, look, kind)]
    return rows


def _room(look: Look, gutter: _Gutter) -> int:
    return max(_WIDTH_MIN, (look.width or _WIDTH) - gutter.width - 3)


@dataclass(frozen=True, slots=True)
class _Place:
    """A mark in columns of the rendered line."""

    first: int
    limit: int
    mark: _Mark


def _window(
    source: bytes, start: int, end: int, marks: Sequence[_Mark], room: int, cut: str
) -> tuple[str, list[_Place]]:
    """The line as it is shown, cut to `room` columns around its first primary mark, and where the marks are
    then.
    """
    anchor = next((mark for mark in marks if mark.is_primary), marks[0])
    low, high = start, end
    if end - start > 2 * _NEAR:
        low = _boundary(source, max(start, anchor.start - _NEAR), start)
        high = _boundary(source, min(end, anchor.start + _NEAR), start)
    characters = source[low:high].decode("utf-8", "surrogateescape")
    cells = [text.shown(character) for character in characters]
    # offsets[i] and edges[i]: byte and column where character i begins; one more for the end.
    offsets, edges = [low], [0]
    for character, cell in zip(characters, cells, strict=True):
        offsets.append(offsets[-1] + len(character.encode("utf-8", "surrogateescape")))
        edges.append(edges[-1] + text.columns(cell))

    def index_of(offset: int) -> int:
        return min(bisect_left(offsets, max(low, min(offset, high))), len(cells))

    first, limit = 0, len(cells)
    if edges[-1] > room or low > start or high < end:
        room -= 2 * len(cut)
        middle = edges[index_of(anchor.start)]
        mark_end = edges[index_of(min(anchor.end, anchor.start + _NEAR))]
        left = 0 if mark_end + 10 < room and low == start else max(0, middle - room // 3)
        while first < len(cells) and edges[first] < left:
            first += 1
        limit = first
        while limit < len(cells) and edges[limit + 1] - edges[first] <= room:
            limit += 1
    cut_left = first > 0 or low > start
    cut_right = limit < len(cells) or high < end
    shown = (cut if cut_left else "") + "".join(cells[first:limit]) + (cut if cut_right else "")
    places: list[_Place] = []
    for mark in marks:
        begin, finish = index_of(mark.start), index_of(mark.end)
        if not first <= begin <= limit and not (begin < first < finish):
            continue  # outside of what is shown
        begin, finish = max(begin, first), min(max(finish, begin), limit)
        column = edges[begin] - edges[first] + (len(cut) if cut_left else 0)
        width = max(1, edges[max(finish, begin)] - edges[begin])
        places.append(_Place(column, column + width, mark))
    return shown, places


def _boundary(source: bytes, offset: int, floor: int) -> int:
    """The beginning of the character that an offset lies in."""
    while offset > floor and offset < len(source) and source[offset] & 0xC0 == 0x80:
        offset -= 1
    return offset


def _underlines(places: Sequence[_Place], look: Look, kind: str) -> list[str]:
    """The rows under a line: all marks in the first, the rightmost mark's text beside it, each other text in
    a row.
    """
    ordered = sorted(places, key=lambda place: (place.first, place.mark.is_primary))
    if not ordered:
        return []
    row: list[tuple[str, str]] = [(" ", "")] * max(place.limit for place in ordered)
    for place in sorted(
        ordered, key=lambda place: place.mark.is_primary
    ):  # the primary mark is drawn last, on top
        for column in range(place.first, place.limit):
            row[column] = ("^" if place.mark.is_primary else "-", kind if place.mark.is_primary else "label")
    waiting = [place for place in ordered if place.mark.text]
    head = _painted(row, look)
    if waiting and waiting[-1] is ordered[-1] and waiting[-1].limit == len(row):
        last = waiting.pop()
        head += " " + look.paint(_style(last, kind), text.shown(last.mark.text))
    rows = [head]
    while waiting:
        place = waiting.pop()
        line: list[tuple[str, str]] = [(" ", "")] * place.first
        for other in waiting:
            if other.first < place.first:
                line[other.first] = (look.glyphs.bar, _style(other, kind))
        rows.append(_painted(line, look) + look.paint(_style(place, kind), text.shown(place.mark.text)))
    return rows


def _style(place: _Place, kind: str) -> str:
    return kind if place.mark.is_primary else "label"


def _painted(row: Sequence[tuple[str, str]], look: Look) -> str:
    pieces: list[str] = []
    start = 0
    for index in range(1, len(row) + 1):
        if index == len(row) or row[index][1] != row[start][1]:
            piece = "".join(character for character, _ in row[start:index])
            pieces.append(look.paint(row[start][1], piece) if row[start][1] else piece)
            start = index
    return "".join(pieces)
