"""The smallest things that every Python must be able to do with the package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.smoke
def test_package_and_extension_agree_on_the_version() -> None:
    import sigil
    from sigil import _core

    assert sigil.__version__ == _core.version()


@pytest.mark.smoke
def test_command_line_prints_its_version(root: Path) -> None:
    command = [sys.executable, "-m", "sigil", "--version"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    import sigil

    assert sigil.__version__ in done.stdout


@pytest.mark.smoke
@pytest.mark.skipif(sys.version_info < (3, 12), reason="interpreters with a GIL of their own came with 3.12")
def test_extension_loads_in_an_interpreter_of_its_own(root: Path) -> None:
    """In a process of its own: what goes wrong with several interpreters goes wrong with a crash."""
    program = (
        "try:\n    import _interpreters as interpreters\n"
        "except ImportError:\n    import _xxsubinterpreters as interpreters\n"
        "from sigil import _core\n"
        "inside = interpreters.create()\n"
        "failed = interpreters.run_string(inside, 'from sigil import _core; assert _core.version()')\n"
        "assert failed is None, failed\n"
        "interpreters.destroy(inside)\n"
        "print(_core.version())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
