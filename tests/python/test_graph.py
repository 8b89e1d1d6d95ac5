"""The graph of modules as Python sees it, and the schedules of checking by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import sigil
from sigil import _core
from sigil.results import ModuleGraph
from sigil.workspace import Workspace

SOURCES = {
    "main": "use './a' { x }\nuse './far' { f }\n@main () -> void = print(str(x() + f()))\n",
    "a": "use './b' { y }\npub @x () -> int = y()\n",
    "b": "pub @y () -> int = 1\n",
    "far": "use './knot' { k }\npub @f () -> int = 1 + 2 + 3 + 4 + 5\n",
    "knot": "use './loop' { l }\npub @k () -> int = 1\n",
    "loop": "use './knot' { k }\npub @l () -> int = k()\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "sigil.toml").write_text('[project]\nname = "drawn"\n\n[tests]\ncoverage = "off"\n')
    (tmp_path / "src").mkdir()
    for name, text in SOURCES.items():
        (tmp_path / f"src/{name}.si").write_text(text)
    return tmp_path


def drawn(project: Path) -> ModuleGraph:
    workspace = Workspace(project)
    assert workspace.graph() is None
    workspace.check()
    graph = workspace.graph()
    assert graph is not None
    return graph


def test_the_graph_is_what_was_written(project: Path) -> None:
    graph = drawn(project)
    own = {name: needs for name, needs in graph.imports.items() if not name.startswith("std.")}
    assert own == {
        "a": ["b"],
        "b": [],
        "far": ["knot"],
        "knot": ["loop"],
        "loop": ["knot"],
        "main": ["a", "far"],
    }
    levels = [[name for name in level if not name.startswith("std.")] for level in graph.levels]
    assert levels == [["b", "knot", "loop"], ["a", "far"], ["main"]]
    assert graph.cycles == [["knot", "loop"]]
    assert graph.longest_path == ["knot", "far", "main"]  # a circle's first module stands for all of it
    assert graph.critical_cost <= graph.total_cost


def test_the_critical_path_is_the_one_that_costs_most(project: Path) -> None:
    (project / "src/b.si").write_text("pub @y () -> int = " + " + ".join(["y()"] * 5000) + "\n")
    graph = drawn(project)
    assert graph.critical_path == ["b", "a", "main"]
    assert graph.total_cost > graph.critical_cost > 10000


def test_both_schedules_find_the_same(project: Path) -> None:
    found = [
        sigil.check(project, schedule=schedule).diagnostics for schedule in ("levels", "signatures", None)
    ]
    assert found[0] == found[1] == found[2]
    assert [diagnostic.code for diagnostic in found[0]] == ["E0210"]


def test_the_manifest_chooses_and_the_caller_overrules(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    class Listening:
        def __init__(self, **options: Any) -> None:
            self.real = real(**options)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.real, name)

        def run(self, last: Any, **options: Any) -> Any:
            asked.append(options["schedule"])
            return self.real.run(last, **options)

    real = _core.Workspace
    monkeypatch.setattr(_core, "Workspace", Listening)
    with (project / "sigil.toml").open("a") as manifest:
        manifest.write('\n[threads]\nschedule = "levels"\n')
    Workspace(project).check()
    Workspace(project, schedule="signatures").check()
    assert asked == ["levels", "signatures"]


def test_another_schedule_is_refused(project: Path) -> None:
    with pytest.raises(ValueError, match="no schedule is called chaos: levels or signatures"):
        Workspace(project, schedule="chaos").check()
