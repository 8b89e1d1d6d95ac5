"""The one object behind the command line, build scripts and, later, notebooks: a project that stays warm."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import tempfile
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sigil import _core, discover, testing, toolchain
from sigil.config import MANIFEST
from sigil.pool import ThreadPoolConfig
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
    Test,
    TestResult,
)
from sigil.trace import Ran, Step, Trace, assembled

COVERAGE = {"off": 0, "warn": 1, "error": 2}


@dataclass(frozen=True, slots=True)
class Progress:
    """The counters of a running build at one moment."""

    files_total: int
    files_parsed: int
    modules: int
    functions_total: int
    functions_typed: int
    instances_total: int
    functions_generated: int
    bytes: int
    objects_total: int
    objects_compiled: int
    tests_total: int
    tests_run: int
    errors: int


class Workspace:
    """A project, its pool of workers and its latest results.

    `path` is a project folder, a `.si` file, or a Project that was discovered already. Results are immutable
    snapshots. One call at a time changes a workspace; others wait, without the GIL. KeyboardInterrupt leaves
    it usable. `pool` is the manifest's where it is left out; `jobs` overrules the threads of both our own
    stages and C compilers. `schedule` overrules how the manifest spreads checking over threads: `signatures`
    or `levels`; both find the same. Files larger than `lex_chunk_bytes` are lexed in chunks of about that
    length by several workers; 0 is a measured default. What the workers do is recorded (`trace`), unless
    `traced` is set to False.
    """

    def __init__(
        self,
        path: Path | str | discover.Project,
        *,
        pool: ThreadPoolConfig | None = None,
        jobs: int | None = None,
        schedule: str | None = None,
        lex_chunk_bytes: int = 0,
    ) -> None:
        self.project = path if isinstance(path, discover.Project) else discover.project(path)
        manifest = self.project.manifest
        if pool is None:
            pool = ThreadPoolConfig.for_project(len(self.project.files))
            pool = ThreadPoolConfig(
                manifest.max_threads or pool.max_threads,
                manifest.stack_bytes or pool.stack_size,
                manifest.priority,
            )
        if jobs is not None:
            pool = replace(pool, max_threads=jobs)
        self.pool = pool
        self._jobs = jobs or manifest.jobs
        self._schedule = schedule or manifest.schedule
        self._lex_chunk_bytes = lex_chunk_bytes
        self.traced = True
        self._start()
        self._steps: list[Step] = []  # of the latest operation, outside of the core
        self._date = ""
        self._files: list[str] = []

    def _start(self) -> None:
        self._core = _core.Workspace(**self.pool.as_core())
        self._lock = threading.RLock()
        self._process = os.getpid()

    def _hold(self) -> threading.RLock:
        """The lock to hold while stages run and results are read; a forked child first starts anew."""
        if self._process != os.getpid():
            self._start()  # the parent's threads did not come along, and one of them may have held the lock
        return self._lock

    @property
    def threads(self) -> int:
        """How many workers the pool has."""
        return self._core.threads

    @property
    def granted(self) -> ThreadPoolConfig:
        """Threads, stack size and priority that the workers really have."""
        return ThreadPoolConfig._of(self._core.granted)

    def counters(self) -> dict[str, int]:
        """What the workers did since the workspace was made: tasks, steals and so on."""
        return self._core.counters()

    def reload(self) -> None:
        """Looks at the file system again."""
        with self._hold():
            self.project = discover.again(self.project)

    def progress(self) -> Progress:
        """The counters now; may be called from any thread while another one works."""
        return Progress(**self._core.progress())

    def memory(self) -> dict[str, int]:
        """What results lie in, from any thread: chunks taken, those asked of the system, bytes held."""
        return self._core.memory()

    def trace(self) -> Trace | None:
        """What workers and C compilers of the latest operation did; None where nothing was recorded."""
        with self._hold():
            raw = self._core.trace() if self.traced and self._date else None
            if raw is None:
                return None
            cpus = ThreadPoolConfig.default().max_threads
            about = {
                "project": self.project.name,
                "threads": self.threads,
                "jobs": self._jobs or self.threads,
                "schedule": self._schedule,
                "date": self._date,
                "machine": f"{platform.system()} {platform.machine()}, {cpus} CPUs",
                "version": _core.version(),
            }
            return assembled(raw, self.threads, self._steps, about)

    def cancel(self) -> None:
        """Asks what is running to stop; it ends with KeyboardInterrupt."""
        self._core.cancel()

    # ---- the stages

    def check(self, *, coverage: str | None = None) -> CheckResult:
        """Reads, parses and checks the project."""
        with self._hold():
            return CheckResult(**self._run("lower", with_tests=True, coverage=coverage))

    def emit(self, kind: str, module: str | None = None) -> tuple[CheckResult, str | None]:
        """Tokens, tree, core form or C of a module (the entry's by default) as text."""
        last = {"tokens": "parse", "tree": "parse", "core": "lower", "c": "generate"}[kind]
        with self._hold():
            result = CheckResult(**self._run(last, with_tests=False, coverage="off"))
            return result, self.emitted(kind, module or self.project.entry)

    def emitted(self, kind: str, module: str) -> str | None:
        """What the latest run made of a module: tokens, tree, core or c; None where it did not get so far."""
        with self._hold():
            return self._core.emit(kind, module)  # type: ignore[arg-type]  # the core refuses others

    def generate(
        self, *, with_tests: bool = False, coverage: str | None = None
    ) -> tuple[CheckResult, list[tuple[str, bytes]]]:
        """The generated C files by name; none when there are errors."""
        with self._hold():
            result = CheckResult(**self._run("generate", with_tests=with_tests, coverage=coverage))
            return result, self._core.output() if result.ok else []

    def build(
        self,
        *,
        profile: str | None = None,
        output: Path | str | None = None,
        with_tests: bool = False,
        coverage: str | None = None,
        jobs: int | None = None,
        cc: str | None = None,
        sanitize: str | None = None,
        emit: str | None = None,
    ) -> BuildResult:
        """Builds an executable. With errors nothing is written, and what was there before stays.

        `emit` also writes what the compiler made of each module (tokens, tree, core or c) into files.
        """
        with self._hold():
            return self._build(profile, output, with_tests, coverage, jobs, cc, sanitize, emit)

    def _build(
        self,
        profile: str | None,
        output: Path | str | None,
        with_tests: bool,
        coverage: str | None,
        jobs: int | None,
        cc: str | None,
        sanitize: str | None,
        emit: str | None,
    ) -> BuildResult:
        manifest = self.project.manifest
        profile = profile or manifest.profile
        checked, files = self.generate(with_tests=with_tests, coverage=coverage)
        common = {name: getattr(checked, name) for name in CheckResult.__dataclass_fields__}
        if not checked.ok:
            return BuildResult(**common)
        program = self._core.program()
        has_tests = with_tests and any(test.index is not None for test in self.tests())
        if not (has_tests or (program["has_entry"] and not with_tests)):
            return BuildResult(
                **common
            )  # a library, or one without tests: checked and generated, nothing to link
        chosen = toolchain.choose(
            profile,
            cc=cc or manifest.cc,
            cflags=manifest.cflags,
            launcher=manifest.launcher,
            sanitize=sanitize,
        )
        folder = self.build_folder(
            profile + ("-tests" if with_tests else "") + (f"-{sanitize}" if sanitize else "")
        )
        target = Path(output) if output is not None else folder / "bin" / self.project.name
        width = jobs or self._jobs or self.threads

        counted = 0

        def count(done: int, total: int) -> None:
            nonlocal counted
            self._core.count("objects_compiled", done - counted)
            if done == 0:
                self._core.count("objects_total", total)
            counted = done

        clock = _Clock(self._steps)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            compiled = toolchain.compile_files(chosen, files, folder, width, count, self.project.root)
            compile_time = clock.lap("compile", "compile C", compiled.ran)
            linked = toolchain.link(chosen, compiled.objects, target, folder)
            emitted = self._emit_files(emit, folder) if emit else ()
        except OSError as error:
            raise toolchain.ToolchainError(
                "E0703", f"cannot write {error.filename}: {error.strerror}"
            ) from error
        common["timings"] = (*checked.timings, compile_time, clock.lap("link", "link program", linked))
        return BuildResult(
            **common,
            artifacts=(target, *emitted),
            objects_compiled=compiled.compiled,
            objects_reused=compiled.reused,
            compiler=chosen.shown,
        )

    def test(
        self,
        *,
        filter: str | None = None,
        timeout: float = testing.TIMEOUT_SECONDS,
        profile: str | None = None,
        coverage: str | None = None,
        jobs: int | None = None,
        cc: str | None = None,
        sanitize: str | None = None,
    ) -> TestResult:
        """Builds the project with its tests and runs those whose names contain `filter`, `jobs` at once."""
        with self._hold():
            built = self.build(
                profile=profile, with_tests=True, coverage=coverage, jobs=jobs, cc=cc, sanitize=sanitize
            )
            common = {name: getattr(built, name) for name in Result.__dataclass_fields__}
            if not built.ok:
                return TestResult(**common)
            chosen = [test for test in self.tests() if filter is None or filter in test.name]
            clock = _Clock(self._steps)
            ran: list[Ran] = []

            self._core.count("tests_total", len(chosen))
            outcomes = testing.run(
                built.executable,
                chosen,
                jobs=jobs or self._jobs or self.threads,
                timeout=timeout,
                on_done=lambda done: self._core.count("tests_run", 1),
                ran=ran,
            )
            common["timings"] = (*built.timings, clock.lap("tests", "run test", tuple(ran)))
            return TestResult(**common, outcomes=tuple(outcomes))

    def _emit_files(self, kind: str, folder: Path) -> tuple[Path, ...]:
        place = folder / "emit"
        place.mkdir(exist_ok=True)
        made = []
        for file in self.project.own_files:
            text = self.emitted(kind, file.module)
            if text is not None:  # a module without functions has no C
                made.append(place / f"{file.module}.{kind}")
                toolchain.write_if_changed(made[-1], text.encode("utf-8", "backslashreplace"))
        return tuple(made)

    @property
    def state_folder(self) -> Path:
        """Where everything goes that builds leave behind."""
        return state_folder(self.project)

    def build_folder(self, profile: str) -> Path:
        """Where the C files, objects and executables of a profile go."""
        return self.state_folder / profile

    def tests(self) -> list[Test]:
        """The tests of the latest run, in the order of module and position."""
        with self._hold():
            return [Test(*row) for row in self._core.program()["tests"]]

    def coverage(self) -> list[Coverage]:
        """Every function that needs tests, as of the latest check, with the tests that target it."""
        with self._hold():
            return [Coverage(*row) for row in self._core.coverage()]

    def graph(self) -> ModuleGraph | None:
        """The modules of the latest run, what they import, their levels and circles; None before a check."""
        with self._hold():
            found = self._core.graph()
            return None if found is None else ModuleGraph(**found)

    def source(self, shown: str) -> bytes | None:
        """The text of a file of the latest run, or of the manifest, by the path that diagnostics carry."""
        with self._hold():
            if shown in self._files:
                return self._core.source(self._files.index(shown))[1]
        with contextlib.suppress(OSError):  # the manifest, a file that is ignored
            return (self.project.root / shown).read_bytes()
        return None

    # ---- inside

    def _run(self, last: Any, *, with_tests: bool, coverage: str | None) -> dict[str, Any]:
        """Runs the stages; the fields of a result."""
        files = self.project.files
        self._steps.clear()
        self._date = time.strftime("%Y-%m-%d %H:%M:%S")
        self._core.load([file.as_core() for file in files])
        self._files = [file.shown for file in files]
        raw, times = self._core.run(
            last,
            program_name=self.project.name,
            with_tests=with_tests,
            coverage=COVERAGE[coverage or self.project.coverage],
            schedule=self._schedule,  # type: ignore[arg-type]  # the core refuses others
            lex_chunk_bytes=self._lex_chunk_bytes,
            with_trace=self.traced,
        )
        diagnostics = self._ordered([self._diagnostic(item) for item in raw])
        program = self._core.program()
        return {
            "diagnostics": tuple(diagnostics),
            "timings": tuple(StageTime(name, wall, cpu) for name, (wall, cpu) in times.items()),
            "threads": self.threads,
            "lines": program["lines"],
            "modules": len(self.project.own_files),
            "functions": program["functions"],
            "sources": self._sources(diagnostics),
        }

    def _ordered(self, found: list[Diagnostic]) -> list[Diagnostic]:
        """The core's diagnostics, which are in order, and those of discovery, each at its place.

        The manifest's come first, then by module name, position, code and message.
        """
        own = self.project.diagnostics
        if not own:
            return found
        modules = {file.shown: file.module for file in self.project.files}

        def key(diagnostic: Diagnostic) -> tuple[bool, bytes, int, str, str]:
            place = diagnostic.span
            if place is None or place.file == MANIFEST:
                return (False, b"", place.byte_start if place else 0, diagnostic.code, diagnostic.message)
            below = place.file.removeprefix(f"{self.project.manifest.src}/").removesuffix(".si")
            module = modules.get(place.file) or below.removesuffix("/mod").replace("/", ".")
            return (True, module.encode(), place.byte_start, diagnostic.code, diagnostic.message)

        return sorted([*own, *found], key=key)

    def _sources(self, diagnostics: list[Diagnostic]) -> dict[str, bytes]:
        """The text of every file that diagnostics point into."""
        names = {span.file: None for diagnostic in diagnostics for span in diagnostic.spans()}
        return {name: content for name in names if (content := self.source(name)) is not None}

    def _span(self, raw: tuple[int, ...] | None) -> Span | None:
        if raw is None:
            return None
        return Span(self._files[raw[0]], *raw[1:])

    def _diagnostic(self, raw: Any) -> Diagnostic:
        code, severity, message, primary, span, labels, notes, fixes = raw
        return Diagnostic(
            code,
            Severity(severity),
            message,
            self._span(span),
            primary,
            tuple(Label(self._span(place), text) for place, text in labels),
            tuple(notes),
            tuple(
                Fix(title, certain, tuple(Edit(self._span(place), text) for place, text in edits))
                for title, certain, edits in fixes
            ),
        )


def state_folder(project: discover.Project) -> Path:
    """Where everything goes that builds of a project leave behind; of single files, in the user's cache."""
    if project.single_file is None:
        return project.root / ".sigil"
    cache = os.environ.get("XDG_CACHE_HOME")
    base = Path(cache) if cache else Path.home() / ".cache"
    try:
        (base / "sigil").mkdir(parents=True, exist_ok=True)
    except OSError:
        base = Path(tempfile.gettempdir()) / f"sigil-{os.getuid() if hasattr(os, 'getuid') else 0}"
    place = str(project.single_file.resolve()).encode()
    return base / "sigil" / f"{project.name}-{hashlib.blake2b(place, digest_size=8).hexdigest()}"


class _Clock:
    """Wall and CPU time of the stages that happen in other processes, and their part of the trace."""

    def __init__(self, steps: list[Step]) -> None:
        self._steps = steps
        self._last = self._now()

    @staticmethod
    def _now() -> tuple[int, float]:
        times = os.times()
        return time.monotonic_ns(), times.user + times.system + times.children_user + times.children_system

    def lap(self, name: str, kind: str, ran: tuple[Ran, ...]) -> StageTime:
        """The stage that ends now; `kind` is what its processes are called."""
        now = self._now()
        cpu = now[1] - self._last[1]
        self._steps.append(Step(name, kind, self._last[0], now[0], round(cpu * 1e9), ran))
        measured = StageTime(name, (now[0] - self._last[0]) / 1e9, cpu)
        self._last = now
        return measured
