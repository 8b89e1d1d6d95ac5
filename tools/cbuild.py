"""Compiles C in parallel and only what changed: shared by setup.py and the tests, standard library only.

An object lives in a folder that is named after a hash of compiler and flags, so building with other flags
never makes anything out of date: `build/obj/core-3f2a91c07d/base/arena.o`. Beside it lies the compiler's
depfile. An object is made again when it is missing or older than a file that its depfile names. Archives and
programs remember their command and their inputs in a `.cmd` file, so that a source file which disappears is
noticed too.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# The folders of csrc/ that make the compiler's core, in the order in which they may include each other.
CORE_FOLDERS = ("base", "sched", "intern", "syntax", "sema", "ir", "cgen", "query")

WARNINGS = [
    "-Wall",
    "-Wextra",
    "-Wshadow",
    "-Wconversion",
    "-Wstrict-prototypes",
    "-Wmissing-prototypes",
    "-Wvla",
    "-Wundef",
]


class BuildError(Exception):
    """A compiler or another tool failed; the message is what it printed."""


def job_count() -> int:
    """SIGIL_JOBS, or the number of CPUs that this process may use."""
    wanted = os.environ.get("SIGIL_JOBS", "")
    return int(wanted) if wanted.isdigit() and int(wanted) > 0 else len(os.sched_getaffinity(0))


def c_compiler() -> list[str]:
    """CC, or `cc`: the real C compiler (tcc cannot build the core)."""
    return shlex.split(os.environ.get("CC") or "cc")


def pkg_config(*arguments: str) -> list[str]:
    """What pkg-config says, split into words; nothing where it is missing and the usual paths must do."""
    try:
        done = subprocess.run(["pkg-config", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return []
    return shlex.split(done.stdout) if done.returncode == 0 else []


def core_sources() -> list[Path]:
    return sources(*CORE_FOLDERS)


def sources(*folders: str) -> list[Path]:
    """The C files of these folders of csrc/, relative to the root; a folder may be empty or missing."""
    found = (path for folder in folders for path in (ROOT / "csrc" / folder).glob("*.c"))
    return sorted(path.relative_to(ROOT) for path in found)


def base_flags() -> list[str]:
    """What every compilation of ours is called with. SIGIL_WERROR=1 turns warnings into errors (CI does)."""
    flags = ["-std=c11", "-D_GNU_SOURCE", "-Icsrc", "-fvisibility=hidden", *WARNINGS]
    if os.environ.get("SIGIL_WERROR") == "1":
        flags.append("-Werror")
    return flags + pkg_config("--cflags", "libxxhash")


def sanitize_flags(names: str) -> list[str]:
    """Flags for compiling and linking with sanitizers such as "address,undefined"; none for an empty list."""
    if not names:
        return []
    flags = [f"-fsanitize={names}", "-fno-omit-frame-pointer"]
    if "undefined" in names:
        flags.append("-fno-sanitize-recover=undefined")
    return flags


class Build:
    """One folder of build results. Inside `with build.locked():` no other process writes into it."""

    def __init__(self, folder: Path = ROOT / "build", jobs: int | None = None, quiet: bool = True) -> None:
        self.folder = folder
        self.jobs = jobs or job_count()
        self.quiet = quiet
        self.compiled_count = 0

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def say(self, text: str) -> None:
        if not self.quiet:
            sys.stderr.write(text + "\n")  # in one piece: several threads speak

    def compile(
        self, group: str, files: Iterable[Path], flags: Sequence[str], cc: Sequence[str]
    ) -> list[Path]:
        """Objects of `files` (relative to the root), in the same order."""
        files = list(files)
        folder = self.folder / "obj" / f"{group}-{_fingerprint(cc, flags)}"
        objects = [folder / Path(*file.parts[1:]).with_suffix(".o") for file in files]
        stale = [pair for pair in zip(files, objects, strict=True) if not _is_fresh(pair[1])]
        if not stale:
            return objects
        self.compiled_count += len(stale)
        for parent in {target.parent for _, target in stale}:
            parent.mkdir(parents=True, exist_ok=True)
        # Largest first, so that one big file never ends the build alone.
        stale.sort(key=lambda pair: -(ROOT / pair[0]).stat().st_size)
        errors: list[str] = []

        def compile_one(pair: tuple[Path, Path]) -> None:
            source, target = pair
            self.say(f"  cc {source}")
            error = _compile_one(source, target, flags, cc)
            if error:
                errors.append(error)

        with ThreadPoolExecutor(self.jobs) as pool:
            list(pool.map(compile_one, stale))
        if errors:
            raise BuildError("\n".join(sorted(errors)))
        return objects

    def make(self, target: Path, command: Sequence[str], inputs: Sequence[Path]) -> Path:
        """Runs `command` when the target is older than an input or was made by another command.

        The command names its output `{out}`; it is written to a temporary name and renamed.
        """
        record = "\0".join([*map(str, command), *map(str, inputs)])
        note = target.with_name(target.name + ".cmd")
        if target.exists() and note.exists() and note.read_text() == record:
            made = target.stat().st_mtime_ns
            if all(path.stat().st_mtime_ns <= made for path in inputs):
                return target
        target.parent.mkdir(parents=True, exist_ok=True)
        self.say(f"  making {os.path.relpath(target, ROOT)}")
        temporary = target.with_name(f".{os.getpid()}.{target.name}")
        temporary.unlink(missing_ok=True)
        error = _run([str(temporary) if word == "{out}" else word for word in command])
        if error:
            temporary.unlink(missing_ok=True)
            raise BuildError(error)
        temporary.replace(target)
        note.write_text(record)
        return target

    def archive(self, target: Path, objects: Sequence[Path]) -> Path:
        return self.make(target, ["ar", "rcs", "{out}", *map(str, objects)], objects)

    def program(
        self,
        target: Path,
        cc: Sequence[str],
        flags: Sequence[str],
        inputs: Sequence[Path],
        libraries: Sequence[str],
    ) -> Path:
        return self.make(target, [*cc, *flags, "-o", "{out}", *map(str, inputs), *libraries], inputs)


def runtime_objects(
    build: Build, flags: Sequence[str], cc: Sequence[str], group: str
) -> tuple[list[Path], list[Path]]:
    """The objects of csrc/runtime/, and those of base/ and sched/ from which the runtime takes what it needs.

    Visibility differs: what the runtime defines is what generated programs and libsigil_rt.so offer.
    """
    own = build.compile(group, sources("runtime"), [*flags, "-fvisibility=default"], cc)
    shared = build.compile(group, sources("base", "sched"), flags, cc)
    return own, shared


def runtime_libraries(build: Build, cc: Sequence[str]) -> list[Path]:
    """libsigil_rt.a and libsigil_rt.so, or nothing while csrc/runtime/ has no C file.

    The archive holds one object, linked beforehand, in which only `si_…` symbols are global: a generated
    program cannot collide with a name of base/ or sched/, nor with the compiler's own copy of them in one
    process.
    """
    if not sources("runtime"):
        return []
    flags = [*base_flags(), "-O3", "-fPIC", "-DNDEBUG", "-fno-semantic-interposition"]
    own, shared = runtime_objects(build, flags, cc, "runtime")
    folder = build.folder / "runtime"
    helpers = [build.archive(folder / "libshared.a", shared)] if shared else []
    whole = build.make(
        folder / "whole.o", ["ld", "-r", "-o", "{out}", *map(str, own + helpers)], own + helpers
    )
    narrow = build.make(
        folder / "sigil_rt.o",
        ["objcopy", "--wildcard", "--keep-global-symbol=si_*", str(whole), "{out}"],
        [whole],
    )
    static = build.archive(folder / "libsigil_rt.a", [narrow])
    shared_flags = [
        "-shared",
        "-Wl,-soname,libsigil_rt.so",
        "-Wl,-Bsymbolic",
        "-Wl,-z,defs",
        "-Wl,-z,noexecstack",
    ]
    dynamic = build.program(folder / "libsigil_rt.so", cc, shared_flags, [narrow], ["-lm", "-lpthread"])
    return [static, dynamic]


_versions: dict[tuple[str, ...], str] = {}


def _fingerprint(cc: Sequence[str], flags: Sequence[str]) -> str:
    """A short hash of compiler and flags; of its version too: an upgrade builds everything again."""
    key = tuple(cc)
    if key not in _versions:
        try:
            _versions[key] = subprocess.run(
                [*cc, "--version"], capture_output=True, text=True, check=False
            ).stdout
        except FileNotFoundError:
            raise BuildError(
                f"no C compiler: `{cc[0]}` was not found; `apt-get install gcc libc6-dev` installs one"
            ) from None
    text = "\0".join([_versions[key], *cc, *flags])
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _is_fresh(target: Path) -> bool:
    try:
        made = target.stat().st_mtime_ns
        text = target.with_suffix(".d").read_text()
        return all((ROOT / name).stat().st_mtime_ns <= made for name in _depfile_names(text))
    except OSError:  # no object, no depfile, or a header that is gone
        return False


def _depfile_names(text: str) -> list[str]:
    """The prerequisites of the first rule: `arena.o: csrc/base/arena.c csrc/base/arena.h \\`."""
    rule = re.sub(r"\\\n", " ", text).split("\n", 1)[0]
    names = rule.split(": ", 1)[1] if ": " in rule else ""
    return [name.replace("\\ ", " ") for name in re.findall(r"(?:\\ |\S)+", names)]


def _compile_one(source: Path, target: Path, flags: Sequence[str], cc: Sequence[str]) -> str:
    """The compiler's message when it fails, else nothing."""
    # Several programs may want one object at the same moment, in one process or in several.
    temporary = target.with_name(f".{os.getpid()}-{threading.get_ident()}.{target.name}")
    started = _now_ns(temporary)
    depfile = temporary.with_suffix(".d")
    error = _run([*cc, *flags, "-MMD", "-MF", str(depfile), "-c", str(source), "-o", str(temporary)])
    if error:
        temporary.unlink(missing_ok=True)
        depfile.unlink(missing_ok=True)
        return error
    # A file that was edited while the compiler ran must count as newer than the object.
    os.utime(temporary, ns=(started, started))
    depfile.replace(target.with_suffix(".d"))
    temporary.replace(target)
    return ""


def _now_ns(probe: Path) -> int:
    """The file system's idea of now, which may lag behind the clock's."""
    probe.touch()
    return probe.stat().st_mtime_ns


def _run(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(
            command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
    except FileNotFoundError:
        return f"`{command[0]}` was not found"
    if done.returncode != 0:
        return done.stdout + f"failed ({done.returncode}): {shlex.join(command)}"
    if done.stdout:
        print(done.stdout, end="", file=sys.stderr, flush=True)  # warnings
    return ""
