"""C compilers: which one is chosen, what is compiled again, and that nothing is half written."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest

from sigil import toolchain
from sigil.toolchain import ToolchainError

FAMILIES = [name for name in ("tcc", "gcc", "clang") if shutil.which(name)]


def sources(*bodies: str) -> list[tuple[str, bytes]]:
    return [(f"part{number}.c", body.encode()) for number, body in enumerate(bodies)]


@pytest.fixture
def cc() -> toolchain.Toolchain:
    return toolchain.choose("debug")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("profile", ["debug", "release"])
def test_every_family_compiles(family: str, profile: str, tmp_path: Path) -> None:
    chosen = toolchain.choose(profile, cc=family)
    assert chosen.family == family
    made = toolchain.compile_files(chosen, sources("int one(void) { return 1; }\n"), tmp_path, 1)
    assert made.objects[0].is_file() and (made.compiled, made.reused) == (1, 0)
    if profile == "release" and family != "tcc":
        assert "-O2" in chosen.flags


def test_debug_prefers_tcc_and_release_never_takes_it_when_there_is_another() -> None:
    if "tcc" in FAMILIES:
        assert toolchain.choose("debug").family == "tcc"
    if set(FAMILIES) - {"tcc"}:
        assert toolchain.choose("release").family != "tcc"
        assert toolchain.choose("debug", sanitize="address").family != "tcc"


def test_no_compiler_is_one_sentence_that_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("SIGIL_CC", raising=False)
    with pytest.raises(ToolchainError, match="apt-get install gcc") as caught:
        toolchain.choose("debug")
    assert caught.value.code == "E0701" and "\n" not in str(caught.value)
    with pytest.raises(ToolchainError, match="`nonesuch` was not found"):
        toolchain.choose("debug", cc="nonesuch")


def test_the_variable_names_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGIL_CC", FAMILIES[-1])
    assert toolchain.choose("debug").family == FAMILIES[-1]


def test_only_what_changed_is_compiled_again(cc: toolchain.Toolchain, tmp_path: Path) -> None:
    first = toolchain.compile_files(cc, sources("int a;\n", "int b;\n", "int c;\n"), tmp_path, 2)
    assert (first.compiled, first.reused) == (3, 0)
    again = toolchain.compile_files(cc, sources("int a;\n", "int b;\n", "int c;\n"), tmp_path, 2)
    assert (again.compiled, again.reused) == (0, 3) and again.objects == first.objects
    changed = toolchain.compile_files(cc, sources("int a;\n", "int b2;\n", "int c;\n"), tmp_path, 2)
    assert (changed.compiled, changed.reused) == (1, 2)
    assert [old == new for old, new in zip(first.objects, changed.objects, strict=True)] == [
        True,
        False,
        True,
    ]
    back = toolchain.compile_files(cc, sources("int a;\n", "int b;\n", "int c;\n"), tmp_path, 2)
    assert back.compiled == 0, "the version before is kept"


def test_other_flags_are_other_objects(tmp_path: Path) -> None:
    plain = toolchain.choose("debug")
    flagged = toolchain.choose("debug", cflags=["-DX=1"])
    first = toolchain.compile_files(plain, sources("int a;\n"), tmp_path, 1)
    second = toolchain.compile_files(flagged, sources("int a;\n"), tmp_path, 1)
    assert second.compiled == 1 and first.objects != second.objects


def test_old_objects_do_not_pile_up(cc: toolchain.Toolchain, tmp_path: Path) -> None:
    for number in range(10):
        toolchain.compile_files(cc, sources(f"int a{number};\n"), tmp_path, 1)
    assert len(list((tmp_path / "o").iterdir())) <= 6


def test_progress_counts_to_the_end(cc: toolchain.Toolchain, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    parts = sources(*(f"int a{number};\n" for number in range(20)))
    toolchain.compile_files(cc, parts, tmp_path, 2, lambda done, total: seen.append((done, total)))
    assert seen[0] == (0, 20) and seen[-1] == (20, 20) and seen == sorted(seen)


def test_a_compiler_that_fails_is_quoted_and_leaves_nothing_behind(
    cc: toolchain.Toolchain, tmp_path: Path
) -> None:
    with pytest.raises(ToolchainError, match=r"part1\.c") as caught:
        toolchain.compile_files(cc, sources("int a;\n", "int b = ;\n"), tmp_path, 1)
    assert caught.value.code == "E0702"
    assert (tmp_path / "c/part1.c").exists(), "the C file is kept, and named"
    assert not list(tmp_path.glob("sigil-*"))
    assert all(path.stat().st_size > 0 for path in (tmp_path / "o").iterdir())


def test_two_builds_at_once_both_succeed(cc: toolchain.Toolchain, tmp_path: Path) -> None:
    parts = sources(*(f"int value{number}(void) {{ return {number}; }}\n" for number in range(12)))
    results: list[object] = []

    def build() -> None:
        try:
            results.append(toolchain.compile_files(cc, parts, tmp_path, 2))
        except BaseException as error:
            results.append(error)

    threads = [threading.Thread(target=build) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(isinstance(result, toolchain.Compiled) for result in results), results
    objects = {result.objects for result in results if isinstance(result, toolchain.Compiled)}
    assert len(objects) == 1
    assert all(path.is_file() for path in objects.pop())
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith((".", "sigil-"))]


def test_a_launcher_goes_before_the_compiler(tmp_path: Path) -> None:
    log = tmp_path / "log"
    launcher = tmp_path / "launch"
    launcher.write_text(f'#!/bin/sh\necho "$@" >>{log}\nexec "$@"\n')
    launcher.chmod(0o755)
    chosen = toolchain.choose("release", launcher=str(launcher))
    made = toolchain.compile_files(chosen, sources("int a;\n", "int b;\n"), tmp_path / "out", 1)
    assert all(path.is_file() for path in made.objects)
    commands = log.read_text().splitlines()
    assert len(commands) == 2 and all(" -o " in command for command in commands), "one file each, with -o"


def test_writing_is_atomic_and_leaves_equal_files_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.c"
    toolchain.write_if_changed(path, b"one")
    os.utime(path, ns=(1, 1))
    toolchain.write_if_changed(path, b"one")
    assert path.stat().st_mtime_ns == 1
    toolchain.write_if_changed(path, b"two")
    assert path.read_bytes() == b"two" and list(tmp_path.iterdir()) == [path]


def test_an_output_that_cannot_be_written_is_e0703(cc: toolchain.Toolchain, tmp_path: Path) -> None:
    if not toolchain.STATIC_RUNTIME.exists():
        pytest.fail("the runtime library is not built")
    parts = sources("int main(void) { return 7; }\n")
    objects = toolchain.compile_files(cc, parts, tmp_path, 1).objects
    target = tmp_path / "taken"
    target.mkdir()
    with pytest.raises(ToolchainError) as caught:
        toolchain.link(cc, objects, target, tmp_path)
    assert caught.value.code == "E0703"
    assert list(target.iterdir()) == [] and not list(tmp_path.glob(".taken*"))
    toolchain.link(cc, objects, tmp_path / "deep/er/program", tmp_path)
    assert os.waitstatus_to_exitcode(os.system(str(tmp_path / "deep/er/program"))) == 7


def test_what_a_killed_build_left_is_removed(cc: toolchain.Toolchain, tmp_path: Path) -> None:
    old, new = tmp_path / "sigil-old", tmp_path / "sigil-new"
    for folder in (old, new):
        (folder / "0").mkdir(parents=True)
    os.utime(old, (1, 1))
    toolchain.compile_files(cc, sources("int a;\n"), tmp_path, 1)
    assert not old.exists() and new.exists()


def test_a_later_text_under_the_same_name_does_not_get_into_the_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another build replaces the C file while ours is compiled."""
    compiler = shutil.which("cc") or shutil.which("tcc")
    meddler = tmp_path / "meddling-gcc"
    meddler.write_text(f'#!/bin/sh\necho "int later;" >{tmp_path}/out/c/part0.c\nexec {compiler} "$@"\n')
    meddler.chmod(0o755)
    monkeypatch.setattr(toolchain, "_publish", _publish_then_replace)
    chosen = toolchain.choose("release", cc=str(meddler))
    made = toolchain.compile_files(chosen, sources("int sooner;\n"), tmp_path / "out", 1)
    assert b"sooner" in made.objects[0].read_bytes() and b"later" not in made.objects[0].read_bytes()


