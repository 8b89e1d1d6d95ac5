"""Every fuzz target on its stored inputs, without libFuzzer: what was found once stays found.

tests/fuzz/corpus/X/ holds inputs of fuzz_X.c; a new one is a file with a name that says what is odd about it.
SIGIL_TEST_VARIANT=asan builds with ASan and UBSan, as for the unit tests.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import cbuild
import pytest

HERE = Path(__file__).parent
TARGETS = sorted(path.stem.removeprefix("fuzz_") for path in HERE.glob("fuzz_*.c"))
FLAGS = {
    "plain": ["-O1", "-g1"],
    "asan": ["-O1", "-g1", *cbuild.sanitize_flags("address,undefined")],
    "tsan": ["-O1", "-g1", *cbuild.sanitize_flags("thread")],
    "cov": ["-O0", "-g1", "--coverage"],
}


@pytest.fixture(scope="session")
def programs() -> dict[str, Path]:
    """Target → its program. The core is compiled with the flags of the unit tests, so it is there already."""
    variant = os.environ.get("SIGIL_TEST_VARIANT", "plain")
    build, cc = cbuild.Build(), cbuild.c_compiler()
    flags = [*cbuild.base_flags(), "-I.", *FLAGS[variant]]
    group, folder = f"test-{variant}", build.folder / "tests" / variant / Path(cc[0]).name
    made = {}
    with build.locked():
        core = build.archive(folder / "libcore.a", build.compile(group, cbuild.core_sources(), flags, cc))
        replay = build.compile(group, [Path("tests/fuzz/replay.c")], flags, cc)
        for target in TARGETS:
            own = build.compile(group, [Path(f"tests/fuzz/fuzz_{target}.c")], flags, cc)
            libraries = ["-lm", "-lpthread", "-ldl"]
            made[target] = build.program(
                folder / f"fuzz_{target}", cc, FLAGS[variant], [*own, *replay, core], libraries
            )
    return made


@pytest.mark.parametrize("target", TARGETS)
def test_stored_inputs_are_survived(programs: dict[str, Path], target: str) -> None:
    inputs = sorted(path for path in (HERE / "corpus" / target).rglob("*") if path.is_file())
    assert inputs, f"tests/fuzz/corpus/{target}/ has no input"
    done = subprocess.run(
        [programs[target], *inputs],
        cwd=cbuild.ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        errors="replace",
        check=False,
    )
    last = done.stdout.splitlines()[-1:] or ["before the first input"]
    assert done.returncode == 0, f"{last[0]}: ended with {done.returncode}\n{done.stderr[-4000:]}"
