"""Runs every `.si` file below this folder and compares what happens with what its comments expect.

Each folder is a chapter of the reference, each name says the rule. Expectations:

    // prints: TEXT            a line of standard output; several lines in order (an empty one: `// prints:`)
    // status: N               exit status (0 when output is expected and nothing else is said; 101 with `panics`)
    // stderr: TEXT            a line of standard error; several lines in order
    // panics: TEXT            the message of the panic that ends the program
    … // panic at 12           the place of that panic: this line, and the column
    … // error E0301: TEXT     a diagnostic that begins on this line; TEXT is part of its message, label, notes or fixes
    … // error E0301 at 12     the same, with the column
    … // error                 an error of whatever code (where the reference leaves the code open)
    … // warning W0242         likewise
    // warnings: ignored       warnings of this file are not compared
    // coverage: warn          off (where nothing is said), warn, error, or manifest: what the manifest or its default says
    // test NAME: passed       the outcome of a test: passed, skipped REASON, or failed TEXT (part of the failure's message)

A file that expects output, a status or a panic is built and run; one that expects outcomes of tests has its tests run;
any other file is only checked. What is not expected must not happen. In `sigil.toml` the comments begin with `#`. A folder
that holds `sigil.toml` is one case as a whole: its expectations stand in its files. Files in folders named `_helpers`
are no cases of their own; they are there to be imported.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import sigil
from sigil import discover

HERE = Path(__file__).resolve().parent
MARK = re.compile(
    r"(?://|#)\s*(error|warning)(?:\s+([EW]\d{4}))?(?:\s+at\s+(\d+))?(?::\s*(.*?))?\s*(?=//\s*(?:error|warning)\b|$)"
)
PLACE = re.compile(r"//\s*panic at (\d+)\s*$")
OUTCOME = re.compile(r"// test (\w+): (passed|failed|skipped)\s*(.*)$")


@dataclass(frozen=True)
class Mark:
    """A diagnostic that must be there. Without a code, any error (or warning) is meant."""

    file: str
    line: int
    kind: str
    code: str | None
    column: int | None
    text: str

    def fits(self, diagnostic: sigil.Diagnostic) -> bool:
        span = diagnostic.span
        assert span is not None
        return (
            (self.file, self.line) == (span.file, span.line)
            and self.code in (None, diagnostic.code)
            and (self.kind == "error") == diagnostic.is_error
            and self.column in (None, span.column)
        )


@dataclass
class Expectation:
    prints: list[str] = field(default_factory=list)
    stderr: list[str] = field(default_factory=list)
    status: int | None = None
    panics: str | None = None
    panic_place: str | None = None
    ignore_warnings: bool = False
    coverage: str | None = "off"
    marks: list[Mark] = field(default_factory=list)
    outcomes: dict[str, tuple[str, str]] = field(default_factory=dict)  # of tests: name to status and text

    @property
    def runs(self) -> bool:
        return bool(self.prints or self.stderr) or self.status is not None or self.panics is not None


def lines_of(path: Path) -> list[str]:
    """A CR LF and a lone CR end a line, too."""
    text = path.read_bytes().decode("utf-8", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def expectations(files: dict[str, Path]) -> Expectation:
    found = Expectation()
    for shown, path in files.items():
        for number, line in enumerate(lines_of(path), 1):
            text = line.strip()
            if text.startswith("// prints:"):
                found.prints.append(text.removeprefix("// prints:").removeprefix(" "))
            elif text.startswith("// stderr:"):
                found.stderr.append(text.removeprefix("// stderr:").removeprefix(" "))
            elif text.startswith("// status:"):
                found.status = int(text.removeprefix("// status:"))
            elif text.startswith("// panics:"):
                found.panics = text.removeprefix("// panics:").strip()
            elif text.startswith("// coverage:"):
                word = text.removeprefix("// coverage:").strip()
                found.coverage = None if word == "manifest" else word
            elif text == "// warnings: ignored":
                found.ignore_warnings = True
            elif outcome := OUTCOME.match(text):
                found.outcomes[outcome[1]] = (outcome[2], outcome[3])
            else:
                if place := PLACE.search(line):
                    found.panic_place = f"{shown}:{number}:{place[1]}"
                for mark in MARK.finditer(line):
                    column = int(mark[3]) if mark[3] else None
                    found.marks.append(Mark(shown, number, mark[1], mark[2], column, (mark[4] or "").strip()))
    return found


def cases() -> list[Path]:
    projects = sorted(path.parent for path in HERE.rglob("sigil.toml"))
    files = [
        path
        for path in HERE.rglob("*.si")
        if not any(project in path.parents for project in projects) and "_helpers" not in path.parts
    ]
    return sorted([*projects, *files])


def name_of(path: Path) -> str:
    return path.relative_to(HERE).as_posix()


def files_of(path: Path, project: discover.Project) -> dict[str, Path]:
    """What holds expectations: the files of a single-file project, everything below a project's folder."""
    if path.is_file():
        return {file.shown: file.path for file in project.own_files}
    files = [file for file in path.rglob("*") if file.suffix in (".si", ".toml")]
    return {file.relative_to(path).as_posix(): file for file in sorted(files)}


