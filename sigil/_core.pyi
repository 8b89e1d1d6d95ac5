"""The extension module: the compiler's core. Use it through the package."""

from collections.abc import Callable, Iterable
from typing import Any, Literal, TypedDict

# index of the file, byte_start, byte_end, line, column, end_line, end_column (lines and columns from 1, in
# code points)
_Span = tuple[int, int, int, int, int, int, int]
_Fix = tuple[str, bool, list[tuple[_Span | None, str]]]  # title, is_certain, edits
# code, severity (0 note, 1 warning, 2 error), message, primary_label, span, labels, notes, fixes
_Diagnostic = tuple[str, int, str, str, _Span | None, list[tuple[_Span | None, str]], list[str], list[_Fix]]
# module, kind (0 project, 1 prelude, 2 std), flags (1 test, 2 entry, 4 mod.si), shown and real path, text
_File = tuple[str, int, int, str, bytes | None, bytes | None]
_Stage = Literal["parse", "modules", "signatures", "bodies", "lower", "generate"]
# module, name, file, line, column, targets, compile_fail, body has errors, number in the test executable
_Test = tuple[str, str, str, int, int, tuple[str, ...], str | None, bool, int | None]

# origin, stages (name, begin, end, cpu), loops (kind, stage, begin, end, count),
# events (kind, loop, item, worker, begin, end, stolen from, name), dropped
_Trace = tuple[
    int,
    list[tuple[str, int, int, int]],
    list[tuple[str, int, int, int, int]],
    list[tuple[str, int, int, int, int, int, int, str]],
    int,
]

class _Program(TypedDict):
    modules: int
    functions: int
    lines: int
    bytes: int
    tokens: int
    has_entry: bool
    tests: list[_Test]

class _Graph(TypedDict):
    imports: dict[str, list[str]]
    levels: list[list[str]]
    cycles: list[list[str]]
    longest_path: list[str]
    critical_path: list[str]
    critical_cost: int
    total_cost: int

def version() -> str: ...

# code -> (severity, name, message with {0} … for its arguments)
def diagnostic_codes() -> dict[str, tuple[int, str, str]]: ...

# what sched/costs.h measures: nanoseconds of each step; bytes in a nanosecond, fresh and copied
def scheduler_costs() -> dict[str, float]: ...
def memory_rates(threads: int, /) -> tuple[float, float]: ...
def spin_rate(threads: int, /) -> float: ...  # rounds in a nanosecond of a loop without memory

# kind: default, small, large, project (of so many files) -> max_threads, stack_size, priority
def pool_config(kind: str, files: int = 0, /) -> tuple[int, int, int]: ...

class Scheduler:
    def __init__(self, *, max_threads: int = 0, stack_size: int = 0, priority: int = 0) -> None: ...
    @property
    def granted(self) -> tuple[int, int, int]: ...
    @property
    def waiting(self) -> int: ...
    def submit(self, item: Any, /) -> None: ...
    def submit_batch(self, items: Iterable[Any], /) -> None: ...
    def run(self, process: Callable[[Any], Any], /) -> list[Any]: ...
    def cancel(self) -> None: ...
    def counters(self) -> dict[str, int]: ...

class Workspace:
    def __init__(self, *, max_threads: int = 0, stack_size: int = 0, priority: int = 0) -> None: ...
    @property
    def threads(self) -> int: ...
    @property
    def granted(self) -> tuple[int, int, int]: ...
    def load(self, files: list[_File], /) -> None: ...
    def run(
        self,
        last: _Stage,
        *,
        program_name: str = "program",
        with_tests: bool = False,
        with_lines: bool = True,
        coverage: int = 2,
        with_trace: bool = True,
        schedule: Literal["signatures", "levels"] = "signatures",
        lex_chunk_bytes: int = 0,
    ) -> tuple[list[_Diagnostic], dict[str, tuple[float, float]]]: ...
    def output(self) -> list[tuple[str, bytes]]: ...
    def emit(self, kind: Literal["tokens", "tree", "core", "c"], module: str, /) -> str | None: ...
    def source(self, index: int, /) -> tuple[str, bytes]: ...
    def coverage(self) -> list[tuple[str, str, tuple[str, ...]]]: ...  # module, function, its tests
    def program(self) -> _Program: ...
    def graph(self) -> _Graph | None: ...
    def progress(self) -> dict[str, int]: ...
    def count(self, counter: str, amount: int, /) -> None: ...
    def trace(self) -> _Trace | None: ...
    def memory(self) -> dict[str, int]: ...
    def cancel(self) -> None: ...
    def counters(self) -> dict[str, int]: ...
