"""From a path to the files of a project: names, order, what is left out, and every reason to refuse."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sigil import discover
from sigil.discover import FLAG_ENTRY, FLAG_FOLDER, FLAG_TEST, ProjectError

MANIFEST = '[project]\nname = "p"\n'


def names(project: discover.Project) -> list[str]:
    return [file.module for file in project.own_files]


def test_modules_are_named_by_their_paths_and_ordered_by_name(tree) -> None:
    root = tree(
        {
            "sigil.toml": MANIFEST,
            "src/main.si": "",
            "src/zoo.si": "",
            "src/a/b/c.si": "",
            "src/a/mod.si": "",
            "src/a.b.si": "",
            "src/a/B.si": "",
        }
    )
    project = discover.project(root)
    assert names(project) == ["a", "a.B", "a.b.c", "main", "zoo"]
    assert [file.shown for file in project.own_files][:3] == ["src/a/mod.si", "src/a/B.si", "src/a/b/c.si"]
    flags = {file.module: file.flags for file in project.own_files}
    assert flags["a"] == FLAG_FOLDER and flags["main"] == FLAG_ENTRY
    assert [problem.code for problem in project.diagnostics] == ["W0293"]  # a.b.si


def test_the_order_does_not_depend_on_the_file_system(tree, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tree({"sigil.toml": MANIFEST} | {f"src/{name}/x.si": "" for name in "qwertyuiop"})
    first = discover.project(root)
    real = os.walk

    def reversed_walk(top: Path):
        for parent, folders, files in real(top):
            folders.reverse()
            files.reverse()
            yield parent, folders, files

    monkeypatch.setattr(os, "walk", reversed_walk)
    assert discover.project(root) == first


def test_test_files_are_marked(tree) -> None:
    root = tree(
        {
            "sigil.toml": MANIFEST,
            "src/a.test.si": "",
            "src/_test/b.si": "",
            "src/x/_test/y/c.si": "",
            "src/d.si": "",
        }
    )
    flags = {file.module: file.flags & FLAG_TEST for file in discover.project(root).own_files}
    assert flags == {"a.test": FLAG_TEST, "_test.b": FLAG_TEST, "x._test.y.c": FLAG_TEST, "d": 0}


def test_hidden_folders_and_links_to_folders_are_left_out(tree) -> None:
    root = tree(
        {"sigil.toml": MANIFEST, "src/a.si": "", "src/.git/b.si": "", "other/c.si": "", "src/.d.si": ""}
    )
    (root / "src/link").symlink_to(root / "other")
    (root / "src/loop").symlink_to(root / "src")
    assert names(discover.project(root)) == ["a"]


def test_two_files_of_one_module_are_an_error_at_the_second(tree) -> None:
    root = tree({"sigil.toml": MANIFEST, "src/a.si": "", "src/a/mod.si": ""})
    project = discover.project(root)
    assert names(project) == ["a"]
    (problem,) = project.diagnostics
    assert problem.code == "E0201"
    assert problem.message == "two files are the module `a`: src/a.si and src/a/mod.si"
    assert problem.span is not None and problem.span.file == "src/a/mod.si"


def test_a_folder_named_like_a_file_is_kept_for_the_core_to_report(tree) -> None:
    root = tree({"sigil.toml": MANIFEST, "src/x.si/inside.si": "", "src/main.si": ""})
    assert names(discover.project(root)) == ["main", "x"]


def test_a_folder_whose_name_is_no_text_does_no_harm(tree) -> None:
    root = tree({"sigil.toml": MANIFEST, "src/main.si": ""})
    folder = os.fsencode(root) + b"/src/b\xff"
    os.mkdir(folder)  # noqa: PTH102  # a path of bytes
    with open(folder + b"/x.si", "w"):  # noqa: PTH123
        pass
    files = discover.project(root).own_files
    assert [file.module for file in files] == ["b\\xff.x", "main"]
    assert files[0].path.exists()
    for file in files:
        file.shown.encode("utf-8")


def test_a_source_root_that_is_missing_is_an_error_at_its_key(tree) -> None:
    root = tree({"sigil.toml": '[project]\nname = "p"\nsrc = "lib"\n'})
    (problem,) = discover.project(root).diagnostics
    assert problem.code == "E0291" and problem.message == "the source root `lib` is not a folder"
    assert problem.span is not None and problem.span.line == 3


# ---- single files ------------------------------------------------------------------------------------------


def test_a_single_file_brings_what_it_imports_and_nothing_else(tree) -> None:
    root = tree(
        {
            "main.si": "use './a' { x }\nuse \"./sub/b\" { y }\n",
            "a.si": "use c { z }\n",
            "c.si": "// use './no/comment' {}\n",
            "sub/b/mod.si": "pub use '../../d' { d }\n",
            "d.si": "use std.math { sqrt }\nextension './e' { List.second }\n",
            "e.si": "use './main' { loop }\n",
            "unrelated.si": "",
        }
    )
    project = discover.project(root / "main.si")
    assert names(project) == ["a", "c", "d", "e", "main", "sub.b"]
    assert project.coverage == "warn" and project.entry == "main" and project.name == "main"
    assert project.files != tuple(project.own_files)  # the prelude is there


def test_a_file_in_a_test_folder_has_the_folder_above_as_its_root(tree) -> None:
    root = tree({"a.si": "", "_test/a.si": "use '../a' { x }\n"})
    project = discover.project(root / "_test/a.si")
    assert names(project) == ["_test.a", "a"]
    assert project.entry == "_test.a"


def test_a_folder_without_a_manifest_holds_a_project_for_each_file(tree) -> None:
    root = tree({"b.si": "use './a' { x }\n", "a.si": "", "sub/c.si": ""})
    found = discover.projects(root)
    assert [project.entry for project in found] == ["a", "b", "c"]
    with pytest.raises(ProjectError, match="several projects"):
        discover.project(root)


def test_a_folder_of_projects_gives_those(tree) -> None:
    root = tree(
        {
            "one/sigil.toml": MANIFEST,
            "one/src/main.si": "",
            "two/sigil.toml": MANIFEST,
            "two/src/x.si": "",
            "z.si": "",
        }
    )
    found = discover.projects(root)
    assert [project.place for project in found] == [root / "one", root / "two", root / "z.si"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("nowhere", "does not exist"),
        ("nowhere.si", "does not exist"),
        ("text.txt", "does not end in .si"),
        ("empty", "neither a sigil.toml nor any .si file"),
        ("two words.si", "cannot be a module"),
    ],
)
def test_what_is_no_project_is_said_in_one_sentence(tree, path: str, words: str) -> None:
    root = tree({"text.txt": "", "two words.si": "", "empty/readme": ""})
    with pytest.raises(ProjectError, match=words) as caught:
        discover.project(root / path)
    assert "\n" not in str(caught.value)


def test_the_manifest_itself_may_be_named(tree) -> None:
    root = tree({"sigil.toml": MANIFEST, "src/main.si": ""})
    assert discover.project(root / "sigil.toml").files == discover.project(root).files
