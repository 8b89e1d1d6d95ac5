"""What is made of a trace: figures that can be worked out by hand, the page, the file for trace viewers."""

from __future__ import annotations

import itertools
import json
import random
import re
import shutil
import subprocess
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from sigil.report.timings_chrome import chrome
from sigil.report.timings_figures import CORES, figures
from sigil.report.timings_page import page, time
from sigil.scale import replay
from sigil.scale.costs import Costs
from sigil.scale.plan import of_trace
from sigil.trace import Event, Loop, StageSpan, Trace

EVIL = "</script><img src=x onerror=alert(1)>&\"'é"


def flat() -> Trace:
    """Two workers, one loop from 10 to 90 in a stage from 0 to 100."""
    events = (
        Event("parse file", 0, 0, 0, 12, 50, name="a.si"),
        Event("parse file", 0, 1, 1, 14, 32, stolen_from=0, name="b.si"),
        Event("parse file", 0, 2, 1, 32, 82, stolen_from=0, name="c.si"),
    )
    return Trace(2, (StageSpan("parse", 0, 100, 120),), (Loop("parse file", 0, 10, 90, 3),), events)


def nested() -> Trace:
    """One item from 10 to 90, which runs a loop of its own from 30 to 70 on both workers."""
    events = (
        Event("parse file", 0, 0, 0, 10, 90),
        Event("lex chunk", 1, 0, 0, 32, 62),
        Event("lex chunk", 1, 1, 1, 34, 70),
    )
    loops = (Loop("parse file", 0, 10, 90, 1), Loop("lex chunk", 0, 30, 70, 2))
    return Trace(2, (StageSpan("parse", 0, 100),), loops, events)


def made_up(count: int, workers: int = 4, seed: int = 1) -> Trace:
    """A build of one big stage between two small ones."""
    chance = random.Random(seed)
    free = [1000] * workers
    events = []
    for item in range(count):
        worker = free.index(min(free))
        length = chance.randrange(500, 40_000)
        events.append(
            Event(
                "check body",
                0,
                item,
                worker,
                free[worker],
                free[worker] + length,
                name=f"m{item % 97}.f{item}",
            )
        )
        free[worker] += length + chance.randrange(60)
    end = max(free) + 500
    stages = (
        StageSpan("modules", 0, 900),
        StageSpan("bodies", 900, end),
        StageSpan("link", end + 10, end + 900),
    )
    return Trace(workers, stages, (Loop("check body", 1, 1000, end - 100, count),), tuple(events))


# ---- figures -----------------------------------------------------------------------------------------------


def test_work_span_and_burden_of_a_loop() -> None:
    (stage,) = figures(flat()).stages
    assert stage.alone == 20
    assert stage.work == 20 + 38 + 18 + 50
    assert stage.span == 20 + 50
    assert stage.burdened == 20 + 50 + 2 + 8
    assert (stage.wall, stage.cpu, stage.items) == (100, 120, 3)


def test_a_loop_inside_an_item_counts_once() -> None:
    (stage,) = figures(nested()).stages
    # The item computes from 10 to 30 and from 70 to 90; from 30 to 70 its loop does.
    assert stage.work == 20 + 40 + 30 + 36
    assert stage.span == 20 + 40 + 36


def test_a_task_that_was_run_while_waiting_is_not_counted_twice() -> None:
    events = (Event("other work", -1, -1, 0, 10, 50), Event("parse file", 0, 0, 0, 20, 40))
    trace = Trace(1, (StageSpan("parse", 0, 60),), (Loop("parse file", 0, 15, 58, 1),), events)
    assert figures(trace).stages[0].work == (60 - 43) + 20


def stepped() -> Trace:
    """A step of a stage that runs as a task: alone until its loop begins, and between the loops."""
    events = (
        Event("other work", -1, -1, 1, 5, 95),
        Event("check body", 0, 0, 1, 20, 40),
        Event("check body", 0, 1, 0, 22, 38),
        Event("finish module", 1, 0, 1, 60, 90),
    )
    loops = (Loop("check body", 0, 18, 42, 2), Loop("finish module", 0, 58, 92, 1))
    return Trace(2, (StageSpan("bodies", 0, 100),), loops, events)


def test_a_task_that_runs_loops_is_a_step_of_its_stage() -> None:
    (stage,) = figures(stepped()).stages
    assert stage.alone == 100 - 24 - 34
    assert stage.work == stage.alone + 20 + 16 + 30
    assert stage.span == stage.alone + 20 + 30


