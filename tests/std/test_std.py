"""The library's own tests: each `.si` file here tests the module of `std` that it is named after."""

from __future__ import annotations

from pathlib import Path

import pytest

import sigil

HERE = Path(__file__).resolve().parent
FILES = sorted(HERE.rglob("*.si"))


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_module(path: Path) -> None:
    result = sigil.test(path)
    failed = [(test.name, test.failure) for test in result.outcomes if test.status != "passed"]
    problems = [f"{d.span}: {d.code} {d.message}" for d in result.diagnostics if d.is_error]
    assert (failed, problems) == ([], [])
    assert result.outcomes


def test_every_module_has_its_tests() -> None:
    library = Path(sigil.__file__).parent / "lib/std"
    modules = {"_".join(path.relative_to(library).with_suffix("").parts) for path in library.rglob("*.si")}
    assert modules == {path.stem for path in FILES}
