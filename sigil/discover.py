"""From a path that somebody typed to the files of a project.

A folder with `sigil.toml` is a project. A `.si` file is a project of itself and what it imports. A folder
without a manifest holds one such project for every `.si` file below it. The order of everything here is by
module name, whatever the file system says.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from sigil import config
from sigil.results import Diagnostic, Severity, Span

LIBRARY = Path(__file__).resolve().parent / "lib"
PRELUDE = "std.prelude"

KIND_PROJECT, KIND_PRELUDE, KIND_STD = 0, 1, 2
FLAG_TEST, FLAG_ENTRY, FLAG_FOLDER = 1, 2, 4


class ProjectError(Exception):
    """The environment or the request is wrong: one sentence for the user, exit status 2."""


@dataclass(frozen=True, slots=True)
class ModuleFile:
    """One `.si` file and the module that it is."""

    module: str
    kind: int
    flags: int
    shown: str  # relative to the project, with `/`
    path: Path

    def as_core(self) -> tuple[str, int, int, str, bytes | None, bytes | None]:
        return (self.module, self.kind, self.flags, self.shown, os.fsencode(self.path), None)


@dataclass(frozen=True, slots=True)
class Project:
    """What one compilation works on."""

    root: Path
    manifest: config.Manifest
    files: tuple[ModuleFile, ...]  # by module name, the prelude and std included
    diagnostics: tuple[Diagnostic, ...]  # of the manifest and of discovery
    entry: str
    single_file: Path | None = None

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def coverage(self) -> str:
        return self.manifest.coverage

    @property
    def own_files(self) -> list[ModuleFile]:
        return [file for file in self.files if file.kind == KIND_PROJECT]


def projects(path: Path | str) -> list[Project]:
    """The projects that a path stands for, in order; raises ProjectError when there are none."""
    place = Path(path)
    if place.is_dir():
        if place.name.endswith(".si"):
            raise ProjectError(f"{place} is a folder, not a Sigil file")
        if (place / config.MANIFEST).exists():
            return [_from_manifest(place)]
        found = [single(file) for file in _walk(place)]
        if not found:
            raise ProjectError(f"{place} has neither a {config.MANIFEST} nor any .si file")
        return found
    if place.name == config.MANIFEST and place.is_file():
        return [_from_manifest(place.parent)]
    if not place.exists():
        raise ProjectError(f"{place} does not exist")
    if place.suffix != ".si":
        raise ProjectError(f"{place} is not a Sigil file: its name does not end in .si")
    return [single(place)]


def project(path: Path | str) -> Project:
    """The one project that a path stands for."""
    found = projects(path)
    if len(found) > 1:
        raise ProjectError(
            f"{path} has no {config.MANIFEST} and several .si files; "
            f"name one of them, such as {found[0].single_file}"
        )
    return found[0]


# ---- projects with a manifest ------------------------------------------------------------------------------


def _from_manifest(root: Path) -> Project:
    try:
        content = (root / config.MANIFEST).read_bytes()
    except OSError as error:
        raise ProjectError(f"cannot read {root / config.MANIFEST}: {error.strerror}") from error
    manifest, problems = config.parse(content)
    source_root = root / manifest.src
    if not source_root.is_dir() and not any(problem.is_error for problem in problems):
        text = content.decode("utf-8", "replace")
        where = max(text.find("src"), 0)
        span = config.manifest_span(text, where, where + 3 if where else 0)
        problems.append(
            Diagnostic("E0291", Severity.ERROR, f"the source root `{manifest.src}` is not a folder", span)
        )
    if manifest.dependencies:
        text = content.decode("utf-8", "replace")
        where = max(text.find("[dependencies]"), 0)
        span = config.manifest_span(text, where, where + len("[dependencies]"))
        problems.append(Diagnostic("E0901", Severity.ERROR, "not supported yet: dependencies", span))
    found: dict[str, ModuleFile] = {}
    for path in _walk(source_root):
        relative = PurePosixPath(path.relative_to(source_root).as_posix())
        file = _module_file(path, relative, manifest.src, problems)
        if file is None:
            continue
        if file.module == manifest.entry:
            file = replace(file, flags=file.flags | FLAG_ENTRY)
        earlier = found.get(file.module)
        if earlier is not None:
            message = f"two files are the module `{file.module}`: {earlier.shown} and {file.shown}"
            problems.append(Diagnostic("E0201", Severity.ERROR, message, _start_of(file.shown)))
            continue
        found[file.module] = file
    files = with_library(list(found.values()))
    return Project(root, manifest, files, tuple(problems), manifest.entry)


def _start_of(shown: str) -> Span:
    return Span(shown, 0, 0, 1, 1, 1, 1)


def _walk(folder: Path) -> list[Path]:
    """Every `.si` file below a folder, ordered; hidden folders and links to folders are left out."""
    found: list[Path] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in list(folders):
            if name.endswith(".si"):  # a folder named like a module is reported where it is read
                found.append(Path(parent) / name)
                folders.remove(name)
        found.extend(
            Path(parent) / name for name in names if name.endswith(".si") and not name.startswith(".")
        )
    return sorted(found)


_FILE_NAME = re.compile(r"[A-Za-z0-9_]+(\.test)?\.si")


def _module_file(
    path: Path, relative: PurePosixPath, source: str, problems: list[Diagnostic]
) -> ModuleFile | None:
    shown = (PurePosixPath(source) / relative).as_posix()
    if not _FILE_NAME.fullmatch(relative.name):
        message = f"this file is ignored, because its name is not a module name: {relative.name}"
        problems.append(Diagnostic("W0293", Severity.WARNING, message, _start_of(shown)))
        return None
    flags = 0
    parts = list(relative.parts)
    stem = relative.name.removesuffix(".si")
    if stem.endswith(".test") or "_test" in parts[:-1]:
        flags |= FLAG_TEST
    if stem == "mod" and len(parts) > 1:
        flags |= FLAG_FOLDER
        parts.pop()
    else:
        parts[-1] = stem
    return ModuleFile(".".join(parts), KIND_PROJECT, flags, shown, path)


# ---- projects of one file ----------------------------------------------------------------------------------


def single(path: Path) -> Project:
    """One file and what it imports by relative paths. Its source root is its folder (or what holds its
    `_test`).
    """
    root = path.parent
    prefix: tuple[str, ...] = ()
    if root.name == "_test" or root.resolve().name == "_test":
        prefix = ("_test",)
        root = root.parent
    problems: list[Diagnostic] = []
    found: dict[str, ModuleFile] = {}
    relative = PurePosixPath(*prefix, path.name)
    first = _module_file(path, relative, "", problems)
    if first is None:
        raise ProjectError(f"{path} cannot be a module: a file's name has only ASCII letters, digits and `_`")
    todo = [replace(first, flags=first.flags | FLAG_ENTRY)]
    while todo:
        file = todo.pop()
        if file.module in found:
            continue
        found[file.module] = file
        folder = PurePosixPath(file.shown).parent
        for target in _relative_imports(file.path):
            imported = _normalise(folder / target)
            if imported is None:
                continue  # leaves the project: the checker says so
            for candidate in (f"{imported}.si", f"{imported}/mod.si"):
                place = root / candidate
                if place.exists():
                    module = _module_file(place, PurePosixPath(candidate), "", problems)
                    if module is not None:
                        todo.append(module)
                    break
        for dotted in _dotted_imports(file.path):
            for candidate in (f"{dotted.replace('.', '/')}.si", f"{dotted.replace('.', '/')}/mod.si"):
                place = root / candidate
                if place.exists():
                    module = _module_file(place, PurePosixPath(candidate), "", problems)
                    if module is not None:
                        todo.append(module)
                    break
    manifest = config.Manifest(
        name=re.sub(r"\W", "_", path.stem) or "program", src="", entry=first.module, coverage="warn"
    )
    return Project(root, manifest, with_library(list(found.values())), tuple(problems), first.module, path)


_IMPORT_PATH = re.compile(
    rb"""(?:^|[\s}])(?:use|extension)\s+(?:'((?:\./|\.\./)[^'\n]*)'|"((?:\./|\.\./)[^"\n]*)")""", re.M
)
_IMPORT_NAME = re.compile(
    rb"(?:^|[\s}])(?:use|extension)\s+([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)", re.M
)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # the core reports it, with the reason


