"""Diagnostics as workflow commands of GitHub Actions, which become annotations beside the code."""

from __future__ import annotations

from collections.abc import Iterable

from sigil.results import Diagnostic

_COMMANDS = ("notice", "warning", "error")


def commands(diagnostics: Iterable[Diagnostic], prefix: str = "") -> str:
    """One command for each diagnostic, a line each."""
    return "\n".join(_command(diagnostic, prefix) for diagnostic in diagnostics)


def _command(diagnostic: Diagnostic, prefix: str) -> str:
    properties: dict[str, str] = {}
    span = diagnostic.span
    if span is not None:
        properties = {"file": prefix + span.file, "line": str(span.line), "col": str(span.column)}
        if span.end_line == span.line:  # columns of two lines would be nonsense to the viewer
            properties["endColumn"] = str(span.end_column)
        properties["endLine"] = str(span.end_line)
    properties["title"] = diagnostic.code
    lines = [diagnostic.message, *diagnostic.notes, *(f"help: {fix.title}" for fix in diagnostic.fixes)]
    shown = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_COMMANDS[diagnostic.severity]} {shown}::{_data(chr(10).join(lines))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
