"""Builds what is installed into build/peers/, and says in one sentence what is missing for the rest."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import cbuild  # noqa: E402  # its folder was put on the path above

HERE = Path(__file__).resolve().parent
FOLDER = ROOT / "build/peers"
RELEASE = [
    "-O3",
    "-DNDEBUG",
]  # no -march for anybody: ours runs on every x86-64, and so do packaged libraries


@dataclass
class Built:
    programs: dict[str, Path] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)  # a sentence each
    stream_maker: Path = Path()


def build_all(only: set[str] | None = None) -> Built:
    """Builds the programs, or those of `only`. Raises BuildError where ours or the work itself fails."""
    built = Built()
    build = cbuild.Build(jobs=2)
    cc = cbuild.c_compiler()
    with build.locked():
        # The work: one object for all languages, without vector code, so that every program does the same.
        work = build.compile("peers-work", [_file("work.c")], ["-O2", "-fno-tree-vectorize"], cc)
        library = build.archive(FOLDER / "libwork.a", work)
        built.stream_maker = build.make(
            FOLDER / "stream", [*cc, "-O2", "-o", "{out}", str(HERE / "stream.c")], [HERE / "stream.c"]
        )
        flags = [*cbuild.base_flags(), *RELEASE]
        core = build.compile("peers", cbuild.sources("base", "sched", "intern"), flags, cc)
        for name in ("ours", "ours_maps"):
            own = build.compile("peers", [_file(f"{name}.c")], flags, cc)
            inputs = [*own, *core, library]
            built.programs[name] = build.program(FOLDER / name, cc, [], inputs, ["-lm", "-lpthread"])
        for name, make in (("tbb", _tbb), ("gomp", _gomp), ("lomp", _lomp), ("rust", _rust)):
            if only is None or name in only:
                outcome = make(build, library)
                if isinstance(outcome, Path):
                    built.programs[name] = outcome
                else:
                    built.skipped.append(outcome)
    return built


def _file(name: str) -> Path:
    return (HERE / name).relative_to(ROOT)


def _tbb(build: cbuild.Build, library: Path) -> Path | str:
    if not shutil.which("g++"):
        return "oneTBB is left out: there is no C++ compiler (Debian package g++)."
    command = ["g++", "-std=c++17", *RELEASE, "-o", "{out}", str(HERE / "tbb.cpp"), str(library)]
    return _try(build, "tbb", [*command, "-ltbb", "-lm", "-lpthread"], "oneTBB", "libtbb-dev")


def _gomp(build: cbuild.Build, library: Path) -> Path | str:
    command = ["gcc", *RELEASE, "-fopenmp", "-o", "{out}", str(HERE / "omp.c"), str(library), "-lm"]
    return _try(build, "gomp", command, "GNU OpenMP", "gcc")


def _lomp(build: cbuild.Build, library: Path) -> Path | str:
    if not shutil.which("clang"):
        return "LLVM's OpenMP is left out: there is no clang (Debian packages clang and libomp-dev)."
    command = ["clang", *RELEASE, "-fopenmp", "-o", "{out}", str(HERE / "omp.c"), str(library), "-lm"]
    return _try(build, "lomp", command, "LLVM's OpenMP", "libomp-dev")


def _try(build: cbuild.Build, name: str, command: list[str], shown: str, package: str) -> Path | str:
    sources = [Path(word) for word in command if word.startswith(str(ROOT))] + [
        HERE / "program.h",
        HERE / "work.h",
    ]
    try:
        return build.make(FOLDER / name, command, sources)
    except cbuild.BuildError as error:
        log = FOLDER / f"{name}.log"
        log.write_text(str(error), encoding="utf-8")
        return (
            f"{shown} is left out: it did not build (Debian package {package}; see {os.path.relpath(log)})."
        )


RUST_LIBRARIES = (
    "rayon, chili, forte, crossbeam-deque, fork_union, lasso, ustr, symbol_table, dashmap, papaya and scc"
)


def _rust(build: cbuild.Build, library: Path) -> Path | str:
    cargo = shutil.which("cargo") or shutil.which("cargo", path=str(Path.home() / ".cargo/bin"))
    if not cargo:
        return f"{RUST_LIBRARIES} are left out: there is no cargo (Debian package cargo, or rustup)."
    command = [
        cargo,
        "build",
        "--release",
        "--locked",
        "--quiet",
        "--manifest-path",
        str(HERE / "rust/Cargo.toml"),
    ]
    environment = os.environ | {"PEERS_BUILD": str(FOLDER), "CARGO_TARGET_DIR": str(FOLDER / "rust")}
    # cargo itself knows what is up to date; without a network it needs what an earlier build fetched.
    for more in ([], ["--offline"]):
        done = subprocess.run(
            [*command, *more, f"-j{build.jobs}"], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            return FOLDER / "rust/release/peers"
    log = FOLDER / "rust.log"
    log.write_text(done.stderr, encoding="utf-8")
    return f"{RUST_LIBRARIES} are left out: cargo could not build them (see {os.path.relpath(log)})."


def stream_file(maker: Path, count: int, distinct: int) -> Path:
    """The stream of identifiers, made once."""
    path = FOLDER / f"stream-{count}-{distinct}.bin"
    if not path.exists() or path.stat().st_mtime < maker.stat().st_mtime:
        temporary = path.with_suffix(f".{os.getpid()}")
        subprocess.run([str(maker), str(temporary), str(count), str(distinct)], check=True)
        temporary.replace(path)
    return path
