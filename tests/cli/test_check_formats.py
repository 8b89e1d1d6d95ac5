"""`sigil check --fix`, `--format sarif` and `--format github`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sigil import fixes
from sigil.results import Diagnostic, Edit, Fix, Severity, Span

MANIFEST = '[project]\nname = "p"\n\n[tests]\ncoverage = "off"\n'
BROKEN = '@main () -> void = run(\n    let c: char = "x"; let d = 1;\n    print(.msg: str(c) + str(d)))\n'
MENDED = "@main () -> void = run(\n    let c: char = 'x', let d = 1,\n    print(.msg: str(c) + str(d)))\n"


def test_fix_applies_what_is_certain_and_checks_again(sigil, write) -> None:
    root = write({"p/sigil.toml": MANIFEST, "p/src/main.si": BROKEN})
    main = root / "p/src/main.si"
    main.chmod(0o640)
    done = sigil("check", "p", "--fix")
    assert main.read_text() == MENDED
    assert main.stat().st_mode & 0o777 == 0o640
    assert done.returncode == 0 and done.stdout == ""
    assert "applied 3 fixes in 1 file\n" in done.stderr
    assert [path.name for path in main.parent.iterdir()] == ["main.si"]  # nothing is left behind
    again = sigil("check", "p", "--fix")
    assert "applied" not in again.stderr and again.returncode == 0


def test_fix_leaves_what_is_not_certain(sigil, write) -> None:
    source = "@f (x: int) -> str = x\n"
    root = write({"x.si": source})
    done = sigil("check", "x.si", "--fix", "--coverage", "off")
    assert done.returncode == 1 and "E0301" in done.stdout
    assert (root / "x.si").read_text() == source


def test_fix_goes_through_links(sigil, write) -> None:
    root = write({"p/sigil.toml": MANIFEST, "elsewhere.si": BROKEN, "p/src/other.si": "// nothing\n"})
    (root / "p/src/main.si").symlink_to("../../elsewhere.si")
    sigil("check", "p", "--fix")
    assert (root / "p/src/main.si").is_symlink() and (root / "elsewhere.si").read_text() == MENDED


def _found(start: int, end: int, text: str, *more: tuple[int, int, str], certain: bool = True) -> Diagnostic:
    edits = tuple(
        Edit(Span("a.si", first, last, 1, 1, 1, 1), words)
        for first, last, words in ((start, end, text), *more)
    )
    return Diagnostic("E0101", Severity.ERROR, "m", edits[0].span, fixes=(Fix("t", certain, edits),))


@pytest.mark.parametrize(
    ("found", "count", "text"),
    [
        ([_found(0, 1, "X"), _found(4, 6, "YZ!")], 2, b"X123YZ!6789"),
        ([_found(2, 5, "-"), _found(4, 6, "+")], 1, b"01-56789"),  # overlapping: the first one
        ([_found(3, 3, "a"), _found(3, 3, "b")], 1, b"012a3456789"),  # the same place twice
        ([_found(4, 6, "+"), _found(0, 1, "X", (5, 6, "Y"))], 1, b"0123+6789"),  # whole or not at all
        ([_found(0, 1, "X", certain=False)], 0, None),
        ([_found(1, 2, ""), _found(2, 3, "")], 2, b"03456789"),  # side by side
    ],
)
def test_a_plan_takes_fixes_in_order_where_they_fit(
    found: list[Diagnostic], count: int, text: bytes | None
) -> None:
    applied = fixes.plan(found, {"a.si": b"0123456789"})
    assert applied.count == count
    assert applied.texts.get("a.si") == text


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path) -> None:
    place = tmp_path / "a.si"
    place.write_bytes(b"somebody else's")
    applied = fixes.plan([_found(0, 1, "X")], {"a.si": b"0123456789"})
    assert fixes.write(applied, {"a.si": b"0123456789"}, {"a.si": place}) == []
    assert place.read_bytes() == b"somebody else's"


def test_sarif_is_one_log_for_all_projects(sigil, write) -> None:
    write(
        {
            "d e/a.si": "@f (x: int) -> str = x\n",
            "d e/c.si": '@g () -> char = "é" + 1\n',
            "d e/ok.si": "@h () -> int = 1\n",
        }
    )
    done = sigil("check", "d e", "--coverage", "off", "--format", "sarif")
    assert done.returncode == 1
    log: dict[str, Any] = json.loads(done.stdout)
    assert log["version"] == "2.1.0" and "sarif-schema-2.1.0" in log["$schema"]
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "sigil" and run["columnKind"] == "unicodeCodePoints"
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        region = result["locations"][0]["physicalLocation"]["region"]
        assert region["startLine"] >= 1 and region["endColumn"] >= region["startColumn"]
    places = [r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"]]
    assert set(places) == {"d%20e/a.si", "d%20e/c.si"}
    mismatch = run["results"][0]
    assert mismatch["ruleId"] == "E0301" and "expected `str`, found `int`" in mismatch["message"]["text"]
    region = mismatch["locations"][0]["physicalLocation"]["region"]
    assert (region["startLine"], region["startColumn"], region["endColumn"]) == (1, 22, 23)
    assert (region["byteOffset"], region["byteLength"]) == (21, 1)
    fix = mismatch["fixes"][0]
    replacement = fix["artifactChanges"][0]["replacements"][0]
    assert replacement["insertedContent"]["text"] == "str(x)" and fix["description"]["text"]
    assert mismatch["relatedLocations"][0]["message"]["text"]


def test_sarif_of_a_clean_project_is_a_log_without_results(sigil, write) -> None:
    write({"x.si": "@f () -> int = 1\n"})
    done = sigil("check", "x.si", "--coverage", "off", "--format", "sarif")
    assert done.returncode == 0 and json.loads(done.stdout)["runs"][0]["results"] == []


def test_github_annotations(sigil, write) -> None:
    write({"x.si": "@f (x: int) -> str = x\n@g () -> int = run(let unused = 1, 2)\n"})
    done = sigil("check", "x.si", "--coverage", "off", "--format", "github")
    lines = done.stdout.splitlines()
    assert lines[0].startswith(
        "::error file=x.si,line=1,col=22,endColumn=23,endLine=1,title=E0301::"
        "type mismatch: expected `str`, found `int`"
    )
    assert lines[1].startswith("::warning file=x.si,line=2,col=24,") and "%0A" in lines[1]


@pytest.mark.parametrize("form", ["github", "sarif"])
def test_paths_lead_there_from_where_the_command_was_called(sigil, write, form: str) -> None:
    """Whoever reads these formats knows the repository, not the project in it."""
    write({"p/sigil.toml": MANIFEST, "p/src/main.si": "@main () -> void = 1\n"})
    assert "p/src/main.si" in sigil("check", "p", "--format", form).stdout


def test_github_annotations_escape_what_would_end_them(sigil, write) -> None:
    write({"50%, a:b/x.si": '@f () -> int = "é%0A"\n'})
    done = sigil("check", "50%, a:b", "--coverage", "off", "--format", "github")
    (line,) = done.stdout.splitlines()
    assert line.startswith("::error file=50%25%2C a%3Ab/x.si,line=1,")


def test_a_coverage_report_has_no_place_in_these_formats(sigil, write) -> None:
    write({"x.si": "@f () -> int = 1\n"})
    done = sigil("check", "x.si", "--format", "sarif", "--coverage-report")
    assert done.returncode == 2 and "--coverage-report goes with" in done.stderr
