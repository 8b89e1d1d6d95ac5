"""The manifest: its values, and that everything wrong with it is found at its place."""

from __future__ import annotations

import pytest

from sigil import config

GOOD = """\
# a project
[project]
name = "words"
version = "1.2.3-beta.1"
src = "source"
entry = "app.main"

[build]
profile = "release"
cc = "clang"
cflags = ["-march=native"]
launcher = "ccache"
jobs = 3

[tests]
coverage = "off"

[threads]
max = 4
stack = "8mb"
priority = "low"
schedule = "levels"
"""


def test_every_key_lands_in_its_field() -> None:
    manifest, problems = config.parse(GOOD.encode())
    assert problems == []
    assert manifest == config.Manifest(
        name="words",
        version="1.2.3-beta.1",
        src="source",
        entry="app.main",
        profile="release",
        cc="clang",
        cflags=("-march=native",),
        launcher="ccache",
        jobs=3,
        coverage="off",
        max_threads=4,
        stack_bytes=8 << 20,
        priority="low",
        schedule="levels",
    )


def test_only_the_name_is_required() -> None:
    manifest, problems = config.parse(b'[project]\nname = "p"\n')
    assert problems == []
    assert (manifest.src, manifest.entry, manifest.profile, manifest.coverage) == (
        "src",
        "main",
        "debug",
        "error",
    )
    _, problems = config.parse(b"")
    assert [problem.code for problem in problems] == ["E0291"]


@pytest.mark.parametrize(
    ("line", "table"),
    [
        ("name = 3", "project"),
        ('name = "two words"', "project"),
        ('version = "1"', "project"),
        ('src = "/absolute"', "project"),
        ('src = "../up"', "project"),
        ("entry = []", "project"),
        ('profile = "fast"', "build"),
        ("cc = 1", "build"),
        ('cflags = "-O3"', "build"),
        ("cflags = [1]", "build"),
        ("jobs = 0", "build"),
        ("jobs = true", "build"),
        ('coverage = "maybe"', "tests"),
        ('max = "all"', "threads"),
        ('stack = "8"', "threads"),
        ("stack = 8", "threads"),
        ('priority = "urgent"', "threads"),
        ('schedule = "none"', "threads"),
    ],
)
def test_a_wrong_value_is_an_error_at_its_key(line: str, table: str) -> None:
    name = "" if line.startswith("name") else '[project]\nname = "p"\n'
    header = "" if table == "project" and name else f"[{table}]\n"
    text = f"{name}{header}{line}\n"
    manifest, problems = config.parse(text.encode())
    (problem,) = problems
    key = line.split()[0]
    assert problem.code == "E0291" and problem.is_error
    assert problem.message.startswith(f"`{key}` must be ")
    assert problem.span is not None
    assert text.encode()[problem.span.byte_start : problem.span.byte_end].decode() == key
    assert problem.span.line == text[: problem.span.byte_start].count("\n") + 1
    assert problem.span.column == 1
    assert manifest.jobs is None and manifest.src == "src"  # what is wrong keeps its default


def test_an_unknown_key_is_a_warning_with_the_nearest_known_one() -> None:
    text = '[project]\nname = "p"\n[build]\nproflie = "debug"\n[teste]\nx = 1\n'
    _, problems = config.parse(text.encode())
    assert [(problem.code, problem.message, problem.notes) for problem in problems] == [
        ("W0290", "unknown key `proflie`", ("did you mean `profile`?",)),
        ("W0290", "unknown key `teste`", ("did you mean `tests`?",)),
    ]
    assert [problem.span and problem.span.line for problem in problems] == [4, 5]


def test_a_table_that_is_no_table_is_an_error() -> None:
    _, problems = config.parse(b'build = 3\n[project]\nname = "p"\n')
    assert [(problem.code, problem.message) for problem in problems] == [("E0291", "`build` must be a table")]


def test_positions_count_code_points_but_bytes_for_bytes() -> None:
    text = '[project]\nname = "p"\nversion = "ä" \njobs2 = 1\n'
    _, problems = config.parse(text.encode())
    assert [problem.code for problem in problems] == ["E0291", "W0290"]
    span = problems[1].span
    assert span is not None
    assert text.encode()[span.byte_start : span.byte_end] == b"jobs2"
    assert (span.line, span.column, span.end_column) == (4, 1, 6)


def test_quoted_and_dotted_keys_are_found() -> None:
    text = 'project.name = "p"\nbuild.jobs = "x"\n[tests]\n"coverage" = 5\n'
    _, problems = config.parse(text.encode())
    spans = [problem.span for problem in problems]
    assert [span and span.line for span in spans] == [2, 4]


def test_what_is_not_toml_is_an_error_where_it_ends_to_be() -> None:
    _, (problem,) = config.parse(b'[project]\nname = "p\n')
    assert problem.code == "E0291"
    assert problem.message.startswith("this is not TOML: ")
    assert problem.span is not None and problem.span.line == 2


def test_invalid_utf8_gives_the_byte() -> None:
    _, (problem,) = config.parse(b'[project]\nname = "p\xff"\n')
    assert (problem.code, problem.message) == ("E0001", "invalid UTF-8 at byte 19")
    assert problem.span is not None
    assert (problem.span.line, problem.span.column) == (2, 10)


def test_a_byte_order_mark_is_refused() -> None:
    _, (problem,) = config.parse(b'\xef\xbb\xbf[project]\nname = "p"\n')
    assert problem.is_error
    assert problem.span is not None and problem.span.line == 1


def test_deeply_nested_toml_is_an_error_and_no_crash() -> None:
    _, problems = config.parse(b"x = " + b"[" * 100_000)
    assert problems and problems[0].code == "E0291"
