"""The outcomes of tests as people, programs and JUnit's readers see them."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ElementTree

from sigil.report.console import Console, Look
from sigil.report.tests import TestReport, junit
from sigil.results import TestFailure, TestOutcome, TestResult

RESULT = TestResult(
    outcomes=(
        TestOutcome("test_add", "math", "passed", ("add",), 2, 0.12, output="noise\n"),
        TestOutcome(
            "test_sub",
            "math",
            "failed",
            ("sub", "add"),
            1,
            3.0,
            TestFailure("assert_eq", "assertion failed", "1", "2", "src/math.si", 5, 9),
            "said\x1b[2J\nmore\n",
        ),
        TestOutcome("test_later", "math", "skipped", ("later",), reason="not yet"),
        TestOutcome(
            "test_slow",
            "text.words",
            "failed",
            (),
            0,
            60_000.0,
            TestFailure("timeout", "it ran longer than 60 s", None, None, "src/text/words.si", 7, 2),
        ),
    )
)


def report(form: str, result: TestResult = RESULT, *, show_output: bool = False, prefix: str = "") -> str:
    out = io.StringIO()
    console = Console(out, io.StringIO(), Look(), Look(), False)
    printer = TestReport(console, form, show_output)
    printer.add(result, prefix)
    printer.end()
    return out.getvalue()


def test_the_human_report() -> None:
    assert report("human") == (
        "math\n"
        "  ✓ @test_add (2 assertions, 0.1 ms)\n"
        "  ✗ @test_sub (1 assertion, 3.0 ms)\n"
        "      assertion failed\n"
        "        actual:   1\n"
        "        expected: 2\n"
        "      at src/math.si:5:9\n"
        "      output:\n"
        "        │ said\\u{1b}[2J\n"
        "        │ more\n"
        "  - @test_later (skipped: not yet)\n"
        "text.words\n"
        "  ✗ @test_slow (0 assertions, 1 min 0 s)\n"
        "      timeout: it ran longer than 60 s\n"
        "      at src/text/words.si:7:2\n"
        "1 passed, 2 failed, 1 skipped\n"
    )


def test_output_of_passing_tests_only_when_asked_for() -> None:
    assert "noise" not in report("human")
    assert "        │ noise\n" in report("human", show_output=True)


def test_the_json_report_has_the_keys_of_the_reference() -> None:
    lines = [json.loads(line) for line in report("json").splitlines()]
    assert len(lines) == 5
    assert lines[0] == {
        "name": "test_add",
        "module": "math",
        "status": "passed",
        "assertions": 2,
        "time_ms": 0.12,
        "targets": ["add"],
    }
    assert lines[1]["failure"] == {
        "kind": "assert_eq",
        "message": "assertion failed",
        "actual": "1",
        "expected": "2",
        "file": "src/math.si",
        "line": 5,
        "column": 9,
    }
    assert lines[2]["status"] == "skipped" and lines[2]["reason"] == "not yet"
    summary = lines[4]["summary"]
    assert (summary["passed"], summary["failed"], summary["skipped"]) == (1, 2, 1)


def test_no_tests_at_all() -> None:
    assert report("human", TestResult()) == "0 passed, 0 failed, 0 skipped\n"
    assert json.loads(report("json", TestResult()))["summary"]["passed"] == 0


def test_junit_is_well_formed_and_counts() -> None:
    document = ElementTree.fromstring(report("junit"))
    assert document.tag == "testsuites"
    assert (document.get("tests"), document.get("failures"), document.get("skipped")) == ("4", "2", "1")
    suites = {suite.get("name"): suite for suite in document}
    assert list(suites) == ["math", "text.words"]
    cases = {case.get("name"): case for case in suites["math"]}
    failure = cases["test_sub"].find("failure")
    assert failure is not None and failure.get("type") == "assert_eq"
    assert failure.text == "assertion failed\nactual:   1\nexpected: 2\nat src/math.si:5:9"
    skipped = cases["test_later"].find("skipped")
    assert skipped is not None and skipped.get("message") == "not yet"
    output = cases["test_sub"].find("system-out")
    assert output is not None and output.text == "said\\u{1b}[2J\nmore\n"


def test_junit_survives_any_text() -> None:
    hostile = "".join(map(chr, [*range(0x20), *b"<>&\"'", 0xFFFE, 0xFFFF, 0xDC80, 0x1F600])) + "]]>"
    outcome = TestOutcome(hostile, hostile, "failed", (), 0, 0.0, TestFailure(hostile, hostile), hostile)
    ElementTree.fromstring(junit([("", TestResult(outcomes=(outcome,)))]))


def test_several_projects_are_told_apart() -> None:
    assert report("human", prefix="one/").startswith("one/math\n")
    assert "at one/src/math.si:5:9" in report("human", prefix="one/")
    assert json.loads(report("json", prefix="one/").splitlines()[1])["failure"]["file"] == "one/src/math.si"
