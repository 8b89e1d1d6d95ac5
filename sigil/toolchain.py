"""C compilers: finding them, running them side by side, linking.

Generated C is compiled by tcc in debug builds where it is installed (about a hundred times faster than gcc
-O0) and by `cc` otherwise; release builds use `cc -O2`. Every compiler process gets a batch of files, because
starting one costs more than compiling a small file. Objects are kept under a name that holds a hash of
everything they were made from, so an unchanged file is not compiled again, and two builds at once cannot
disturb each other: whoever renames last has written the same bytes.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sigil.discover import ProjectError
from sigil.trace import Ran

RUNTIME = Path(__file__).resolve().parent / "_runtime"
INCLUDE = RUNTIME / "include"
STATIC_RUNTIME = RUNTIME / "libsigil_rt.a"
SHARED_RUNTIME = RUNTIME / "libsigil_rt.so"


class ToolchainError(ProjectError):
    """No compiler (E0701), or it failed on what we generated (E0702)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Toolchain:
    """One way to turn C into a program."""

    compiler: str  # path
    family: str  # tcc, gcc, clang
    flags: tuple[str, ...]
    linker: str  # path of what links: cc, or tcc where there is no cc
    linker_family: str
    link_flags: tuple[str, ...]
    launcher: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        return " ".join([Path(self.compiler).name, *(flag for flag in self.flags if flag.startswith("-O"))])


