"""Every command and every option of the command line, once.

A command's arguments are a frozen dataclass; each of its fields names a row of OPTIONS, which holds
everything there is to know about that option. The parser, the help and the typed arguments all come from
these two tables.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NoReturn

COVERAGE_LEVELS = ("error", "warn", "off")
EMIT_KINDS = ("tokens", "tree", "core", "c")


@dataclass(frozen=True, slots=True)
class Option:
    """One option or operand: how it is written, what it takes, what it is for."""

    help: str
    flags: tuple[str, ...] = ()  # none: an operand
    metavar: str | None = None
    choices: tuple[str, ...] | None = None
    kind: Any = str  # turns the text into the value
    default: Any = None
    constants: tuple[
        tuple[str, str], ...
    ] = ()  # flags that take no value, each with the value that it stands for
    count: str | None = None  # argparse's nargs
    is_switch: bool = False


def _threads(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= number <= 1024:
        raise argparse.ArgumentTypeError(f"{text} is not a number of threads from 1 to 1024")
    return number


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return int(text)


def _core_counts(text: str) -> tuple[int, ...]:
    counts = [int(word) if word.isascii() and word.isdigit() else 0 for word in text.split(",")]
    if not all(1 <= count <= 1024 for count in counts):
        raise argparse.ArgumentTypeError(f"{text} is not a list of numbers from 1 to 1024, such as 2,16")
    return tuple(sorted(set(counts)))


def _seconds(text: str) -> float:
    try:
        seconds = float(text.removesuffix("s"))
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < 1e6:
        raise argparse.ArgumentTypeError(f"{text} is not a time in seconds")
    return seconds


def _sanitizers(text: str) -> str:
    known = ("address", "undefined", "thread", "leak")
    parts = [part.strip() for part in text.split(",") if part.strip()]
    for part in parts:
        if part not in known:
            raise argparse.ArgumentTypeError(f"unknown sanitizer {part}: choose from {', '.join(known)}")
    if not parts:
        raise argparse.ArgumentTypeError("name at least one sanitizer")
    return ",".join(parts)


OPTIONS: dict[str, Option] = {
    "path": Option(
        "a project (a folder with sigil.toml), a .si file, or a folder whose .si files are a project each",
        metavar="PATH",
        kind=Path,
        default=Path(),
        count="?",
    ),
    "paths": Option("projects, .si files or folders (default: .)", metavar="PATH", kind=Path, count="*"),
    "target": Option(
        "a .si file or a project", metavar="FILE_OR_PROJECT", kind=Path, default=Path(), count="?"
    ),
    "arguments": Option("what comes after -- is for the program", metavar="-- ARGS", count="*"),
    "file": Option("a .si file, alone or in a project", metavar="FILE", kind=Path),
    "what": Option("what to show", metavar="KIND", choices=EMIT_KINDS),
    "name": Option("name of the new project and its folder", metavar="NAME"),
    "code": Option("a code of a diagnostic, such as E0301", metavar="CODE"),
    "profile": Option(
        "fast to compile (the default), or fast to run",
        constants=(("--debug", "debug"), ("--release", "release")),
    ),
    "output": Option("where to put the executable", flags=("-o", "--output"), metavar="OUT", kind=Path),
    "jobs": Option(
        "threads of our own stages and C compilers at once (default: the CPUs that may be used)",
        flags=("-j", "--jobs"),
        metavar="N",
        kind=_threads,
    ),
    "emit": Option(
        f"also write what the compiler made of each module: {', '.join(EMIT_KINDS)}",
        flags=("--emit",),
        metavar="KIND",
        choices=EMIT_KINDS,
    ),
    "cc": Option("the C compiler to use (also: the variable SIGIL_CC)", flags=("--cc",), metavar="CC"),
    "sanitize": Option(
        "build with sanitizers of gcc or clang: address,undefined",
        flags=("--sanitize",),
        metavar="LIST",
        kind=_sanitizers,
    ),
    "schedule": Option(
        "how checking is spread over threads: module after module by levels of imports, or (the default) "
        "all signatures and then each function apart; both find the same",
        flags=("--schedule",),
        choices=("levels", "signatures"),
    ),
    "format": Option(
        "how to report: for people, as JSON lines, as SARIF 2.1.0, or as GitHub annotations",
        flags=("--format",),
        choices=("human", "json", "sarif", "github"),
        default="human",
    ),
    "fix": Option("apply the fixes that are certain, then check again", flags=("--fix",), is_switch=True),
    "test_format": Option(
        "how to report", flags=("--format",), choices=("human", "json", "junit"), default="human"
    ),
    "coverage": Option(
        "what a function without tests is (default: the manifest's, else warn for a single file)",
        flags=("--coverage",),
        choices=COVERAGE_LEVELS,
    ),
    "coverage_report": Option(
        "show the table of functions and their tests", flags=("--coverage-report",), is_switch=True
    ),
    "deny_warnings": Option("warnings make the exit status 1", flags=("--deny-warnings",), is_switch=True),
    "max_errors": Option(
        "print at most so many errors (default: 50)",
        flags=("--max-errors",),
        metavar="N",
        kind=_positive,
        default=50,
    ),
    "filter": Option("run only tests whose name contains the text", flags=("--filter",), metavar="TEXT"),
    "show_output": Option(
        "show what tests print, also of those that pass", flags=("--show-output",), is_switch=True
    ),
    "timeout": Option(
        "seconds after which a test fails (default: 60)",
        flags=("--timeout",),
        metavar="S",
        kind=_seconds,
        default=60.0,
    ),
    "cores": Option(
        "for how many cores to predict (default: 1,2,4,8,16,32,64)",
        flags=("--cores",),
        metavar="LIST",
        kind=_core_counts,
        default=(1, 2, 4, 8, 16, 32, 64),
    ),
    "scale_format": Option(
        "how to report: for people, or as one JSON object",
        flags=("--format",),
        choices=("human", "json"),
        default="human",
    ),
    "from_trace": Option(
        "replay this trace instead of recording: .sigil/trace.json of a build with --timings -j 1",
        flags=("--trace",),
        metavar="FILE",
        kind=Path,
    ),
    "runs": Option(
        "recordings, and runs on each number of threads (default: 5)",
        flags=("--runs",),
        metavar="N",
        kind=_positive,
        default=5,
    ),
    "scale_schedule": Option(
        "predict for one way of checking only (default: both)",
        flags=("--schedule",),
        choices=("levels", "signatures"),
    ),
    "timings": Option(
        "write a page that shows where the time went; `sigil report timings` makes it again",
        flags=("--timings",),
        is_switch=True,
    ),
    "trace": Option(
        "write what every thread did, for https://ui.perfetto.dev or chrome://tracing",
        flags=("--trace",),
        metavar="FILE",
        kind=Path,
    ),
    "report": Option(
        "timings: the page of the latest command with --timings or --trace",
        choices=("timings",),
    ),
    "open": Option("open it in a browser", flags=("--open",), is_switch=True),
    "quiet": Option("no summary line and no progress bar", flags=("-q", "--quiet"), is_switch=True),
}


# ---- the commands' arguments: each field is a row above ----------------------------------------------------


@dataclass(frozen=True, slots=True)
class BuildArguments:
    path: Path = Path()
    profile: str | None = None
    output: Path | None = None
    jobs: int | None = None
    emit: str | None = None
    cc: str | None = None
    sanitize: str | None = None
    coverage: str | None = None
    schedule: str | None = None
    deny_warnings: bool = False
    max_errors: int = 50
    timings: bool = False
    trace: Path | None = None
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class RunArguments:
    target: Path = Path()
    arguments: tuple[str, ...] = ()
    profile: str | None = None
    jobs: int | None = None
    cc: str | None = None
    sanitize: str | None = None
    coverage: str | None = None
    schedule: str | None = None
    max_errors: int = 50
    timings: bool = False
    trace: Path | None = None
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class CheckArguments:
    path: Path = Path()
    format: str = "human"
    fix: bool = False
    jobs: int | None = None
    coverage: str | None = None
    coverage_report: bool = False
    schedule: str | None = None
    deny_warnings: bool = False
    max_errors: int = 50
    timings: bool = False
    trace: Path | None = None
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class TestArguments:
    paths: tuple[Path, ...] = ()
    filter: str | None = None
    test_format: str = "human"
    show_output: bool = False
    timeout: float = 60.0
    profile: str | None = None
    jobs: int | None = None
    cc: str | None = None
    sanitize: str | None = None
    coverage: str | None = None
    schedule: str | None = None
    deny_warnings: bool = False
    max_errors: int = 50
    timings: bool = False
    trace: Path | None = None
    quiet: bool = False

    __test__ = False  # pytest: not a test class


@dataclass(frozen=True, slots=True)
class EmitArguments:
    what: str
    file: Path
    jobs: int | None = None
    max_errors: int = 50


@dataclass(frozen=True, slots=True)
class ReportArguments:
    report: str
    path: Path = Path()
    open: bool = False
    jobs: int | None = None


@dataclass(frozen=True, slots=True)
class NewArguments:
    name: str
    jobs: int | None = None


@dataclass(frozen=True, slots=True)
class ExplainArguments:
    code: str
    jobs: int | None = None


@dataclass(frozen=True, slots=True)
class ScaleArguments:
    path: Path = Path()
    cores: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)
    scale_schedule: str | None = None
    from_trace: Path | None = None
    runs: int = 5
    scale_format: str = "human"


@dataclass(frozen=True, slots=True)
class Command:
    """A command; `sigil.cli.NAME` has its `run(arguments, console)`."""

    name: str
    arguments: type[Any]
    help: str


COMMANDS: tuple[Command, ...] = (
    Command("build", BuildArguments, "build an executable"),
    Command("run", RunArguments, "build a program and run it; its exit status is passed on"),
    Command("check", CheckArguments, "check a project and report what is wrong"),
    Command("test", TestArguments, "build a project with its tests and run them"),
    Command("emit", EmitArguments, "show tokens, tree, core form or C of a file"),
    Command("report", ReportArguments, "show what an earlier build recorded"),
    Command("new", NewArguments, "make a new project"),
    Command("explain", ExplainArguments, "explain the code of a diagnostic"),
    Command("scale", ScaleArguments, "predict what more cores would give, from a recording on one"),
)


# ---- from the tables to a parser ---------------------------------------------------------------------------


class UsageError(Exception):
    """The command line is wrong. `usage` says how it should be."""

    def __init__(self, message: str, usage: str) -> None:
        super().__init__(message)
        self.usage = usage


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message, self.format_usage().strip())


def _add(parser: argparse.ArgumentParser, name: str, option: Option) -> None:
    if option.constants:
        group = parser.add_mutually_exclusive_group()
        words = option.help.split(", or ")
        for index, (flag, value) in enumerate(option.constants):
            group.add_argument(flag, dest=name, action="store_const", const=value, help=words[index])
    elif option.is_switch:
        parser.add_argument(*option.flags, dest=name, action="store_true", help=option.help)
    else:
        more: dict[str, Any] = {"help": option.help, "type": option.kind}
        if option.choices is not None:
            more["choices"] = option.choices
        if option.metavar is not None and (option.flags or option.choices is None):
            more["metavar"] = option.metavar
        if option.count is not None:
            more["nargs"] = option.count
        if option.default is not None:
            more["default"] = option.default
        if option.flags:
            more["dest"] = name
        parser.add_argument(*(option.flags or (name,)), **more)


def parser(version: str) -> argparse.ArgumentParser:
    """The parser for all commands."""
    top = _Parser(
        prog="sigil",
        description="A parallel optimising compiler for the Sigil language.",
        epilog="`sigil COMMAND --help` shows a command's options.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"sigil {version}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    for command in COMMANDS:
        sub = commands.add_parser(
            command.name, help=command.help, description=command.help.capitalize() + ".", allow_abbrev=False
        )
        for row in fields(command.arguments):
            _add(sub, row.name, OPTIONS[row.name])
    return top


@dataclass(frozen=True, slots=True)
class Request:
    """What a command line asks for; command None: only for help."""

    command: Command | None
    arguments: Any = field(default=None)


def parse(words: Sequence[str], version: str) -> Request:
    """A command line as typed arguments; raises UsageError. Help and version print and exit, as argparse does
    it.
    """
    own, program = list(words), []
    if own[:1] == ["run"] and "--" in own:
        cut = own.index("--")
        own, program = own[:cut], own[cut + 1 :]
    whole = parser(version)
    values = vars(whole.parse_args(own))
    name = values.pop("command")
    if name is None:
        return Request(None)
    command = next(command for command in COMMANDS if command.name == name)
    if name == "run":
        if values["arguments"]:
            raise UsageError(
                f"unexpected {values['arguments'][0]}: a program's own arguments come after --",
                "usage: sigil run FILE_OR_PROJECT [-- ARGS]",
            )
        values["arguments"] = program
    chosen = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    return Request(command, command.arguments(**chosen))