def _publish_then_replace(unit, place: Path, publish=toolchain._publish) -> None:
    publish(unit, place)
    toolchain.write_if_changed(unit.source, b"int later;\n")


@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "tcc"])
def test_objects_do_not_depend_on_where_they_were_made(family: str, tmp_path: Path) -> None:
    chosen = toolchain.choose("debug", cc=family)
    parts = sources('#line 3 "src/main.si"\nint one(void) { return 1; }\n')
    made = [
        toolchain.compile_files(chosen, parts, tmp_path / name, 1, root=tmp_path).objects[0].read_bytes()
        for name in ("a", "b")
    ]
    assert made[0] == made[1]
    assert str(tmp_path).encode() in made[0], "debuggers look for the source below the project"


def test_a_program_that_is_up_to_date_is_not_linked_again(cc: toolchain.Toolchain, tmp_path: Path) -> None:
    target = tmp_path / "program"

    def build(status: int) -> int:
        parts = sources(f"int main(void) {{ return {status}; }}\n")
        toolchain.link(cc, toolchain.compile_files(cc, parts, tmp_path, 1).objects, target, tmp_path)
        assert os.waitstatus_to_exitcode(os.system(str(target))) == status
        return target.stat().st_ino

    first = build(1)
    assert build(1) == first
    second = build(2)
    assert second != first
    target.write_bytes(b"#!/bin/sh\nexit 9\n")  # somebody else's
    third = build(2)
    target.unlink()
    assert build(2) and third
    target.chmod(0o644)
    build(2)
    assert build(1)
