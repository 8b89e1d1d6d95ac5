"""The outcomes of tests, for people, as JSON lines and as JUnit's XML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sigil.report import summary, text
from sigil.report.console import Console, Look
from sigil.results import TestOutcome, TestResult


@dataclass(slots=True)
class TestReport:
    """Takes the results of one project after another; `end` prints what comes after all of them."""

    console: Console
    form: str = "human"
    show_output: bool = False
    results: list[tuple[str, TestResult]] = field(default_factory=list)

    __test__ = False  # pytest: not a test class

    def add(self, result: TestResult, prefix: str = "") -> None:
        """Reports one project. `prefix` tells its files from those of others."""
        self.results.append((prefix, result))
        if self.form == "human":
            for line in _human(result, self.console.out_look, self.show_output, prefix):
                self.console.say(line)
        elif self.form == "json":
            for outcome in result.outcomes:
                line = json.dumps(as_json(outcome, self.show_output, prefix), ensure_ascii=False)
                self.console.say(line)

    def end(self) -> None:
        """The summary, or the whole document where it is one."""
        outcomes = tuple(outcome for _, result in self.results for outcome in result.outcomes)
        diagnostics = tuple(found for _, result in self.results for found in result.diagnostics)
        total = TestResult(outcomes=outcomes, diagnostics=diagnostics)
        if self.form == "human":
            self.console.say(summary.tests_line(total, self.console.out_look))
        elif self.form == "json":
            counts = {
                "passed": total.passed,
                "failed": total.failed,
                "skipped": total.skipped,
                "errors": total.errors,
                "warnings": total.warnings,
                "time_ms": round(sum(outcome.time_ms for outcome in outcomes), 3),
            }
            self.console.say(json.dumps({"summary": counts}))
        else:
            self.console.say(junit(self.results))


# ---- people ------------------------------------------------------------------------------------------------


def _human(result: TestResult, look: Look, show_output: bool, prefix: str) -> Iterable[str]:
    module: str | None = None
    for outcome in result.outcomes:
        if outcome.module != module:
            module = outcome.module
            yield look.paint("strong", f"{prefix}{text.shown(module)}")
        yield f"  {_headline(outcome, look)}"
        yield from (f"      {line}" for line in _details(outcome, look, prefix))
        if outcome.output and (show_output or outcome.status == "failed"):
            yield "      output:"
            for line in outcome.output.splitlines():
                yield f"        {look.paint('gutter', look.glyphs.bar)} {text.shown(line)}"


def _headline(outcome: TestOutcome, look: Look) -> str:
    name = f"@{text.shown(outcome.name)}"
    if outcome.status == "skipped":
        reason = f": {text.shown(outcome.reason)}" if outcome.reason else ""
        return f"{look.paint('faint', look.glyphs.skipped)} {name} (skipped{reason})"
    passed = outcome.status == "passed"
    mark = look.paint("good", look.glyphs.good) if passed else look.paint("error", look.glyphs.bad)
    count = summary.counted(outcome.assertions, "assertion")
    return f"{mark} {name} ({count}, {summary.duration(outcome.time_ms / 1e3)})"


def _details(outcome: TestOutcome, look: Look, prefix: str) -> Iterable[str]:
    failure = outcome.failure
    if failure is None:
        return
    kind = (
        ""
        if failure.kind in ("panic", "assert") or failure.kind.startswith("assert")
        else f"{failure.kind}: "
    )
    yield from (look.paint("error", line) for line in text.message(f"{kind}{failure.message}").split("\n"))
    if failure.actual is not None or failure.expected is not None:
        yield f"  actual:   {text.message(failure.actual or '')}"
        yield f"  expected: {text.message(failure.expected or '')}"
    if failure.file is not None:
        yield f"at {prefix}{text.shown(failure.file)}:{failure.line}:{failure.column}"


# ---- programs ----------------------------------------------------------------------------------------------


def as_json(outcome: TestOutcome, show_output: bool = False, prefix: str = "") -> dict[str, Any]:
    """The object for one test, with the keys of the reference's chapter 9."""
    told: dict[str, Any] = {
        "name": outcome.name,
        "module": outcome.module,
        "status": outcome.status,
        "assertions": outcome.assertions,
        "time_ms": round(outcome.time_ms, 3),
        "targets": list(outcome.targets),
    }
    if prefix:
        told["project"] = prefix
    if outcome.reason is not None:
        told["reason"] = outcome.reason
    if outcome.failure is not None:
        failure = outcome.failure
        told["failure"] = {
            "kind": failure.kind,
            "message": failure.message,
            "actual": failure.actual,
            "expected": failure.expected,
            "file": failure.file and prefix + failure.file,
            "line": failure.line,
            "column": failure.column,
        }
    if outcome.output and (show_output or outcome.failure is not None):
        told["output"] = outcome.output
    return told


_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _xml(value: str, *, quoted: bool = False) -> str:
    """Text for XML; what XML 1.0 cannot hold at all becomes an escape of ours."""
    value = _NOT_XML.sub(lambda found: f"\\u{{{ord(found[0]):x}}}", value)
    value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if quoted:
        value = (
            value.replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;").replace("\r", "&#13;")
        )
    return value


def junit(results: Iterable[tuple[str, TestResult]]) -> str:
    """All results as one document in the form that JUnit's readers agree on: a suite for each module."""
    rows = ['<?xml version="1.0" encoding="UTF-8"?>']
    suites: dict[str, list[TestOutcome]] = {}
    for prefix, result in results:
        for outcome in result.outcomes:
            suites.setdefault(prefix + outcome.module, []).append(outcome)
    everything = [outcome for outcomes in suites.values() for outcome in outcomes]
    rows.append(f"<testsuites {_counts(everything)}>")
    for name, outcomes in suites.items():
        rows.append(f'  <testsuite name="{_xml(name, quoted=True)}" {_counts(outcomes)}>')
        for outcome in outcomes:
            rows += _case(name, outcome)
        rows.append("  </testsuite>")
    rows.append("</testsuites>")
    return "\n".join(rows)


def _counts(outcomes: list[TestOutcome]) -> str:
    failed = sum(outcome.status == "failed" for outcome in outcomes)
    skipped = sum(outcome.status == "skipped" for outcome in outcomes)
    seconds = sum(outcome.time_ms for outcome in outcomes) / 1e3
    return f'tests="{len(outcomes)}" failures="{failed}" errors="0" skipped="{skipped}" time="{seconds:.6f}"'


def _case(suite: str, outcome: TestOutcome) -> list[str]:
    head = (
        f'    <testcase name="{_xml(outcome.name, quoted=True)}" classname="{_xml(suite, quoted=True)}"'
        f' time="{outcome.time_ms / 1e3:.6f}"'
    )
    inside: list[str] = []
    if outcome.status == "skipped":
        inside.append(f'      <skipped message="{_xml(outcome.reason or "", quoted=True)}"/>')
    if outcome.failure is not None:
        failure = outcome.failure
        body = [failure.message]
        if failure.actual is not None or failure.expected is not None:
            body += [f"actual:   {failure.actual or ''}", f"expected: {failure.expected or ''}"]
        if failure.file is not None:
            body.append(f"at {failure.file}:{failure.line}:{failure.column}")
        words = _xml("\n".join(body))
        message = _xml(failure.message, quoted=True)
        inside.append(
            f'      <failure type="{_xml(failure.kind, quoted=True)}" message="{message}">{words}</failure>'
        )
    if outcome.output:
        inside.append(f"      <system-out>{_xml(outcome.output)}</system-out>")
    return [f"{head}>", *inside, "    </testcase>"] if inside else [f"{head}/>"]
