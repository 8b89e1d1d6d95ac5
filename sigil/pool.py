"""The configuration of a pool of workers, and the scheduler itself for experiments from Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from sigil import _core

Item = TypeVar("Item")
Answer = TypeVar("Answer")

PRIORITIES = {"low": -1, "normal": 0, "high": 1}


@dataclass(frozen=True, slots=True)
class ThreadPoolConfig:
    """How many workers a pool starts, with what stacks (bytes; 2 MiB at least) and priority (`low`, `normal`,
    `high`). 0 threads: every CPU that the process may use, by its affinity mask and its cgroup's quota.
    """

    max_threads: int = 0
    stack_size: int = 4 << 20
    priority: str = "normal"

    def __post_init__(self) -> None:
        if self.priority not in PRIORITIES:
            raise ValueError(f"the priority is {self.priority!r}; it must be one of {', '.join(PRIORITIES)}")

    @classmethod
    def default(cls) -> ThreadPoolConfig:
        """All CPUs, 4 MiB."""
        return cls._of(_core.pool_config("default"))

    @classmethod
    def small(cls) -> ThreadPoolConfig:
        """Half of the CPUs, but two at least; 4 MiB."""
        return cls._of(_core.pool_config("small"))

    @classmethod
    def large(cls) -> ThreadPoolConfig:
        """All CPUs, 8 MiB."""
        return cls._of(_core.pool_config("large"))

    @classmethod
    def for_project(cls, files: int) -> ThreadPoolConfig:
        """The recommendation for a project of so many files."""
        return cls._of(_core.pool_config("project", files))

    @classmethod
    def _of(cls, raw: tuple[int, int, int]) -> ThreadPoolConfig:
        names = {number: name for name, number in PRIORITIES.items()}
        return cls(raw[0], raw[1], names[raw[2]])

    def as_core(self) -> dict[str, int]:
        """The keywords of the core's types."""
        return {
            "max_threads": self.max_threads,
            "stack_size": self.stack_size,
            "priority": PRIORITIES[self.priority],
        }


class Scheduler:
    """The compiler's work-stealing scheduler, running Python callables.

        scheduler = sigil.Scheduler()
        scheduler.submit_batch(range(100))
        squares = scheduler.run(lambda n: n * n)

    Work that releases the GIL runs on all workers at once, as does everything on an interpreter without one.
    `run` answers in the order of submission, whoever ran what when. What a `process` submits belongs to the
    same run; what other threads submit meanwhile waits for the next. An exception does not stop the other
    items; when all have ended, the first one by order is raised. Ctrl-C ends a run when the items that have
    begun end. In a forked child the scheduler starts threads anew.
    """

    def __init__(self, pool: ThreadPoolConfig | int | None = None) -> None:
        if isinstance(pool, int):
            pool = ThreadPoolConfig(max_threads=pool)
        self._core = _core.Scheduler(**(pool or ThreadPoolConfig()).as_core())

    @property
    def granted(self) -> ThreadPoolConfig:
        """Threads, stack size and priority that the workers really have."""
        return ThreadPoolConfig._of(self._core.granted)

    @property
    def waiting(self) -> int:
        """How many items the next run will find."""
        return self._core.waiting

    def submit(self, item: Any) -> None:
        """One more item."""
        self._core.submit(item)

    def submit_batch(self, items: Iterable[Any]) -> None:
        """One more item for each of `items`."""
        self._core.submit_batch(items)

    def run(self, process: Callable[[Any], Answer]) -> list[Answer]:
        """Calls `process` with each submitted item, on all workers, and answers with the results."""
        return self._core.run(process)

    def map(self, process: Callable[[Item], Answer], items: Iterable[Item]) -> list[Answer]:
        """submit_batch, then run."""
        self.submit_batch(items)
        return self.run(process)

    def cancel(self) -> None:
        """Items that have not begun do not begin; `run` raises KeyboardInterrupt. From any thread."""
        self._core.cancel()

    def counters(self) -> dict[str, int]:
        """What the workers did since the scheduler was made; exact while nothing runs."""
        return self._core.counters()
