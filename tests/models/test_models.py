"""Checks each protocol model of this folder exhaustively, and that each of its deliberate mistakes is found.

A model says in its opening comment what BREAK=n takes away, one numbered line for each; a line may end in
more definitions that its mistake needs, as in [-DWORKERS=3]. See README.md in this folder.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SECONDS = 120  # for one run; all of them together take about 20 s

MODELS = sorted(path.stem for path in HERE.glob("*.pml"))


def breaks(model: str) -> list[tuple[int, list[str]]]:
    text = (HERE / f"{model}.pml").read_text(encoding="utf-8")
    comment = text[: text.index("*/")]
    return [
        (int(number), re.findall(r"-D\w+(?:=\w+)?", rest))
        for number, rest in re.findall(r"^ \* {3}(\d+) {2}(.*)$", comment, re.MULTILINE)
    ]


BREAKS = [(model, number, extra) for model in MODELS for number, extra in breaks(model)]


def check(model: str, folder: Path, definitions: list[str]) -> str:
    """What the checker prints about the model."""
    spin, cc = shutil.which("spin"), shutil.which("gcc") or shutil.which("cc")
    if spin is None:
        pytest.skip("Spin is not installed; `sh tools/setup.sh ci` installs it")
    if cc is None:
        pytest.skip("Spin needs a C compiler")
    for command in (
        [spin, "-a", *definitions, str(HERE / f"{model}.pml")],
        [cc, "-O1", "-w", "-DSAFETY", "-DCOLLAPSE", "-o", "pan", "pan.c"],
    ):
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    done = subprocess.run(
        ["./pan", "-m200000"], cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert "errors:" in done.stdout, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("model", MODELS)
def test_model_holds_in_every_state(model: str, tmp_path: Path) -> None:
    output = check(model, tmp_path, [])
    assert "errors: 0" in output, output
    # Otherwise the search was not exhaustive, and says nothing.
    assert "max search depth too small" not in output
    assert "Search not completed" not in output


@pytest.mark.parametrize(("model", "number", "extra"), BREAKS)
def test_mistake_is_found(model: str, number: int, extra: list[str], tmp_path: Path) -> None:
    output = check(model, tmp_path, [f"-DBREAK={number}", *extra])
    assert "errors: 1" in output, output


@pytest.mark.parametrize("model", MODELS)
def test_mistakes_are_numbered_without_gaps(model: str) -> None:
    numbers = [number for number, _ in breaks(model)]
    text = (HERE / f"{model}.pml").read_text(encoding="utf-8")
    assert numbers == list(range(1, len(numbers) + 1))
    assert numbers, "a model that nothing can break shows nothing"
    assert all(re.search(rf"BREAK [!=]= {number}\b", text) for number in numbers)
