"""Sigil: a parallel optimising compiler, as a library.

    import sigil

    result = sigil.build("examples/words")
    print(result.ok, result.executable, result.diagnostics)

`check`, `build` and `test` take a project folder or a `.si` file and answer with a frozen result. `Workspace`
is the same for several calls on one project: it keeps its threads and its memory warm.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigil import _core

if TYPE_CHECKING:
    from sigil.discover import Project, ProjectError
    from sigil.pool import Scheduler, ThreadPoolConfig
    from sigil.results import (
        BuildResult,
        CheckResult,
        Coverage,
        Diagnostic,
        Edit,
        Fix,
        Label,
        ModuleGraph,
        Result,
        Severity,
        Span,
        StageTime,
        TestFailure,
        TestOutcome,
        TestResult,
    )
    from sigil.toolchain import ToolchainError
    from sigil.workspace import Progress, Workspace

__version__: str = _core.version()

# Where each public name lives; imported when it is first asked for, so that `import sigil` stays quick.
_HOMES = {
    "BuildResult": "results",
    "CheckResult": "results",
    "Coverage": "results",
    "Diagnostic": "results",
    "Edit": "results",
    "Fix": "results",
    "Label": "results",
    "ModuleGraph": "results",
    "Progress": "workspace",
    "Project": "discover",
    "ProjectError": "discover",
    "Result": "results",
    "Scheduler": "pool",
    "Severity": "results",
    "Span": "results",
    "StageTime": "results",
    "TestFailure": "results",
    "TestOutcome": "results",
    "TestResult": "results",
    "ThreadPoolConfig": "pool",
    "ToolchainError": "toolchain",
    "Workspace": "workspace",
}


def check(
    path: Path | str,
    *,
    pool: ThreadPoolConfig | None = None,
    jobs: int | None = None,
    schedule: str | None = None,
    coverage: str | None = None,
) -> CheckResult:
    """Checks a project. `coverage` (error, warn, off) is the manifest's where it is left out."""
    from sigil.workspace import Workspace

    return Workspace(path, pool=pool, jobs=jobs, schedule=schedule).check(coverage=coverage)


def build(
    path: Path | str,
    *,
    pool: ThreadPoolConfig | None = None,
    jobs: int | None = None,
    schedule: str | None = None,
    profile: str | None = None,
    output: Path | str | None = None,
    coverage: str | None = None,
    cc: str | None = None,
    sanitize: str | None = None,
    emit: str | None = None,
) -> BuildResult:
    """Builds a project: `profile` is debug or release. The options are those of the command line."""
    from sigil.workspace import Workspace

    return Workspace(path, pool=pool, jobs=jobs, schedule=schedule).build(
        profile=profile, output=output, coverage=coverage, cc=cc, sanitize=sanitize, emit=emit
    )


def test(
    path: Path | str,
    *,
    pool: ThreadPoolConfig | None = None,
    jobs: int | None = None,
    schedule: str | None = None,
    filter: str | None = None,
    timeout: float = 60.0,
    profile: str | None = None,
    coverage: str | None = None,
    cc: str | None = None,
    sanitize: str | None = None,
) -> TestResult:
    """Builds a project with its tests and runs those whose names contain `filter`, `timeout` seconds each."""
    from sigil.workspace import Workspace

    return Workspace(path, pool=pool, jobs=jobs, schedule=schedule).test(
        filter=filter, timeout=timeout, profile=profile, coverage=coverage, cc=cc, sanitize=sanitize
    )


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'sigil' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"sigil.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})


__all__ = [
    "BuildResult",
    "CheckResult",
    "Coverage",
    "Diagnostic",
    "Edit",
    "Fix",
    "Label",
    "ModuleGraph",
    "Progress",
    "Project",
    "ProjectError",
    "Result",
    "Scheduler",
    "Severity",
    "Span",
    "StageTime",
    "TestFailure",
    "TestOutcome",
    "TestResult",
    "ThreadPoolConfig",
    "ToolchainError",
    "Workspace",
    "__version__",
    "build",
    "check",
    "test",
]
