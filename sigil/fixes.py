"""Applying the fixes that diagnostics are certain of."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sigil.results import Diagnostic, Edit

ROUNDS = 10  # a fix can bring another mistake to light; it never takes many


@dataclass(frozen=True, slots=True)
class Applied:
    """What one round did: how many fixes, and the new text of each file that they changed."""

    count: int
    texts: Mapping[str, bytes]


def plan(diagnostics: Sequence[Diagnostic], sources: Mapping[str, bytes]) -> Applied:
    """The texts with every certain fix applied that fits beside those before it.

    A fix is applied whole or not at all: one with an edit that overlaps an earlier one's waits for the next
    round, when the compiler has looked at the new text.
    """
    taken: dict[str, dict[tuple[int, int], str]] = {}
    count = 0
    for diagnostic in diagnostics:
        fix = next((fix for fix in diagnostic.fixes if fix.is_certain), None)
        if fix is None or not all(_fits(edit, taken, sources) for edit in fix.edits):
            continue
        for edit in fix.edits:
            assert edit.span is not None  # _fits
            taken.setdefault(edit.span.file, {})[edit.span.byte_start, edit.span.byte_end] = edit.text
        count += 1
    texts = {}
    for file, edits in taken.items():
        text = sources[file]
        for (start, end), replacement in sorted(edits.items(), reverse=True):
            text = text[:start] + replacement.encode() + text[end:]
        texts[file] = text
    return Applied(count, texts)


def _fits(
    edit: Edit, taken: Mapping[str, Mapping[tuple[int, int], str]], sources: Mapping[str, bytes]
) -> bool:
    if edit.span is None or edit.span.file not in sources:
        return False
    start, end = edit.span.byte_start, edit.span.byte_end
    return all(
        (end <= other_start or start >= other_end) and (start, end) != (other_start, other_end)
        for other_start, other_end in taken.get(edit.span.file, {})
    )


def write(applied: Applied, sources: Mapping[str, bytes], places: Mapping[str, Path]) -> list[str]:
    """Writes the texts of a plan; answers with the files. One that changed meanwhile is left as it is."""
    written = []
    for file, text in applied.texts.items():
        place = places[file].resolve()  # through links, which stay
        if place.read_bytes() != sources[file]:
            continue
        temporary = place.with_name(f".{place.name}.{os.getpid()}.tmp")
        try:
            temporary.write_bytes(text)
            shutil.copymode(place, temporary)
            temporary.replace(place)
        finally:
            temporary.unlink(missing_ok=True)
        written.append(file)
    return written
