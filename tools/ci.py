"""The long checks of continuous integration, each also alone: `python tools/ci.py [STEP [ARGUMENT]]`.

Without a step all of CHECKS run, each whatever the others gave, and a table says at the end what failed. The
status is 1 if anything did. tools/setup.sh ci has installed what the steps need.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import cbuild

ROOT = cbuild.ROOT
CI_FOLDER = ROOT / "build/ci"
FUZZ_SECONDS = 20
SEEDS = (ROOT / "examples", ROOT / "tests/conformance")  # what longer fuzzing begins with besides its corpus


def call(*command: str | Path, **environment: str) -> bool:
    """Runs a command at the root, its output ours; whether it succeeded."""
    words = [str(word) for word in command]
    print("$", *(f"{name}={value}" for name, value in environment.items()), *words, flush=True)
    return subprocess.run(words, cwd=ROOT, env=os.environ | environment, check=False).returncode == 0


def pytest(*arguments: str, python: str | Path = sys.executable, **environment: str) -> bool:
    """Runs pytest; that it found nothing to run is no failure here."""
    command = [str(python), "-m", "pytest", "-q", *arguments]
    print("$", *(f"{name}={value}" for name, value in environment.items()), *command, flush=True)
    return subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=False).returncode in (0, 5)


def build_apart(name: str, **environment: str) -> bool:
    """Builds extension and runtime into a folder of their own: the package in place stays as it is."""
    target = CI_FOLDER / name
    setup = [sys.executable, "setup.py", "-q", "build_ext"]
    return call(*setup, "--build-lib", target, "--build-temp", target, **environment)


def compilers(_: str = "") -> bool:
    """gcc and clang without a warning, and the unit tests built by clang."""
    passed = [build_apart(cc, CC=cc, SIGIL_WERROR="1") for cc in ("gcc", "clang") if shutil.which(cc)]
    passed.append(pytest("tests/unit", CC="clang", SIGIL_WERROR="1"))
    return all(passed)


def asan(piece: str = "") -> bool:
    """The unit tests under AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer."""
    return pytest("tests/unit", *_chosen(piece), SIGIL_TEST_VARIANT="asan", SIGIL_TEST_SECONDS="200")


def asan_python(piece: str = "") -> bool:
    """The tests in Python with an extension that is built with ASan and UBSan, in a copy of the tree.

    Leaks are not looked for: the interpreter itself keeps memory until the end.
    """
    tree = CI_FOLDER / "asan"
    left_out = shutil.ignore_patterns("build", ".*", "__pycache__", "_runtime", "*.so", "*.egg-info")
    shutil.copytree(
        ROOT, tree, ignore=left_out, dirs_exist_ok=True
    )  # keeps times, so only changes are compiled
    setup = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    environment = os.environ | {"SIGIL_SANITIZE": "address,undefined"}
    if subprocess.run(setup, cwd=tree, env=environment, check=False).returncode != 0:
        return False
    library = subprocess.run(
        [*cbuild.c_compiler(), "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    environment = os.environ | {"LD_PRELOAD": library, "ASAN_OPTIONS": "detect_leaks=0"}
    command = [sys.executable, "-m", "pytest", "-q", "--ignore=tests/unit", "--ignore=tests/tidy"]
    command += ["-p", "no:cacheprovider", *_chosen(piece)]
    return subprocess.run(command, cwd=tree, env=environment, check=False).returncode in (0, 5)


def tsan(piece: str = "") -> bool:
    """The unit tests that have threads under ThreadSanitizer."""
    return pytest("tests/unit", *_chosen(piece), SIGIL_TEST_VARIANT="tsan", SIGIL_TEST_SECONDS="200")


def _chosen(piece: str) -> list[str]:
    return ["-k", piece] if piece else []


def pythons(_: str = "") -> bool:
    """Every other Python from 3.10 on builds the extension, imports it and passes the smoke tests."""
    passed = True
    pip = ["-m", "pip", "-q", "--disable-pip-version-check"]
    for name, python in other_pythons().items():
        print(f"--- Python {name}: {python}", flush=True)
        venv = CI_FOLDER / f"venv-{name}"
        inside = venv / "bin/python"
        passed &= (
            (inside.exists() or call(python, "-m", "venv", venv))
            and call(inside, *pip, "install", "-r", "tools/requirements.txt")
            and call(inside, "setup.py", "-q", "build_ext", "--inplace")
            and call(inside, "-c", "import sigil; print('sigil', sigil.__version__)")
            and pytest("-m", "smoke", python=inside)
        )
    return passed


PROBE = """
import pathlib, sys, sysconfig
from importlib.util import find_spec
fit = sys.version_info >= (3, 10) and find_spec("venv") and find_spec("ensurepip")
if fit and pathlib.Path(sysconfig.get_path("include"), "Python.h").exists():
    print("%d.%d%s" % (*sys.version_info[:2], getattr(sys, "abiflags", "")))
