"""The core neither prints, exits nor reads the environment, and keeps nothing global.

The runtime may: it is the program's.
"""

from __future__ import annotations

import shutil
import subprocess

import cbuild
import pytest

# Functions of the C library whose use would break the rule; `v?snprintf` and `abort` (assert) are fine.
FORBIDDEN = {
    *("printf", "puts", "putchar", "vprintf", "fprintf", "fputs", "fputc", "vfprintf", "perror", "fwrite"),
    *("exit", "_exit", "_Exit", "quick_exit"),
    *("getenv", "secure_getenv", "setenv", "putenv", "unsetenv"),
    *("setlocale", "chdir", "system", "popen"),
}
GLOBALS_ALLOWED_IN = "base/process.o"


@pytest.fixture(scope="module")
def symbols() -> list[tuple[str, str, str]]:
    """(object, kind, name) of every symbol of the core, built without assertions."""
    if shutil.which("nm") is None:
        pytest.skip("nm is missing")
    build = cbuild.Build()
    # Without fortification, which renames printf to __printf_chk.
    flags = [*cbuild.base_flags(), "-O1", "-DNDEBUG", "-fPIC", "-U_FORTIFY_SOURCE"]
    with build.locked():
        objects = build.compile("tidy", cbuild.core_sources(), flags, cbuild.c_compiler())
    found = []
    for path in objects:
        text = subprocess.run(["nm", str(path)], capture_output=True, text=True, check=True).stdout
        for line in text.splitlines():
            kind, name = line.split()[-2:]
            found.append(("/".join(path.parts[-2:]), kind, name))
    return found


def test_core_never_prints_exits_or_reads_the_environment(symbols: list[tuple[str, str, str]]) -> None:
    used = [f"{path}: {name}" for path, kind, name in symbols if kind == "U" and name in FORBIDDEN]
    assert used == []


def test_nothing_global_can_change(symbols: list[tuple[str, str, str]]) -> None:
    """Writable data belongs into a workspace; nm shows it as b, d, B, D or C."""
    writable = [
        f"{path}: {name}"
        for path, kind, name in symbols
        if kind in "bBdDC" and path != GLOBALS_ALLOWED_IN and not _is_constant(path, name)
    ]
    assert writable == []


def _is_constant(path: str, name: str) -> bool:
    """Whether a symbol that nm calls data lies in a section which is read-only after relocation."""
    candidates = sorted(
        (cbuild.ROOT / "build/obj").glob(f"tidy-*/{path}"), key=lambda file: file.stat().st_mtime
    )
    text = subprocess.run(
        ["objdump", "-t", str(candidates[-1])], capture_output=True, text=True, check=True
    ).stdout
    return any(line.endswith(f" {name}") and ".data.rel.ro" in line for line in text.splitlines())


def test_headers_stand_alone() -> None:
    """Each header compiles as the only thing in a file: it includes what it needs."""
    headers = sorted(
        path for folder in cbuild.CORE_FOLDERS for path in (cbuild.ROOT / "csrc" / folder).glob("*.h")
    )
    command = [*cbuild.c_compiler(), *cbuild.base_flags(), "-Werror", "-fsyntax-only", "-x", "c", "-"]
    failed = []
    for header in headers:
        text = f'#include "{header.relative_to(cbuild.ROOT / "csrc")}"\nint unused;\n'
        done = subprocess.run(
            command, input=text, cwd=cbuild.ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            failed.append(done.stderr)
    assert not failed, "\n".join(failed)