def _family(compiler: str) -> str:
    name = Path(compiler).name
    if "tcc" in name:
        return "tcc"
    if "clang" in name:
        return "clang"
    if "gcc" in name:
        return "gcc"
    try:
        said = subprocess.run(
            [compiler, "--version"], capture_output=True, text=True, timeout=20, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return "gcc"
    return "clang" if "clang" in said else "gcc"


def _find(*names: str | None) -> str | None:
    for name in names:
        if name and (path := shutil.which(name)):
            return path
    return None


_WARNINGS = {"tcc": (), "gcc": ("-w",), "clang": ("-w",)}


def choose(
    profile: str,
    *,
    cc: str | None = None,
    cflags: Sequence[str] = (),
    launcher: str | None = None,
    sanitize: str | None = None,
) -> Toolchain:
    """The toolchain for a profile. `cc` (a name or path) overrules the choice."""
    wanted = cc or os.environ.get("SIGIL_CC")
    if wanted and shutil.which(wanted) is None:
        raise ToolchainError("E0701", f"the C compiler `{wanted}` was not found")
    system = _find("cc", "gcc", "clang")
    tcc = _find("tcc")
    if wanted:
        compiler = shutil.which(wanted) or wanted
    elif profile == "debug" and tcc and not sanitize:
        compiler = tcc
    elif system:
        compiler = system
    elif tcc and not sanitize:
        compiler = tcc
    else:
        raise ToolchainError(
            "E0701",
            "no C compiler was found; install one, on Debian and Ubuntu with `apt-get install gcc` or `tcc`",
        )
    family = _family(compiler)
    flags: list[str] = []
    if family != "tcc":
        flags += [
            "-std=c11",
            "-O2" if profile == "release" else "-O0",
            "-fno-strict-aliasing",
            *_WARNINGS[family],
        ]
        if profile == "debug":
            flags.append("-g1")
        if sanitize:
            flags += [f"-fsanitize={sanitize}", "-fno-sanitize-recover=all", "-g1"]
    elif sanitize:
        raise ToolchainError("E0701", "tcc has no sanitizers; choose gcc or clang with --cc")
    flags += cflags
    linker = (system or compiler) if family == "tcc" else compiler
    linker_family = _family(linker)
    link_flags: list[str] = []
    if linker_family == "tcc":
        link_flags = [str(SHARED_RUNTIME), f"-Wl,-rpath={RUNTIME}", "-lm", "-lpthread"]
    else:
        link_flags = [str(STATIC_RUNTIME), "-Wl,-z,noexecstack", "-lm", "-lpthread"]
        if sanitize:
            link_flags.append(f"-fsanitize={sanitize}")
    return Toolchain(
        compiler,
        family,
        tuple(flags),
        linker,
        linker_family,
        tuple(link_flags),
        tuple((launcher or "").split()),
    )


# ---- running many ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Job:
    command: list[str]
    folder: Path
    done: Callable[[], None]
    label: str
    name: str  # the same without folders, for traces

    @property
    def log(self) -> Path:
        """What the command says."""
        return self.folder / "said.txt"


def _kill(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    for process in processes:
        process.wait()


@contextlib.contextmanager
def _interrupts_held() -> Iterator[Callable[[], None]]:
    """Within, Ctrl-C waits for a call of what this gives.

    An exception in the middle of starting a process would lose that process: nobody would end it. Other
    threads than the main one are never interrupted.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    waiting: list[int] = []
    previous = signal.signal(signal.SIGINT, lambda number, frame: waiting.append(number))

    def deliver() -> None:
        if waiting and callable(previous):
            waiting.clear()
            previous(signal.SIGINT, None)

    try:
        yield deliver
    finally:
        signal.signal(signal.SIGINT, previous)
    deliver()


def _run_all(jobs: Sequence[_Job], width: int) -> list[Ran]:
    """Runs the commands, at most `width` at once; ends the rest when one fails or we are interrupted."""
    waiting = list(reversed(jobs))
    running: list[tuple[subprocess.Popen[bytes], _Job, int, int]] = []
    slots = list(reversed(range(max(1, width))))  # the free ones
    ran: list[Ran] = []
    with _interrupts_held() as deliver_interrupt:
        try:
            while waiting or running:
                while waiting and slots:
                    job = waiting.pop()
                    began = time.monotonic_ns()
                    running.append((_start(job), job, slots.pop(), began))
                deliver_interrupt()
                ended = [entry for entry in running if entry[0].poll() is not None]
                if not ended:
                    time.sleep(0.001)
                for entry in ended:
                    running.remove(entry)
                    process, job, slot, began = entry
                    ran.append(Ran(job.name, slot, began, time.monotonic_ns()))
                    slots.append(slot)
                    if process.returncode != 0:
                        said = job.log.read_text("utf-8", "replace").strip()
                        raise ToolchainError("E0702", f"the C compiler failed on {job.label}:\n{said}")
                    job.done()
        finally:
            _kill([process for process, *_ in running])
    return ran


def _start(job: _Job) -> subprocess.Popen[bytes]:
    with job.log.open("wb") as said:
        return subprocess.Popen(
            job.command,
            cwd=job.folder,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )


# ---- compiling ---------------------------------------------------------------------------------------------


def _version(tool: str | Path) -> bytes:
    place = Path(tool).resolve()
    try:
        status = place.stat()
    except OSError:
        return os.fsencode(tool)
    return f"{place}:{status.st_size}:{status.st_mtime_ns}".encode()


def _headers_hash() -> bytes:
    state = hashlib.blake2b(digest_size=16)
    for header in sorted(INCLUDE.glob("*.h")):
        state.update(header.read_bytes())
    return state.digest()


def _beside(path: Path) -> Path:
    """A name in the same folder that no other process and no other thread of this one uses."""
    return path.with_name(f".{path.name}.{os.getpid()}.{threading.get_native_id()}")


def write_if_changed(path: Path, content: bytes) -> None:
    """Writes a file under a temporary name and renames it; leaves one alone that has this content already."""
    with contextlib.suppress(OSError):
        if path.stat().st_size == len(content) and path.read_bytes() == content:
            return
    temporary = _beside(path)
    temporary.write_bytes(content)
    temporary.replace(path)


@dataclass(frozen=True, slots=True)
class Compiled:
    """Objects in the order of the files they were made from."""

    objects: tuple[Path, ...]
    compiled: int
    reused: int
    ran: tuple[Ran, ...] = ()  # the compilers


def compile_files(
    toolchain: Toolchain,
    files: Sequence[tuple[str, bytes]],
    folder: Path,
    jobs: int,
    progress: Callable[[int, int], None] | None = None,
    root: Path | None = None,
) -> Compiled:
    """Compiles C files into objects below `folder`, reusing those that were made from the same text.

    `root` is what the paths in #line directives start from; debuggers are told so.
    """
    sources = folder / "c"
    objects_folder = folder / "o"
    sources.mkdir(parents=True, exist_ok=True)
    objects_folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    base = hashlib.blake2b(digest_size=16)
    for part in (_version(toolchain.compiler), "\0".join(toolchain.flags).encode(), _headers_hash()):
        base.update(part + b"\1")
    objects: list[Path] = []
    missing: list[_Unit] = []
    for name, content in files:
        state = base.copy()
        state.update(name.encode() + b"\0" + content)
        target = objects_folder / f"{name.removesuffix('.c')}-{state.hexdigest()}.o"
        objects.append(target)
        if target.exists():
            write_if_changed(sources / name, content)
        else:
            missing.append(_Unit(name, content, sources / name, target))
    total = len(missing)
    ran: list[Ran] = []
    done = 0
    if progress:
        progress(0, total)

    def finish(batch: list[_Unit], place: Path) -> None:
        nonlocal done
        for unit in batch:
            (place / f"{unit.name.removesuffix('.c')}.o").replace(unit.target)
        done += len(batch)
        if progress:
            progress(done, total)

    if missing:
        with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=folder) as scratch:
            commands: list[_Job] = []
            for number, batch in enumerate(_batches(toolchain, missing, jobs)):
                place = Path(scratch).resolve() / str(number)
                place.mkdir()
                for unit in batch:
                    _publish(unit, place)
                command = _command(toolchain, batch, place, root)
                label = ", ".join(str(unit.source) for unit in batch[:3]) + (" …" if len(batch) > 3 else "")
                names = ", ".join(unit.name for unit in batch[:8]) + (" …" if len(batch) > 8 else "")
                commands.append(_Job(command, place, partial(finish, batch, place), label, names))
            ran = _run_all(commands, jobs)
    _forget_old(objects_folder, set(objects))
    return Compiled(tuple(objects), total, len(files) - total, tuple(ran))


@dataclass(frozen=True, slots=True)
class _Unit:
    """One C file to be compiled."""

    name: str
    content: bytes
    source: Path  # where people find it
    target: Path


_SCRATCH = "sigil-"
_STALE_SECONDS = 3600.0


def _publish(unit: _Unit, place: Path) -> None:
    """Writes a C file where its compiler runs, and gives it its name among the others.

    The compiler reads its own copy: another build may put a later version under the name at any time, and the
    object would keep the wrong text under the right hash.
    """
    own = place / unit.name
    own.write_bytes(unit.content)
    beside = _beside(unit.source)
    try:
        beside.hardlink_to(own)
        beside.replace(unit.source)
    except OSError:  # a file system without links
        write_if_changed(unit.source, unit.content)
    finally:
        beside.unlink(missing_ok=True)  # of two names of one file, the replacing leaves both


def _command(toolchain: Toolchain, batch: Sequence[_Unit], place: Path, root: Path | None) -> list[str]:
    command = [*toolchain.launcher, toolchain.compiler, *toolchain.flags, f"-I{INCLUDE}"]
    if root is not None and toolchain.family != "tcc":
        command.append(f"-fdebug-prefix-map={place}={root}")
    command += ["-c", *(unit.name for unit in batch)]
    if toolchain.launcher and len(batch) == 1:  # ccache and its like want one file and -o
        command += ["-o", f"{batch[0].name.removesuffix('.c')}.o"]
    return command


def _sweep(folder: Path) -> None:
    """Removes what a build left behind that was killed."""
    for path in folder.glob(f"{_SCRATCH}*"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(path)


def _batches(toolchain: Toolchain, units: Sequence[_Unit], jobs: int) -> list[list[_Unit]]:
    """Largest first, each to the lightest batch; a few batches per job, so that none ends the stage alone."""
    count = len(units) if toolchain.launcher else min(len(units), max(1, jobs) * 3)
    batches: list[list[_Unit]] = [[] for _ in range(count)]
    weights = [0] * count
    for unit in sorted(units, key=lambda unit: (-len(unit.content), unit.name)):
        lightest = weights.index(min(weights))
        batches[lightest].append(unit)
        weights[lightest] += len(unit.content) + 4096
    return batches


_OBJECT = re.compile(r"(.+)-[0-9a-f]{32}\.o")
_KEPT = 4  # versions of one file's object that are kept, for switching back and forth


def _forget_old(folder: Path, wanted: set[Path]) -> None:
    versions: dict[str, list[Path]] = {}
    for path in folder.iterdir():
        if path not in wanted and (match := _OBJECT.fullmatch(path.name)):
            versions.setdefault(match[1], []).append(path)
    for paths in versions.values():
        if len(paths) <= _KEPT:
            continue
        with contextlib.suppress(OSError):
            paths.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
            for path in paths[_KEPT:]:
                path.unlink()


def link(toolchain: Toolchain, objects: Sequence[Path], target: Path, folder: Path) -> tuple[Ran, ...]:
    """Links objects into an executable, under a temporary name first; leaves one alone that is up to date."""
    if not STATIC_RUNTIME.exists():
        raise ProjectError(f"the runtime library {STATIC_RUNTIME} is missing; build it with `make build`")
    stamp = folder / f"linked-{hashlib.blake2b(os.fsencode(target.absolute()), digest_size=8).hexdigest()}"
    key = _link_key(toolchain, objects)
    if _is_linked(stamp, key, target):
        return ()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=folder) as scratch:
        place = Path(scratch)
        listing = place / "objects"
        made = place / "program"
        names = [str(path.resolve()) for path in objects]
        if toolchain.linker_family == "tcc":
            arguments = names
        else:  # thousands of objects would be too long a command line
            listing.write_text("\n".join(f'"{name}"' for name in names), "utf-8")
            arguments = [f"@{listing}"]
        command = [toolchain.linker, *arguments, "-o", str(made), *toolchain.link_flags]
        ran = _run_all([_Job(command, place, lambda: None, str(target), target.name)], 1)
        # Of the file that is moved, not of what has the name afterwards: that may be another build's.
        identity = _identity(made)
        try:
            _move(made, target)
        except OSError as error:
            raise ToolchainError("E0703", f"cannot write {target}: {error.strerror}") from error
    write_if_changed(stamp, f"{key} {identity}".encode())
    return tuple(ran)


def _link_key(toolchain: Toolchain, objects: Sequence[Path]) -> str:
    """What an executable is made from: the objects' names hold hashes of their content."""
    state = hashlib.blake2b(digest_size=16)
    for part in (
        _version(toolchain.linker),
        "\0".join(toolchain.link_flags).encode(),
        _version(STATIC_RUNTIME),
    ):
        state.update(part + b"\1")
    for path in objects:
        state.update(path.name.encode() + b"\0")
    return state.hexdigest()


def _identity(path: Path) -> str:
    status = path.stat()
    return f"{status.st_size} {status.st_mtime_ns}"


def _is_linked(stamp: Path, key: str, target: Path) -> bool:
    try:
        return stamp.read_text() == f"{key} {_identity(target)}" and os.access(target, os.X_OK)
    except OSError:
        return False


def _move(made: Path, target: Path) -> None:
    """Renames a file, also to another file system; readers see all of it or none."""
    try:
        made.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = _beside(target)
        try:
            shutil.copy2(made, beside)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
