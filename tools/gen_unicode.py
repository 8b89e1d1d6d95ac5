"""Writes csrc/runtime/unicode_tables.h: character classes and simple case mappings of the Unicode Character Database.

    python3.13 tools/gen_unicode.py        # needs a Python whose unicodedata is 15.1, the version that the reference names

Classes come from the general category (alpha: L*; numeric: N*) and from the derived properties Uppercase and Lowercase.
A table of two levels: 256 code points to a block, equal blocks stored once. Each entry is an index into the distinct
records (class bits, distance to the upper-case and to the lower-case letter).
"""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

VERSION = "15.1.0"
ALPHA, NUMERIC, UPPER, LOWER = 1, 2, 4, 8
BLOCK = 256


def simple_upper(char: str) -> str:
    """The one-to-one mapping. Python knows the full one; where that is longer, the title-case form is the simple one if it leads back."""
    full = char.upper()
    if len(full) == 1:
        return full
    title = char.title()
    return title if len(title) == 1 and title.lower() == char else char


def simple_lower(char: str) -> str:
    full = char.lower()
    return full if len(full) == 1 else full[0]  # only U+0130, whose simple mapping is U+0069


def record(code: int) -> tuple[int, int, int]:
    char = chr(code)
    category = unicodedata.category(char)
    if category == "Cs":
        return (0, 0, 0)
    bits = 0
    if category.startswith("L"):
        bits |= ALPHA
    if category.startswith("N"):
        bits |= NUMERIC
    if char.isupper():
        bits |= UPPER
    if char.islower():
        bits |= LOWER
    return (bits, ord(simple_upper(char)) - code, ord(simple_lower(char)) - code)


def rows(values: list[object], per_row: int) -> str:
    lines = [", ".join(str(v) for v in values[i : i + per_row]) for i in range(0, len(values), per_row)]
    return ",\n    ".join(lines)


def main() -> int:
    if unicodedata.unidata_version != VERSION:
        print(
            f"this Python has Unicode {unicodedata.unidata_version}, the tables need {VERSION}",
            file=sys.stderr,
        )
        return 1
    records: dict[tuple[int, int, int], int] = {(0, 0, 0): 0}
    blocks: dict[tuple[int, ...], int] = {}
    index: list[int] = []
    for start in range(0, 0x110000, BLOCK):
        block = tuple(records.setdefault(record(code), len(records)) for code in range(start, start + BLOCK))
        index.append(blocks.setdefault(block, len(blocks)))
    while index and index[-1] == index[-2]:  # beyond the table everything is as in its last block
        index.pop()
    assert len(blocks) < 256
    entries = [entry for block in blocks for entry in block]
    entry_type = "uint8_t" if len(records) <= 256 else "uint16_t"
    text = f"""// runtime/unicode_tables.h: written by tools/gen_unicode.py from Unicode {VERSION}. Do not edit.
#pragma once
#include <stdint.h>

typedef struct UnicodeRecord {{
    uint8_t bits; // 1 alphabetic, 2 numeric, 4 upper case, 8 lower case
    int32_t to_upper, to_lower; // distances
}} UnicodeRecord;

// clang-format off
static const UnicodeRecord unicode_records[{len(records)}] = {{
    {rows([f"{{{b}, {u}, {lo}}}" for b, u, lo in records], 8)},
}};

// Which block holds code points 256 i …; the last one repeats to U+10FFFF.
static const uint8_t unicode_index[{len(index)}] = {{
    {rows(list(index), 32)},
}};

static const {entry_type} unicode_blocks[{len(entries)}] = {{
    {rows(list(entries), 32)},
}};
// clang-format on
"""
    target = Path(__file__).resolve().parent.parent / "csrc" / "runtime" / "unicode_tables.h"
    target.write_text(text)
    print(f"{target}: {len(records)} records, {len(blocks)} blocks, {len(index)} index entries")
    return 0


if __name__ == "__main__":
    sys.exit(main())
