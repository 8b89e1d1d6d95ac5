"""From a path that somebody typed to the files of a project.

A folder with `sigil.toml` is a project. A `.si` file is a project of itself and what it imports. A folder
without a manifest holds one such project for every `.si` file below it, except that a folder below it which
has a manifest is one project. The order of everything here is by module name, whatever the file system says.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
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

    place: Path  # as it was typed, for reports
    root: Path  # absolute, like every path below
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
    if place.name == config.MANIFEST and place.is_file():
        return [_from_manifest(place.parent)]
    if place.is_dir() and (place / config.MANIFEST).exists():
        return [_from_manifest(place)]
    if place.is_dir() and place.suffix != ".si":
        found = [
            _from_manifest(inner) if (inner / config.MANIFEST).exists() else single(inner)
            for inner in _walk(place, stop_at_manifests=True)
        ]
        if not found:
            raise ProjectError(f"{place} has neither a {config.MANIFEST} nor any .si file")
        return found
    if not place.exists() and not place.is_symlink():
        raise ProjectError(f"{place} does not exist")
    if place.suffix != ".si":
        raise ProjectError(f"{place} is not a Sigil file: its name does not end in .si")
    return [single(place)]


def project(path: Path | str) -> Project:
    """The one project that a path stands for."""
    found = projects(path)
    if len(found) > 1:
        raise ProjectError(
            f"{path} has no {config.MANIFEST} and several projects; name one, such as {found[0].place}"
        )
    return found[0]


def again(known: Project) -> Project:
    """The same project, after a new look at the file system."""
    return project(known.place if known.single_file is None else known.single_file)


# ---- projects with a manifest ------------------------------------------------------------------------------


def _from_manifest(place: Path) -> Project:
    root = place.absolute()
    try:
        content = (root / config.MANIFEST).read_bytes()
    except OSError as error:
        raise ProjectError(f"cannot read {place / config.MANIFEST}: {error.strerror}") from error
    manifest, problems = config.parse(content)
    source_root = root / manifest.src
    if not source_root.is_dir() and not any(problem.is_error for problem in problems):
        message = f"the source root `{manifest.src}` is not a folder"
        problems.append(
            Diagnostic("E0291", Severity.ERROR, message, config.span_of(content, "project", "src"))
        )
    if manifest.dependencies:
        where = config.span_of(content, "dependencies", "")
        problems.append(Diagnostic("E0901", Severity.ERROR, "not supported yet: dependencies", where))
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
    problems += _outside(root, found)
    files = with_library(found.values())
    return Project(place, root, manifest, files, tuple(problems), manifest.entry)


def _start_of(shown: str) -> Span:
    return Span(shown, 0, 0, 1, 1, 1, 1)


def _walk(folder: Path, *, stop_at_manifests: bool = False) -> list[Path]:
    """Every `.si` file below a folder, ordered; hidden folders and links to folders are left out.

    A folder named like a file is taken for one: where it is read, it is reported. With `stop_at_manifests`, a
    folder with a manifest stands for all that is below it.
    """
    found: list[Path] = []
    for parent, folders, names in os.walk(folder):
        here = Path(parent)
        if stop_at_manifests and here != folder and config.MANIFEST in names:
            found.append(here)
            folders.clear()
            continue
        found += [here / name for name in folders if name.endswith(".si") and not name.startswith(".")]
        folders[:] = [name for name in folders if not name.startswith(".") and not name.endswith(".si")]
        found += [here / name for name in names if name.endswith(".si") and not name.startswith(".")]
    return sorted(found, key=lambda path: os.fsencode(path))


_FILE_NAME = re.compile(r"[A-Za-z0-9_]+(\.test)?\.si")


def _readable(text: str) -> str:
    """A path as text: a folder's name may hold bytes that are no UTF-8."""
    return os.fsencode(text).decode("utf-8", "backslashreplace")


def _module_file(
    path: Path, relative: PurePosixPath, source: str, problems: list[Diagnostic]
) -> ModuleFile | None:
    shown = _readable((PurePosixPath(source) / relative).as_posix())
    if not _FILE_NAME.fullmatch(relative.name):
        name = _readable(relative.name)
        message = f"this file is ignored, because its name is not a module name: {name}"
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
    return ModuleFile(_readable(".".join(parts)), KIND_PROJECT, flags, shown, path)


# ---- projects of one file ----------------------------------------------------------------------------------


