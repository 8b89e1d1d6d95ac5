"""sigil.Scheduler: the compiler's scheduler under Python callables."""

from __future__ import annotations

import gc
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections import Counter
from pathlib import Path

import pytest

import sigil
from sigil.pool import Scheduler, ThreadPoolConfig


@pytest.mark.parametrize("workers", [1, 2, 3, 8, 16])
def test_results_come_in_the_order_of_submission(workers: int) -> None:
    scheduler = Scheduler(workers)
    scheduler.submit(0)
    scheduler.submit_batch(range(1, 500))
    assert scheduler.waiting == 500

    def process(n: int) -> int:
        if n % 50 == 0:
            time.sleep(0.001)
        return n * n

    assert scheduler.run(process) == [n * n for n in range(500)]
    assert scheduler.waiting == 0
    assert scheduler.run(process) == []  # everything was taken
    assert scheduler.map(process, [3]) == [9]  # and it can be used again


def test_work_that_releases_the_gil_runs_on_all_workers_at_once() -> None:
    """Both must be inside at the same time, or the barrier breaks."""
    barrier = threading.Barrier(4, timeout=20)
    assert sorted(Scheduler(4).map(lambda _: barrier.wait(), range(4))) == [0, 1, 2, 3]


def test_each_item_runs_once_on_a_worker_thread() -> None:
    seen: Counter[int] = Counter()
    lock = threading.Lock()
    threads = set()
    data = b"x" * 20_000

    def process(n: int) -> str:
        with lock:
            seen[n] += 1
            threads.add(threading.get_ident())
        return hashlib.sha256(data).hexdigest()

    Scheduler(3).map(process, range(300))
    assert seen == Counter(range(300))
    assert len(threads) <= 3 and threading.get_ident() not in threads


def test_items_that_a_process_submits_belong_to_the_run() -> None:
    scheduler = Scheduler(2)

    def process(depth: int) -> int:
        if depth > 0:
            scheduler.submit(depth - 1)
            scheduler.submit_batch([depth - 1])
        return depth

    scheduler.submit(8)
    results = scheduler.run(process)
    assert results[0] == 8
    assert Counter(results) == Counter({8 - level: 2**level for level in range(9)})


def test_items_of_other_threads_wait_for_the_next_run() -> None:
    scheduler = Scheduler(2)
    inside, submitted = threading.Event(), threading.Event()

    def other() -> None:
        inside.wait(20)
        scheduler.submit("late")
        submitted.set()

    thread = threading.Thread(target=other)
    thread.start()

    def process(item: str) -> str:
        inside.set()
        assert submitted.wait(20)
        return item

    assert scheduler.map(process, ["first"]) == ["first"]
    thread.join()
    assert scheduler.run(process) == ["late"]


def test_the_first_exception_by_order_is_raised_after_all_have_run() -> None:
    ran = []

    def process(n: int) -> int:
        ran.append(n)
        if n == 7:
            time.sleep(0.02)
        if n in (7, 8, 30):
            raise ValueError(n)
        return n

    scheduler = Scheduler(3)
    with pytest.raises(ValueError, match="7") as caught:
        scheduler.map(process, range(40))
    assert sorted(ran) == list(range(40))
    assert caught.traceback[-1].name == "process"
    assert scheduler.map(lambda n: n, [1]) == [1]


def test_a_run_within_a_run_is_refused() -> None:
    scheduler = Scheduler(2)
    with pytest.raises(RuntimeError, match="running already"):
        scheduler.map(lambda _: scheduler.run(print), [1])
    with pytest.raises(TypeError, match="callable"):
        scheduler.run(3)  # type: ignore[arg-type]  # the point of the test


def test_cancel_ends_a_run() -> None:
    scheduler = Scheduler(2)
    ran = []

    def process(n: int) -> None:
        ran.append(n)
        scheduler.cancel()
        time.sleep(0.001)

    with pytest.raises(KeyboardInterrupt):
        scheduler.map(process, range(10_000))
    assert len(ran) <= 4
    assert scheduler.map(abs, [-1]) == [1]