def test_prediction_is_greedy_in_the_recorded_order() -> None:
    (stage,) = figures(flat()).stages
    assert stage.on(1) == stage.work
    # c goes to whoever is free first: b's worker, after 18.
    assert stage.on(2) == 20 + (18 + 50) + 10
    assert stage.on(64) == 20 + 50 + 10


@pytest.mark.parametrize("trace", [flat(), nested(), stepped(), made_up(500), made_up(3, 1)])
def test_no_prediction_is_better_than_the_laws_allow(trace: Trace) -> None:
    numbers = figures(trace)
    last = 0.0
    for cores in CORES:
        speed = numbers.speed_up(cores, True)
        assert speed <= cores + 1e-9
        assert speed <= numbers.work(True) / numbers.span(True) + 1e-9
        assert speed >= last - 1e-9
        last = speed
    assert numbers.speed_up(1) == 1


def test_a_recording_on_one_thread_is_predicted_as_its_replay_does() -> None:
    """Two ways to the same: here in closed form, in sigil.scale by simulated workers that cost nothing."""
    trace = made_up(400, 1)
    plan = of_trace(trace)
    for cores in CORES:
        mine = figures(trace).of(True)
        burdens = sum(loop.burden for stage in mine for loop in stage.loops) if cores > 1 else 0
        replayed = sum(replay.stage(s, cores, Costs()).time for s in plan.stages if s.name != "link")
        assert sum(stage.on(cores) for stage in mine) - burdens == pytest.approx(replayed, rel=1e-6)


def test_the_critical_path_is_the_span() -> None:
    for trace in (flat(), nested(), made_up(100)):
        numbers = figures(trace)
        assert sum(step.time for step in numbers.critical_path()) == numbers.span()
    names = [step.name for step in figures(flat()).critical_path()]
    assert names == ["", "c.si"]


def test_the_slowest_come_first() -> None:
    slowest = figures(flat(), slowest=2).slowest
    assert [event.name for event in slowest] == ["c.si", "a.si"]


def test_an_empty_trace_has_figures() -> None:
    numbers = figures(Trace(2, (), (), ()))
    assert (numbers.wall, numbers.work(), numbers.speed_up(16)) == (0, 0, 1.0)


def test_times_have_the_digits_that_matter() -> None:
    shown = [time(ns) for ns in (500, 9_960, 999_000, 1_234_567, 99_600_000, 1_250_000_000)]
    assert shown == ["0.5 µs", "10 µs", "1.00 ms", "1.23 ms", "100 ms", "1.25 s"]


# ---- the page ----------------------------------------------------------------------------------------------


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.open: list[str] = []
        self.scripts: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.buttons: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        found = dict(attrs)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]
        assert not any(name.startswith("on") for name, _ in attrs)
        if "data-stage" in found:
            self.buttons.append(int(found["data-stage"] or ""))
        if tag not in ("meta", "link", "line"):
            self.open.append(tag)
        if tag == "script":
            self.scripts.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data
        else:
            self.words.append(data)


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader


def data_of(text: str) -> dict[str, Any]:
    return json.loads(read(text).scripts[0])


def boxes(data: dict[str, Any]) -> list[list[tuple[int, int, int]]]:
    """Begin, end and count of what each row shows."""
    rows = []
    for row in data["rows"]:
        flat_numbers, at, made = row["events"], 0, []
        for i in range(0, len(flat_numbers), 7):
            at += flat_numbers[i]
            made.append((at, at + flat_numbers[i + 1], flat_numbers[i + 6]))
        rows.append(made)
    return rows


def test_the_page_is_well_formed_and_needs_nothing_else() -> None:
    text = page(flat())
    reader = read(text)
    assert reader.links == ["data:,"]
    assert not re.search(r"https?://", text)
    assert "@import" not in text and "url(" not in text
    for word in ("Timeline", "Stages", "Predicted speed-up", "Critical path", "Slowest items", "Words"):
        assert word in reader.words


def test_names_are_text_whatever_they_hold() -> None:
    trace = flat()
    events = tuple(
        Event(e.kind, e.loop, e.item, e.worker, e.begin, e.end, e.stolen_from, EVIL) for e in trace.events
    )
    evil = Trace(2, trace.stages, trace.loops, events, 0, {"project": EVIL, "date": EVIL})
    reader = read(page(evil))
    assert reader.tags["img"] == 0
    assert reader.tags["script"] == 2
    assert EVIL in json.loads(reader.scripts[0])["names"]
    assert EVIL in "".join(reader.words)