def single(place: Path) -> Project:
    """One file and what it imports. Its source root is its folder, or what holds that when it is `_test`."""
    path = place.absolute()
    root = path.parent
    relative = PurePosixPath(path.name)
    if root.name == "_test" or root.resolve().name == "_test":
        relative = PurePosixPath("_test", path.name)
        root = root.parent
    problems: list[Diagnostic] = []
    first = _module_file(path, relative, "", problems)
    if first is None:
        raise ProjectError(
            f"{place} cannot be a module: a file's name has only ASCII letters, digits and `_`"
        )
    found: dict[str, ModuleFile] = {}
    todo = [replace(first, flags=first.flags | FLAG_ENTRY)]
    while todo:
        file = todo.pop()
        if file.module in found:
            continue
        found[file.module] = file
        for imported in _imports(file, _content(file.path)):
            for candidate in (f"{imported}.si", f"{imported}/mod.si"):
                if (root / candidate).exists():
                    module = _module_file(root / candidate, PurePosixPath(candidate), "", problems)
                    if module is not None:
                        todo.append(module)
                    break
    problems += _outside(root, found, single=True)
    name = re.sub(r"\W", "_", first.shown.split("/")[-1].removesuffix(".si"), flags=re.ASCII)
    manifest = config.Manifest(name=name, src="", entry=first.module, coverage="warn")
    files = with_library(found.values())
    return Project(place, root, manifest, files, tuple(problems), first.module, path)


# A scan of the text, not a parse: one import too many, found in a comment, only loads a file more.
_IMPORT = re.compile(
    rb"""(?:^|[\s}])(?:use|extension)\s+"""
    rb"""(?:'(?P<single>\.\.?/[^'\n]*)'|"(?P<double>\.\.?/[^"\n]*)"|"""
    rb"""(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*))""",
    re.MULTILINE,
)


def _imports(file: ModuleFile, content: bytes) -> Iterator[str]:
    """What a file imports, as paths below what `shown` starts from, without ending."""
    for match in _IMPORT.finditer(content):
        target = _target(file, match)
        if target is not None:  # else it leaves the project, and the checker says so
            yield target


def _target(file: ModuleFile, match: re.Match[bytes]) -> str | None:
    if match["name"]:
        return match["name"].decode().replace(".", "/")
    path = (match["single"] or match["double"]).decode("utf-8", "replace")
    return _normalise(PurePosixPath(file.shown).parent / path)


def _outside(root: Path, found: dict[str, ModuleFile], *, single: bool = False) -> Iterator[Diagnostic]:
    """E0205 for imports of files that are inside by name only: symbolic links lead out of the project.

    In a project with a manifest only the files themselves may be links: links to folders are left out there.
    """
    home = root.resolve()
    outside = {
        file.shown.removesuffix(".si").removesuffix("/mod"): file
        for file in found.values()
        if (single or file.path.is_symlink()) and not _is_below(file.path, home)
    }
    if not outside:
        return
    for file in found.values():
        content = _content(file.path)
        for match in _IMPORT.finditer(content):
            if _target(file, match) in outside:
                start, end = match.span(
                    "single" if match["single"] else "double" if match["double"] else "name"
                )
                shown = content[start:end].decode("utf-8", "replace")
                quoted = not match["name"]
                span = _span(file.shown, content, start - quoted, end + quoted)
                message = f"the path `{shown}` leaves the project"
                yield Diagnostic("E0205", Severity.ERROR, message, span)


def _is_below(path: Path, home: Path) -> bool:
    try:
        return path.resolve().is_relative_to(home)
    except (OSError, RuntimeError):  # a circle of links: it cannot be read, and the core says so
        return True


def _span(shown: str, content: bytes, start: int, end: int) -> Span:
    first = content.rfind(b"\n", 0, start) + 1
    line = content.count(b"\n", 0, start) + 1
    column = len(content[first:start].decode("utf-8", "replace")) + 1
    width = len(content[start:end].decode("utf-8", "replace"))
    return Span(shown, start, end, line, column, line, column + width)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # the core reports it, with the reason


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


_STANDARD = re.compile(rb"\bstd(?:\.[A-Za-z_][A-Za-z0-9_]*)+")


def with_library(own: Iterable[ModuleFile]) -> tuple[ModuleFile, ...]:
    """Adds the prelude and the `std` modules that are imported, directly or not; all by module name."""
    files = {file.module: file for file in own}
    todo = [file.path for file in files.values()]
    if PRELUDE not in files:
        files[PRELUDE] = ModuleFile(PRELUDE, KIND_PRELUDE, 0, "std/prelude.si", LIBRARY / "prelude.si")
    while todo:
        content = _content(todo.pop())
        if b"std." not in content:
            continue
        for dotted in {match.decode() for match in _STANDARD.findall(content)}:
            place = LIBRARY / (dotted.replace(".", "/") + ".si")
            if dotted not in files and place.is_file():
                files[dotted] = ModuleFile(dotted, KIND_STD, 0, dotted.replace(".", "/") + ".si", place)
                todo.append(place)
    # By the bytes of the name, which is how the core compares them.
    return tuple(files[name] for name in sorted(files, key=str.encode))
