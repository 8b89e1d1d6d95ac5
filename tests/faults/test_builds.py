"""Builds that are killed, run out of disk, or run beside each other: what is left behind is whole or not there."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLE = ROOT / "examples/expression_evaluator"
SIGIL = [sys.executable, "-m", "sigil"]


def environment(home: Path) -> dict[str, str]:
    return os.environ | {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache"), "PYTHONPATH": str(ROOT)}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "project", ignore=shutil.ignore_patterns(".sigil")))


def sigil(project: Path, *words: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SIGIL, *words, str(project)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment(project.parent),
        **more,  # type: ignore[call-overload]  # keywords are passed on
    )


def whole_output(project: Path) -> str:
    done = sigil(project, "run")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("expected")
    return whole_output(
        Path(shutil.copytree(EXAMPLE, folder / "project", ignore=shutil.ignore_patterns(".sigil")))
    )


def executables(project: Path) -> list[Path]:
    return [path for path in (project / ".sigil").glob("*/bin/*") if not path.name.startswith(".")]


def test_a_killed_build_is_followed_by_a_good_one(project: Path, expected: str) -> None:
    started = time.monotonic()
    assert sigil(project, "build").returncode == 0
    whole = time.monotonic() - started
    chance = random.Random(1)
    for _ in range(5):
        shutil.rmtree(project / ".sigil", ignore_errors=True)
        build = subprocess.Popen(
            [*SIGIL, "build", str(project)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(project.parent),
            start_new_session=True,
        )
        time.sleep(whole * chance.uniform(0.3, 1.0))
        os.killpg(build.pid, signal.SIGKILL)
        build.wait()
        for path in executables(project):  # what is there under its own name runs
            assert subprocess.run([path], capture_output=True, text=True, check=False).stdout == expected
        assert whole_output(project) == expected


def test_a_full_disk_is_an_error_and_keeps_the_old_program(project: Path, expected: str) -> None:
    assert whole_output(project) == expected
    before = {path: path.read_bytes() for path in executables(project)}
    assert before
    main = project / "src/main.si"
    main.write_text("// moves every line\n" + main.read_text(encoding="utf-8"), encoding="utf-8")

    def no_space() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # writes fail with EFBIG, as they do with ENOSPC
        resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))

    done = sigil(project, "build", preexec_fn=no_space)
    assert done.returncode in (1, 2), done.stderr
    assert done.stderr and "Traceback" not in done.stderr
    assert {path: path.read_bytes() for path in executables(project)} == before
    assert whole_output(project) == expected


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small file system")
def test_a_small_file_system(project: Path, expected: str, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", str(small)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        (project / ".sigil").symlink_to(small)
        done = sigil(project, "build")
        assert done.returncode in (1, 2), done.stderr
        assert done.stderr and "Traceback" not in done.stderr
        (project / ".sigil").unlink()
        assert whole_output(project) == expected
    finally:
        subprocess.run(["umount", str(small)], check=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_must_not_be_written(project: Path) -> None:
    project.chmod(0o500)
    try:
        done = sigil(project, "build")
        assert done.returncode in (1, 2) and "Traceback" not in done.stderr
    finally:
        project.chmod(0o700)


def test_builds_at_once_all_succeed(project: Path, expected: str) -> None:
    builds = [
        subprocess.Popen(
            [*SIGIL, "build", *words, str(project)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment(project.parent),
        )
        for words in ([], [], ["--release"], ["-j", "1"])
    ]
    for build in builds:
        said, _ = build.communicate(timeout=120)
        assert build.returncode == 0, said
    assert whole_output(project) == expected
    assert not [path for path in project.rglob(".*") if path.is_file()], "temporary files were left behind"
