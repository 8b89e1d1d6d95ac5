"""The manifest `sigil.toml`: what it may say, and where in the file it said it.

tomllib parses; positions come from a scan of our own over the lines, because tomllib gives none. The scan
only has to find keys that tomllib has accepted, so it may be simple: a table header or a key at the start of
a line.
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sigil.results import Diagnostic, Severity, Span

if sys.version_info >= (3, 11):
    import tomllib
else:  # 3.10
    import tomli as tomllib

MANIFEST = "sigil.toml"


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest's values, with the defaults of the reference's chapter 3."""

    name: str = "program"
    version: str = "0.1.0"
    src: str = "src"
    entry: str = "main"
    profile: str = "debug"
    cc: str | None = None
    cflags: tuple[str, ...] = ()
    launcher: str | None = None
    jobs: int | None = None
    coverage: str = "error"
    max_threads: int | None = None
    stack_bytes: int | None = None
    priority: str = "normal"
    schedule: str = "signatures"
    dependencies: dict[str, str] = field(default_factory=dict)


# ---- one row per key: table, key, field of Manifest, check -> (value, what was expected) -------------------

Check = Callable[[Any], Any]  # returns the value to keep; raises ValueError with what was expected


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text")
    return value


def _name(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        raise ValueError("a text like a name: letters, digits and `_`")
    return value


def _version(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?", value):
        raise ValueError('a semantic version such as "1.0.0"')
    return value


def _path_inside(value: Any) -> str:
    if not isinstance(value, str) or Path(value).is_absolute() or ".." in Path(value).parts:
        raise ValueError("a path inside the project")
    return value


def _module(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*", value):
        raise ValueError('a module such as "main"')
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("a list of texts")
    return tuple(value)


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 1024:
        raise ValueError("an integer from 1 to 1024")
    return value


def _size(value: Any) -> int:
    units = {"b": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30}
    match = re.fullmatch(r"(\d+)(b|kb|mb|gb)", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('a size such as "4mb"')
    return int(match[1]) * units[match[2]]


def _one_of(*choices: str) -> Check:
    def check(value: Any) -> str:
        if value not in choices:
            raise ValueError(" or ".join(f'"{choice}"' for choice in choices))
        return str(value)

    return check


KEYS: dict[tuple[str, str], tuple[str, Check]] = {
    ("project", "name"): ("name", _name),
    ("project", "version"): ("version", _version),
    ("project", "src"): ("src", _path_inside),
    ("project", "entry"): ("entry", _module),
    ("build", "profile"): ("profile", _one_of("debug", "release")),
    ("build", "cc"): ("cc", _text),
    ("build", "cflags"): ("cflags", _texts),
    ("build", "launcher"): ("launcher", _text),
    ("build", "jobs"): ("jobs", _count),
    ("tests", "coverage"): ("coverage", _one_of("error", "warn", "off")),
    ("threads", "max"): ("max_threads", _count),
    ("threads", "stack"): ("stack_bytes", _size),
    ("threads", "priority"): ("priority", _one_of("low", "normal", "high")),
    ("threads", "schedule"): ("schedule", _one_of("levels", "signatures")),
}
TABLES = ("project", "build", "tests", "threads", "dependencies")


class _Positions:
    """Where each table and key of a manifest stands."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tables: dict[str, tuple[int, int]] = {}  # start and end in code points
        self.keys: dict[tuple[str, str], tuple[int, int]] = {}
        table = ""
        start = 0
        for line in text.splitlines(keepends=True):
            if header := re.match(r"\s*\[+\s*([^\]\[]+?)\s*\]+", line):
                table = header[1].strip().strip("\"'")
                self.tables.setdefault(table, (start + header.start(1), start + header.end(1)))
            elif key := re.match(r"\s*(?:\"([^\"]*)\"|'([^']*)'|([A-Za-z0-9_.-]+))\s*=", line):
                name = key[1] or key[2] or key[3] or ""
                where = (start + key.start(key.lastindex or 0), start + key.end(key.lastindex or 0))
                if table == "" and "." in name:  # project.name = "…"
                    head, _, name = name.partition(".")
                    self.tables.setdefault(head, where)
                    self.keys.setdefault((head, name), where)
                else:
                    self.keys.setdefault((table, name), where)
                    if table == "":
                        self.tables.setdefault(name, where)
            start += len(line)

    def span(self, where: tuple[int, int] | None) -> Span:
        start, end = where or (0, 0)
        return manifest_span(self.text, start, end)

    def of(self, table: str, key: str) -> Span:
        return self.span(self.keys.get((table, key)) or self.tables.get(table))


def span_of(content: bytes, table: str, key: str) -> Span:
    """Where a key of a manifest stands, else its table, else the beginning."""
    return _Positions(content.decode("utf-8", "replace")).of(table, key)


def manifest_span(text: str, start: int, end: int) -> Span:
    """A span of the manifest from offsets in code points."""
    line = text.count("\n", 0, start) + 1
    column = start - (text.rfind("\n", 0, start) + 1) + 1
    end_line = text.count("\n", 0, end) + 1
    end_column = end - (text.rfind("\n", 0, end) + 1) + 1
    byte_start = len(text[:start].encode())
    byte_end = byte_start + len(text[start:end].encode())
    return Span(MANIFEST, byte_start, byte_end, line, column, end_line, end_column)


def _bad(message: str, span: Span) -> Diagnostic:
    return Diagnostic("E0291", Severity.ERROR, message, span)


def _unknown(name: str, known: list[str], span: Span) -> Diagnostic:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    notes = (f"did you mean `{near[0]}`?",) if near else ()
    return Diagnostic("W0290", Severity.WARNING, f"unknown key `{name}`", span, notes=notes)


def parse(content: bytes) -> tuple[Manifest, list[Diagnostic]]:
    """The manifest in `content` and what is wrong with it. Keys that are wrong keep their defaults."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        span = Span(MANIFEST, error.start, error.end, line, column, line, column + 1)
        return Manifest(), [Diagnostic("E0001", Severity.ERROR, f"invalid UTF-8 at byte {error.start}", span)]
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Manifest(), [_syntax_error(text, str(error))]
    except RecursionError:
        return Manifest(), [_bad("this is nested too deeply", manifest_span(text, 0, 0))]
    positions = _Positions(text)
    problems: list[Diagnostic] = []
    fields: dict[str, Any] = {}
    for table, key, value in _entries(values, positions, problems):
        row = KEYS.get((table, key))
        if table == "dependencies":
            if isinstance(value, dict) and set(value) == {"path"} and isinstance(value["path"], str):
                fields.setdefault("dependencies", {})[key] = value["path"]
            else:
                message = f'`{key}` must be a table with a path: {{ path = "../other" }}'
                problems.append(_bad(message, positions.of(table, key)))
        elif row is None:
            known = [name for (owner, name) in KEYS if owner == table]
            problems.append(_unknown(key, known, positions.of(table, key)))
        else:
            try:
                fields[row[0]] = row[1](value)
            except ValueError as expected:
                problems.append(_bad(f"`{key}` must be {expected}", positions.of(table, key)))
    if "name" not in fields and not any(problem.is_error for problem in problems):
        problems.append(_bad("`[project] name` is missing", positions.of("project", "name")))
    problems.sort(key=lambda problem: (problem.span.byte_start if problem.span else 0, problem.code))
    return Manifest(**fields), problems


def _entries(
    values: dict[str, Any], positions: _Positions, problems: list[Diagnostic]
) -> Iterator[tuple[str, str, Any]]:
    for table, content in values.items():
        if table not in TABLES:
            problems.append(_unknown(table, list(TABLES), positions.of(table, "")))
        elif not isinstance(content, dict):
            problems.append(_bad(f"`{table}` must be a table", positions.of(table, "")))
        else:
            for key, value in content.items():
                yield table, key, value


def _syntax_error(text: str, message: str) -> Diagnostic:
    place = re.search(r"\(at line (\d+), column (\d+)\)", message)
    start = len(text)
    if place:
        lines = text.splitlines(keepends=True)
        start = sum(len(line) for line in lines[: int(place[1]) - 1]) + int(place[2]) - 1
        message = message[: place.start()].strip()
    start = min(start, len(text))
    return _bad(f"this is not TOML: {message}", manifest_span(text, start, start))
