"""The line that moves while work goes on: only on a terminal, gone when the work is done.

A thread of its own reads the workspace's counters a few times a second; the work itself knows nothing of it.
Nothing is shown during the first moments, so that quick commands do not flicker.
"""

from __future__ import annotations

import threading
from types import TracebackType

from sigil.report.console import Console
from sigil.workspace import Progress, Workspace

_FIRST_SECONDS = 0.15
_PERIOD_SECONDS = 0.08
_BAR = 24


class ProgressBar:
    """`with ProgressBar(workspace, console, "examples/x"): workspace.build()`"""

    def __init__(self, workspace: Workspace, console: Console, subject: str, *, quiet: bool = False) -> None:
        self._workspace = workspace
        self._console = console
        self._subject = subject
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_shown = False
        self._wanted = console.may_animate and not quiet

    def __enter__(self) -> ProgressBar:
        if self._wanted:
            self._thread = threading.Thread(target=self._run, name="sigil-progress", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        if self._is_shown:
            self._console.err.write("\r\x1b[K")
            self._console.err.flush()

    def _run(self) -> None:
        wait = _FIRST_SECONDS
        while not self._ended.wait(wait):
            wait = _PERIOD_SECONDS
            width = (self._console.err_look.width or 80) - 1
            line = render(self._workspace.progress(), self._console, self._subject)
            self._is_shown = True
            self._console.err.write("\r\x1b[K" + line[:width])
            self._console.err.flush()


def render(progress: Progress, console: Console, subject: str) -> str:
    """The line for one moment: the step that is under way, as a bar and as counts."""
    step, done, total = _step(progress)
    filled = _BAR * done // total if total else 0
    glyphs = console.err_look.glyphs
    bar = glyphs.full * filled + glyphs.empty * (_BAR - filled)
    errors = f", {progress.errors} errors" if progress.errors else ""
    return f"{step:<10} {bar} {done:,}/{total:,} {subject}{errors}"


def _step(progress: Progress) -> tuple[str, int, int]:
    """The step that is under way. Lowering and linking have no counters: all before them is done."""
    if progress.tests_total:
        return "testing", progress.tests_run, progress.tests_total
    if progress.objects_total:
        done, total = progress.objects_compiled, progress.objects_total
        return "linking" if done == total else "compiling", done, total
    if progress.instances_total:
        return "generating", progress.functions_generated, progress.instances_total
    if progress.functions_total:
        done, total = progress.functions_typed, progress.functions_total
        return "lowering" if done == total else "checking", done, total
    return "parsing", progress.files_parsed, progress.files_total
