"""The replay of a recorded build: traces small enough to compute by hand, and the bounds that every greedy schedule keeps."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sigil.report import scaling as report
from sigil.scale import plan, predict, replay
from sigil.scale.costs import Costs, Machine, Rate
from sigil.scale.plan import Item, Job, Plan, PlanError, Serial, StagePlan
from sigil.scale.predict import Measured, Recorded, Scaling, StageMemory
from sigil.trace import Event, Loop, StageSpan, Trace


def job(*times: float | tuple[float | Job, ...]) -> Job:
    """A loop whose items take so long; a tuple is an item of several parts."""
    return Job("work", tuple(Item(i, t if isinstance(t, tuple) else (t,)) for i, t in enumerate(times)))


def stage(*parts: Serial | Job | float) -> StagePlan:
    return StagePlan("parse", tuple(Serial(p, "here") if isinstance(p, (int, float)) else p for p in parts))


def time(plan: StagePlan, workers: int, costs: Costs | None = None, slowdown=replay.no_slowdown) -> float:
    return replay.stage(plan, workers, costs, slowdown).time


# ---- by hand: without costs --------------------------------------------------------------------------------


def test_four_items_on_two_workers() -> None:
    # 3 ──── 2 ──     largest first: both workers end after 5
    # 3 ──── 2 ──
    assert time(stage(job(3, 3, 2, 2)), 2) == 5
    assert time(stage(job(3, 3, 2, 2)), 1) == 10


def test_items_are_handed_out_in_their_order() -> None:
    # Smallest first: 1 and 1, then 1 and 4: the long one begins after 1 and ends after 5, not after 4.
    assert time(stage(job(1, 1, 1, 4)), 2) == 5
    assert time(stage(job(4, 1, 1, 1)), 2) == 4


def test_one_item_more_than_workers() -> None:
    assert time(stage(job(5, 5, 5)), 2) == 10
    assert time(stage(job(5, 5, 5)), 3) == 5
    assert time(stage(job(5, 5, 5)), 64) == 5


def test_serial_parts_and_barriers_are_kept() -> None:
    whole = stage(7, job(4, 4), 1, job(6, 2), 2)
    assert time(whole, 1) == 7 + 8 + 1 + 8 + 2
    assert time(whole, 2) == 7 + 4 + 1 + 6 + 2
    assert time(whole, 64) == time(whole, 2)


def test_an_inner_loop_is_helped_by_idle_workers() -> None:
    # The first item is 1 of its own, a loop of four 3s, then 1; the second is 1. On two workers the loop takes 6.
    inner = job((1, job(3, 3, 3, 3), 1), 1)
    assert time(stage(inner), 1) == 15
    assert time(stage(inner), 2) == 8
    assert time(stage(inner), 4) == 5


def test_who_runs_an_inner_loop_waits_for_its_items() -> None:
    # Worker 0: 1, then an inner item of 2, waits; worker 1: idle after 1, takes the inner item of 10.
    assert time(stage(job((1, job(2, 10), 1), 1)), 2) == 12


def test_an_empty_loop_takes_no_time() -> None:
    assert time(stage(3, job()), 2, Costs(claim=1, dispatch=1, join=1)) == 3
    assert time(stage(job((job(),), 2)), 2) == 2


def test_no_worker_is_an_error() -> None:
    with pytest.raises(ValueError):
        time(stage(job(1)), 0)


# ---- by hand: with costs -----------------------------------------------------------------------------------


def test_dispatch_claim_and_join_are_paid() -> None:
    costs = Costs(claim=1, dispatch=10, join=5)
    assert time(stage(job(3, 3)), 1, costs) == 10 + (1 + 3) + (1 + 3) + 5


def test_workers_begin_one_after_another() -> None:
    costs = Costs(dispatch=10, chain=4)
    assert time(stage(job(6, 6)), 2, costs) == 10 + 4 + 6
    # The first worker has run all three before the second one is awake.
    assert time(stage(job(1, 1, 1)), 2, costs) == 13


def test_workers_wake_each_other_as_a_tree() -> None:
    costs = Costs(dispatch=10, chain=4)
    # The caller wakes three, at 10, 14 and 18; the first of them the next three, at 20, 24 and 28; then the second.
    begins = [10, 14, 18, 20, 24, 28, 24]
    for count in range(1, 8):
        assert time(stage(job(*[100] * count)), count, costs) == max(begins[:count]) + 100


def test_a_loop_right_after_another_finds_the_workers_awake() -> None:
    costs = Costs(dispatch=100, hot=1, chain=50, linger=20)
    assert time(stage(job(60, 60), 10, job(60, 60)), 2, costs) == (100 + 50 + 60) + 10 + (1 + 60)
    assert time(stage(job(60, 60), 30, job(60, 60)), 2, costs) == 2 * (100 + 50 + 60) + 30


def test_stealing_costs() -> None:
    # Worker 1 ends its item at 1 and helps from 1 + 2 on: inner items 3 and 3 end at 1 + 3 and 1 + 2 + 3; the way back 2.
    costs = Costs(steal=2, linger=100)
    assert time(stage(job((1, job(3, 3), 1), 1)), 2, costs) == 1 + 2 + 3 + 2 + 1


def test_memory_slows_items_down_only_while_others_run() -> None:
    # Two of 4 side by side, half as fast: 8; then one alone of 4.
    assert time(stage(job(4, 4, 4)), 2, slowdown=lambda n: 2.0 if n > 1 else 1.0) == 12
    # A serial part is never slower.
    assert time(stage(9, job(4, 4)), 2, slowdown=lambda n: float(n)) == 9 + 8


# ---- bounds ------------------------------------------------------------------------------------------------

times = st.integers(0, 1000).map(float)
flat = st.lists(times, max_size=30).map(lambda found: job(*found))
nested = st.lists(
    st.one_of(times, st.tuples(times, st.lists(times, max_size=6).map(lambda f: job(*f)), times)), max_size=12
).map(lambda found: job(*found))
stages = st.lists(st.one_of(times.map(lambda t: Serial(t, "here")), flat, nested), max_size=6).map(
    lambda parts: StagePlan("parse", tuple(parts))
)


@settings(max_examples=300, deadline=None)
@given(stages, st.integers(1, 70))
def test_a_greedy_schedule_keeps_its_bounds(whole: StagePlan, workers: int) -> None:
    took = time(whole, workers)
    assert took >= max(whole.work / workers, whole.span) - 1e-6
    # Inner loops are waited for without helping others, so each level of nesting may cost the bound once more.
    is_flat = not any(isinstance(p, Job) for j in whole.jobs for item in j.items for p in item.parts)
    if is_flat:
        assert took <= whole.work / workers + whole.span + 1e-6
    assert took <= whole.work + 1e-6
    assert time(whole, 1) == pytest.approx(whole.work)


@settings(max_examples=200, deadline=None)
@given(stages, st.integers(1, 40), st.floats(0, 3))
def test_costs_add_no_more_than_they_are(whole: StagePlan, workers: int, scale: float) -> None:
    costs = Costs(
        claim=3 * scale,
        steal=7 * scale,
        wake=50 * scale,
        dispatch=20 * scale,
        chain=10 * scale,
        join=5 * scale,
    )
    took = time(whole, workers, costs)
    assert took >= max(whole.work / workers, whole.span) - 1e-6

    def count(parts) -> tuple[int, int]:
        loops = items = 0
        for part in parts:
            if isinstance(part, Job):
                loops += 1
                items += len(part.items)
                for item in part.items:
                    more = count(item.parts)
                    loops, items = loops + more[0], items + more[1]
        return loops, items

    loops, items = count(whole.parts)
    per_loop = 20 + 5 + 50 + workers * 10 + 3 * 7
    assert took <= whole.work + scale * (loops * per_loop + items * 3) + 1e-6


@settings(max_examples=100, deadline=None)
@given(stages, st.integers(1, 40))
def test_the_same_input_gives_the_same_result(whole: StagePlan, workers: int) -> None:
    costs = Costs(claim=1, steal=2, wake=3, dispatch=4, chain=5, join=6)
    assert replay.stage(whole, workers, costs) == replay.stage(whole, workers, costs)


# ---- from a trace to a plan --------------------------------------------------------------------------------


def recorded() -> Trace:
    """read: one loop. parse: serial 10, a loop of two files, of which the second runs a loop of two chunks, serial 5."""
    return Trace(
        threads=1,
        stages=(StageSpan("read", 0, 100), StageSpan("parse", 110, 400), StageSpan("compile", 400, 9000)),
        loops=(
            Loop("read file", 0, 0, 90, 1),
            Loop("parse file", 1, 120, 395, 2),
            Loop("lex chunk", 1, 250, 340, 2),
        ),
        events=(
            Event("read file", 0, 0, 0, 5, 85, name="a.si"),
            Event("parse file", 1, 1, 0, 120, 220, name="b.si"),
            Event("parse file", 1, 0, 0, 230, 390, name="a.si"),
            Event("lex chunk", 2, 0, 0, 250, 300),
            Event("lex chunk", 2, 1, 0, 300, 340),
        ),
        about={"project": "p", "schedule": "signatures"},
    )


def test_a_plan_has_the_structure_of_the_trace() -> None:
    made = plan.of_trace(recorded())
    assert [s.name for s in made.stages] == ["read", "parse"]  # the C compiler is another program
    assert made.between == 10
    read, parse = made.stages
    assert [type(part) for part in parse.parts] == [Serial, Job, Serial]
    before, loop, after = parse.parts
    assert (before.time, before.place) == (10, "before parse file")
    assert (after.time, after.place) == (5, "after parse file")
    assert [item.number for item in loop.items] == [1, 0]  # in the order in which they were handed out
    second = loop.items[1]
    assert second.parts[0] == 20 and second.parts[2] == 50
    assert [item.work for item in second.parts[1].items] == [50, 40]
    assert (second.work, second.span) == (160, 20 + 50 + 50)
    assert loop.overhead == 395 - 120 - 100 - 160
    assert (parse.work, parse.span, parse.serial) == (15 + 260, 15 + 120, 15)
    assert read.work == 80 + 10 and read.recorded == 100


def test_a_loop_with_the_times_of_its_item_is_no_puzzle() -> None:
    """A loop that has one item, all with the same begin and end: the item lies in its loop, not the loop in it."""
    trace = Trace(
        1,
        (StageSpan("parse", 0, 10),),
        (Loop("outer", 0, 0, 10, 1), Loop("inner", 0, 0, 10, 1)),
        (Event("outer", 0, 0, 0, 0, 10), Event("inner", 1, 0, 0, 0, 10)),
    )
    made = plan.of_trace(trace)
    (outer,) = made.stages[0].jobs
    (item,) = outer.items
    assert [p.kind for p in item.parts if isinstance(p, Job)] == ["inner"]
    assert made.stages[0].work == 10


def test_items_without_room_in_the_buffer_share_what_is_left() -> None:
    trace = Trace(
        1, (StageSpan("parse", 0, 100),), (Loop("x", 0, 0, 100, 5),), (Event("x", 0, 0, 0, 0, 20),), dropped=4
    )
    (loop,) = plan.of_trace(trace).stages[0].jobs
    assert [item.work for item in loop.items] == [20, 20, 20, 20, 20]


@pytest.mark.parametrize(
    ("trace", "words"),
    [
        (replace(recorded(), threads=2), "recorded on 2 threads"),
        (replace(recorded(), stages=()), "no stages"),
    ],
)
def test_what_cannot_be_replayed_says_why(trace: Trace, words: str) -> None:
    with pytest.raises(PlanError, match=words):
        plan.of_trace(trace)


def test_the_undisturbed_recordings_forgets_an_interruption() -> None:
    def one(slow: int) -> Plan:
        times = [10.0, 10.0, 10.0]
        times[slow] = 4000.0
        return Plan((replace(stage(5, job(*times)), recorded=35),), between=slow)

    made = plan.undisturbed([one(0), one(1), one(2)])
    (loop,) = made.stages[0].jobs
    assert [item.work for item in loop.items] == [10, 10, 10]
    assert made.between == 0
    assert made.stages[0].recorded == 35
    assert [plan.quartile(range(n)) for n in (1, 4, 5, 15)] == [0, 0, 1, 3]
    other = Plan((stage(5, job(1.0)),))
    assert plan.undisturbed([other, one(0), one(1), one(2)]) == made  # of another shape than most
    with pytest.raises(PlanError):
        plan.undisturbed([])


# ---- memory ------------------------------------------------------------------------------------------------


def test_a_rate_is_interpolated_and_continued() -> None:
    rate = Rate(((1, 1.0), (2, 1.5), (4, 1.75)))
    assert [rate(n) for n in (1, 2, 3, 4)] == [1.0, 1.5, 1.625, 1.75]
    assert rate(8) == pytest.approx(1.75 + 4 * 0.25)
    assert rate.limit == 4  # bytes in a nanosecond
    assert Rate(((1, 1.0), (2, 0.9))).limit is None
    assert Rate(((1, 1.0),))(64) == 1.0 and Rate()(3) == 0.0


def test_the_slowdown_is_the_share_of_memory() -> None:
    machine = Machine(fresh=Rate(((1, 1.0), (2, 2.0))), stream=Rate(((1, 1.0), (2, 1.0))))
    slower = StageMemory(fresh=100, stream=1000).slowdown(400, machine)
    assert slower(1) == 1.0
    assert slower(2) == 1.25  # 100 bytes at one more nanosecond each, of 400
    assert slower(5) == 2.0
    assert StageMemory().slowdown(0, machine)(7) == 1.0


# ---- tables ------------------------------------------------------------------------------------------------


def scaling(**more) -> Scaling:
    made = Plan(
        (
            StagePlan("parse", (Serial(10, "before parse file"), job(*[10.0] * 64)), 660),
            StagePlan("signatures", (job(*[5.0] * 64),), 330),
            StagePlan("generate", (Serial(100, "the whole stage"),), 100),
        ),
        between=20,
    )
    return Scaling("p", (1, 2, 16), {"signatures": Recorded(made)}, Machine(), **more)


def test_speedups_by_hand() -> None:
    table = scaling().predicted()
    assert table[1] == {"parse": 1, "signatures": 1, "codegen": 1, "overall": 1}
    assert table[2]["parse"] == pytest.approx(650 / 330)
    assert table[16]["signatures"] == pytest.approx(16)
    assert table[16]["codegen"] == 1
    assert table[16]["overall"] == pytest.approx((650 + 320 + 100 + 20) / (50 + 20 + 100 + 20))


def test_the_amdahl_list_is_sorted_and_counts_everything() -> None:
    parts = scaling().serial_parts()
    assert [(p.stage, p.time) for p in parts] == [("generate", 100), ("-", 20), ("parse", 10)]
    assert sum(p.share for p in parts) == pytest.approx(130 / 1090)


def test_losses_add_up_to_the_time() -> None:
    machine = Machine(Costs(claim=1, dispatch=7, chain=2, join=3), Rate(((1, 1.0), (2, 1.5))))
    own = Recorded(scaling().main.plan, {"parse": StageMemory(fresh=30)})
    for workers in (2, 16):
        for part in own.plan.stages:
            lost = predict.loss(own, part, workers, machine)
            assert lost.time == pytest.approx(own.stage_time(part, workers, machine))


def test_the_error_is_relative_to_the_undisturbed_paired_runs() -> None:
    runs = {
        1: [
            {"parse": 10.0, "overall": 20.0},
            {"parse": 30.0, "overall": 60.0},
            {"parse": 10.0, "overall": 20.0},
        ],
        2: [
            {"parse": 5.0, "overall": 10.0},
            {"parse": 10.0, "overall": 30.0},
            {"parse": 10.0, "overall": 10.0},
        ],
    }
    made = scaling(
        measured={"signatures": Measured(runs, {2: 2.0}, {2: {"parse": 1.5}}, {2: {"parse": 100.0}})}
    )
    assert made.measured_speedup(2, "parse") == 2  # of 2, 3 and 1
    errors = made.errors()[2]
    assert made.undisturbed_speedup(2, "parse") == 2  # 10 / 5
    assert errors["parse"] == pytest.approx(650 / 330 / 2 - 1)
    assert "codegen" not in errors  # was not measured
    corrected = made.corrected()
    assert corrected is not None
    assert corrected.predicted()[2]["parse"] == pytest.approx(650 / (10 + 320 * 1.5))


KEYS = {
    "version", "subject", "about", "cores", "columns", "predicted", "seed", "targets", "measured", "undisturbed", "calibration", "error",
    "corrected", "inflation", "replay_error", "machine", "memory", "stages", "serial_parts", "loops", "losses",
}  # fmt: skip


def test_json_has_what_the_document_says() -> None:
    content = json.loads(json.dumps(predict.as_json(scaling())))
    assert set(content) == KEYS
    assert content["version"] == predict.VERSION
    assert content["seed"]["16"] == {"parse": 12, "signatures": 8, "codegen": 13, "overall": 11}
    assert content["targets"]["16"]["overall"] == 14.5
    assert content["measured"] == content["undisturbed"] == {} and content["corrected"] == {}
    assert content["serial_parts"][0] == {
        "stage": "generate",
        "place": "the whole stage",
        "time": 100,
        "share": 0.091743,
    }


def test_the_report_fits_a_terminal() -> None:
    runs = {1: [{"parse": 10.0, "overall": 20.0}], 2: [{"parse": 5.0, "overall": 12.0}]}
    own = {name: Recorded(scaling().main.plan) for name in ("signatures", "levels")}
    found = Measured(runs, {2: 1.98}, {2: {"parse": 1.1, "signatures": 1.02}}, {2: {"parse": 12345.0}})
    machine = Machine(Costs(8, 38, 800, 30000, 16000, 2000, 0, 18000, 10000, 16), Rate(((1, 0.3), (2, 0.35))))
    made = Scaling("p", predict.DEFAULT_CORES, own, machine, {"signatures": found, "levels": found})
    lines = report.lines(made)
    assert [line for line in lines if len(line) > 80] == []
    assert [line for line in lines if line != line.rstrip()] == []
    text = "\n".join(lines)
    for words in (
        "PREDICTED",
        "MEASURED HERE on 2 threads",
        "SERIAL PARTS",
        "WHERE 16 CORES LOSE",
        "limit: 20 GB/s",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("nanoseconds", "shown"),
    [
        (7.6, "8 ns"),
        (999.4, "999 ns"),
        (1230, "1.23 us"),
        (999_900, "1 ms"),
        (12_340_000, "12.3 ms"),
        (2.5e9, "2.50 s"),
    ],
)
def test_times_are_short(nanoseconds: float, shown: str) -> None:
    assert report.time(nanoseconds) == shown
