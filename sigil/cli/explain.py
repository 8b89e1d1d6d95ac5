"""`sigil explain`: the page of a diagnostic's code."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from sigil import _core
from sigil.cli.options import ExplainArguments
from sigil.cli.status import ExitStatus
from sigil.discover import ProjectError
from sigil.report.console import Console

PACKAGE = Path(__file__).resolve().parent.parent
PAGES = (PACKAGE / "errors", PACKAGE.parent / "docs" / "errors")  # installed; in the source tree


def run(arguments: ExplainArguments, console: Console) -> ExitStatus:
    """Prints the page where there is one, else the message itself."""
    codes = _core.diagnostic_codes()
    code = arguments.code.upper()
    if code not in codes:
        near = difflib.get_close_matches(code, codes, n=1, cutoff=0.6)
        raise ProjectError(
            f"there is no diagnostic {arguments.code}" + (f"; did you mean {near[0]}?" if near else "")
        )
    for folder in PAGES:
        page = folder / f"{code}.md"
        if page.is_file():
            console.say(page.read_text("utf-8"))
            return ExitStatus.SUCCESS
    severity, _, message = codes[code]
    kind = ("note", "warning", "error")[severity]
    console.say(f"{kind}[{code}]: {re.sub('[{][0-9][}]', console.out_look.glyphs.cut, message)}")
    return ExitStatus.SUCCESS
