"""Where output goes, and what it can show there: colours, line-drawing characters, a bar that moves.

The environment is asked once: NO_COLOR and FORCE_COLOR decide about colours, CI and TERM=dumb forbid the bar,
and a stream that cannot encode `┌` gets ASCII.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TextIO

RESET = "\x1b[0m"
STYLES = {
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;33m",
    "note": "\x1b[1;36m",
    "help": "\x1b[1;32m",
    "strong": "\x1b[1m",
    "gutter": "\x1b[34m",
    "label": "\x1b[36m",
    "good": "\x1b[32m",
    "faint": "\x1b[2m",
}


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The few characters that are not ASCII."""

    corner: str = "┌─"
    bar: str = "│"
    gap: str = "·"
    cut: str = "…"
    good: str = "✓"
    bad: str = "✗"
    skipped: str = "-"
    full: str = "█"
    empty: str = "░"


ASCII = Glyphs("-->", "|", ".", "...", "ok", "FAILED", "-", "#", ".")


@dataclass(frozen=True, slots=True)
class Look:
    """How one stream is written to."""

    colour: bool = False
    glyphs: Glyphs = field(default_factory=Glyphs)
    width: int | None = None  # of the terminal; None: not a terminal

    def paint(self, style: str, text: str) -> str:
        return f"{STYLES[style]}{text}{RESET}" if self.colour and text else text


def look_of(stream: TextIO, environment: Mapping[str, str]) -> Look:
    """What a stream can show, by the environment's wishes."""
    try:
        terminal = stream.isatty()
    except ValueError:  # closed
        terminal = False
    dumb = environment.get("TERM") == "dumb"
    if environment.get("NO_COLOR"):
        colour = False
    elif environment.get("FORCE_COLOR", "0") not in ("", "0"):
        colour = True
    else:
        colour = terminal and not dumb
    try:
        "┌│·…✓✗█░".encode(stream.encoding or "ascii")
        glyphs = Glyphs()
    except (UnicodeEncodeError, LookupError):
        glyphs = ASCII
    width = shutil.get_terminal_size().columns if terminal else None
    return Look(colour, glyphs, width)


@dataclass(slots=True)
class Console:
    """The two streams of a process. `out` is for what was asked for, `err` for everything about it."""

    out: TextIO
    err: TextIO
    out_look: Look
    err_look: Look
    may_animate: bool  # a bar may move on `err`

    @classmethod
    def of_process(cls) -> Console:
        for name in ("stdout", "stderr"):
            if getattr(sys, name) is None:  # closed by whoever started us
                setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123  # stays open as the stream itself
            stream = getattr(sys, name)
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:  # a path may hold bytes that are no text; never fail on them
                reconfigure(errors="backslashreplace")
        environment = os.environ
        err_look = look_of(sys.stderr, environment)
        animate = (
            err_look.width is not None and not environment.get("CI") and environment.get("TERM") != "dumb"
        )
        return cls(sys.stdout, sys.stderr, look_of(sys.stdout, environment), err_look, animate)

    def say(self, text: str) -> None:
        """A line, or several, on standard output."""
        self.out.write(text if text.endswith("\n") else text + "\n")

    def say_error(self, text: str) -> None:
        """A line, or several, on standard error, after what standard output has."""
        self.out.flush()
        self.err.write(text if text.endswith("\n") else text + "\n")
        self.err.flush()

    def error(self, message: str, *, code: str | None = None, note: str | None = None) -> None:
        """One sentence about what is wrong with the request or the environment."""
        head = self.err_look.paint("error", f"error[{code}]" if code else "error")
        self.say_error(f"{head}: {message}" + (f"\n{note}" if note else ""))

    def flush(self) -> None:
        self.out.flush()
        self.err.flush()
