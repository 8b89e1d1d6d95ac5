"""The compiler in this process, on texts in memory: what the property tests and the fault tests drive."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sigil import _core

PRELUDE_NAME = "std.prelude"
PRELUDE = (Path(_core.__file__).parent / "lib/prelude.si").read_bytes()
KIND_PROJECT, KIND_PRELUDE = 0, 1
IS_ENTRY = 2
THREADS = (1, 2, 3, 8, 64)

_workspaces: dict[int, Any] = {}


def workspace(threads: int) -> Any:
    """A warm workspace with so many workers; the same one every time."""
    if threads not in _workspaces:
        _workspaces[threads] = _core.Workspace(max_threads=threads, stack_size=2 << 20)
    return _workspaces[threads]


def load(ws: Any, modules: Mapping[str, bytes], entry: str = "main") -> None:
    files = [
        (name, KIND_PROJECT, IS_ENTRY if name == entry else 0, f"{name}.si", None, text)
        for name, text in modules.items()
    ]
    files.append((PRELUDE_NAME, KIND_PRELUDE, 0, "std/prelude.si", None, PRELUDE))
    ws.load(sorted(files))


def check(modules: Mapping[str, bytes] | bytes, threads: int = 1, last: str = "bodies") -> list[Any]:
    """Every diagnostic as a tuple of plain data (sigil/_core.pyi)."""
    modules = {"main": modules} if isinstance(modules, bytes) else modules
    ws = workspace(threads)
    load(ws, modules)
    diagnostics, _times = ws.run(last, with_tests=True, coverage=0)
    return diagnostics


def everything(modules: Mapping[str, bytes] | bytes, threads: int) -> dict[str, Any]:
    """All that can be seen of a run up to the generated C: diagnostics, C files, tokens, trees and core by module."""
    modules = {"main": modules} if isinstance(modules, bytes) else modules
    seen: dict[str, Any] = {"diagnostics": check(modules, threads, "generate")}
    ws = workspace(threads)
    seen["c"] = ws.output() if not any(d[1] == 2 for d in seen["diagnostics"]) else None
    for name in sorted(modules):
        for kind in ("tokens", "tree", "core", "c"):
            seen[f"{kind} of {name}"] = ws.emit(kind, name)
    return seen
