"""The recorded trace of real runs: complete, consistent, and the same after it was stored."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from sigil.trace import Event, Loop, StageSpan, Trace, assembled
from sigil.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "sigil.toml").write_text('[project]\nname = "small"\nversion = "0.1.0"\n')
    source = ROOT / "examples/expression_evaluator/src"
    for path in source.glob("*.si"):
        (tmp_path / "src" / path.name).write_bytes(path.read_bytes())
    return tmp_path


def traced(workspace: Workspace) -> Trace:
    trace = workspace.trace()
    assert trace is not None
    return trace


def test_nothing_is_there_before_the_first_run(project: Path) -> None:
    assert Workspace(project).trace() is None


def test_every_item_of_every_loop_is_recorded_once(project: Path) -> None:
    workspace = Workspace(project, jobs=2)
    assert workspace.build(coverage="off").ok
    trace = traced(workspace)
    assert trace.dropped == 0
    for number, loop in enumerate(trace.loops):
        items = sorted(event.item for event in trace.events if event.loop == number)
        assert len(items) == len(set(items)) == loop.count, loop.kind
        stage = trace.stages[loop.stage]
        assert stage.begin <= loop.begin <= loop.end <= stage.end, loop.kind
    for event in trace.events:
        if event.loop < 0:
            continue  # the task that a stage runs in
        loop = trace.loops[event.loop]
        assert (event.kind, loop.begin <= event.begin <= event.end <= loop.end) == (loop.kind, True)
        assert 0 <= event.worker < 2


def test_stages_follow_each_other_and_are_those_of_the_result(project: Path) -> None:
    workspace = Workspace(project, jobs=2)
    result = workspace.build(coverage="off")
    trace = traced(workspace)
    assert [stage.name for stage in trace.stages] == [stage.name for stage in result.timings]
    ends = [(stage.begin, stage.end) for stage in trace.stages]
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(ends))
    for stage, measured in zip(trace.stages, result.timings, strict=True):
        assert (stage.end - stage.begin) / 1e9 == pytest.approx(measured.wall, abs=1e-6)


def test_items_have_names_for_people(project: Path) -> None:
    workspace = Workspace(project, jobs=2)
    assert workspace.build(coverage="off").ok
    names: dict[str, set[str]] = {}
    for event in traced(workspace).events:
        names.setdefault(event.kind, set()).add(event.name)
    assert "src/parser.si" in names["parse file"]
    assert "std/prelude.si" in names["read file"]
    assert "parser" in names["collect module"]
    for kind in ("check body", "lower instance", "generate function"):
        assert any(name.startswith("parser.") for name in names[kind])  # the first of a batch
    assert "parser.c" in names["write C file"]
    assert any("parser.c" in name for name in names["compile C"])
    assert names["link program"] == {"small"}


def test_a_run_with_errors_has_the_stages_up_to_them(project: Path) -> None:
    (project / "src/main.si").write_text("@main () -> void = nonsense()\n")
    workspace = Workspace(project, jobs=2)
    assert not workspace.build(coverage="off").ok
    trace = traced(workspace)
    assert "check body" in {event.kind for event in trace.events}
    assert "lower instance" not in {event.kind for event in trace.events}


def test_only_the_latest_run_is_kept(project: Path) -> None:
    workspace = Workspace(project, jobs=2)
    assert workspace.build(coverage="off").ok
    assert workspace.check(coverage="off").ok
    kinds = {event.kind for event in traced(workspace).events}
    assert "check body" in kinds
    assert not kinds & {"generate function", "compile C"}


def test_tests_are_in_the_trace(project: Path) -> None:
    workspace = Workspace(project, jobs=2)
    result = workspace.test(coverage="off")
    ran = [event.name for event in traced(workspace).events if event.kind == "run test"]
    assert len(ran) == len(result.outcomes) > 0
    assert traced(workspace).stages[-1].name == "tests"


def test_without_tracing_there_is_none(project: Path) -> None:
    workspace = Workspace(project, jobs=2)
    workspace.traced = False
    assert workspace.check(coverage="off").ok
    assert workspace.trace() is None
    workspace.traced = True
    assert workspace.check(coverage="off").ok
    assert traced(workspace).events


def test_the_stored_form_holds_everything(project: Path) -> None:
    workspace = Workspace(project, jobs=2)
    assert workspace.build(coverage="off").ok
    trace = traced(workspace)
    assert Trace.from_json(trace.to_json()) == trace
    odd = Trace(
        3,
        (StageSpan("parse", 1, 9, 12),),
        (Loop("parse file", 0, 2, 8, 1),),
        (
            Event("parse file", 0, 0, 2, 3, 7, 1, 'src/<"ä"&.si'),
            Event("other work", -1, -1, 0, 4, 4),
        ),
        5,
        {"date": "today"},
    )
    assert Trace.from_json(odd.to_json()) == odd


def test_tasks_that_run_loops_are_left_out() -> None:
    """They are steps of their stage; what they did are the items of their loops."""
    rows = [
        ("other work", -1, -1, 0, 5, 50, -1, ""),  # a step
        ("check body", 0, 0, 0, 11, 19, -1, "m.f"),
        ("other work", -1, -1, 1, 5, 15, -1, ""),  # ends before the loop does
    ]
    raw = (0, [("bodies", 0, 60, 60)], [("check body", 0, 10, 20, 1)], rows, 0)
    kept = assembled(raw, 2, [], {}).events
    assert [(event.kind, event.worker) for event in kept] == [("check body", 0), ("other work", 1)]


def test_a_batch_says_how_many_more_it_holds() -> None:
    rows = [("generate function", 0, item, 0, item, item + 1, -1, f"m.f{item}") for item in (7, 0, 3, 4)]
    raw = (0, [("generate", 0, 20, 20)], [("generate function", 0, 0, 20, 4)], rows, 0)
    names = {event.item: event.name for event in assembled(raw, 1, [], {}).events}
    assert names == {0: "m.f0 and 2 more", 3: "m.f3", 4: "m.f4 and 2 more", 7: "m.f7"}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"version":1}', '{"version":2}', '{"version":2,"kinds":[],"names":[],"loops":[[0]]}'],
)
def test_what_is_no_trace_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"trace|Expecting"):
        Trace.from_json(text)
