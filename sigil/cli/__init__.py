"""The command line: one file per command. Start reading in options.py, where all of them stand in one table.

Every command is a function `run(arguments, console) -> ExitStatus`: typed arguments in, one call of the
library, one report, one exit status. Whatever can go wrong around a command is turned into a sentence and a
status here.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from sigil.cli import options
from sigil.cli.status import ExitStatus
from sigil.report.console import Console


def main(words: Sequence[str] | None = None) -> int:
    """Runs one command line and returns its exit status."""
    console = Console.of_process()
    try:
        status = _guarded(sys.argv[1:] if words is None else words, console)
        console.flush()
        return status
    except BrokenPipeError:
        # Whoever read our output has gone: end quietly, as a program that SIGPIPE stops does.
        _give_up_output()
        return ExitStatus.BROKEN_PIPE
    except OSError as error:  # the disk is full, say
        _give_up_output()
        with contextlib.suppress(OSError):
            console.error(f"cannot write the output: {error.strerror}")
        return ExitStatus.USAGE


def _give_up_output() -> None:
    """The interpreter flushes once more at its end, and must not find the same trouble again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _guarded(words: Sequence[str], console: Console) -> int:
    import sigil
    from sigil.discover import ProjectError

    try:
        request = options.parse(words, sigil.__version__)
    except options.UsageError as error:
        console.error(str(error), note=error.usage)
        return ExitStatus.USAGE
    except SystemExit as end:  # argparse has printed the help or the version
        return int(end.code or 0)
    if request.command is None:
        console.say_error(options.parser(sigil.__version__).format_help())
        return ExitStatus.USAGE
    try:
        command = import_module(f"sigil.cli.{request.command.name}")
        return int(command.run(request.arguments, console))
    except ProjectError as error:
        console.error(str(error), code=getattr(error, "code", None))
        return ExitStatus.USAGE
    except KeyboardInterrupt:
        console.error("cancelled", code="E0706")
        return ExitStatus.INTERRUPTED
    except BrokenPipeError:
        raise
    except OSError as error:
        place = f"{error.filename}: " if error.filename is not None else ""
        console.error(f"{place}{error.strerror or error}")
        return ExitStatus.USAGE
    except MemoryError:
        console.error("out of memory")
        return ExitStatus.USAGE
