"""What the documents name exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCUMENTS = ("docs/ARCHITECTURE.md", "docs/PARALLEL.md", "docs/SCALING.md", "README.md")
FOLDERS = ("csrc/", "sigil/", "tests/", "tools/", "docs/", "bench/", "examples/", ".ci/")
BUILT = ("sigil/_runtime",)  # there after a build only


@pytest.mark.parametrize("document", DOCUMENTS)
def test_named_paths_exist(root: Path, document: str) -> None:
    names = re.findall(r"`([\w./-]+)`", (root / document).read_text(encoding="utf-8"))
    paths = [name for name in names if name.startswith(FOLDERS) and not name.startswith(BUILT)]
    assert [path for path in paths if not (root / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_named_tests_exist(root: Path, document: str) -> None:
    names = re.findall(r"`([\w./-]+)::(\w+)`", (root / document).read_text(encoding="utf-8"))
    missing = []
    for path, name in names:
        kind = "TEST(" if path.endswith(".c") else "def "
        if not re.search(re.escape(kind) + name + r"\b", (root / path).read_text(encoding="utf-8")):
            missing.append(f"{path}::{name}")
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_named_benchmarks_exist(root: Path, document: str) -> None:
    text = (root / document).read_text(encoding="utf-8")
    names = set(re.findall(r"python -m bench\.(\w+)", text))
    assert [
        n for n in names if not any((root / "bench" / n).with_suffix(s).exists() for s in ("", ".py"))
    ] == []


def test_each_part_of_the_parallel_core_has_a_test(root: Path) -> None:
    rows = re.findall(r"^\| (.*) \|$", (root / "docs/PARALLEL.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) > 20
    assert [row for row in rows[1:] if "::" not in row.split(" | ")[2]] == []


def test_licences_are_the_ones_that_the_package_names(root: Path) -> None:
    assert 'license = "MIT OR Apache-2.0"' in (root / "pyproject.toml").read_text(encoding="utf-8")
    assert "MIT License" in (root / "LICENSE-MIT").read_text(encoding="utf-8")
    assert "Apache License" in (root / "LICENSE-APACHE").read_text(encoding="utf-8")


def test_make_help_names_every_command(root: Path) -> None:
    text = (root / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE)) - {
        "help",
        "setup",
        "setup-ci",
        "build",
    }
    described = set(re.findall(r"^## make ([a-z-]+)", text, re.MULTILINE))
    assert targets == described