def test_the_same_trace_gives_the_same_page() -> None:
    trace = made_up(2000)
    assert page(trace) == page(Trace.from_json(trace.to_json()))


def test_the_timeline_shows_every_item_at_its_time() -> None:
    trace = made_up(300)
    data = data_of(page(trace))
    rows = boxes(data)
    assert [row["label"] for row in data["rows"]] == ["one thread", *(f"worker {i}" for i in range(4))]
    for worker in range(4):
        events = [(e.begin // 100, e.end // 100, 1) for e in trace.events if e.worker == worker]
        assert rows[worker + 1] == events
    # Alone: all of `modules`, the ends of `bodies`, all of `link`.
    assert len(rows[0]) == 4
    assert data["stages"] == [[s.name, s.begin // 100, s.end // 100] for s in trace.stages]


def test_a_large_trace_makes_a_page_of_a_few_megabytes() -> None:
    trace = made_up(200_000, 8)
    text = page(trace)
    assert len(text) < 4_000_000
    rows = boxes(data_of(text))[1:]
    assert sum(len(row) for row in rows) <= 40_000
    assert sum(count for row in rows for _, _, count in row) == 200_000  # merged, not left out
    for worker, row in enumerate(rows):
        events = [e for e in trace.events if e.worker == worker]
        assert (row[0][0], row[-1][1]) == (events[0].begin // 100, events[-1].end // 100)
        assert all(first[1] <= second[0] for first, second in itertools.pairwise(row))


def test_stages_that_did_not_run_are_left_out() -> None:
    trace = flat()
    stages = (*trace.stages, StageSpan("bodies", 0, 0), StageSpan("link", 110, 130))
    reader = read(page(Trace(2, stages, trace.loops, trace.events)))
    assert reader.buttons == [0, 2]
    assert "bodies" not in reader.words


def test_dropped_events_are_said() -> None:
    trace = flat()
    assert "no room" not in page(trace)
    assert "no room for 7 events" in page(Trace(2, trace.stages, trace.loops, trace.events, 7))


@pytest.mark.parametrize(
    "trace", [Trace(1, (), (), ()), Trace(64, (StageSpan("parse", 5, 6),), (), (), 0, {"jobs": 3})]
)
def test_the_smallest_traces_have_pages(trace: Trace) -> None:
    assert read(page(trace)).tags["canvas"] == 1


needs_browser = pytest.mark.skipif(
    shutil.which("chromium") is None, reason="chromium is not installed (make setup-ci)"
)

# What a user does, in the page itself: points at a box, zooms in on it, goes back. What the hint says is kept.
ACTIONS = """<script>
  const canvas = document.getElementById("timeline"), hint = document.getElementById("hint");
  const box = canvas.getBoundingClientRect(), said = [];
  const at = (kind, x, y, Type = PointerEvent) => canvas.dispatchEvent(new Type(kind, {
    clientX: box.left + x, clientY: box.top + y, bubbles: true, pointerId: 1, deltaY: -120, ctrlKey: true }));
  const point = (x, y) => { at("pointermove", x, y); said.push(hint.hidden ? "" : hint.innerText.split("\\n")[0]); };
  const middle = 78 + (box.width - 78) * 0.6;
  point(middle, 128);
  at("dblclick", middle, 128, MouseEvent);
  point(90, 128);
  at("wheel", middle, 128, WheelEvent);
  for (const key of ["+", "-", "ArrowLeft", "ArrowRight", "0"])
    canvas.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  point(middle, 128);
  point(middle, 60);
  document.querySelector("button.stage").click();
  document.getElementById("zoom-all").click();
  document.documentElement.dataset.said = said.join("|");
</script>"""


def in_browser(text: str, tmp_path: Path) -> str:
    """The page's elements after its scripts have run; none of them may complain."""
    place = tmp_path / "page.html"
    place.write_text(text, "utf-8")
    command = ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1400,900"]
    command += [f"--user-data-dir={tmp_path / 'home'}", "--enable-logging=stderr"]
    command += ["--virtual-time-budget=3000", "--dump-dom", place.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert [line for line in done.stderr.splitlines() if "CONSOLE" in line] == []
    return done.stdout


@needs_browser
@pytest.mark.parametrize("trace", [made_up(5000, 24), Trace(1, (), (), ())])
def test_a_browser_draws_the_page_without_complaint(trace: Trace, tmp_path: Path) -> None:
    elements = in_browser(page(trace), tmp_path)
    assert re.search(rf'<html[^>]* data-drawn="{1 + trace.threads}"', elements)


@needs_browser
def test_pointing_and_zooming_find_the_items(tmp_path: Path) -> None:
    second = 1_000_000_000
    events = (
        Event("parse file", 0, 0, 0, 0, second // 2, name="src/first.si"),
        Event("parse file", 0, 1, 0, second // 2, second, name="src/second.si"),
    )
    trace = Trace(1, (StageSpan("parse", 0, second),), (Loop("parse file", 0, 0, second, 2),), events)
    elements = in_browser(page(trace).replace("</body>", f"{ACTIONS}</body>"), tmp_path)
    (said,) = re.findall(r'<html[^>]* data-said="([^"]*)"', elements)
    # Zoomed in on the second, there is a bit of the first at the left edge.
    assert said.split("|") == ["src/second.si", "src/first.si", "src/second.si", "1 of 1 cores busy"]


# ---- the Trace Event Format --------------------------------------------------------------------------------

# Of the phases that we use: the fields that each must have, after the format's document.
REQUIRED = {
    "X": {
        "name": str,
        "cat": str,
        "ph": str,
        "ts": (int, float),
        "dur": (int, float),
        "pid": int,
        "tid": int,
    },
    "M": {"name": str, "ph": str, "pid": int, "tid": int, "args": dict},
    "C": {"name": str, "ph": str, "ts": (int, float), "pid": int, "args": dict},
    "s": {"name": str, "cat": str, "ph": str, "ts": (int, float), "pid": int, "tid": int, "id": int},
    "f": {
        "name": str,
        "cat": str,
        "ph": str,
        "ts": (int, float),
        "pid": int,
        "tid": int,
        "id": int,
        "bp": str,
    },
}


@pytest.mark.parametrize("trace", [flat(), nested(), made_up(2000), Trace(1, (), (), ())])
def test_the_trace_event_format_is_kept(trace: Trace) -> None:
    content = json.loads(chrome(trace))
    assert set(content) == {"displayTimeUnit", "otherData", "traceEvents"}
    assert content["displayTimeUnit"] in ("ms", "ns")
    events = content["traceEvents"]
    for event in events:
        fields = REQUIRED[event["ph"]]
        for name, kind in fields.items():
            assert isinstance(event[name], kind), event
        assert event.get("dur", 0) >= 0 and event.get("ts", 0) >= 0
    named = {event["tid"] for event in events if event["name"] == "thread_name"}
    assert {event["tid"] for event in events} <= named
    for event in events:
        if event["ph"] == "C":
            assert all(
                isinstance(value, int) and 0 <= value <= trace.threads for value in event["args"].values()
            )


def test_complete_events_are_the_traces_own_and_nest() -> None:
    trace = nested()
    shown = [
        event for event in json.loads(chrome(trace))["traceEvents"] if event["ph"] == "X" and event["tid"] > 0
    ]
    assert sorted((e["tid"] - 1, e["ts"], e["dur"], e["cat"]) for e in shown) == sorted(
        (e.worker, e.begin / 1000, (e.end - e.begin) / 1000, e.kind) for e in trace.events
    )
    for thread in {event["tid"] for event in shown}:
        row = sorted(
            (event["ts"], -event["dur"]) for event in shown if event["tid"] == thread
        )  # each lies in the one before, or after it
        open_ = []
        for begin, minus in row:
            while open_ and open_[-1] <= begin:
                open_.pop()
            assert not open_ or begin - minus <= open_[-1] + 1e-9
            open_.append(begin - minus)


def test_stolen_items_say_from_whom_and_their_share_has_one_flow() -> None:
    events = json.loads(chrome(flat()))["traceEvents"]
    stolen = [event for event in events if event.get("args", {}).get("stolen_from") is not None]
    assert [(event["name"], event["args"]["stolen_from"]) for event in stolen] == [("b.si", 0), ("c.si", 0)]
    (start,) = [event for event in events if event["ph"] == "s"]
    (finish,) = [event for event in events if event["ph"] == "f"]
    assert (start["tid"], finish["tid"], start["id"]) == (1, 2, finish["id"])
    assert finish["ts"] == stolen[0]["ts"]
