"""Runs every `.si` file below this folder and compares what happens with what its comments expect.

Each folder is a chapter of the reference, each name says the rule. Expectations:

    // prints: TEXT            a line of standard output; several lines in order (an empty one: `// prints:`)
    // status: N               exit status (0 when output is expected and nothing else is said; 101 with `panics`)
    // panics: TEXT            the message of the panic that ends the program
    … // error E0301: TEXT     a diagnostic that begins on this line; TEXT is part of its message, and may be left out
    … // error E0301 at 12     the same, with the column
    … // warning W0242         likewise
    // warnings: ignored       warnings of this file are not compared

A file that expects output, a status or a panic is built and run; any other file is only checked. What is not expected
must not happen. A folder that holds `sigil.toml` is one case as a whole: its expectations stand in its files.
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
MARK = re.compile(r"//\s*(error|warning)\s+([EW]\d{4})(?:\s+at\s+(\d+))?(?::\s*(.*?))?\s*(?=//\s*(?:error|warning)\s+[EW]\d{4}|$)")


@dataclass
class Expectation:
    prints: list[str] = field(default_factory=list)
    status: int | None = None
    panics: str | None = None
    ignore_warnings: bool = False
    marks: list[tuple[str, int, str, int | None, str]] = field(default_factory=list)  # file, line, code, column, text

    @property
    def runs(self) -> bool:
        return bool(self.prints) or self.status is not None or self.panics is not None


def expectations(files: dict[str, Path]) -> Expectation:
    found = Expectation()
    for shown, path in files.items():
        for number, line in enumerate(path.read_bytes().decode("utf-8", "replace").split("\n"), 1):
            text = line.strip()
            if text.startswith("// prints:"):
                found.prints.append(text.removeprefix("// prints:").removeprefix(" "))
            elif text.startswith("// status:"):
                found.status = int(text.removeprefix("// status:"))
            elif text.startswith("// panics:"):
                found.panics = text.removeprefix("// panics:").strip()
            elif text == "// warnings: ignored":
                found.ignore_warnings = True
            else:
                for mark in MARK.finditer(line):
                    column = int(mark[3]) if mark[3] else None
                    found.marks.append((shown, number, mark[2], column, (mark[4] or "").strip()))
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


@pytest.mark.parametrize("path", cases(), ids=name_of)
def test_case(path: Path, tmp_path: Path) -> None:
    project = discover.project(path)
    expected = expectations({file.shown: file.path for file in project.own_files})
    workspace = sigil.Workspace(project, pool=sigil.ThreadPoolConfig(max_threads=2, stack_size=2 << 20))
    if expected.runs:
        result = workspace.build(output=tmp_path / "program", coverage="off")
    else:
        result = workspace.check(coverage="off")
    compare_diagnostics(result.diagnostics, expected)
    if not expected.runs:
        return
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
    if expected.panics is not None:
        assert said.split("\n")[0] == f"panic: {expected.panics}"


def compare_diagnostics(diagnostics: tuple[sigil.Diagnostic, ...], expected: Expectation) -> None:
    wanted = list(expected.marks)
    surprises = []
    for diagnostic in diagnostics:
        if expected.ignore_warnings and not diagnostic.is_error:
            continue
        span = diagnostic.span
        assert span is not None
        for mark in wanted:
            file, line, code, column, text = mark
            if (file, line, code) == (span.file, span.line, diagnostic.code) and column in (None, span.column):
                everything = "\n".join(
                    [diagnostic.message, diagnostic.primary_label, *diagnostic.notes, *(fix.title for fix in diagnostic.fixes)]
                )
                assert text in everything, f"line {line}: {code} says {everything!r}"
                wanted.remove(mark)
                break
        else:
            surprises.append(f"{span.file}:{span.line}:{span.column}: {diagnostic.code}: {diagnostic.message}")
    assert not surprises and not wanted, "unexpected:\n  " + "\n  ".join(surprises) + f"\nmissing: {wanted}"
