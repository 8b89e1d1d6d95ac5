"""How a command ends."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from sigil.results import Result


class ExitStatus(IntEnum):
    """Every status that sigil itself ends with. `run` passes the program's own on (101: it panicked)."""

    SUCCESS = 0
    PROBLEMS = 1  # diagnostics that are errors, or failing tests
    USAGE = 2  # the request or the environment: no such path, no C compiler
    INTERRUPTED = 130  # Ctrl-C
    BROKEN_PIPE = 141  # nobody reads our output any more


def of_diagnostics(result: Result, *, deny_warnings: bool = False) -> ExitStatus:
    """The status that diagnostics give. Errors of the environment alone (E07xx) are 2, any other error makes
    it 1.
    """
    errors = [diagnostic.code for diagnostic in result.diagnostics if diagnostic.is_error]
    if not errors:
        return ExitStatus.PROBLEMS if deny_warnings and result.warnings else ExitStatus.SUCCESS
    if all(code.startswith("E07") for code in errors):
        return ExitStatus.INTERRUPTED if "E0706" in errors else ExitStatus.USAGE
    return ExitStatus.PROBLEMS


def worst(statuses: Iterable[ExitStatus]) -> ExitStatus:
    """The status of several projects in one command."""
    return max(statuses, default=ExitStatus.SUCCESS)
