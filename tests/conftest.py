"""Shared by all tests: makes tools/ importable and keeps the environment of a test plain."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
sys.path.insert(0, str(ROOT))  # the tested package is the one beside the tests, whoever else is installed


@pytest.fixture(scope="session")
def root() -> Path:
    """The top folder of the project."""
    return ROOT
