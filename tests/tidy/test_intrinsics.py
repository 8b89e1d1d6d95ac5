"""The library, the table of intrinsics and the runtime's header say the same (docs/ABI.md, section 3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

HOMES = [
    ("Option<", "option"), ("Result<", "result"), ("Ordering", "ordering"), ("[", "list"), ("str", "str"),
    ("char", "char"), ("byte", "byte"), ("int", "int"), ("float", "float"), ("{", "map"), ("Set<", "set"),
    ("Range<", "range"), ("Duration", "duration"), ("Size", "size"), ("Instant", "instant"),
]  # fmt: skip
SCALARS = {
    "int": "int64_t", "float": "double", "bool": "uint8_t", "byte": "uint8_t", "char": "uint32_t",
    "Duration": "int64_t", "Size": "int64_t", "Instant": "int64_t", "void": "SiUnit", "Never": "SiUnit",
}  # fmt: skip
SELF = {"list": "[T]", "map": "{K: V}", "set": "Set<T>", "range": "Range<T>", "instant": "Instant"}


@dataclass
class Intrinsic:
    name: str
    generics: list[str]
    parameters: list[tuple[str, str]]  # name, type
    result: str


def names_of(generics: str | None) -> list[str]:
    return [part.split(":")[0].strip() for part in (generics or "").split(",") if part.strip()]


def split_parameters(text: str, home: str) -> list[tuple[str, str]]:
    parts, depth, start = [], 0, 0
    for i, char in enumerate(text):
        depth += (char in "(<[{") - (char in ")>]}")
        if char == "," and depth == 0:
            parts.append(text[start:i])
            start = i + 1
    parts.append(text[start:])
    stripped = [part.strip() for part in parts if part.strip()]
    pairs = [("self", SELF.get(home, home)) if p == "self" else tuple(p.split(":", 1)) for p in stripped]
    return [(name.strip(), kind.strip()) for name, kind in pairs]


def from_library() -> list[list[Intrinsic]]:
    """Of the prelude, then of each module of std."""
    found = [from_module(ROOT / "sigil/lib/prelude.si", "")]
    library = ROOT / "sigil/lib/std"
    for path in sorted(library.rglob("*.si")):
        module = "_".join(path.relative_to(library).with_suffix("").parts)
        found.append(from_module(path, module + "_"))
    return found


def all_intrinsics() -> list[Intrinsic]:
    """In the order of the table, which has the modules of std in any order."""
    places = {name: index for index, (name, _, _) in enumerate(rows())}
    prelude, *modules = from_library()
    modules.sort(key=lambda module: places.get(module[0].name, 0) if module else 0)
    return [*prelude, *(intrinsic for module in modules for intrinsic in module)]


def from_module(path: Path, outside: str) -> list[Intrinsic]:
    found, home, outer = [], "", []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("impl"):
            match = re.match(r"impl(?:<((?:[^<>]|<[^>]*>)*)>)? (.*)", line)
            assert match, line
            home = next((name for start, name in HOMES if match[2].startswith(start)), "")
            outer = names_of(match[1])
        match = re.search(r"@(\w+)(?:<([^(]*)>)? \((.*)\) -> (.*?) = intrinsic", line)
        if match:
            inside = not line.startswith(("@", "pub"))
            prefix, generics = (home + "_", outer) if inside else (outside, [])
            parameters = split_parameters(match[3], home)
            found.append(Intrinsic(prefix + match[1], [*generics, *names_of(match[2])], parameters, match[4]))
    return found


def c_type(kind: str, generics: list[str]) -> str:
    if kind in generics:
        return "const void *"
    if kind == "str":
        return "SiStr *"
    for start, name in (("[", "SiList *"), ("{", "SiMap *"), ("Set<", "SiMap *"), ("(", "SiClosure *")):
        if kind.startswith(start):
            return name
    return "const SiRange *" if kind.startswith("Range<") else SCALARS[kind] + " "


def prototype(intrinsic: Intrinsic, panics: bool) -> str:
    generics = intrinsic.generics
    arguments = ["SiTask *task"]
    result = c_type(intrinsic.result, generics)
    if result == "const void *":
        result = "void "
        arguments.append("void *result")
    arguments += [c_type(kind, generics) + name for name, kind in intrinsic.parameters]
    arguments += [f"const SiType *{name}" for name in generics]
    if panics:
        arguments.append("const SiPlace *at")
    return f"{result}si_{intrinsic.name}({', '.join(arguments)})"


def rows() -> list[tuple[str, str, str]]:
    text = (ROOT / "csrc/ir/intrinsics.def").read_text(encoding="utf-8")
    return re.findall(r'^INTRINSIC\((\w+), "([ob]*)", (.*)\)$', text, re.MULTILINE)


def test_every_intrinsic_has_its_row_in_order() -> None:
    assert [intrinsic.name for intrinsic in all_intrinsics()] == [name for name, _, _ in rows()]


def test_every_parameter_has_an_owner() -> None:
    for intrinsic, (name, owners, flags) in zip(all_intrinsics(), rows(), strict=True):
        assert len(owners) == len(intrinsic.parameters), name
        assert set(flags.split(" | ")) <= {"0", "PANICS", "CALLS", "EFFECTS"}, name
        for (_, kind), owner in zip(intrinsic.parameters, owners, strict=True):
            uncounted = kind in SCALARS or kind.startswith("Range<")
            assert owner == "b" or not uncounted, f"{name}: a scalar is borrowed"


def test_the_header_has_the_signature_of_the_prelude() -> None:
    header = re.sub(r"\s+", " ", (ROOT / "csrc/runtime/si_intrinsics.h").read_text(encoding="utf-8"))
    missing = []
    for intrinsic, (_, _, flags) in zip(all_intrinsics(), rows(), strict=True):
        wanted = prototype(intrinsic, "PANICS" in flags)
        if f" {wanted};" not in header and f" {wanted} {{" not in header:
            missing.append(wanted)
    assert not missing
