"""Diagnostics as SARIF 2.1.0 (OASIS), which code-scanning services and editors read: one log, one run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import sigil
from sigil import _core
from sigil.results import Diagnostic, Fix, Result, Span

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = ("note", "warning", "error")


def log(checked: Sequence[tuple[Result, str]]) -> str:
    """The log of several results, each with what goes before the paths of its files."""
    codes = _core.diagnostic_codes()
    used = sorted({diagnostic.code for result, _ in checked for diagnostic in result.diagnostics})
    numbers = {code: number for number, code in enumerate(used)}
    results = [
        _result(diagnostic, numbers[diagnostic.code], prefix)
        for result, prefix in checked
        for diagnostic in result.diagnostics
    ]
    driver = {
        "name": "sigil",
        "version": sigil.__version__,
        "rules": [_rule(code, codes[code]) for code in used],
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=1)


def _rule(code: str, row: tuple[int, str, str]) -> dict[str, Any]:
    severity, name, message = row
    words = name.replace("_", " ").capitalize()
    return {
        "id": code,
        "name": "".join(word.capitalize() for word in name.split("_")),
        "shortDescription": {"text": words},
        "fullDescription": {"text": message},
        "help": {"text": f"`sigil explain {code}` shows a wrong and a corrected program."},
        "defaultConfiguration": {"level": _LEVELS[severity]},
    }


def _result(diagnostic: Diagnostic, number: int, prefix: str) -> dict[str, Any]:
    text = "\n".join([diagnostic.message, *diagnostic.notes])
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": number,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": text},
    }
    if diagnostic.span is not None:
        location = {"physicalLocation": _place(diagnostic.span, prefix)}
        if diagnostic.primary_label:
            location["physicalLocation"]["region"]["message"] = {"text": diagnostic.primary_label}
        result["locations"] = [location]
    related = [
        {"id": id, "physicalLocation": _place(label.span, prefix), "message": {"text": label.text}}
        for id, label in enumerate((label for label in diagnostic.labels if label.span), start=1)
        if label.span is not None
    ]
    if related:
        result["relatedLocations"] = related
    if diagnostic.fixes:
        result["fixes"] = [_fix(fix, prefix) for fix in diagnostic.fixes]
    return result


def _artifact(file: str, prefix: str) -> dict[str, Any]:
    return {"uri": quote(prefix + file)}


def _region(span: Span) -> dict[str, Any]:
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
        "byteOffset": span.byte_start,
        "byteLength": span.byte_end - span.byte_start,
    }


def _place(span: Span, prefix: str) -> dict[str, Any]:
    return {"artifactLocation": _artifact(span.file, prefix), "region": _region(span)}


def _fix(fix: Fix, prefix: str) -> dict[str, Any]:
    changes: dict[str, list[dict[str, Any]]] = {}
    for edit in fix.edits:
        if edit.span is not None:
            replacement = {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}
            changes.setdefault(edit.span.file, []).append(replacement)
    return {
        "description": {"text": fix.title},
        "artifactChanges": [
            {"artifactLocation": _artifact(file, prefix), "replacements": replacements}
            for file, replacements in changes.items()
        ],
    }
