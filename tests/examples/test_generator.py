"""The corpus generator: equal arguments give equal bytes, and the 40-module example is what it writes."""

from __future__ import annotations

import re
from pathlib import Path

from bench import corpus


def texts(folder: Path) -> dict[str, bytes]:
    files = [*folder.glob("src/**/*.si"), folder / "sigil.toml"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_the_example_is_what_the_generator_writes(root: Path, tmp_path: Path) -> None:
    corpus.generate(tmp_path, lines=3200, modules=40, seed=40, depth=8, width=4, name="forty_modules")
    assert texts(tmp_path) == texts(root / "examples" / "forty_modules")


def test_another_seed_gives_another_project(tmp_path: Path) -> None:
    for seed in (1, 2):
        corpus.generate(tmp_path / str(seed), lines=1000, modules=10, seed=seed)
    assert texts(tmp_path / "1") != texts(tmp_path / "2")


def test_about_a_fifth_of_the_functions_have_tests(tmp_path: Path) -> None:
    corpus.generate(tmp_path, lines=20_000, modules=80, seed=1)
    text = b"\n".join(texts(tmp_path).values())
    tests = len(re.findall(rb"^@\w+ tests", text, re.M))
    functions = len(re.findall(rb"^(?:pub )?@\w+", text, re.M)) - tests
    assert 0.17 < tests / functions < 0.23


def test_no_function_occurs_twice(tmp_path: Path) -> None:
    corpus.generate(tmp_path, lines=20_000, modules=80, seed=1)
    bodies: list[bytes] = []
    for text in texts(tmp_path).values():
        bodies += [
            part.split(b" ", 1)[1] for part in re.split(rb"\n(?=(?:pub )?@)", text) if b" tests @" not in part
        ]
    assert len(set(bodies)) > 0.97 * len(
        bodies
    )  # without their names: constants, types and shapes differ too
