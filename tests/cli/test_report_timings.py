"""`--timings`, `--trace` and `sigil report timings`, as a user meets them."""

from __future__ import annotations

import json
import stat
from pathlib import Path

from sigil.trace import Trace

HELLO = '@main () -> void = print("hello")\n'


def project(write) -> Path:
    manifest = '[project]\nname = "hello"\nversion = "0.1.0"\n'
    return write({"hello/sigil.toml": manifest, "hello/src/main.si": HELLO}) / "hello"


def test_a_build_leaves_a_page_and_a_trace(sigil, write) -> None:
    folder = project(write)
    done = sigil("build", "hello", "--coverage", "off", "--timings", "--trace", "out/events.json", "-j", "2")
    assert done.returncode == 0, done.stderr
    assert "timings: hello/.sigil/timings.html" in done.stderr
    assert "trace: out/events.json" in done.stderr
    stored = Trace.read(folder / ".sigil/trace.json")
    assert stored.threads == 2
    assert {"parse file", "generate function", "compile C", "link program"} <= {e.kind for e in stored.events}
    assert stored.about["project"] == "hello"
    assert "hello: where the time went" in (folder / ".sigil/timings.html").read_text("utf-8")
    names = {
        event["name"] for event in json.loads((folder / "../out/events.json").read_text())["traceEvents"]
    }
    assert {"src/main.si", "main.main", "thread_name"} <= names


def test_the_page_is_made_again_from_what_is_stored(sigil, write) -> None:
    folder = project(write)
    assert sigil("build", "hello", "--coverage", "off", "--timings").returncode == 0
    page = folder / ".sigil/timings.html"
    first = page.read_bytes()
    page.unlink()
    done = sigil("report", "timings", "hello")
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello/.sigil/timings.html\n", "")
    assert page.read_bytes() == first


def test_a_browser_is_opened_on_request(sigil, write, tmp_path: Path) -> None:
    project(write)
    assert sigil("build", "hello", "--coverage", "off", "--timings").returncode == 0
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >{tmp_path}/opened\n')
    browser.chmod(browser.stat().st_mode | stat.S_IXUSR)
    done = sigil("report", "timings", "--open", cwd=tmp_path / "hello", env={"BROWSER": f"{browser} %s"})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "opened").read_text() == (tmp_path / "hello/.sigil/timings.html").as_uri() + "\n"


def test_every_command_that_compiles_records(sigil, write) -> None:
    folder = project(write)
    page = folder / ".sigil/timings.html"
    for words in (["check", "hello"], ["run", "hello"], ["test", "hello"]):
        page.unlink(missing_ok=True)
        done = sigil(*words, "--coverage", "off", "--timings")
        assert done.returncode == 0, done.stderr
        assert page.exists(), words
    page.unlink()
    done = sigil("check", "hello", "--coverage", "off", "--timings", "--quiet")
    assert (done.returncode, done.stderr, page.exists()) == (0, "", True)


def test_errors_in_the_program_are_recorded_too(sigil, write) -> None:
    folder = project(write)
    (folder / "src/main.si").write_text("@main () -> void = nonsense()\n")
    done = sigil("build", "hello", "--timings")
    assert done.returncode == 1
    assert (folder / ".sigil/timings.html").exists()


def test_without_a_recording_a_sentence_says_so(sigil, write) -> None:
    folder = project(write)
    done = sigil("report", "timings", "hello")
    assert (done.returncode, done.stdout) == (2, "")
    assert "sigil build --timings" in done.stderr
    (folder / ".sigil").mkdir()
    (folder / ".sigil/trace.json").write_text('{"version": 1}')
    done = sigil("report", "timings", "hello")
    assert done.returncode == 2
    assert "version 1" in done.stderr and "Traceback" not in done.stderr


def test_a_build_without_the_options_leaves_no_trace(sigil, write) -> None:
    folder = project(write)
    assert sigil("build", "hello", "--coverage", "off").returncode == 0
    assert not (folder / ".sigil/trace.json").exists()


def test_a_trace_file_holds_one_project(sigil, write) -> None:
    write({"both/a.si": HELLO, "both/b.si": HELLO})
    done = sigil("check", "both", "--trace", "events.json")
    assert done.returncode == 2
    assert "one project" in done.stderr


def test_a_place_that_cannot_be_written_is_named(sigil, write) -> None:
    project(write)
    write({"file": "x"})
    done = sigil("check", "hello", "--coverage", "off", "--trace", "file/events.json")
    assert done.returncode == 2
    assert "file" in done.stderr and "Traceback" not in done.stderr
