"""The harness of the C unit tests can fail: checks, crashes and hangs end with a status and a name."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import cbuild
import pytest

PROGRAM = r"""
#include "tests/unit/harness.h"
#include <signal.h>
#include <unistd.h>
TEST(passes) { CHECK(1 + 1 == 2); CHECK_INT(4, 4); CHECK_STRING("a", "a"); REQUIRE(true); }
TEST(check_fails_and_goes_on) {
    CHECK(1 == 2); CHECK_INT(3, 4); CHECK_STRING("a", "b"); FAIL("reached %d", 7);
}
TEST(require_ends_the_test) { REQUIRE(1 == 2); FAIL("unreachable"); }
TEST(crashes) { raise(SIGSEGV); }
TEST(hangs) { for (;;) pause(); }
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("harness")
    (folder / "test_sample.c").write_text(PROGRAM)
    command = [*cbuild.c_compiler(), *cbuild.base_flags(), "-I.", "-o", str(folder / "sample")]
    sources = [
        str(folder / "test_sample.c"),
        "tests/unit/harness.c",
        "csrc/base/arena.c",
        "csrc/base/buffer.c",
        "csrc/base/chunks.c",
        "csrc/base/thread.c",
    ]
    subprocess.run([*command, *sources, "-lpthread"], cwd=cbuild.ROOT, check=True)
    return folder / "sample"


def run(program: Path, *names: str) -> tuple[int, str]:
    environment = os.environ | {"SIGIL_TEST_SECONDS": "1"}
    done = subprocess.run(
        [program, *names], env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_chosen_test_passes(program: Path) -> None:
    status, output = run(program, "pass")
    assert status == 0
    assert "ok   passes" in output
    assert "1 passed, 0 failed" in output


def test_check_tells_every_failure(program: Path) -> None:
    status, output = run(program, "check_fails")
    assert status == 1
    for words in (
        "not true: 1 == 2",
        "actual   3",
        "expected 4",
        'expected "b"',
        "reached 7",
        "0 passed, 1 failed",
    ):
        assert words in output


def test_require_ends_its_test_alone(program: Path) -> None:
    status, output = run(program, "require", "passes")
    assert status == 1
    assert "unreachable" not in output
    assert "1 passed, 1 failed" in output


def test_crash_names_the_test(program: Path) -> None:
    status, output = run(program, "crashes")
    assert status < 0
    assert "FAIL (crashed) crashes" in output


def test_hang_ends_and_names_the_test(program: Path) -> None:
    status, output = run(program, "hangs")
    assert status == 124
    assert "FAIL (took too long) hangs" in output


def test_no_test_chosen_is_an_error(program: Path) -> None:
    assert run(program, "nothing_has_this_name")[0] == 2
