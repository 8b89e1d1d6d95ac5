"""Text as a terminal shows it: escaped where it could do harm, and measured in columns.

Source code is somebody else's text. Control characters could move the cursor, bidirectional ones could make
code read differently from what it is, so both are shown as the escape that Sigil itself would use for them.
"""

from __future__ import annotations

import unicodedata

TAB = "    "  # four columns, wherever it stands
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_SHORT = {"\0": "\\0", "\r": "\\r", "\n": "\\n"}


def shown(text: str) -> str:
    """The text with tabs as four spaces and everything that does not print as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character == "\t":
        return TAB
    if unicodedata.category(character) in _HIDDEN:
        code = ord(character)
        if 0xDC80 <= code <= 0xDCFF:  # a byte that is no text, as surrogateescape keeps it
            return f"\\x{code - 0xDC00:02x}"
        return _SHORT.get(character) or f"\\u{{{code:x}}}"
    return character


def columns(text: str) -> int:
    """How many columns a terminal needs for text that `shown` has made."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def message(text: str) -> str:
    """A message: as `shown`, but its line ends stay."""
    return "\n".join(shown(part) for part in text.split("\n"))
