"""What the library answers with: small frozen objects that know nothing of terminals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any


class Severity(IntEnum):
    """How bad a diagnostic is; the order is the order of badness."""

    NOTE = 0
    WARNING = 1
    ERROR = 2


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a file. Lines and columns count from 1, columns in code points; ends are exclusive."""

    file: str
    byte_start: int
    byte_end: int
    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Label:
    """A second place that a diagnostic points at."""

    span: Span | None
    text: str


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace what `span` covers by `text`."""

    span: Span | None
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that would mend the mistake; certain ones can be applied without asking."""

    title: str
    is_certain: bool
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that the compiler has to say about a program."""

    code: str
    severity: Severity
    message: str
    span: Span | None
    primary_label: str = ""
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    def spans(self) -> list[Span]:
        """Every place that it points at, the primary one first."""
        places = [self.span, *(label.span for label in self.labels)]
        return [place for place in places if place is not None]

    def as_json(self) -> dict[str, Any]:
        """The object that `--format json` prints: the keys of the reference's chapter 13."""
        place = self.span or Span("", 0, 0, 0, 0, 0, 0)
        return {
            "code": self.code,
            "severity": self.severity.name.lower(),
            "message": self.message,
            "file": place.file,
            "line": place.line,
            "column": place.column,
            "end_line": place.end_line,
            "end_column": place.end_column,
            "byte_start": place.byte_start,
            "byte_end": place.byte_end,
            "label": self.primary_label,
            "labels": [_located(label.span, text=label.text) for label in self.labels],
            "notes": list(self.notes),
            "fixes": [
                {
                    "title": fix.title,
                    "is_certain": fix.is_certain,
                    "edits": [_located(edit.span, text=edit.text) for edit in fix.edits],
                }
                for fix in self.fixes
            ],
        }


def _located(span: Span | None, **more: Any) -> dict[str, Any]:
    if span is None:
        return more
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "byte_start": span.byte_start,
        "byte_end": span.byte_end,
        **more,
    }


@dataclass(frozen=True, slots=True)
class StageTime:
    """How long a stage took, in seconds: on the clock, and in CPU time of the whole process."""

    name: str
    wall: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Result:
    """What every operation answers with. `ok` is true when there are no errors.

    `sources` holds the text of the files that diagnostics point into, as it was when they were found.
    """

    diagnostics: tuple[Diagnostic, ...] = ()
    timings: tuple[StageTime, ...] = ()
    threads: int = 0
    lines: int = 0
    modules: int = 0
    functions: int = 0
    sources: Mapping[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    @property
    def ok(self) -> bool:
        return not any(diagnostic.is_error for diagnostic in self.diagnostics)

    @property
    def errors(self) -> int:
        return sum(diagnostic.is_error for diagnostic in self.diagnostics)

    @property
    def warnings(self) -> int:
        return sum(diagnostic.severity is Severity.WARNING for diagnostic in self.diagnostics)


@dataclass(frozen=True, slots=True)
class CheckResult(Result):
    """A project after checking."""


@dataclass(frozen=True, slots=True)
class BuildResult(Result):
    """A project after building: `artifacts` are the files that were made, the executable first if there is
    one.
    """

    artifacts: tuple[Path, ...] = ()
    objects_compiled: int = 0
    objects_reused: int = 0
    compiler: str = ""

    @property
    def executable(self) -> Path | None:
        return self.artifacts[0] if self.artifacts else None


@dataclass(frozen=True, slots=True)
class Test:
    """A test of a checked program. `index` is its number in the test executable; None where it is not part of
    that.
    """

    module: str
    name: str
    file: str
    line: int
    column: int
    targets: tuple[str, ...]
    compile_fail: str | None  # the text that an error must contain
    has_errors: bool  # in its body; of a compile_fail test: what it expects is there
    index: int | None

    __test__ = False  # pytest: not a test class


@dataclass(frozen=True, slots=True)
class Coverage:
    """A function that needs tests, and the tests that target it."""

    module: str
    function: str
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModuleGraph:
    """Who imports whom. Paths begin with what needs nothing; costs are nodes of syntax trees."""

    imports: dict[str, list[str]]
    levels: list[list[str]]  # modules of one level need nothing of each other
    cycles: list[list[str]]  # modules that reach each other, which is an error
    longest_path: list[str]  # of modules
    critical_path: list[str]  # the path that costs the most, critical_cost of total_cost
    critical_cost: int
    total_cost: int


@dataclass(frozen=True, slots=True)
class TestFailure:
    """Why a test failed. `kind` is assert_eq, panic, timeout, compile_fail, crash …"""

    kind: str
    message: str
    actual: str | None = None
    expected: str | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None

    __test__ = False


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """One test that was run, or was not."""

    name: str
    module: str
    status: str  # passed, failed, skipped
    targets: tuple[str, ...] = ()
    assertions: int = 0
    time_ms: float = 0.0
    failure: TestFailure | None = None
    output: str = ""
    reason: str | None = None  # of a skipped one

    __test__ = False


@dataclass(frozen=True, slots=True)
class TestResult(Result):
    """A project's tests after running; in the order of module and position."""

    outcomes: tuple[TestOutcome, ...] = field(default=())

    __test__ = False

    @property
    def passed(self) -> int:
        return sum(outcome.status == "passed" for outcome in self.outcomes)

    @property
    def failed(self) -> int:
        return sum(outcome.status == "failed" for outcome in self.outcomes)

    @property
    def skipped(self) -> int:
        return sum(outcome.status == "skipped" for outcome in self.outcomes)

    @property
    def ok(self) -> bool:
        return self.failed == 0 and not any(diagnostic.is_error for diagnostic in self.diagnostics)
