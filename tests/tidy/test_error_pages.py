"""Every diagnostic has a page in docs/errors/, and the programs on the pages do what the pages say.

A page is a title, a few sentences, a program that gives the code and one that gives nothing at all:

    # E0203: private item

    What is not `pub` belongs to its module. …

    Wrong:

    ```sigil wrong            a file of the wrong program: `main.si`
    ```sigil wrong ones.si    another file of it
    ```sigil wrong bytes      `main.si`, with \\xff for what Markdown cannot hold

    Corrected:

    ```sigil fixed            likewise
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

PAGES = Path(__file__).resolve().parents[2] / "docs" / "errors"
UNDOCUMENTED = {
    "E0901"
}  # what a later version accepts: there only while the compiler lacks parts of the language
BLOCK = re.compile(
    r"^```(sigil|toml) (wrong|fixed)(?: (bytes))?(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL
)

TRAITS = "comes with traits and impls of programs"
ENVIRONMENT = "comes from the environment of a build, not from a program"
TOO_LONG = "a program that is too long for a page; tests/conformance has it"
NOT_CHECKED = {
    "E0011": TOO_LONG,
    "E0108": TOO_LONG,
    "E0292": "comes with the parts of the standard library that need a library of the system",
    "E0293": ENVIRONMENT,
    "E0431": TRAITS,
    "E0432": TRAITS,
    "E0433": TRAITS,
    "E0434": TRAITS,
    "E0436": TRAITS,
    "E0437": TRAITS,
    "E0442": TRAITS,
    "E0443": TRAITS,
    "E0701": ENVIRONMENT,
    "E0702": ENVIRONMENT,
    "E0703": ENVIRONMENT,
    "E0705": ENVIRONMENT,
    "E0706": ENVIRONMENT,
    "W0802": "comes with the warnings of style that look at values",
    "W0804": "comes with `sigil test --doc`",
}
COVERAGE = {"E0500": "error", "E0501": "error", "W0500": "warn"}


def codes(root: Path) -> list[str]:
    table = (root / "csrc" / "base" / "diagnostics.def").read_text(encoding="utf-8")
    return [code for code in re.findall(r"^DIAG\((\w+)", table, re.MULTILINE) if code not in UNDOCUMENTED]


@dataclass(frozen=True)
class Page:
    title: str
    sentences: str
    wrong: dict[str, bytes]
    fixed: dict[str, bytes]


def read(path: Path) -> Page:
    text = path.read_text(encoding="utf-8")
    title, _, rest = text.partition("\n")
    programs: dict[str, dict[str, bytes]] = {"wrong": {}, "fixed": {}}
    for _language, kind, escaped, name, content in BLOCK.findall(rest):
        data = content.removesuffix("\n").encode()
        if escaped:
            data = re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes([int(found[1], 16)]), data)
        programs[kind][name or "main.si"] = data + b"\n"
    return Page(title, rest.partition("\nWrong:\n")[0].strip(), programs["wrong"], programs["fixed"])


def pages() -> list[Path]:
    return sorted(PAGES.glob("*.md"))


def test_every_code_has_a_page_and_every_page_a_code(root: Path) -> None:
    assert [page.stem for page in pages()] == sorted(codes(root))


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.stem)
def test_page_has_its_parts(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    page = read(path)
    assert re.fullmatch(rf"# {path.stem}: \S.*", page.title)
    assert page.sentences
    assert "```" not in page.sentences
    assert page.wrong
    assert page.fixed
    fences = re.findall(r"^```.*$", text, re.MULTILINE)
    assert len(fences) == 2 * len(BLOCK.findall(text)), "a block whose first line is not as expected"
    assert text.count("\nWrong:\n") == text.count("\nCorrected:\n") == 1
    assert max(len(line) for line in text.split("\n")) <= 140


def test_what_is_not_checked_is_a_code(root: Path) -> None:
    assert set(NOT_CHECKED) <= set(codes(root))


def check(files: dict[str, bytes], folder: Path, coverage: str) -> list[str]:
    import sigil

    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    project = folder / "main.si"
    if "main.si" not in files or "sigil.toml" in files:
        project = folder
        if "sigil.toml" not in files:
            (folder / "sigil.toml").write_text('[project]\nname = "page"\nsrc = "."\n', encoding="utf-8")
    result = sigil.Workspace(project, pool=sigil.ThreadPoolConfig(max_threads=1)).check(coverage=coverage)
    return [diagnostic.code for diagnostic in result.diagnostics]


@pytest.mark.parametrize(
    "path", [path for path in pages() if path.stem not in NOT_CHECKED], ids=lambda path: path.stem
)
def test_programs_do_what_the_page_says(path: Path, tmp_path: Path) -> None:
    page = read(path)
    coverage = COVERAGE.get(path.stem, "off")
    assert path.stem in check(page.wrong, tmp_path / "wrong", coverage)
    assert check(page.fixed, tmp_path / "fixed", coverage) == []
