"""Every command from outside: what it prints where, and how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

MANIFEST = '[project]\nname = "p"\n\n[tests]\ncoverage = "off"\n'
MAIN = '@main () -> void = print("fine")\n'
SUMMARY = (
    r"^built {subject}: (?:\d+ warnings?; )?1 module, 1 line in [\d.]+ m?s "
    r"\(parse [\d.]+ m?s, check [\d.]+ m?s, C [\d.]+ m?s, compile [\d.]+ m?s, link [\d.]+ m?s\) on 2 threads$"
)


# ---- what every command has in common ----------------------------------------------------------------------


def test_version_and_help(sigil) -> None:
    import sigil as package

    done = sigil("--version")
    assert (done.returncode, done.stdout) == (0, f"sigil {package.__version__}\n")
    done = sigil("--help")
    assert done.returncode == 0
    for command in ("build", "run", "check", "test", "emit", "new", "explain"):
        assert re.search(rf"^    {command} ", done.stdout, re.MULTILINE)
        help_text = sigil(command, "--help")
        assert help_text.returncode == 0 and "--jobs" in help_text.stdout


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("nonesuch",),
        ("check", "--nonesuch"),
        ("check", "a", "b"),
        ("check", "-j", "0"),
        ("check", "-j", "x"),
        ("check", "--format", "xml"),
        ("check", "--max-errors", "0"),
        ("check", "nowhere"),
        ("check", "nowhere.si"),
        ("build", "--debug", "--release"),
        ("build", "--sanitize", "magic"),
        ("build", "--cov", "off"),
        ("run", "a.si", "b"),
        ("emit", "tokens"),
        ("emit", "noise", "x.si"),
        ("test", "--timeout", "-1"),
        ("explain", "E9999"),
        ("new", "1bad"),
    ],
)
def test_a_wrong_request_is_status_2_with_a_sentence(sigil, words: tuple[str, ...]) -> None:
    done = sigil(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr and "Traceback" not in done.stderr


def test_colours_follow_the_environment(sigil, write) -> None:
    write({"x.si": "@main () -> void = (\n"})
    assert "\x1b[" not in sigil("check", "x.si").stdout
    assert "\x1b[1;31merror[" in sigil("check", "x.si", env={"FORCE_COLOR": "1"}).stdout
    assert "\x1b[" not in sigil("check", "x.si", env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).stdout


def test_ascii_where_the_stream_is(sigil, write) -> None:
    write({"x.si": '@main () -> void = ("ä"\n'})
    done = sigil("check", "x.si", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert done.returncode == 1
    assert done.stdout.isascii() and "-->" in done.stdout


def test_a_reader_that_goes_away_is_no_error(sigil, write, environment, tmp_path: Path) -> None:
    write({f"m{number}.si": "@f (x: Foo) -> Bar = (\n" for number in range(200)})
    process = subprocess.Popen(
        [sys.executable, "-m", "sigil", "check", "."],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    said = process.stderr.read()
    assert process.wait(timeout=60) == 141
    assert "Traceback" not in said and "BrokenPipe" not in said
    process.stderr.close()


def test_output_that_cannot_be_written_is_said(sigil, write) -> None:
    write({"x.si": "@main () -> void = (\n"})
    with Path("/dev/full").open("w") as full:
        done = sigil("check", "x.si", capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert "No space left on device" in done.stderr and "Traceback" not in done.stderr


def test_closed_streams_do_no_harm(write, environment, tmp_path: Path) -> None:
    write({"x.si": "@main () -> void = (\n"})
    command = f"{sys.executable} -m sigil check x.si"
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        done = subprocess.run(
            ["sh", "-c", f"{command} {closed}"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 1 and b"Traceback" not in done.stderr, closed


# ---- check -------------------------------------------------------------------------------------------------


def test_check_prints_diagnostics_on_stdout_and_the_summary_on_stderr(sigil, write) -> None:
    write({"x.si": "@main () -> void = print(nonesuch)\n"})
    done = sigil("check", "x.si", "-j", "2")
    assert done.returncode == 1
    assert done.stdout.startswith("error[E0241]: ") and "  ┌─ x.si:1:26\n  │\n1 │ @main" in done.stdout
    assert re.fullmatch(
        r"failed to check x\.si: 1 error; 1 module, 1 line in .* \(parse .*, check .*\) on 2 threads\n",
        done.stderr,
    )
    done = sigil("check", "x.si", "--format", "json")
    assert done.returncode == 1 and done.stderr == ""
    told = json.loads(done.stdout)
    assert (told["code"], told["file"], told["line"], told["column"]) == ("E0241", "x.si", 1, 26)
    assert (told["end_line"], told["end_column"], told["byte_start"], told["byte_end"]) == (1, 34, 25, 33)


def test_coverage_is_a_warning_for_a_single_file_and_an_error_in_a_project(sigil, write) -> None:
    write({"x.si": "@f () -> int = 1\n" + MAIN})
    done = sigil("check", "x.si")
    assert done.returncode == 0 and "warning[W0500]: function @f has no tests" in done.stdout
    assert sigil("check", "x.si", "--coverage", "error").returncode == 1
    assert sigil("check", "x.si", "--coverage", "off").stdout == ""
    assert sigil("check", "x.si", "--deny-warnings").returncode == 1
    write({"sigil.toml": '[project]\nname = "p"\n', "src/main.si": "@f () -> int = 1\n" + MAIN})
    done = sigil("check")
    assert done.returncode == 1 and "error[E0500]: function @f has no tests" in done.stdout


def test_the_table_of_functions_and_their_tests(sigil, write) -> None:
    write(
        {
            "x.si": "@f () -> int = 1\n@g () -> int = 2\n"
            "@test_f tests @f () -> void = assert_eq(f(), 1)\n" + MAIN
        }
    )
    done = sigil("check", "x.si", "--coverage", "off", "--coverage-report")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "✓ x.@f  @test_f",
        "✗ x.@g  no tests",
        "1 of 2 functions have tests",
    ]


def test_at_most_max_errors_are_printed(sigil, write) -> None:
    write({"x.si": "".join(f"@f{number} (x: Foo) -> int = 1\n" for number in range(70))})
    done = sigil("check", "x.si", "--coverage", "off")
    assert done.stdout.count("error[") == 50 and "… and 20 more errors" in done.stdout
    assert sigil("check", "x.si", "--coverage", "off", "--max-errors", "99").stdout.count("error[") == 70


def test_several_projects_in_order_each_with_its_path(sigil, write) -> None:
    write({"d/b.si": "@f (x: Foo) -> int = 1\n", "d/a.si": "@f (x: Foo) -> int = 1\n", "d/c/x.si": MAIN})
    done = sigil("check", "d", "--coverage", "off", "--format", "json")
    assert done.returncode == 1
    assert [json.loads(line)["file"] for line in done.stdout.splitlines()] == ["d/a.si", "d/b.si"]


# ---- build -------------------------------------------------------------------------------------------------


def test_build_makes_a_program_and_says_so_in_one_line(sigil, write, tmp_path: Path) -> None:
    write({"p/sigil.toml": MANIFEST, "p/src/main.si": MAIN})
    done = sigil("build", "p", "-j", "2")
    assert done.returncode == 0 and done.stdout == ""
    assert re.match(SUMMARY.format(subject="p"), done.stderr), done.stderr
    program = tmp_path / "p/.sigil/debug/bin/p"
    assert subprocess.run([program], capture_output=True, check=True).stdout == b"fine\n"


@pytest.mark.parametrize("profile", ["--debug", "--release"])
def test_build_output_and_profiles(sigil, write, tmp_path: Path, profile: str) -> None:
    write({"x.si": MAIN})
    done = sigil("build", "x.si", profile, "-o", "out/program")
    assert done.returncode == 0, done.stderr
    assert subprocess.run([tmp_path / "out/program"], capture_output=True, check=True).stdout == b"fine\n"


def test_build_emits_what_it_made(sigil, write, tmp_path: Path) -> None:
    write({"p/sigil.toml": MANIFEST, "p/src/main.si": MAIN})
    for kind in ("tokens", "tree", "core", "c"):
        done = sigil("build", "p", "--emit", kind)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / f"p/.sigil/debug/emit/main.{kind}").read_text()


def test_a_library_is_built_without_a_program(sigil, write) -> None:
    write({"p/sigil.toml": MANIFEST, "p/src/util.si": "pub @one () -> int = 1\n"})
    done = sigil("build", "p")
    assert done.returncode == 0 and "a library" in done.stderr
    done = sigil("run", "p")
    assert done.returncode == 2 and "E0704" in done.stderr


def test_no_c_compiler_is_status_2_and_says_how_to_get_one(sigil, write, tmp_path: Path) -> None:
    write({"x.si": MAIN})
    empty = tmp_path / "bin"
    empty.mkdir()
    done = sigil("build", "x.si", env={"PATH": str(empty)})
    assert done.returncode == 2
    assert done.stderr.startswith("error[E0701]: no C compiler was found; install one")
    assert "apt-get install gcc" in done.stderr and done.stderr.count("\n") == 1
    done = sigil("build", "x.si", "--cc", "nonesuch")
    assert done.returncode == 2 and "`nonesuch` was not found" in done.stderr


def test_an_output_that_cannot_be_written_is_status_2(sigil, write, tmp_path: Path) -> None:
    write({"x.si": MAIN})
    (tmp_path / "taken").mkdir()
    done = sigil("build", "x.si", "-o", "taken")
    assert done.returncode == 2 and "E0703" in done.stderr


def test_two_builds_at_once_both_succeed(write, environment, tmp_path: Path) -> None:
    write({"p/sigil.toml": MANIFEST, "p/src/main.si": MAIN})
    command = [sys.executable, "-m", "sigil", "build", "p"]
    both = [
        subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE) for _ in range(3)
    ]
    for process in both:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    program = tmp_path / "p/.sigil/debug/bin/p"
    assert subprocess.run([program], capture_output=True, check=True).stdout == b"fine\n"


# ---- run ---------------------------------------------------------------------------------------------------


def test_run_leaves_stdout_to_the_program(sigil, write) -> None:
    write({"x.si": MAIN})
    done = sigil("run", "x.si", "-j", "2")
    assert (done.returncode, done.stdout) == (0, "fine\n")
    assert re.match(SUMMARY.format(subject=r"x\.si"), done.stderr), done.stderr
    assert sigil("run", "x.si", "-q").stderr == ""


@pytest.mark.parametrize("status", [0, 1, 2, 7, 255])
def test_run_passes_the_exit_status_on(sigil, write, status: int) -> None:
    write({"x.si": f"@main () -> int = {status}\n"})
    assert sigil("run", "x.si").returncode == status


def test_a_panic_is_101(sigil, write) -> None:
    write({"x.si": "@main () -> void = run(\n    let xs = [1, 2],\n    print(xs[5]))\n"})
    done = sigil("run", "x.si", "-q")
    assert done.returncode == 101
    assert done.stderr == "panic: index 5 out of range for length 2\n  at x.si:3:13\n"


def test_run_passes_arguments_on(sigil, write) -> None:
    write({"x.si": "@main (args: [str]) -> void = for a in args do print(a)\n"})
    done = sigil("run", "x.si", "--", "--release", "-x", "", "--", "ä b")
    assert done.stdout == "--release\n-x\n\n--\nä b\n"


def test_run_with_errors_runs_nothing(sigil, write) -> None:
    write({"x.si": '@main () -> void = run(print("no"), nonesuch())\n'})
    done = sigil("run", "x.si")
    assert (done.returncode, done.stdout) == (1, "")
    assert "error[E0241]" in done.stderr


# ---- test --------------------------------------------------------------------------------------------------

TESTED = """\
@add (a: int, b: int) -> int = a + b
@test_add tests @add () -> void = run(assert_eq(add(1, 2), 3), assert_eq(add(0, 0), 0))
@test_wrong tests @add () -> void = run(print("said"), assert_eq(add(1, 2), 4))
#[skip("later")]
@test_skipped tests @add () -> void = assert_eq(1, 2)
@test_panics tests @add () -> void = run(let xs: [int] = [], assert_eq(xs[add(1, 1)], 0))
"""


def test_test_reports_for_people(sigil, write) -> None:
    write({"math.si": TESTED})
    done = sigil("test", "math.si", "-j", "2")
    assert done.returncode == 1
    shown = re.sub(r"[\d.]+ m?s\)", "T)", done.stdout)
    assert shown == (
        "math\n"
        "  ✓ @test_add (2 assertions, T)\n"
        "  ✗ @test_wrong (1 assertion, T)\n"
        "      assertion failed: 3 != 4 (actual != expected)\n"
        "        actual:   3\n"
        "        expected: 4\n"
        "      at math.si:3:56\n"
        "      output:\n"
        "        │ said\n"
        "  - @test_skipped (skipped: later)\n"
        "  ✗ @test_panics (0 assertions, T)\n"
        "      index 2 out of range for length 0\n"
        "      at math.si:6:74\n"
        "1 passed, 2 failed, 1 skipped\n"
    )
    assert "tests" in done.stderr


def test_test_reports_for_programs(sigil, write) -> None:
    write({"math.si": TESTED})
    done = sigil("test", "math.si", "--format", "json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line.get("name") for line in lines] == [
        "test_add",
        "test_wrong",
        "test_skipped",
        "test_panics",
        None,
    ]
    assert lines[0]["targets"] == ["add"] and lines[0]["status"] == "passed"
    assert lines[1]["failure"]["actual"] == "3" and lines[1]["failure"]["line"] == 3
    assert (lines[4]["summary"]["passed"], lines[4]["summary"]["failed"]) == (1, 2)
    done = sigil("test", "math.si", "--format", "junit")
    assert done.stdout.startswith("<?xml") and 'tests="4" failures="2"' in done.stdout


def test_test_filter_and_status(sigil, write) -> None:
    write({"math.si": TESTED})
    done = sigil("test", "math.si", "--filter", "add")
    assert done.returncode == 0 and done.stdout.endswith("1 passed, 0 failed, 0 skipped\n")
    done = sigil("test", "math.si", "--filter", "nothing")
    assert (done.returncode, done.stdout) == (0, "0 passed, 0 failed, 0 skipped\n")


def test_test_several_paths(sigil, write) -> None:
    one = "@f () -> int = 1\n@test_f tests @f () -> void = assert_eq(f(), 1)\n"
    write({"a/x.si": one, "b/x.si": one})
    done = sigil("test", "b", "a/x.si")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"^(\S+)$", done.stdout, re.MULTILINE) == ["b/x", "a/x"]
    assert done.stdout.endswith("2 passed, 0 failed, 0 skipped\n")


def test_a_test_that_does_not_end_fails(sigil, write) -> None:
    write({"x.si": "@test_long () -> void = loop(())\n"})
    done = sigil("test", "x.si", "--timeout", "0.5")
    assert done.returncode == 1 and "timeout: it ran longer than 0.5 s" in done.stdout


# ---- emit, new, explain ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["tokens", "tree", "core", "c"])
def test_emit_shows_a_file_alone_and_in_its_project(sigil, write, kind: str) -> None:
    write({"x.si": MAIN})
    alone = sigil("emit", kind, "x.si")
    assert alone.returncode == 0 and alone.stdout, alone.stderr
    write(
        {
            "p/sigil.toml": MANIFEST,
            "p/src/main.si": "use './a' { f }\n" + MAIN,
            "p/src/a.si": "pub @f () -> int = 1\n",
        }
    )
    inside = sigil("emit", kind, "p/src/a.si")
    assert inside.returncode == 0 and inside.stdout, inside.stderr


def test_emit_of_a_file_with_errors_shows_what_there_is(sigil, write) -> None:
    write({"x.si": "@main () -> void = (\n"})
    done = sigil("emit", "tokens", "x.si")
    assert done.returncode == 1 and "main" in done.stdout and "error[" in done.stderr
    done = sigil("emit", "c", "x.si")
    assert (done.returncode, done.stdout) == (1, "")


def test_a_new_project_builds_runs_and_passes_its_tests(sigil, tmp_path: Path) -> None:
    done = sigil("new", "hello")
    assert done.returncode == 0
    assert (tmp_path / "hello/.gitignore").read_text() == "/.sigil/\n"
    done = sigil("check", "hello")
    assert (done.returncode, done.stdout) == (0, "")
    done = sigil("run", "hello")
    assert (done.returncode, done.stdout) == (0, "Hello, world!\n")
    done = sigil("test", "hello")
    assert done.returncode == 0 and "1 passed, 0 failed, 0 skipped" in done.stdout
    again = sigil("new", "hello")
    assert again.returncode == 2 and "exists already" in again.stderr


def test_explain(sigil) -> None:
    done = sigil("explain", "e0301")
    assert done.returncode == 0 and "mismatch" in done.stdout
    done = sigil("explain", "E0300")
    assert done.returncode == 2 and "did you mean" in done.stderr


# ---- Ctrl-C ------------------------------------------------------------------------------------------------


def wait_for(path: Path) -> None:
    for _ in range(400):
        if path.exists() and path.read_text():
            return
        time.sleep(0.025)
    pytest.fail("it did not start")


def test_ctrl_c_in_a_build_is_130(write, environment, tmp_path: Path) -> None:
    """A C compiler that takes its time is interrupted with everything that it started."""
    write({"x.si": MAIN})
    slow = tmp_path / "slow-gcc"
    slow.write_text(f"#!/bin/sh\necho $$ >{tmp_path}/pid\nsleep 60\n")
    slow.chmod(0o755)
    process = subprocess.Popen(
        [sys.executable, "-m", "sigil", "build", "x.si", "--cc", str(slow)],
        cwd=tmp_path,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(tmp_path / "pid")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert said.endswith("error[E0706]: cancelled\n")
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_ctrl_c_while_a_program_runs_is_the_programs(write, environment, tmp_path: Path) -> None:
    write({"x.si": '@main () -> void = run(print("begun"), loop(()))\n'})
    process = subprocess.Popen(
        [sys.executable, "-m", "sigil", "run", "x.si", "-q"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    time.sleep(2.0)  # the program's output is buffered, so there is nothing to wait for
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130, said
    assert "Traceback" not in said
