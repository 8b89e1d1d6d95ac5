"""Writes a realistic Sigil project of any size: `python -m bench.corpus --lines 100000 --modules 400 --seed 1 OUT`.

WHY     The compiler is measured on code like people's: data types, matches, pipelines, text, recursion, loops, closures,
        generics, tests, comments, imports that form a graph of a chosen depth and width. No function occurs twice: names,
        constants, types and shapes differ.
MIX     Each module has records and sums of its own, then functions of the families in FAMILIES, drawn by weight. About a
        fifth of the functions have a test, whose expected value is computed here in Python; about one line in eight is a
        comment or blank. The mean line has about 32 bytes.
STABLE  Equal arguments give equal bytes. CORPUS_VERSION changes when the output does, and stands in the manifest's version,
        so that figures are only compared where the text was the same. `--profile core` uses what the compiler's first
        milestone accepts; `full` will add traits and inference when they arrive, and is the same until then.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

CORPUS_VERSION = 2

NOUNS = """account anchor archive basket beacon bridge broker bucket budget buffer cable canvas carrier castle channel
circuit cluster column compass contract corner counter courier crate credit cursor depot digest docket domain drawer
engine entry factor feature fender field filter folder forest frame galaxy garden gauge glacier grant harbor header
hangar index invoice island journal kernel ladder lantern ledger lens letter locker market margin marker matrix meadow
meter mirror module monitor mortar needle notice number object office option orbit order outlet packet panel parcel
patch pillar pipeline planet pocket portal poster prism profile quarry quota radar rail ramp record region relay
report reserve ribbon river route sample saddle schedule sector segment sensor shelf signal sketch socket source
spindle station stream summit switch tablet target terrace ticket tower tracker transit tunnel vault vector vessel
wallet window workshop zone""".split()
ADJECTIVES = """active amber ancient arctic basic bold brief bright broad calm central civil clear close coarse common
cool coral crisp daily dense direct distant double dry early east eager exact fair fast final fine firm flat fresh
gentle global gold grand green half heavy hidden high hollow inner joint keen large late lean left light linear local
long loose lower lunar main major marine mild minor mobile modest narrow native neat noble north novel open outer
pale plain polar prime quick quiet rapid raw remote rich right rigid rough round royal rural sharp short silent
simple single slim small smooth soft solar solid south spare stable steady steep stiff still strong tidy tight
total twin upper urban vast warm west wide wild young""".split()
VERBS = """adjust align apply assess attach balance bind blend build carry chart check classify collect combine compare
compose count cover cut derive detect divide draft draw estimate expand explain extract fetch fill find fit fold form
gather grade group guard guide join judge label limit link list locate map mark match measure merge mix move name note
order pack pair pick place plan plot probe project prune pull push rank rate read reduce refine resolve route scale
scan score select shape share shift sketch slice smooth sort split spread stack stage step store sum survey sweep
take tally tie trace track trim tune turn update value verify view walk weigh wrap""".split()

PRIMITIVES = ("int", "float", "str", "bool")
RESERVED = set(
    "async break continue div do dyn else false for if impl in let loop match mut pub self then trait true type use uses "
    "void where while with yield cache collect filter find fold map parallel recurse retry run spawn timeout try validate "
    "as extend extension tests print str int float bool byte char len min max compare assert panic todo".split()
)


@dataclass
class Record:
    name: str
    fields: list[tuple[str, str]]  # name, type

    def of(self, kind: str) -> list[str]:
        return [name for name, its in self.fields if its == kind]


@dataclass
class Sum:
    name: str
    variants: list[tuple[str, list[tuple[str, str]]]]


@dataclass
class Function:
    name: str
    parameters: list[tuple[str, str]]
    result: str
    test: list[str] | None = None  # the elements of a test's run(…)


@dataclass
class Module:
    name: str  # dotted
    imports: dict[str, list[str]] = field(default_factory=dict)  # module -> names
    records: list[Record] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)
    configs: list[tuple[str, int]] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    dependencies: list[Module] = field(default_factory=list)


class Writer:
    """Writes one module."""

    def __init__(self, module: Module, rng: random.Random) -> None:
        self.module = module
        self.rng = rng

    # ---- names

    def fresh(self, make: Callable[[], str]) -> str:
        while True:
            name = make()
            if name not in self.module.used and name not in RESERVED:
                self.module.used.add(name)
                return name

    def function_name(self) -> str:
        r = self.rng
        return self.fresh(
            lambda: r.choice(
                (
                    f"{r.choice(VERBS)}_{r.choice(NOUNS)}",
                    f"{r.choice(VERBS)}_{r.choice(ADJECTIVES)}_{r.choice(NOUNS)}",
                    f"{r.choice(ADJECTIVES)}_{r.choice(NOUNS)}",
                )
            )
        )

    def type_name(self) -> str:
        r = self.rng
        return self.fresh(lambda: r.choice(ADJECTIVES).title() + r.choice(NOUNS).title())

    def words(self, count: int, but: set[str] | None = None) -> list[str]:
        """Distinct local names."""
        taken = set(but or ()) | RESERVED
        found: list[str] = []
        while len(found) < count:
            word = self.rng.choice(NOUNS)
            if word not in taken:
                taken.add(word)
                found.append(word)
        return found

    def sentence(self) -> str:
        r = self.rng
        return " ".join(
            (
                r.choice(("Keeps", "Gives", "Finds", "Turns", "Holds", "Moves", "Reads")),
                r.choice(("the", "every", "each", "one")),
                r.choice(ADJECTIVES),
                r.choice(NOUNS),
                r.choice(("of the", "for a", "under the", "beside the", "that the")),
                r.choice(ADJECTIVES),
                r.choice(NOUNS),
                r.choice(("asks for.", "needs.", "carries along.", "is made of.", "was given."))
                if r.random() < 0.4
                else "has.",
            )
        )

    # ---- text

    def emit(self, *lines: str) -> None:
        self.module.lines.extend(lines)

    def function(
        self,
        parameters: list[tuple[str, str]],
        result: str,
        body: list[str],
        *,
        generics: str = "",
        name: str | None = None,
        test: Callable[[str], list[str]] | None = None,
    ) -> Function:
        """Writes a function; `test` gives the elements of its test from its name."""
        name = name or self.function_name()
        if self.rng.random() < 0.35:
            self.emit(f"// {self.sentence()}")
        public = "pub " if self.rng.random() < 0.6 else ""
        head = f"{public}@{name}{generics} ({', '.join(f'{n}: {t}' for n, t in parameters)}) -> {result} ="
        if len(body) == 1 and len(head) + len(body[0]) < 118:
            self.emit(f"{head} {body[0]}")
        elif body[0].endswith(("(", "run(")) and len(head) + len(body[0]) < 118:
            self.emit(f"{head} {body[0]}", *body[1:])
        else:
            self.emit(head, *("    " + line for line in body))
        self.emit("")
        made = Function(name, parameters, result)
        if public:
            self.module.functions.append(made)
        if test is not None and self.rng.random() < 0.29:
            elements = test(name)
            self.emit(f"@test_{name} tests @{name} () -> void = run(")
            self.emit(*(f"    {element}," for element in elements), ")", "")
        return made

    # ---- types

    def record(self) -> None:
        r = self.rng
        names = self.words(r.randint(3, 6))
        kinds = ["int", "str", *(r.choice((*PRIMITIVES, "int", "[int]")) for _ in names[2:])]
        r.shuffle(kinds)
        made = Record(self.type_name(), list(zip(names, kinds, strict=True)))
        self.module.records.append(made)
        if r.random() < 0.5:
            self.emit(f"// {self.sentence()}")
        self.emit("#[derive(Eq, Printable)]", f"pub type {made.name} = {{")
        self.emit(*(f"    {name}: {kind}," for name, kind in made.fields), "}", "")
        self.constructor(made)

    def constructor(self, record: Record) -> None:
        ints = record.of("int")
        parameters = [(name, "int") for name in ints]
        rows = [
            f"    {name}: {name if name in ints else self.literal(kind)}," for name, kind in record.fields
        ]
        key = ints[0]
        arguments = ", ".join(str(self.rng.randint(0, 99)) for _ in ints)
        self.function(
            parameters,
            record.name,
            [f"{record.name} {{", *rows, "}"],
            test=lambda name: [f"assert_eq({name}({arguments}).{key}, {arguments.split(', ')[0]})"],
        )

    def literal(self, kind: str) -> str:
        r = self.rng
        if kind == "int":
            return str(r.randint(0, 9999))
        if kind == "float":
            return f"{r.randint(0, 99)}.{r.randint(1, 9)}"
        if kind == "bool":
            return r.choice(("true", "false"))
        if kind == "[int]":
            return "[" + ", ".join(str(r.randint(0, 99)) for _ in range(r.randint(1, 4))) + "]"
        return f'"{r.choice(ADJECTIVES)} {r.choice(NOUNS)}"'

    def sum(self) -> None:
        r = self.rng
        variants: list[tuple[str, list[tuple[str, str]]]] = []
        for number in range(r.randint(3, 6)):
            name = self.fresh(lambda: r.choice(VERBS).title() + r.choice(NOUNS).title())
            count = r.randint(1, 3) if number == 0 else r.randint(0, 3)
            parts = [(part, r.choice(("int", "int", "str", "float", "bool"))) for part in self.words(count)]
            variants.append((name, parts))
        made = Sum(self.type_name(), variants)
        self.module.sums.append(made)
        self.emit("#[derive(Eq, Printable)]", f"pub type {made.name} =")
        for name, parts in variants:
            shown = f"({', '.join(f'{part}: {kind}' for part, kind in parts)})" if parts else ""
            self.emit(f"    | {name}{shown}")
        self.emit("")
        self.describe(made)

    def describe(self, made: Sum) -> None:
        subject = self.words(1)[0]
        rows = []
        for name, parts in made.variants:
            if not parts:
                rows.append(f'    {name} -> "{self.rng.choice(ADJECTIVES)} {self.rng.choice(NOUNS)}",')
                continue
            shown = ' + " and " + '.join(part if kind == "str" else f"str({part})" for part, kind in parts)
            rows.append(f"    {name}({', '.join(part for part, _ in parts)}) -> {shown},")
        self.function([(subject, made.name)], "str", [f"match({subject},", *rows, ")"])

    def pick_record(self) -> Record:
        return self.rng.choice(self.module.records)


# ---- the families of functions ---------------------------------------------------------------------------------------


def sum_of_field(w: Writer) -> None:
    record = w.pick_record()
    many, one = w.words(2)
    number = w.rng.choice(record.of("int"))
    limit = w.rng.randint(1, 500)
    w.function(
        [(many, f"[{record.name}]")],
        "int",
        [
            "fold(",
            f"    .over: filter(.over: {many}, .predicate: {one} -> {one}.{number} > {limit}),",
            "    .init: 0,",
            f"    .op: (total, {one}) -> total + {one}.{number} % {w.rng.randint(7, 997)},",
            ")",
        ],
        test=lambda name: [f"assert_eq({name}([]), 0)"],
    )


def names_of(w: Writer) -> None:
    record = w.pick_record()
    many, one = w.words(2)
    text = w.rng.choice(record.of("str"))
    change = w.rng.choice((".upper()", ".trim()", ".lower()", f".take({w.rng.randint(2, 9)})", ".reverse()"))
    separator = w.rng.choice((", ", " / ", "; ", " - "))
    w.function(
        [(many, f"[{record.name}]")],
        "str",
        [f'{many}.map({one} -> {one}.{text}{change}).join("{separator}")'],
        test=lambda name: [f'assert_eq({name}([]), "")'],
    )


def update_record(w: Writer) -> None:
    record = w.pick_record()
    one, amount = w.words(2)
    number = w.rng.choice(record.of("int"))
    limit = w.rng.randint(100, 90000)
    step = w.rng.randint(2, 9)
    w.function(
        [(one, record.name), (amount, "int")],
        record.name,
        [
            f"if {one}.{number} > {limit} then {one}",
            f"else {record.name} {{ {number}: {one}.{number} + {amount} * {step}, ..{one} }}",
        ],
    )


def score_sum(w: Writer) -> None:
    made = w.rng.choice(w.module.sums)
    (subject,) = w.words(1)
    rows = []
    for name, parts in made.variants:
        ints = [part for part, kind in parts if kind == "int"]
        strs = [part for part, kind in parts if kind == "str"]
        if ints:
            pattern = ", ".join(part if part == ints[0] else "_" for part, _ in parts)
            if w.rng.random() < 0.4:
                bound = w.rng.randint(10, 999)
                rows.append(f"    {name}({pattern}).match({ints[0]} > {bound}) -> {ints[0]} - {bound},")
            rows.append(f"    {name}({pattern}) -> {ints[0]} % {w.rng.randint(3, 97)},")
        elif strs:
            pattern = ", ".join(part if part == strs[0] else "_" for part, _ in parts)
            rows.append(f"    {name}({pattern}) -> {strs[0]}.len(),")
        else:
            rows.append(f"    {name}{'(..)' if parts else ''} -> {w.rng.randint(0, 999)},")
    w.function([(subject, made.name)], "int", [f"match({subject},", *rows, ")"])


def count_variants(w: Writer) -> None:
    made = w.rng.choice(w.module.sums)
    name, parts = w.rng.choice(made.variants)
    many, one = w.words(2)
    pattern = f"{name}(..)" if parts else name
    w.function(
        [(many, f"[{made.name}]")],
        "int",
        [f"{many}.count({one} -> match({one}, {pattern} -> true, _ -> false))"],
        test=lambda function: [f"assert_eq({function}([]), 0)"],
    )


def digits(w: Writer) -> None:
    number, total = w.words(2)
    base, factor = w.rng.randint(2, 36), w.rng.randint(1, 9)

    def value(n: int) -> int:
        result = 0
        while n > 0:
            result += n % base * factor
            n //= base
        return result

    def test(name: str) -> list[str]:
        return [
            f"assert_eq({name}({n}, 0), {value(n)})"
            for n in (0, w.rng.randint(1, 9999), w.rng.randint(1, 10**9))
        ]

    name = w.function_name()
    w.function(
        [(number, "int"), (total, "int")],
        "int",
        [
            f"if {number} <= 0 then {total}",
            f"else {name}({number} / {base}, {total} + {number} % {base} * {factor})",
        ],
        name=name,
        test=test,
    )


def steps(w: Writer) -> None:
    value, count = w.words(2)
    start, limit = w.rng.randint(1, 9), w.rng.randint(100, 9999)
    factor, plus = w.rng.randint(2, 7), w.rng.randint(1, 30)

    def run(n: int) -> int:
        current, done = n % 50 + start, 0
        while current < limit:
            current, done = current * factor + plus, done + 1
        return done

    w.function(
        [("seed", "int")],
        "int",
        [
            "run(",
            f"    let mut {value} = seed % 50 + {start},",
            f"    let mut {count} = 0,",
            f"    while {value} < {limit} do run(",
            f"        {value} = {value} * {factor} + {plus},",
            f"        {count} = {count} + 1,",
            "    ),",
            f"    {count},",
            ")",
        ],
        test=lambda name: [f"assert_eq({name}({n}), {run(n)})" for n in (0, w.rng.randint(1, 5000))],
    )


def reduction(w: Writer) -> None:
    number, goal = w.words(2)
    first, second = w.rng.randint(2, 50), w.rng.randint(2, 9)

    def value(n: int, g: int) -> int:
        while n > g:
            n = n - first - (second if n % 2 == 0 else 0)
        return g - n

    w.function(
        [(number, "int"), (goal, "int")],
        "int",
        [
            "recurse(",
            f"    .cond: {number} <= {goal},",
            f"    .base: {goal} - {number},",
            f"    .step: self({number} - {first} - (if {number} % 2 == 0 then {second} else 0), {goal}),",
            ")",
        ],
        test=lambda name: [
            f"assert_eq({name}({n}, {g}), {value(n, g)})" for n, g in ((0, 5), (w.rng.randint(50, 900), 7))
        ],
    )


def clean_text(w: Writer) -> None:
    text, word = w.words(2)
    limit = w.rng.randint(1, 5)
    separator = w.rng.choice(("-", "_", "+", "."))

    def value(s: str) -> str:
        return separator.join(part.upper() for part in s.split() if len(part) > limit)

    def test(name: str) -> list[str]:
        samples = ["", f"{w.rng.choice(ADJECTIVES)} {w.rng.choice(NOUNS)} of {w.rng.choice(NOUNS)}"]
        return [f'assert_eq({name}("{sample}"), "{value(sample)}")' for sample in samples]

    w.function(
        [(text, "str")],
        "str",
        [
            f"{text}.words()",
            f"    .filter({word} -> {word}.len() > {limit})",
            f"    .map({word} -> {word}.upper())",
            f'    .join("{separator}")',
        ],
        test=test,
    )


def parse_pair(w: Writer) -> None:
    text, left, right = w.words(3)
    low, high = w.rng.randint(-9, 0), w.rng.randint(100, 9999)
    separator = w.rng.choice((":", "/", "x", ","))

    def test(name: str) -> list[str]:
        a, b = w.rng.randint(low, high), w.rng.randint(0, 99)
        return [
            f'assert_eq({name}("{a}{separator}{b}"), Ok(({a}, {b})))',
            f'assert_err({name}("none"))',
        ]

    w.function(
        [(text, "str")],
        "Result<(int, int), str>",
        [
            f'match({text}.split("{separator}"),',
            f"    [{left}, {right}] -> try(",
            f'        let {left} = parse_int({left}).ok_or("bad left part " + {left}),',
            f'        let {right} = parse_int({right}).ok_or("bad right part " + {right}),',
            f'        if {left} < {low} || {left} > {high} then Err("out of range: " + str({left}))',
            f"        else Ok(({left}, {right})),",
            "    ),",
            '    parts -> Err("expected 2 parts, found " + str(parts.len())),',
            ")",
        ],
        test=test,
    )


def tally(w: Writer) -> None:
    many, one = w.words(2)
    base = w.rng.randint(2, 12)
    start = w.rng.randint(0, 2)

    def value(values: list[int]) -> str:
        counts: dict[int, int] = {}
        for n in values:
            counts[n % base] = counts.get(n % base, start) + 1
        return "{" + ", ".join(f"{k}: {v}" for k, v in counts.items()) + "}"

    def test(name: str) -> list[str]:
        values = [w.rng.randint(0, 60) for _ in range(w.rng.randint(2, 7))]
        return [f"assert_eq({name}({values}), {value(values)})"]

    w.function(
        [(many, "[int]")],
        "{int: int}",
        [
            "run(",
            "    let mut counts: {int: int} = {},",
            f"    for {one} in {many} do counts = counts.update({one} % {base}, {start}, n -> n + 1),",
            "    counts,",
            ")",
        ],
        test=test,
    )


def grid(w: Writer) -> None:
    width, height = w.words(2)
    modulus, multiple = w.rng.randint(2, 9), w.rng.randint(2, 30)

    def value(a: int, b: int) -> list[int]:
        return [x * multiple + y for y in range(b) for x in range(a) if (x + y) % modulus == 0]

    w.function(
        [(width, "int"), (height, "int")],
        "[int]",
        [
            f"for y in 0..{height}, x in 0..{width}",
            f"    if (x + y) % {modulus} == 0",
            f"    yield x * {multiple} + y",
        ],
        test=lambda name: [f"assert_eq({name}({a}, {b}), {value(a, b)})" for a, b in ((2, 3), (4, 2))],
    )


def choose(w: Writer) -> None:
    first, second, third = w.words(3)
    numbers = [w.rng.randint(2, 99) for _ in range(3)]
    w.function(
        [(first, "int"), (second, "bool"), (third, "Option<int>")],
        "str",
        [
            f"match(({first} % 3, {second}, {third}),",
            f'    (0, true, Some(n)) -> "{w.rng.choice(NOUNS)} " + str(n + {numbers[0]}),',
            f'    (0, false, _) | (1, false, None) -> "{w.rng.choice(ADJECTIVES)} {w.rng.choice(NOUNS)}",',
            f'    (1, _, Some({numbers[1]}..={numbers[1] + 50})) -> "in the {w.rng.choice(NOUNS)}",',
            f'    (_, _, Some(n)) -> "{w.rng.choice(VERBS)} " + str(n),',
            f'    _ -> "{w.rng.choice(ADJECTIVES)}",',
            ")",
        ],
        test=lambda name: [f"assert({name}({w.rng.randint(0, 99)}, true, None).len() > 0)"],
    )


def generic(w: Writer) -> None:
    many, one = w.words(2)
    step = w.rng.randint(2, 5)
    offset = w.rng.randint(0, 1)

    def test(name: str) -> list[str]:
        values = [w.rng.randint(0, 99) for _ in range(w.rng.randint(3, 8))]
        return [f"assert_eq({name}({values}), {values[offset::step]})"]

    w.function(
        [(many, "[T]")],
        "[T]",
        [
            f"for (i, {one}) in {many}.enumerate()",
            f"    if i % {step} == {offset} yield {one}",
        ],
        generics="<T>",
        test=test,
    )


def largest(w: Writer) -> None:
    many, best, one = w.words(3)

    def test(name: str) -> list[str]:
        values = [w.rng.randint(-99, 99) for _ in range(w.rng.randint(2, 6))]
        return [f"assert_eq({name}({values}, {values[0]}), {max(values)})"]

    w.function(
        [(many, "[T]"), (best, "T")],
        "T",
        [
            f"fold(.over: {many}, .init: {best}, .op: ({best}, {one}) -> if {one} > {best} then {one} else {best})",
        ],
        generics="<T: Comparable>",
        test=test,
    )


def closures(w: Writer) -> None:
    many, scale, shift, one = w.words(4)
    factor, plus = w.rng.randint(2, 40), w.rng.randint(1, 99)

    def test(name: str) -> list[str]:
        values = [w.rng.randint(0, 30) for _ in range(3)]
        extra = w.rng.randint(0, 9)
        return [f"assert_eq({name}({values}, {extra}), {[v * factor + plus + extra for v in values]})"]

    w.function(
        [(many, "[int]"), ("extra", "int")],
        "[int]",
        [
            "run(",
            f"    let {scale} = (x: int) -> x * {factor},",
            f"    let {shift} = (x: int) -> {scale}(x) + {plus} + extra,",
            f"    {many}.map({one} -> {shift}({one})),",
            ")",
        ],
        test=test,
    )


def search(w: Writer) -> None:
    many, one = w.words(2)
    record = w.pick_record()
    number = w.rng.choice(record.of("int"))
    text = w.rng.choice(record.of("str"))
    bound = w.rng.randint(5, 5000)
    w.function(
        [(many, f"[{record.name}]")],
        "str",
        [
            "run(",
            f"    let found = find(.over: {many}, .where: {one} -> {one}.{number} >= {bound}),",
            "    match(found,",
            f"        Some({one}) -> {one}.{text} + str({one}.{number}),",
            f'        None -> "no {w.rng.choice(NOUNS)}",',
            "    ),",
            ")",
        ],
        test=lambda name: [f'assert({name}([]).starts_with("no "))'],
    )


def table(w: Writer) -> None:
    (size,) = w.words(1)
    a, b, modulus = w.rng.randint(2, 99), w.rng.randint(0, 99), w.rng.randint(50, 999)
    w.function(
        [(size, "int")],
        "[int]",
        [f"collect(.range: 0..{size}, .transform: i -> (i * {a} + {b}) % {modulus})"],
        test=lambda name: [f"assert_eq({name}(4), {[(i * a + b) % modulus for i in range(4)]})"],
    )


def floats(w: Writer) -> None:
    x, y = w.words(2)
    a, b = w.rng.randint(1, 9), w.rng.randint(1, 9)
    w.function(
        [(x, "float"), (y, "float")],
        "float",
        [
            "run(",
            f"    let spread = ({x} - {y}) * {a}.5,",
            f"    let area = {x} * {x} + {y} * {y} + {b}.25,",
            "    if spread > area then spread.sqrt() else area / (spread.abs() + 1.0),",
            ")",
        ],
        test=lambda name: [f"assert({name}(1.0, 1.0) > 0.0)"],
    )


def lookup(w: Writer) -> None:
    key, fallback = w.words(2)
    keys = w.rng.sample(NOUNS, 4)
    values = [w.rng.randint(0, 999) for _ in keys]
    w.function(
        [(key, "str"), (fallback, "int")],
        "int",
        [
            f"match({key},",
            *(f'    "{word}" -> {value},' for word, value in zip(keys, values, strict=True)),
            f"    _ -> {fallback} + {key}.len(),",
            ")",
        ],
        test=lambda name: [f'assert_eq({name}("{keys[1]}", 0), {values[1]})', f'assert_eq({name}("", 3), 3)'],
    )


def tree(w: Writer) -> None:
    leaf, node, name = (
        w.fresh(lambda: w.rng.choice(ADJECTIVES).title() + w.rng.choice(NOUNS).title()) for _ in range(3)
    )
    w.emit(f"pub type {name} = {leaf}(weight: int) | {node}(left: {name}, right: {name})", "")
    factor = w.rng.randint(1, 9)
    build, walk = w.function_name(), w.function_name()
    (depth,) = w.words(1)
    w.function(
        [(depth, "int")],
        name,
        [
            f"if {depth} <= 0 then {leaf}({factor})",
            f"else {node}({build}({depth} - 1), {build}({depth} - 1))",
        ],
        name=build,
    )
    (subject,) = w.words(1)
    w.function(
        [(subject, name)],
        "int",
        [
            f"match({subject},",
            f"    {leaf}(weight) -> weight * {factor},",
            f"    {node}(left, right) -> {walk}(left) + {walk}(right),",
            ")",
        ],
        name=walk,
        test=lambda function: [f"assert_eq({function}({build}(4)), {16 * factor * factor})"],
    )


def threshold(w: Writer) -> None:
    config = w.fresh(lambda: f"{w.rng.choice(ADJECTIVES)}_{w.rng.choice(NOUNS)}")
    value = w.rng.randint(2, 99)
    w.module.configs.append((config, value))
    many, one = w.words(2)

    def test(name: str) -> list[str]:
        values = [w.rng.randint(0, 120) for _ in range(5)]
        fits = [v for v in values if v < value]
        others = [v for v in values if v >= value]
        return [f"assert_eq({name}({values}), ({fits}, {others}))"]

    w.function(
        [(many, "[int]")],
        "([int], [int])",
        [f"{many}.partition({one} -> {one} < ${config})"],
        test=test,
    )


def chunked(w: Writer) -> None:
    (many,) = w.words(1)
    size = w.rng.randint(2, 6)
    factor = w.rng.randint(1, 9)

    def value(values: list[int]) -> list[int]:
        return [sum(values[i : i + size]) * factor for i in range(0, len(values), size)]

    def test(name: str) -> list[str]:
        values = [w.rng.randint(0, 30) for _ in range(w.rng.randint(3, 9))]
        return [f"assert_eq({name}({values}), {value(values)})"]

    w.function(
        [(many, "[int]")],
        "[int]",
        [f"map(.over: {many}.chunks({size}), .transform: part -> part.sum() * {factor})"],
        test=test,
    )


def imported(w: Writer) -> None:
    """Calls a function of another module: what makes the graph a graph."""
    usable = [
        (owner, function)
        for owner in w.module.dependencies
        for function in owner.functions
        if all(kind in ("int", "str", "[int]", "bool") for _, kind in function.parameters)
        and function.result in ("int", "str", "[int]")
        and function.name not in RESERVED
    ]
    if not usable:
        steps(w)
        return
    owner, function = w.rng.choice(usable)
    names = w.module.imports.setdefault(owner.name, [])
    if function.name not in names:
        if function.name in w.module.used:
            table(w)
            return
        w.module.used.add(function.name)
        names.append(function.name)
    parameters = [(f"{word}", kind) for word, (_, kind) in zip(w.words(9), function.parameters, strict=False)]
    call = f"{function.name}({', '.join(name for name, _ in parameters)})"
    if function.result == "int":
        body = [f"{call} % {w.rng.randint(11, 9999)} + {w.rng.randint(1, 99)}"]
    elif function.result == "str":
        body = [f'"{w.rng.choice(ADJECTIVES)} " + {call} + "{w.rng.choice("!?.:")}"']
    else:
        body = [f"{call}.take({w.rng.randint(2, 20)}).reverse()"]
    w.function(parameters, function.result, body)


FAMILIES: list[tuple[int, Callable[[Writer], None]]] = [
    (4, sum_of_field),
    (4, names_of),
    (4, update_record),
    (4, score_sum),
    (3, count_variants),
    (3, digits),
    (4, steps),
    (3, reduction),
    (4, clean_text),
    (4, parse_pair),
    (4, tally),
    (3, grid),
    (4, choose),
    (3, generic),
    (2, largest),
    (4, closures),
    (4, search),
    (3, table),
    (3, floats),
    (3, lookup),
    (2, tree),
    (3, threshold),
    (3, chunked),
    (14, imported),
]


# ---- the project -------------------------------------------------------------------------------------------------------


def write_module(module: Module, rng: random.Random, target_lines: int) -> list[str]:
    """The text of a module, as lines."""
    w = Writer(module, rng)
    w.record()
    w.sum()
    weights = [weight for weight, _ in FAMILIES]
    families = [family for _, family in FAMILIES]
    w.function(
        [("value", "int")],
        "int",
        [f"(value * {rng.randint(2, 99)} + {rng.randint(1, 99)}) % {rng.randint(100, 9999)}"],
    )
    while len(module.lines) < target_lines - 8:
        if len(module.records) < 4 and rng.random() < 0.03:
            w.record()
        elif len(module.sums) < 4 and rng.random() < 0.03:
            w.sum()
        else:
            rng.choices(families, weights)[0](w)
    head = [f"// {w.sentence()}", f"// {w.sentence()}", ""]
    for owner in sorted(module.imports):
        head.append(f"use {owner} {{ {', '.join(sorted(module.imports[owner]))} }}")
    if module.imports:
        head.append("")
    head += [f"${name} = {value}" for name, value in module.configs]
    if module.configs:
        head.append("")
    return head + module.lines


def plan(count: int, depth: int, width: int, rng: random.Random) -> list[Module]:
    """Modules in layers; each imports up to `width` modules of layers below its own."""
    areas = rng.sample(NOUNS, min(len(NOUNS), max(2, count // 12 + 1)))
    modules: list[Module] = []
    layers: list[list[Module]] = [[] for _ in range(max(1, min(depth, count)))]
    used: set[str] = set()
    for number in range(count):
        while True:
            name = f"{rng.choice(areas)}.{rng.choice(ADJECTIVES)}_{rng.choice(NOUNS)}"
            if name not in used:
                break
        used.add(name)
        module = Module(name)
        layer = number * len(layers) // count
        below = [other for earlier in layers[:layer] for other in earlier]
        nearest = layers[layer - 1] if layer > 0 else []
        if nearest:  # one import of the layer right below makes the depth exact
            module.dependencies.append(rng.choice(nearest))
        for other in rng.sample(below, min(len(below), rng.randint(0, max(0, width - 1)))):
            if other not in module.dependencies:
                module.dependencies.append(other)
        layers[layer].append(module)
        modules.append(module)
    return modules


def write_main(modules: list[Module], rng: random.Random) -> list[str]:
    calls: list[tuple[str, str, str]] = []
    taken = set(RESERVED)
    for module in rng.sample(modules, min(len(modules), 24)):
        for function in module.functions:
            if [kind for _, kind in function.parameters] == ["int"] and function.result == "int":
                if function.name not in taken:
                    taken.add(function.name)
                    calls.append((module.name, function.name, f"{function.name}({rng.randint(1, 99)})"))
                    break
    lines = ["// Runs a little of everything.", ""]
    lines += [f"use {owner} {{ {name} }}" for owner, name, _ in sorted(calls)]
    lines += ["", "@main () -> void = run("]
    lines += [f'    print("{name} " + str({call})),' for _, name, call in calls]
    lines += [f'    print("{len(calls)} calls"),', ")", ""]
    return lines


def generate(
    out: Path, *, lines: int, modules: int, seed: int, depth: int = 12, width: int = 5, name: str = "corpus"
) -> tuple[int, int]:
    """Writes the project; returns its lines and bytes."""
    rng = random.Random(f"{CORPUS_VERSION}:{seed}:{lines}:{modules}:{depth}:{width}")
    planned = plan(modules, depth, width, rng)
    source = out / "src"
    source.mkdir(parents=True, exist_ok=True)
    manifest = (
        f'[project]\nname = "{name}"\nversion = "{CORPUS_VERSION}.0.{seed}"\n\n[tests]\ncoverage = "off"\n'
    )
    (out / "sigil.toml").write_text(manifest, encoding="utf-8")
    total_lines = total_bytes = 0
    remaining = lines
    for number, module in enumerate(planned):
        average = remaining / (len(planned) - number)
        wanted = (
            max(40, int(average * rng.uniform(0.5, 1.5)))
            if number < len(planned) - 1
            else max(40, int(average))
        )
        text = "\n".join(write_module(module, rng, wanted)).rstrip("\n") + "\n"
        path = source / (module.name.replace(".", "/") + ".si")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written = text.count("\n")
        remaining -= written
        total_lines += written
        total_bytes += len(text.encode())
    text = "\n".join(write_main(planned, rng))
    (source / "main.si").write_text(text, encoding="utf-8")
    return total_lines + text.count("\n"), total_bytes + len(text.encode())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.corpus", description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, metavar="OUT", help="the folder that becomes the project")
    parser.add_argument("--lines", type=int, default=100_000, help="about so many lines (default 100000)")
    parser.add_argument(
        "--modules", type=int, default=400, help="so many modules, without main (default 400)"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--depth", type=int, default=12, help="length of the longest chain of imports (default 12)"
    )
    parser.add_argument("--width", type=int, default=5, help="imports per module, at most (default 5)")
    parser.add_argument(
        "--profile", choices=("core", "full"), default="core", help="which part of the language"
    )
    parser.add_argument("--name", default="corpus", help="the project's name")
    arguments = parser.parse_args()
    lines, size = generate(
        arguments.out,
        lines=arguments.lines,
        modules=arguments.modules,
        seed=arguments.seed,
        depth=arguments.depth,
        width=arguments.width,
        name=arguments.name,
    )
    print(
        f"{arguments.out}: {arguments.modules + 1} modules, {lines:,} lines, {size:,} bytes ({size / lines:.1f} a line)"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
