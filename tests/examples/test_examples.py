"""Every project of examples/ builds and runs with every C compiler found, and its tests pass.

What a program prints is compared with examples/NAME/expected.txt (`make accept` rewrites it). Sanitized builds show that
generated programs have no undefined behaviour and leak nothing; every run also ends with the runtime's count of live
cells, which must be 0.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import sigil
from sigil import toolchain

EXAMPLES = sorted(path.parent.name for path in (Path(__file__).parents[2] / "examples").glob("*/sigil.toml"))
COMPILERS = [name for name in ("tcc", "gcc", "clang") if shutil.which(name)]


def run(program: Path) -> tuple[bytes, bytes, int]:
    environment = {"SIGIL_CHECK_LEAKS": "1", "PATH": os.environ["PATH"]}
    ended = subprocess.run(
        [program], capture_output=True, stdin=subprocess.DEVNULL, env=environment, timeout=120, check=False
    )
    return ended.stdout, ended.stderr, ended.returncode


def expected_output(root: Path, name: str, got: bytes) -> bytes:
    place = root / "examples" / name / "expected.txt"
    if os.environ.get("SIGIL_ACCEPT"):
        place.write_bytes(got)
    return place.read_bytes()


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_runs(root: Path, tmp_path: Path, name: str, compiler: str) -> None:
    workspace = sigil.Workspace(root / "examples" / name)
    profile = "debug" if compiler == "tcc" else "release"
    result = workspace.build(profile=profile, cc=compiler, output=tmp_path / "program")
    assert not result.diagnostics
    assert result.executable is not None
    output, said, status = run(result.executable)
    assert (said, status) == (b"", 0)
    assert output == expected_output(root, name, output)


@pytest.mark.parametrize("name", EXAMPLES)
def test_own_tests_pass(root: Path, name: str) -> None:
    result = sigil.test(root / "examples" / name)
    assert result.ok
    assert result.passed > 0 and result.failed == 0 and result.skipped == 0


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
@pytest.mark.parametrize("name", EXAMPLES)
def test_no_undefined_behaviour_and_no_leak(root: Path, tmp_path: Path, name: str) -> None:
    workspace = sigil.Workspace(root / "examples" / name)
    result = workspace.build(
        profile="debug", cc="gcc", sanitize="address,undefined", with_tests=False, output=tmp_path / "program"
    )
    assert result.executable is not None
    output, said, status = run(result.executable)
    assert (said.decode("utf-8", "replace"), status) == ("", 0)
    assert output == expected_output(root, name, output)


def test_debug_builds_take_tcc_where_it_is_and_cc_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SIGIL_CC", raising=False)
    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("needs gcc")
    (tmp_path / "cc").symlink_to(gcc)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert toolchain.choose("debug").family == "gcc"
    (tmp_path / "tcc").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "tcc").chmod(0o755)
    assert toolchain.choose("debug").family == "tcc"
    assert toolchain.choose("debug").linker_family == "gcc"
    assert toolchain.choose("release").family == "gcc"