@pytest.mark.parametrize("path", cases(), ids=name_of)
def test_case(path: Path, tmp_path: Path) -> None:
    project = discover.project(path)
    expected = expectations(files_of(path, project))
    if expected.outcomes:
        compare_outcomes(project, expected)
        return
    workspace = sigil.Workspace(project, pool=sigil.ThreadPoolConfig(max_threads=2, stack_size=2 << 20))
    if not expected.runs:
        compare_diagnostics(workspace.check(coverage=expected.coverage).diagnostics, expected)
        return
    result = workspace.build(output=tmp_path / "program", coverage=expected.coverage)
    compare_diagnostics(result.diagnostics, expected)
    assert result.executable is not None, "there is nothing to run"
    ran = subprocess.run(
        [result.executable],
        capture_output=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        env={"SIGIL_CHECK_LEAKS": "1", "PATH": "/usr/bin:/bin"},
        check=False,
    )
    said = ran.stderr.decode("utf-8", "replace")
    assert ran.stdout.decode("utf-8", "replace").split("\n") == [*expected.prints, ""], said
    status = expected.status if expected.status is not None else (101 if expected.panics is not None else 0)
    assert ran.returncode == status, said
    lines = said.split("\n")
    if expected.panics is not None:
        assert lines[0] == f"panic: {expected.panics}"
    if expected.panic_place is not None:
        assert lines[1] == f"  at {expected.panic_place}"
    if expected.stderr:
        assert lines == [*expected.stderr, ""]


def compare_outcomes(project: discover.Project, expected: Expectation) -> None:
    result = sigil.test(project, coverage=expected.coverage)
    compare_diagnostics(result.diagnostics, expected)
    outcomes = {outcome.name: outcome for outcome in result.outcomes}
    assert {name: outcome.status for name, outcome in outcomes.items()} == {
        name: status for name, (status, _) in expected.outcomes.items()
    }
    for name, (status, text) in expected.outcomes.items():
        outcome = outcomes[name]
        if status == "skipped":
            assert text in (outcome.reason or "")
        elif status == "failed":
            assert outcome.failure is not None
            assert text in outcome.failure.message


def compare_diagnostics(diagnostics: tuple[sigil.Diagnostic, ...], expected: Expectation) -> None:
    wanted = list(expected.marks)
    surprises = []
    for diagnostic in diagnostics:
        if expected.ignore_warnings and not diagnostic.is_error:
            continue
        mark = next((mark for mark in wanted if mark.fits(diagnostic)), None)
        if mark is None:
            span = diagnostic.span
            assert span is not None
            surprises.append(
                f"{span.file}:{span.line}:{span.column}: {diagnostic.code}: {diagnostic.message}"
            )
            continue
        everything = [diagnostic.message, diagnostic.primary_label, *diagnostic.notes]
        everything += [label.text for label in diagnostic.labels]
        for fix in diagnostic.fixes:
            everything += [fix.title, *(edit.text for edit in fix.edits)]
        assert mark.text in "\n".join(everything), f"line {mark.line}: {diagnostic.code} says {everything!r}"
        wanted.remove(mark)
    if surprises or wanted:
        missing = [
            f"{m.file}:{m.line}{f':{m.column}' if m.column else ''}: {m.code or m.kind} {m.text}".rstrip()
            for m in wanted
        ]
        pytest.fail(
            "unexpected:\n  " + "\n  ".join(surprises) + "\nmissing:\n  " + "\n  ".join(missing),
            pytrace=False,
        )
