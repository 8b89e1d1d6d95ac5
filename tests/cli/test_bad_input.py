"""Bad input gives what the reference says: a diagnostic with its position and status 1, or it is fine.

Nothing here may crash, hang or write an output; a good output from before stays.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

MANIFEST = '[project]\nname = "p"\n\n[tests]\ncoverage = "off"\n'
MAIN = '@main () -> void = print("fine")\n'


def found(done) -> list[dict[str, Any]]:
    """The diagnostics of `check --format json`."""
    assert "Traceback" not in done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def errors(done) -> list[tuple[str, str, int, int]]:
    return [
        (item["code"], item["file"], item["line"], item["column"])
        for item in found(done)
        if item["severity"] == "error"
    ]


def check_source(sigil, write, content: str | bytes, *, status: int = 1):
    write({"x.si": content})
    done = sigil("check", "x.si", "--format", "json")
    assert done.returncode == status, done.stdout + done.stderr
    return done


# ---- bytes -------------------------------------------------------------------------------------------------


def test_an_empty_file_is_fine(sigil, write) -> None:
    assert found(check_source(sigil, write, b"", status=0)) == []


@pytest.mark.parametrize("content", ["\n", "  \t\r\n", "// only a comment", "\r"])
def test_a_file_without_declarations_is_fine(sigil, write, content: str) -> None:
    assert found(check_source(sigil, write, content, status=0)) == []


def test_a_byte_order_mark(sigil, write) -> None:
    done = check_source(sigil, write, b"\xef\xbb\xbf" + MAIN.encode())
    assert errors(done) == [("E0002", "x.si", 1, 1)]
    assert found(done)[0]["byte_start"] == 0


def test_a_nul(sigil, write) -> None:
    done = check_source(sigil, write, MAIN + "\0\n")
    assert errors(done) == [("E0003", "x.si", 2, 1)]
    assert f"byte {len(MAIN)}" in found(done)[0]["message"]


@pytest.mark.parametrize(
    "bad", [b"\xff", b"\x80", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\xf8\x88"]
)
def test_invalid_utf8_names_the_byte(sigil, write, bad: bytes) -> None:
    content = b'@main () -> void = print("a' + bad + b'")\n'
    done = check_source(sigil, write, content)
    first = found(done)[0]
    assert (first["code"], first["byte_start"]) == ("E0001", 27)
    assert "byte 27" in first["message"]


def test_a_megabyte_on_one_line_is_fine(sigil, write) -> None:
    content = '@main () -> void = print("' + "a" * (1 << 20) + '")\n'
    assert errors(check_source(sigil, write, content, status=0)) == []


def test_an_error_on_a_very_long_line_is_shown_in_a_window(sigil, write) -> None:
    write(
        {
            "x.si": '@main () -> void = run(print("'
            + "漢" * 400_000
            + '"), nonesuch(1), '
            + "1, " * 50_000
            + "2)\n"
        }
    )
    done = sigil("check", "x.si")
    assert done.returncode == 1 and "nonesuch" in done.stdout
    assert max(map(len, done.stdout.splitlines())) < 200


# ---- shape -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("[", "]"), ("", ""), ("((", "")])
def test_a_hundred_thousand_brackets(sigil, write, opening: str, closing: str) -> None:
    depth = 100_000
    body = (opening * depth + "1" + closing * depth) if opening else "-" * depth + "1"
    done = check_source(sigil, write, f"@main () -> void = print({body})\n")
    assert errors(done)
    if opening == "(":
        assert "E0108" in [code for code, _, _, _ in errors(done)]


@pytest.mark.parametrize(
    "body",
    [
        "{" * 100_000,
        "}" * 100_000,
        "<" * 100_000,
        "#[" * 50_000,
        "if x then " * 50_000,
        "@f () -> " * 50_000,
        "x -> " * 50_000,
        "a.b" * 50_000,
        "1 + " * 100_000 + "1",
        ".x(" * 30_000,
    ],
    ids=lambda body: body[:8],
)
def test_any_repetition_ends_with_a_diagnostic_or_well(sigil, write, body: str) -> None:
    write({"x.si": f"@main () -> void = print({body})\n"})
    done = sigil("check", "x.si", "--format", "json")
    assert done.returncode in (0, 1), done.stderr[-2000:]
    assert found(done) is not None


def test_an_unterminated_string_at_the_end(sigil, write) -> None:
    done = check_source(sigil, write, '@main () -> void = print("abc')
    assert errors(done)[0] == ("E0023", "x.si", 1, 26)


def test_one_mistake_does_not_hide_the_others(sigil, write) -> None:
    done = check_source(sigil, write, "@a () -> int = nonesuch1\n@b ( -> int = 2\n@c () -> int = nonesuch2\n")
    lines = [line for _, _, line, _ in errors(done)]
    assert {1, 2, 3} <= set(lines)


# ---- files -------------------------------------------------------------------------------------------------


def test_an_unreadable_file(sigil, write) -> None:
    folder = write({"sigil.toml": MANIFEST, "src/main.si": MAIN, "src/bad.si": MAIN})
    (folder / "src/gone.si").symlink_to(folder / "nowhere.si")
    (folder / "src/loop.si").symlink_to(folder / "src/loop.si")
    expected = [("E0293", "src/gone.si", 1, 1), ("E0293", "src/loop.si", 1, 1)]
    if os.geteuid() != 0:  # root may read everything
        (folder / "src/bad.si").chmod(0)
        expected.insert(0, ("E0293", "src/bad.si", 1, 1))
    done = sigil("check", "--format", "json")
    assert done.returncode == 1
    assert errors(done) == expected


@pytest.mark.parametrize("path", ["src/x.si", "."])
def test_a_folder_named_like_a_file(sigil, write, path: str) -> None:
    write({"sigil.toml": MANIFEST, "src/main.si": MAIN, "src/x.si/y.si": MAIN})
    done = sigil("check", path, "--format", "json")
    assert done.returncode == 1
    assert errors(done) == [("E0293", "x.si" if path != "." else "src/x.si", 1, 1)]


def test_a_missing_import(sigil, write) -> None:
    done = check_source(sigil, write, "use './nope' { x }\n" + MAIN)
    assert errors(done) == [("E0204", "x.si", 1, 5)]


def test_a_missing_import_names_the_nearest(sigil, write) -> None:
    write({"sigil.toml": MANIFEST, "src/main.si": "use './geometri' { x }\n" + MAIN, "src/geometry.si": ""})
    done = sigil("check", "--format", "json")
    assert errors(done) == [("E0204", "src/main.si", 1, 5)]
    assert "geometry" in json.dumps(found(done)[0])


@pytest.mark.parametrize("path", ["../outside", "./a/../../outside", "../../../../../etc/passwd"])
def test_an_import_outside_of_the_project(sigil, write, path: str) -> None:
    write({"outside.si": "", "p/sigil.toml": MANIFEST, "p/src/main.si": f"use '{path}' {{ x }}\n" + MAIN})
    done = sigil("check", "p", "--format", "json")
    assert done.returncode == 1
    assert errors(done) == [("E0205", "src/main.si", 1, 5)]


@pytest.mark.parametrize("path", ["p", "p/src/main.si"])
def test_an_import_that_leaves_by_a_link(sigil, write, path: str) -> None:
    folder = write(
        {
            "outside.si": "pub @x () -> int = 1\n",
            "p/sigil.toml": MANIFEST,
            "p/src/main.si": "use './inside' { x }\n@main () -> void = print(x())\n",
            "p/src/fine.si": "",
        }
    )
    (folder / "p/src/inside.si").symlink_to(folder / "outside.si")
    (folder / "p/src/link.si").symlink_to("fine.si")
    done = sigil("check", path, "--format", "json", "--coverage", "off")
    assert done.returncode == 1
    assert errors(done) == [("E0205", "src/main.si" if path == "p" else "main.si", 1, 5)]


def test_two_files_of_one_module(sigil, write) -> None:
    write({"sigil.toml": MANIFEST, "src/main.si": MAIN, "src/a.si": "", "src/a/mod.si": ""})
    done = sigil("check", "--format", "json")
    assert done.returncode == 1
    assert errors(done) == [("E0201", "src/a/mod.si", 1, 1)]


def test_a_file_with_another_name_is_ignored_with_a_warning(sigil, write) -> None:
    write({"sigil.toml": MANIFEST, "src/main.si": MAIN, "src/my file.si": "((("})
    done = sigil("check", "--format", "json")
    assert done.returncode == 0
    assert [(item["code"], item["file"]) for item in found(done)] == [("W0293", "src/my file.si")]
    assert sigil("check", "--deny-warnings").returncode == 1


def test_a_circle_of_imports(sigil, write) -> None:
    write(
        {
            "sigil.toml": MANIFEST,
            "src/main.si": "use './b' { f }\n@main () -> void = print(f())\n",
            "src/b.si": "use './c' { g }\npub @f () -> int = g()\n",
            "src/c.si": "use './b' { f }\npub @g () -> int = f()\n",
        }
    )
    done = sigil("check", "--format", "json")
    assert done.returncode == 1
    assert [(code, file) for code, file, _, _ in errors(done)] == [("E0210", "src/b.si")]
    assert "b -> c -> b" in found(done)[0]["message"]


# ---- the manifest ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        ("", [("E0291", 1)]),
        ("[project\n", [("E0291", 1)]),
        ('[project]\nname = "p\n', [("E0291", 2)]),
        ("[project]\nname = 3\n", [("E0291", 2)]),
        ('[project]\nname = "p"\nsrc = ["a"]\n', [("E0291", 3)]),
        ('[project]\nname = "p"\n\n[build]\njobs = "many"\n', [("E0291", 5)]),
        ('[project]\nname = "p"\nsrc = "nowhere"\n', [("E0291", 3)]),
        ("x = " + "[" * 50_000, [("E0291", 1)]),
    ],
)
def test_a_bad_manifest(sigil, write, manifest: str, expected: list[tuple[str, int]]) -> None:
    write({"sigil.toml": manifest, "src/main.si": MAIN})
    done = sigil("check", "--coverage", "off", "--format", "json")
    assert done.returncode == 1, done.stderr
    assert [(code, line) for code, file, line, _ in errors(done)] == expected
    assert all(file == "sigil.toml" for _, file, _, _ in errors(done))


def test_a_manifest_that_is_no_text(sigil, write) -> None:
    write({"sigil.toml": b'[project]\nname = "\xff"\n', "src/main.si": MAIN})
    done = sigil("check", "--coverage", "off", "--format", "json")
    assert done.returncode == 1
    assert errors(done)[0] == ("E0001", "sigil.toml", 2, 9)


def test_an_unknown_key_is_a_warning(sigil, write) -> None:
    write({"sigil.toml": MANIFEST + 'coverag = "off"\n', "src/main.si": MAIN})
    done = sigil("check", "--format", "json")
    assert done.returncode == 0
    (warning,) = found(done)
    assert (warning["code"], warning["line"], warning["column"]) == ("W0290", 6, 1)
    assert "coverage" in json.dumps(warning["notes"])


def test_a_manifest_that_cannot_be_read(sigil, write, tmp_path: Path) -> None:
    write({"src/main.si": MAIN})
    (tmp_path / "sigil.toml").mkdir()
    done = sigil("check")
    assert done.returncode == 2
    assert done.stderr.startswith("error: cannot read ") and done.stderr.count("\n") == 1


# ---- outputs -----------------------------------------------------------------------------------------------


def test_an_error_leaves_the_good_output_of_before(sigil, write, tmp_path: Path) -> None:
    write({"sigil.toml": MANIFEST, "src/main.si": MAIN})
    done = sigil("build", "-o", "program")
    assert done.returncode == 0, done.stderr
    before = (tmp_path / "program").read_bytes()
    write({"src/main.si": "@main () -> void = nonesuch()\n"})
    assert sigil("build", "-o", "program").returncode == 1
    assert (tmp_path / "program").read_bytes() == before
    assert sigil("build", "-o", "other").returncode == 1
    assert not (tmp_path / "other").exists()


def test_an_error_writes_nothing(sigil, write, tmp_path: Path) -> None:
    write({"sigil.toml": MANIFEST, "src/main.si": "@main () -> void = (\n"})
    assert sigil("build").returncode == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sigil.toml", "src"]


def test_the_same_bytes_for_any_number_of_threads(sigil, write) -> None:
    write(
        {"sigil.toml": MANIFEST, "src/main.si": MAIN}
        | {f"src/m{number}.si": f"@f{number} (x: Foo) -> int = (\n" for number in range(30)}
    )
    outputs = {sigil("check", "-j", str(jobs), "-q").stdout for jobs in (1, 2, 3, 8, 64)}
    assert len(outputs) == 1 and "E0383" in outputs.pop()
