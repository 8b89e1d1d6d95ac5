"""The build makes again what changed and nothing else; the runtime library offers only `si_…`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import cbuild
import pytest


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small tree of C files in the place of the project."""
    folder = tmp_path / "csrc/base"
    folder.mkdir(parents=True)
    (folder / "shared.h").write_text("#define ANSWER 42\n")
    (folder / "first.c").write_text(
        '#include "base/shared.h"\nint first(void);\nint first(void) { return ANSWER; }\n'
    )
    (folder / "second.c").write_text("int second(void);\nint second(void) { return 1; }\n")
    monkeypatch.setattr(cbuild, "ROOT", tmp_path)
    return tmp_path


def compiled(tree: Path, *more_flags: str) -> int:
    """How many files a build compiles now."""
    build = cbuild.Build(tree / "build", jobs=2)
    with build.locked():
        objects = build.compile("core", cbuild.core_sources(), ["-Icsrc", *more_flags], cbuild.c_compiler())
        build.archive(tree / "build/libcore.a", objects)
    return build.compiled_count


def edit(path: Path, text: str) -> None:
    path.write_text(text)
    later = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(later, later))


def test_second_build_does_nothing(tree: Path) -> None:
    assert compiled(tree) == 2
    assert compiled(tree) == 0


def test_edited_header_compiles_who_includes_it(tree: Path) -> None:
    compiled(tree)
    edit(tree / "csrc/base/shared.h", "#define ANSWER 43\n")
    assert compiled(tree) == 1


def test_other_flags_have_objects_of_their_own(tree: Path) -> None:
    compiled(tree)
    assert compiled(tree, "-O2") == 2
    assert compiled(tree) == 0


def test_removed_file_leaves_the_archive(tree: Path) -> None:
    compiled(tree)
    (tree / "csrc/base/second.c").unlink()
    assert compiled(tree) == 0
    names = subprocess.run(
        ["ar", "t", tree / "build/libcore.a"], capture_output=True, text=True, check=True
    ).stdout
    assert names.split() == ["first.o"]


def test_error_shows_the_compilers_words_and_leaves_no_object(tree: Path) -> None:
    (tree / "csrc/base/second.c").write_text("int second(void { return 1; }\n")
    with pytest.raises(cbuild.BuildError, match=r"second\.c"):
        compiled(tree)
    assert not list(tree.glob("build/obj/*/base/second.o"))


def test_runtime_offers_only_its_own_names(root: Path) -> None:
    folder = root / "sigil/_runtime"
    if not cbuild.sources("runtime"):
        pytest.skip("there is no runtime yet")
    for command in (
        ["nm", "-g", "--defined-only", folder / "libsigil_rt.a"],
        ["nm", "-D", "--defined-only", folder / "libsigil_rt.so"],
    ):
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        names = [line.split()[-1] for line in lines if len(line.split()) == 3]
        assert names, f"{command[-1]} offers nothing"
        assert [name for name in names if not name.startswith("si_")] == []
    for header in (root / "csrc/runtime").glob("si*.h"):
        assert (folder / "include" / header.name).read_bytes() == header.read_bytes()
