"""Folders of csrc/ include only what stands above them in the pipeline, and only headers that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

CSRC = Path(__file__).resolve().parents[2] / "csrc"

FRONT = {"base", "intern", "syntax"}
# Folder → the folders that its files may include, besides itself.
MAY_INCLUDE: dict[str, set[str]] = {
    "base": set(),
    "sched": {"base"},
    "intern": {"base"},
    "syntax": {"base", "intern"},
    "sema": FRONT,
    "ir": FRONT | {"sema"},
    "cgen": {"base", "intern", "ir"},
    "query": FRONT | {"sched", "sema", "ir", "cgen"},
    "runtime": {"base", "sched"},
    "python": FRONT | {"sched", "sema", "ir", "cgen", "query"},
}
# Stages are sequential and pure: only what runs them in parallel knows the scheduler.
PARALLEL_SUFFIX = "_parallel.c"
STAGES = {"syntax", "sema", "ir", "cgen"}

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)


def includes(path: Path) -> Iterator[tuple[str, str]]:
    for match in INCLUDE.finditer(path.read_text(encoding="utf-8")):
        yield match.group(1), match.group(2)


def sources() -> list[Path]:
    return sorted(path for path in CSRC.rglob("*") if path.suffix in {".c", ".h", ".def"})


def wrong_edges(path: Path, folder: str, text: Iterator[tuple[str, str]]) -> Iterator[str]:
    allowed = MAY_INCLUDE[folder] | {folder}
    if folder in STAGES and path.name.endswith((PARALLEL_SUFFIX, "_parallel.h")):
        allowed = allowed | {"sched"}
    for kind, name in text:
        if kind == "<":
            if name == "Python.h" and folder != "python":
                yield f"{folder}/{path.name} includes Python.h"
            continue
        if "/" not in name and folder == "runtime" and path.name.startswith("si"):
            name = f"runtime/{name}"  # si.h is copied beside generated C, and finds its neighbours there
        target = name.split("/")[0]
        if target not in allowed:
            yield f"{folder}/{path.name} includes {name}"
        elif not (CSRC / name).exists():
            yield f"{folder}/{path.name} includes {name}, which does not exist (paths start at csrc/)"


def test_every_folder_has_a_place() -> None:
    assert {path.name for path in CSRC.iterdir() if path.is_dir()} <= set(MAY_INCLUDE)


def test_includes_go_one_way() -> None:
    edges = [
        edge
        for path in sources()
        for edge in wrong_edges(path, path.relative_to(CSRC).parts[0], includes(path))
    ]
    assert edges == []


def test_a_wrong_edge_is_found() -> None:
    def edges(folder: str, name: str, text: str) -> list[str]:
        found = ((match.group(1), match.group(2)) for match in INCLUDE.finditer(text))
        return list(wrong_edges(Path(name), folder, found))

    assert edges("base", "arena.c", '#include "base/status.h"\n#include <stdio.h>\n') == []
    assert edges("base", "x.c", '#include "sched/pool.h"\n') == ["base/x.c includes sched/pool.h"]
    assert edges("sema", "x.c", "#include <Python.h>\n") == ["sema/x.c includes Python.h"]
    assert edges("syntax", "parser.c", '#include "sched/nothing.h"\n') == [
        "syntax/parser.c includes sched/nothing.h"
    ]
    assert "does not exist" in edges("syntax", "parse_parallel.c", '#include "sched/nothing.h"\n')[0]