def _relative_imports(path: Path) -> list[str]:
    """Paths after `use` and `extension`. A scan of the text: one too many in a comment only loads a file
    more.
    """
    content = _content(path)
    return [(match[1] or match[2]).decode("utf-8", "replace") for match in _IMPORT_PATH.finditer(content)]


def _dotted_imports(path: Path) -> list[str]:
    return [match[1].decode() for match in _IMPORT_NAME.finditer(_content(path))]


def _normalise(path: PurePosixPath) -> str | None:
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


# ---- the library -------------------------------------------------------------------------------------------


def with_library(own: list[ModuleFile]) -> tuple[ModuleFile, ...]:
    """Adds the prelude and the `std` modules that are imported, directly or not; all by module name."""
    files = {file.module: file for file in own}
    prelude = LIBRARY / "prelude.si"
    files[PRELUDE] = ModuleFile(PRELUDE, KIND_PRELUDE, 0, "std/prelude.si", prelude)
    todo = list(own)
    while todo:
        for dotted in _dotted_imports(todo.pop().path):
            if not dotted.startswith("std.") or dotted in files:
                continue
            place = LIBRARY / (dotted.replace(".", "/") + ".si")
            if place.is_file():
                file = ModuleFile(dotted, KIND_STD, 0, dotted.replace(".", "/") + ".si", place)
                files[dotted] = file
                todo.append(file)
    # By the bytes of the name, which is how the core compares them.
    return tuple(files[name] for name in sorted(files, key=str.encode))
