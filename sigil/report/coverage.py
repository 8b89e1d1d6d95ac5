"""The table of functions and the tests that target them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sigil.report.console import Console
from sigil.results import Coverage


def show(rows: Sequence[Coverage], console: Console, *, form: str = "human") -> None:
    """One line for each function that needs tests, with theirs."""
    if form == "json":
        for row in rows:
            console.say(
                json.dumps({"module": row.module, "function": row.function, "tests": list(row.tests)})
            )
        return
    look = console.out_look
    width = max((len(row.module) + len(row.function) + 2 for row in rows), default=0)
    for row in rows:
        mark = look.paint("good", look.glyphs.good) if row.tests else look.paint("error", look.glyphs.bad)
        name = f"{row.module}.@{row.function}"
        tests = ", ".join(f"@{test}" for test in row.tests) or look.paint("error", "no tests")
        console.say(f"{mark} {name:<{width}}  {tests}")
    covered = sum(bool(row.tests) for row in rows)
    console.say(f"{covered} of {len(rows)} functions have tests")