"""


def other_pythons() -> dict[str, Path]:
    """Version → interpreter, one of each version, without that of .venv; those of pyenv too."""
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders += sorted(pyenv.glob("versions/*/bin"))
    ours = _fit_version(Path(sys.executable))
    found: dict[str, Path] = {}
    for folder in folders:
        if folder == Path(sys.executable).parent or folder.name == "shims":
            continue
        for minor in range(10, 20):
            for name in (f"python3.{minor}", f"python3.{minor}t"):
                candidate = folder / name
                version = _fit_version(candidate) if os.access(candidate, os.X_OK) else ""
                if version and version != ours:
                    found.setdefault(version, candidate)
    return found


def _fit_version(python: Path) -> str:
    done = subprocess.run([python, "-c", PROBE], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def fuzz(seconds: str = "") -> bool:
    """Each tests/fuzz/fuzz_X.c (LLVMFuzzerTestOneInput) for some seconds under libFuzzer, from its corpus."""
    targets = sorted((ROOT / "tests/fuzz").glob("fuzz_*.c"))
    if not targets:
        print("no fuzz targets in tests/fuzz/ yet")
        return True
    sanitizers = ["-O1", "-g1", *cbuild.sanitize_flags("address,undefined")]
    flags = [*cbuild.base_flags(), "-I.", *sanitizers, "-fsanitize=fuzzer-no-link"]
    build, cc, passed = cbuild.Build(quiet=False), ["clang"], True
    for target in targets:
        name = target.stem.removeprefix("fuzz_")
        try:
            with build.locked():
                core = build.archive(
                    build.folder / "fuzz/libcore.a", build.compile("fuzz", cbuild.core_sources(), flags, cc)
                )
                own = build.compile("fuzz", [target.relative_to(ROOT)], flags, cc)
                program = build.program(
                    build.folder / "fuzz" / target.stem,
                    cc,
                    [*sanitizers, "-fsanitize=fuzzer"],
                    [*own, core],
                    ["-lm", "-lpthread"],
                )
        except cbuild.BuildError as error:
            print(error)
            passed = False
            continue
        found = build.folder / "fuzz/found" / name  # new inputs; the stored ones are only read
        found.mkdir(parents=True, exist_ok=True)
        stored = ROOT / "tests/fuzz/corpus" / name
        passed &= call(
            program,
            f"-max_total_time={seconds or FUZZ_SECONDS}",
            "-timeout=10",
            "-rss_limit_mb=2048",
            "-print_final_stats=1",
            "-verbosity=0",
            f"-artifact_prefix={found}/",
            found,
            *([stored] if stored.is_dir() else []),
            *(SEEDS if int(seconds or FUZZ_SECONDS) >= 60 else []),  # a short run would only read them
        )
    return passed


def style(_: str = "") -> bool:
    """The formatters change nothing; ruff and mypy find nothing."""
    ruff = [sys.executable, "-m", "ruff"]
    passed = [
        call(*ruff, "check", "."),
        call(*ruff, "format", "--check", "."),
        call(sys.executable, "-m", "mypy", "sigil"),
        call("clang-format", "--dry-run", "--Werror", *c_files()),
    ]
    return all(passed)


def lint(_: str = "") -> bool:
    """All checks of form and of sense that need no run."""
    tidy = ["clang-tidy", "--quiet", "--checks=-*,bugprone-*,clang-analyzer-*,concurrency-*" + TIDY_OFF]
    files = [path for path in cbuild.core_sources() + cbuild.sources("runtime") if path.suffix == ".c"]
    flags = [*cbuild.base_flags()]
    passed = [style(), pytest("tests/tidy")]
    if files:
        passed.append(call(*tidy, "--warnings-as-errors=*", *files, "--", *flags))
    return all(passed)


# Checks of clang-tidy that contradict how this project is written, with the reason.
TIDY_OFF = (
    ",-bugprone-easily-swappable-parameters"  # ids are structs already; pairs of sizes are not worth more
    ",-bugprone-macro-parentheses"  # wrong about types as macro parameters
    ",-bugprone-narrowing-conversions"  # -Wconversion is stricter where it matters
    ",-bugprone-implicit-widening-of-multiplication-result"
    ",-bugprone-branch-clone"  # switches over kinds spell out equal cases on purpose
    ",-bugprone-reserved-identifier"  # _GNU_SOURCE
    ",-bugprone-assignment-in-if-condition"
    ",-bugprone-sizeof-expression"  # arrays of pointers are meant
    ",-clang-analyzer-valist.Uninitialized"  # wrong about va_copy, up to clang 14 at least
    # Wants Annex K, which glibc lacks.
    ",-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling"
    ",-concurrency-mt-unsafe"  # names setlocale-dependent functions that have no other name
)


def fmt(_: str = "") -> bool:
    """Formats what `style` checks."""
    ruff = [sys.executable, "-m", "ruff"]
    return (
        call(*ruff, "check", "--fix", ".")
        & call(*ruff, "format", ".")
        & call("clang-format", "-i", *c_files())
    )


def c_files() -> list[Path]:
    """Our C; tables (.def) are left alone."""
    folders = ("csrc", "tests/unit", "tests/fuzz", "bench")
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.[ch]"))
    return sorted(path.relative_to(ROOT) for path in found)


def cov(_: str = "") -> bool:
    """Line and branch coverage of the core by the unit tests: a table, and pages in build/coverage/."""
    for path in (ROOT / "build/obj").glob("test-cov-*/**/*.gcda"):
        path.unlink()
    if not pytest("tests/unit", SIGIL_TEST_VARIANT="cov"):
        return False
    report = ROOT / "build/coverage"
    report.mkdir(parents=True, exist_ok=True)
    objects = sorted(str(path) for path in (ROOT / "build/obj").glob("test-cov-*"))
    gcovr = [sys.executable, "-m", "gcovr", "--root", ".", "--filter", "csrc/", *objects]
    return call(*gcovr, "--html-details", report / "index.html", "--txt", "-", "--txt-summary")


def bench(_: str = "") -> bool:
    """Every benchmark that has a table, in the order in which a reader wants them."""
    names = ("stages", "lexing", "sched", "schedules", "trace", "scaling")
    return _modules(*(f"bench.{name}" for name in names))


def bench_peers(_: str = "") -> bool:
    return _modules("bench.peers")


def _modules(*names: str) -> bool:
    sys.path.insert(0, str(ROOT))
    passed, ran = True, 0
    for name in names:
        if (ROOT / name.split(".")[0]).is_dir() and importlib.util.find_spec(name) is not None:
            passed &= call(sys.executable, "-m", name)
            ran += 1
    if ran == 0:
        print(f"none of {', '.join(names)} is here yet")
    return passed


def hunt(_: str = "") -> bool:
    """The slow hunts: a million random task graphs, and fifty repetitions of the same bytes."""
    graphs = pytest("tests/unit", "-k", "graphs", SIGIL_GRAPH_RUNS="1000000", SIGIL_TEST_SECONDS="1500")
    same = pytest("tests/properties/test_same_bytes.py", SIGIL_SAME_ROUNDS="50")
    return graphs and same


CHECKS: dict[str, Callable[[str], bool]] = {
    "style": style,
    "compilers": compilers,
    "asan": asan,
    "tsan": tsan,
    "pythons": pythons,
    "fuzz": fuzz,
}
ALONE: dict[str, Callable[[str], bool]] = {
    "asan-python": asan_python,
    "lint": lint,
    "fmt": fmt,
    "cov": cov,
    "hunt": hunt,
    "bench": bench,
    "bench-peers": bench_peers,
}


def main(arguments: list[str]) -> int:
    if arguments:
        return 0 if (CHECKS | ALONE)[arguments[0]](" ".join(arguments[1:])) else 1
    results: list[tuple[str, bool, float]] = []
    for name, check in CHECKS.items():
        print(f"\n=== {name}: {(check.__doc__ or '').splitlines()[0]}", flush=True)
        started = time.monotonic()
        results.append((name, check(""), time.monotonic() - started))
    print("\n=== make ci")
    for name, passed, seconds in results:
        print(f"{'passed' if passed else 'FAILED':8}{name:12}{seconds:7.1f} s")
    return 0 if all(passed for _, passed, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