def test_an_interrupt_ends_a_run() -> None:
    """In a process of its own: pytest has plans of its own for SIGINT."""
    code = (
        "import os, signal, sigil, threading, time\n"
        "scheduler = sigil.Scheduler(2)\n"
        "threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "start = time.monotonic()\n"
        "try: scheduler.map(lambda _: time.sleep(0.01), range(2000))\n"
        "except KeyboardInterrupt: print('interrupted', time.monotonic() - start < 5)\n"
        "print(scheduler.map(abs, [-2]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.split("\n")[:2] == ["interrupted True", "[2]"], done.stderr
    assert signal.getsignal(signal.SIGINT) is not None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("where", ["outside", "inside"])
def test_a_forked_child_gets_threads_of_its_own(where: str) -> None:
    scheduler = Scheduler(2)
    assert scheduler.map(abs, [-1]) == [1]

    def child() -> int:
        process = os.fork()
        if process == 0:
            signal.alarm(30)  # a hang ends, and fails
            try:
                os._exit(0 if scheduler.map(lambda n: n + 1, range(50)) == list(range(1, 51)) else 1)
            finally:
                os._exit(2)
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])

    if where == "outside":
        assert child() == 0
    else:
        assert scheduler.map(lambda _: child(), [0]) == [0]
    assert scheduler.map(abs, [-3]) == [3]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_workspace_works_in_a_forked_child(tmp_path: Path) -> None:
    file = tmp_path / "one.si"
    file.write_text('@main () -> void = print(msg: "one")\n')
    workspace = sigil.Workspace(file)
    assert workspace.check().ok
    process = os.fork()
    if process == 0:
        signal.alarm(30)
        try:
            os._exit(0 if workspace.check().ok else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
    assert workspace.check().ok


def test_it_frees_what_it_held() -> None:
    class Thing:
        pass

    thing = Thing()
    gone = weakref.ref(thing)
    scheduler = Scheduler(2)
    scheduler.submit(thing)
    scheduler.submit(scheduler)  # a cycle through the scheduler itself
    del thing, scheduler
    gc.collect()
    assert gone() is None


def test_counters_and_configuration() -> None:
    config = ThreadPoolConfig(max_threads=3, stack_size=2 << 20, priority="low")
    scheduler = Scheduler(config)
    assert scheduler.granted.max_threads == 3
    assert scheduler.granted.stack_size >= 2 << 20
    scheduler.map(lambda _: time.sleep(0.001), range(100))
    counters = scheduler.counters()
    assert counters["tasks"] >= 100
    assert set(counters) == {"tasks", "items", "steals", "failed_steals", "parks", "wakes"}


def test_a_priority_has_a_name() -> None:
    with pytest.raises(ValueError, match="low, normal, high"):
        ThreadPoolConfig(priority="urgent")


@pytest.mark.parametrize("stack_size", [1, 64 << 10, 1 << 20])
def test_no_stack_is_too_small(stack_size: int, tmp_path: Path) -> None:
    depth = 1_990  # just below the limit of the grammar
    path = tmp_path / "deep.si"
    path.write_text(
        f"@main () -> void = match(todo(), {'Some(' * depth}_{')' * depth} -> print(1), _ -> print(2))\n"
    )
    workspace = sigil.Workspace(path, pool=ThreadPoolConfig(1, stack_size))
    assert workspace.granted.stack_size == 2 << 20
    workspace.check()
    assert sigil.Scheduler(ThreadPoolConfig(1, stack_size)).map(str, [1]) == ["1"]


def test_recommended_configurations() -> None:
    cpus = ThreadPoolConfig.default().max_threads
    assert cpus >= 1 and ThreadPoolConfig.default().stack_size == 4 << 20
    assert ThreadPoolConfig.small() == ThreadPoolConfig(max(2, cpus // 2), 4 << 20)
    assert ThreadPoolConfig.large() == ThreadPoolConfig(cpus, 8 << 20)
    assert ThreadPoolConfig.for_project(49) == ThreadPoolConfig(min(4, cpus), 2 << 20)
    assert ThreadPoolConfig.for_project(50) == ThreadPoolConfig(cpus, 4 << 20)
    assert ThreadPoolConfig.for_project(500) == ThreadPoolConfig(cpus, 4 << 20)
    assert ThreadPoolConfig.for_project(501) == ThreadPoolConfig(cpus, 8 << 20)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity masks here")
def test_the_default_counts_only_cpus_that_may_be_used() -> None:
    code = (
        "import os, sigil\n"
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "print(sigil.ThreadPoolConfig.default().max_threads, sigil.Scheduler().granted.max_threads)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "1"]
