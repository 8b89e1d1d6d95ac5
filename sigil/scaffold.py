"""A new project: a manifest, a program, a module with a function and its test."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sigil import config
from sigil.discover import ProjectError

FILES = {
    config.MANIFEST: """[project]
name = "{name}"
version = "0.1.0"
""",
    "src/main.si": """use './greeting' {{ greet }}

@main () -> void = print(greet("world"))
""",
    "src/greeting.si": """// #Greets somebody by name.
pub @greet (name: str) -> str = "Hello, " + name + "!"
""",
    "src/_test/greeting.test.si": """use '../greeting' {{ greet }}

@test_greet tests @greet () -> void = assert_eq(greet("Ada"), "Hello, Ada!")
""",
    ".gitignore": """/.sigil/
""",
}


@dataclass(frozen=True, slots=True)
class Created:
    """What was made, in the order of making."""

    root: Path
    files: tuple[str, ...]


def create(root: Path) -> Created:
    """Makes a project in a folder that does not exist yet or is empty."""
    name = re.sub(r"\W", "_", root.resolve().name, flags=re.ASCII)
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ProjectError(f"{root.name} does not begin like a name: use letters, digits and `_`")
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise ProjectError(f"{root} exists already")
    try:
        for path, content in FILES.items():
            place = root / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content.format(name=name), "utf-8")
    except OSError as error:
        raise ProjectError(f"cannot write {error.filename}: {error.strerror}") from error
    return Created(root, tuple(FILES))
