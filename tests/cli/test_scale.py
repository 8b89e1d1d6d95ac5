"""`sigil scale` from outside: what it prints, and how it refuses what it cannot replay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sigil.trace import VERSION, Event, Loop, StageSpan, Trace

MANIFEST = '[project]\nname = "p"\n\n[tests]\ncoverage = "off"\n'
MAIN = '@main () -> void = print("fine")\n'


def trace(threads: int = 1, loop: int = 0, stage: int = 0, end: int = 30) -> str:
    """Two stages: 100 ns of nothing but a loop with four items, and 100 ns alone."""
    times = ((0, end), (30, 60), (60, 80), (80, 100))
    return Trace(
        threads,
        (StageSpan("parse", 0, 100), StageSpan("generate", 100, 200)),
        (Loop("parse file", stage, 0, 100, 4),),
        tuple(Event("parse file", loop, i, 0, *span, name=f"f{i}.si") for i, span in enumerate(times)),
        about={"project": "stored", "schedule": "signatures"},
    ).to_json()


def test_a_project_is_recorded_measured_and_predicted(sigil, write) -> None:
    write({"sigil.toml": MANIFEST, "src/main.si": MAIN})
    done = sigil("scale", "--runs", "1", "--cores", "1,2,16")
    assert (done.returncode, done.stderr) == (0, "")
    for words in (
        "PREDICTED SPEED-UP",
        "levels",
        "SERIAL PARTS",
        "WHERE 16 CORES LOSE",
        "parse file",
        "COSTS",
    ):
        assert words in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_json_is_one_object(sigil, write) -> None:
    write({"sigil.toml": MANIFEST, "src/main.si": MAIN})
    done = sigil("scale", "--format", "json", "--runs", "1", "--cores", "2,64", "--schedule", "levels")
    assert done.returncode == 0
    content = json.loads(done.stdout)
    assert content["cores"] == [2, 64] and set(content["predicted"]) == {"2", "64"}
    assert content["columns"] == ["parse", "levels", "codegen", "overall"]
    assert {stage["name"] for stage in content["stages"]} >= {
        "read",
        "parse",
        "modules",
        "bodies",
        "lower",
        "generate",
    }
    assert content["about"]["schedules"] == ["levels"]


def test_a_stored_trace_is_replayed_without_a_project(sigil, tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(trace())
    done = sigil("scale", "--trace", "t.json", "--format", "json", "--cores", "1,2")
    assert done.returncode == 0
    content = json.loads(done.stdout)
    assert content["subject"] == "stored"
    assert content["loops"] == [
        {
            "stage": "parse",
            "kind": "parse file",
            "items": 4,
            "work": 100,
            "largest": 30,
            "largest_name": "f0.si",
            "bound": 3.33,
        }
    ]
    assert content["serial_parts"] == [
        {"stage": "generate", "place": "the whole stage", "time": 100, "share": 0.5}
    ]
    assert content["measured"] == {} and content["predicted"]["2"]["codegen"] == 1
    human = sigil("scale", "--trace", "t.json")
    assert human.returncode == 0 and "NOT MEASURED HERE" in human.stdout


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "cannot read the trace t.json: "),
        ("[]", "cannot read the trace t.json: not a trace"),
        ('{"version": 99}', "version 99"),
        (json.dumps({"version": VERSION, "threads": 1}), "not a trace"),
        (trace(loop=7), "cannot replay t.json: the trace contradicts itself"),
        (trace(stage=3), "cannot replay t.json: the trace contradicts itself"),
        (trace(end=-5), "cannot replay t.json: the trace contradicts itself"),
        ("\x00\xff", "cannot read the trace t.json"),
        ('{"traceEvents": []}', "the stored one is trace.json in the project's .sigil"),
        (trace(threads=2), "cannot replay t.json: the trace was recorded on 2 threads"),
    ],
)
def test_a_trace_that_cannot_be_replayed_is_one_sentence(
    sigil, tmp_path: Path, content: str, words: str
) -> None:
    (tmp_path / "t.json").write_bytes(content.encode("latin-1"))
    done = sigil("scale", "--trace", "t.json")
    assert done.returncode == 2 and done.stdout == ""
    assert words in done.stderr and done.stderr.startswith("error") and done.stderr.count("\n") == 1


def test_a_missing_trace_and_a_missing_project(sigil) -> None:
    for words in (("--trace", "nowhere.json"), ("nowhere",)):
        done = sigil("scale", *words)
        assert done.returncode == 2 and "nowhere" in done.stderr and "Traceback" not in done.stderr


def test_a_project_with_errors_is_refused_with_the_first(sigil, write) -> None:
    write({"sigil.toml": MANIFEST, "src/main.si": "@main () -> void = nonesuch()\n"})
    done = sigil("scale", "--runs", "1")
    assert done.returncode == 2
    assert "cannot be recorded: src/main.si:1: " in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("--cores", "0"),
        ("--cores", "2,x"),
        ("--cores", ""),
        ("--runs", "0"),
        ("--schedule", "x"),
        ("--format", "sarif"),
    ],
)
def test_wrong_arguments(sigil, words: tuple[str, str]) -> None:
    done = sigil("scale", *words)
    assert done.returncode == 2 and "usage: sigil scale" in done.stderr
