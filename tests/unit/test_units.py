"""Builds and runs every tests/unit/test_*.c as one test, without Python in its process.

SIGIL_TEST_VARIANT chooses the build: plain (the default), asan (ASan, UBSan and LSan) or tsan. A program
links with a static library of the whole core; one whose name starts with test_rt_ also with the runtime of
generated programs; one that includes program_helper.h, itself or through body_helper.h, also with that helper.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cbuild
import pytest

HERE = Path(__file__).parent
PROGRAM_SECONDS = 280  # all tests of one program; the harness limits each test

VARIANTS = {
    "plain": ["-O1", "-g1"],
    "asan": ["-O1", "-g1", *cbuild.sanitize_flags("address,undefined")],
    "tsan": ["-O1", "-g1", *cbuild.sanitize_flags("thread")],
    "fuzzed": ["-O1", "-g1", "-include", "tests/unit/fuzz_schedule.h"],
    "cov": ["-O0", "-g1", "--coverage"],
}
# What a program includes when it has threads: only then is it worth ThreadSanitizer's time.
THREADED = ("<pthread.h>", '"base/thread', '"sched/', '"intern/', '"query/')

PROGRAMS = sorted(path.stem for path in HERE.glob("test_*.c"))


def variant() -> str:
    name = os.environ.get("SIGIL_TEST_VARIANT", "plain")
    if name not in VARIANTS:
        pytest.exit(f"SIGIL_TEST_VARIANT is {name!r}; it must be one of {', '.join(VARIANTS)}", 2)
    return name


def is_worth_it(name: str) -> bool:
    text = (HERE / f"{name}.c").read_text(encoding="utf-8")
    return variant() != "tsan" or any(f"#include {header}" in text for header in THREADED)


def build_programs(names: list[str], variant_name: str) -> dict[str, Path | str]:
    """Name → its linked program, or what the compiler says where it cannot be built."""
    build = cbuild.Build()
    cc = cbuild.c_compiler()
    flags = [*cbuild.base_flags(), "-I.", *VARIANTS[variant_name]]
    group = f"test-{variant_name}"
    folder = build.folder / "tests" / variant_name / Path(cc[0]).name
    libraries = ["-lm", "-lpthread", "-ldl"]
    with build.locked():
        core = build.archive(folder / "libcore.a", build.compile(group, cbuild.core_sources(), flags, cc))
        harness = build.compile(group, [Path("tests/unit/harness.c")], flags, cc)
        runtime: list[Path] = []
        if any(name.startswith("test_rt_") for name in names) and cbuild.sources("runtime"):
            own, _ = cbuild.runtime_objects(build, flags, cc, group)
            runtime = [build.archive(folder / "libruntime.a", own)]

        def link(name: str) -> Path | str:
            try:
                files = [HERE / f"{name}.c"]
                if any(
                    f"{helper}.h" in files[0].read_text(encoding="utf-8")
                    for helper in ("program_helper", "body_helper", "lower_helper")
                ):
                    files.append(HERE / "program_helper.c")
                own = build.compile(group, [Path("tests/unit") / file.name for file in files], flags, cc)
                inputs = [*own, *harness, *(runtime if name.startswith("test_rt_") else []), core]
                return build.program(folder / name, cc, VARIANTS[variant_name], inputs, libraries)
            except cbuild.BuildError as error:
                return str(error)

        with ThreadPoolExecutor(build.jobs) as pool:
            return dict(zip(names, pool.map(link, names), strict=True))


@pytest.fixture(scope="session")
def programs(request: pytest.FixtureRequest) -> dict[str, Path | str]:
    """The programs that this run has chosen, built. Where the core does not compile, one says why."""
    chosen = {
        item.callspec.params["name"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.originalname == test_unit.__name__
    }
    names = sorted(filter(is_worth_it, chosen))
    try:
        return build_programs(names, variant())
    except cbuild.BuildError as error:
        return {name: "the core does not compile; see the first failed unit" for name in names} | {
            name: str(error) for name in names[:1]
        }


@pytest.mark.parametrize("name", PROGRAMS, ids=[name.removeprefix("test_") for name in PROGRAMS])
def test_unit(name: str, programs: dict[str, Path | str]) -> None:
    if name not in programs:
        pytest.skip("has no threads")
    program = programs[name]
    if isinstance(program, str):
        pytest.fail(program, pytrace=False)
    done = run_program(program)
    if done.returncode != 0:
        pytest.fail(f"{name} ended with status {done.returncode}\n{done.stdout}", pytrace=False)
    assert " passed, 0 failed" in done.stdout


def run_program(program: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "TSAN_OPTIONS": "halt_on_error=1",
    }
    done = run_once([str(program)], environment)
    # Older ThreadSanitizers cannot live with much randomness in the address space; a fixed layout helps
    # where allowed.
    if done.returncode != 0 and "unexpected memory mapping" in done.stdout and shutil.which("setarch"):
        done = run_once(["setarch", "-R", str(program)], environment)
    return done


def run_once(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=PROGRAM_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as expired:
        output = (expired.stdout or b"").decode(errors="replace") if isinstance(expired.stdout, bytes) else ""
        pytest.fail(f"{command[-1]} ran longer than {PROGRAM_SECONDS} s\n{output}", pytrace=False)
