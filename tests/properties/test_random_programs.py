"""Random programs print what an interpreter of the same program says, leak nothing, and agree for every C compiler.

More of them: `python tests/properties/programs.py --count 1000 --way tcc --way gcc --way clang`.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import programs
import pytest

sys.setrecursionlimit(5000)
QUICK = range(30)  # with the debug profile's compiler
SLOW = {
    "gcc": range(100, 102),
    "clang": range(200, 201),
    "asan": range(300, 301),
}  # -O2 takes a second for each


@pytest.mark.parametrize("way", list(programs.WAYS))
def test_random_programs(way: str, tmp_path: Path) -> None:
    if shutil.which("gcc" if way == "asan" else way) is None:
        pytest.skip(f"{way} is not installed")
    for seed in SLOW.get(way, QUICK):
        program = programs.Program(seed)
        wrong = programs.run_program(program, way, tmp_path)
        assert not wrong, f"seed {seed}: {wrong}\n\n{program.text()}"


def test_names_of_locals_and_the_order_of_declarations_do_not_matter(tmp_path: Path) -> None:
    for seed in range(400, 412):
        program = programs.Program(seed)
        text = program.disguised(seed)
        wrong = programs.run_program(program, "tcc", tmp_path, text)
        assert not wrong, f"seed {seed}: {wrong}\n\n{text}"
