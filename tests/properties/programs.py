"""Random well-typed programs, each with what it must print: `python tests/properties/programs.py --count 50 [--seed 1]`.

WHY     Hand-written tests hold what somebody thought of. Here features meet at random: closures that capture lists inside
        matches inside loops. What is checked is the whole compiler, the runtime, and the C compilers with each other.
SHAPE   An expression is a pair: its Sigil text, and a Python function from an environment to its value. Both are made
        side by side, so the generator is also the interpreter. Variables that may be assigned are cells in the
        environment. A panic is an exception whose text must be the program's.
LIMITS  Only what terminates: loops go over short lists and small counters; recursion has a counter that falls.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Type = Any  # "int", "bool", "str", ("list", T), ("option", T), ("tuple", A, B), ("map", V), ("fn", A, R), ("named", name)
Env = dict[str, Any]
LIMIT = 1 << 63
STEPS = 200_000  # of one case; more is thrown away
WORDS = ["", "a", "b", "ab", "xyz", "λ", "hello", "a b", "tab\\t", 'q\\"q']


class Panic(Exception):
    """A program's panic, by its message."""


class Early(Exception):
    """A `?` that leaves."""

    def __init__(self, value: Any) -> None:
        self.value = value


class TooLong(Exception):
    """The interpreter has done enough."""


@dataclass
class Expr:
    text: str
    value: Callable[[Env], Any]


@dataclass
class Variable:
    name: str
    type: Type
    is_mutable: bool = False


@dataclass
class Function:
    name: str
    parameters: list[Type]
    result: Type
    call: Callable[..., Any]


@dataclass
class State:
    out: list[str] = field(default_factory=list)
    steps: int = 0


STATE = State()


def step(cost: int = 1) -> None:
    STATE.steps += cost
    if STATE.steps > STEPS:
        raise TooLong


def integer(value: int) -> int:
    step()
    if not -LIMIT <= value < LIMIT:
        raise Panic("integer overflow")
    return value


def divided(a: int, b: int) -> int:
    if b == 0:
        raise Panic("division by zero")
    quotient = abs(a) // abs(b)
    return integer(quotient if (a < 0) == (b < 0) else -quotient)


def remainder(a: int, b: int) -> int:
    if b == 0:
        raise Panic("division by zero")
    if (
        b == -1
    ):  # the quotient of the smallest int does not fit; its remainder does, or panics as the quotient does
        divided(a, b)
    return a - b * (abs(a) // abs(b) if (a < 0) == (b < 0) else -(abs(a) // abs(b)))


def floored(a: int, b: int) -> int:
    if b == 0:
        raise Panic("division by zero")
    return integer(a // b)


def at(values: list[Any], index: int) -> Any:
    if not 0 <= index < len(values):
        raise Panic(f"index {index} out of range for length {len(values)}")
    return values[index]


def long(values: Any) -> Any:
    step(1 + len(values))
    if len(values) > 3000:
        raise TooLong
    return values


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t") + '"'


def type_text(t: Type) -> str:
    if isinstance(t, str):
        return t
    head = t[0]
    if head == "list":
        return f"[{type_text(t[1])}]"
    if head == "option":
        return f"Option<{type_text(t[1])}>"
    if head == "tuple":
        return f"({type_text(t[1])}, {type_text(t[2])})"
    if head == "map":
        return "{str: " + type_text(t[1]) + "}"
    if head == "fn":
        return f"({type_text(t[1])}) -> {type_text(t[2])}"
    return t[1]


class Program:
    """One program: its types and functions, and cases that main calls one after another."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.names = 0
        self.functions: list[Function] = []
        self.texts: list[str] = []
        self.records: dict[str, list[tuple[str, Type]]] = {}
        self.sums: dict[str, list[tuple[str, list[Type]]]] = {}
        self.scope: list[Variable] = []
        self.declare_types()
        self.texts.append("@say<T> (word: str, value: T) -> T = run(print(word), value)")
        self.texts.append("@twice<T> (f: (T) -> T, value: T) -> T = f(f(value))")
        self.texts.append("@pick<T> (first: bool, a: T, b: T) -> T = if first then a else b")
        for _ in range(self.random.randint(2, 5)):
            self.declare_function()
        self.cases: list[str] = []
        self.expected: list[str] = []
        self.panic: str | None = None
        for _ in range(self.random.randint(6, 10)):
            if self.panic is None:
                self.declare_case()

    # ---- types and values

    def name(self, prefix: str) -> str:
        self.names += 1
        return f"{prefix}{self.names}"

    def declare_types(self) -> None:
        derive = "#[derive(Eq, Printable, Comparable, Hashable, Clone)]\n"
        for _ in range(self.random.randint(1, 2)):
            name = self.name("Record")
            fields = [(self.name("f"), self.type(1)) for _ in range(self.random.randint(1, 4))]
            self.records[name] = fields
            shown = ", ".join(f"{f}: {type_text(t)}" for f, t in fields)
            self.texts.append(f"{derive}type {name} = {{ {shown} }}")
        for _ in range(self.random.randint(1, 2)):
            name = self.name("Sum")
            variants: list[tuple[str, list[Type]]] = []
            for i in range(self.random.randint(2, 4)):
                parts = [self.type(1) for _ in range(self.random.randint(0, 2))]
                if i > 0 and self.random.random() < 0.4:
                    parts.append(("named", name))  # recursive
                variants.append((self.name("V"), parts))
            self.sums[name] = variants
            shown = " | ".join(
                v + (f"({', '.join(map(type_text, parts))})" if parts else "") for v, parts in variants
            )
            self.texts.append(f"{derive}type {name} = {shown}")

    def type(self, depth: int, with_functions: bool = False) -> Type:
        r = self.random
        flat: list[Type] = ["int", "int", "int", "str", "str", "bool"]
        if depth <= 0:
            return r.choice(flat)
        named = [("named", name) for name in (*self.records, *self.sums)]
        makers: list[Callable[[], Type]] = [
            lambda: ("list", self.type(depth - 1)),
            lambda: ("list", self.type(depth - 1)),
            lambda: ("option", self.type(depth - 1)),
            lambda: ("tuple", self.type(depth - 1), self.type(depth - 1)),
        ]
        if named:
            makers += [lambda: r.choice(named)] * 2
        if with_functions:
            makers += [
                lambda: ("map", self.type(depth - 1)),
                lambda: ("fn", self.type(0), self.type(depth - 1)),
            ]
        return r.choice(flat) if r.random() < 0.4 else r.choice(makers)()

    def show(self, t: Type, value: Any, is_inside: bool = False) -> str:
        if t == "int":
            return str(value)
        if t == "bool":
            return "true" if value else "false"
        if t == "str":
            return quoted(value) if is_inside else value
        head = t[0]
        if head == "list":
            return "[" + ", ".join(self.show(t[1], v, True) for v in value) + "]"
        if head == "option":
            return "None" if value is None else f"Some({self.show(t[1], value[0], True)})"
        if head == "tuple":
            return f"({self.show(t[1], value[0], True)}, {self.show(t[2], value[1], True)})"
        if head == "map":
            return "{" + ", ".join(f"{quoted(k)}: {self.show(t[1], v, True)}" for k, v in value.items()) + "}"
        name = t[1]
        if name in self.records:
            fields = self.records[name]
            shown = (f"{f}: {self.show(ft, v, True)}" for (f, ft), v in zip(fields, value, strict=True))
            return f"{name} {{ {', '.join(shown)} }}"
        variant, parts = self.sums[name][value[0]]
        if not parts:
            return variant
        return f"{variant}({', '.join(self.show(p, v, True) for p, v in zip(parts, value[1:], strict=True))})"

    # ---- declarations

    def declare_function(self) -> None:
        """Sometimes with a counter that falls to 0 and calls of itself."""
        name, parameters = self.name("go"), [self.type(1, True) for _ in range(self.random.randint(1, 3))]
        result = self.type(2)
        is_recursive = self.random.random() < 0.4
        if is_recursive:
            parameters.insert(0, "int")
        names = [self.name("p") for _ in parameters]
        self.scope = [Variable(n, t) for n, t in zip(names, parameters, strict=True)]
        box: list[Callable[[Env], Any]] = []

        def call(*arguments: Any) -> Any:
            step(5)
            try:
                return box[0](dict(zip(names, arguments, strict=True)))
            except Early as early:
                return early.value

        function = Function(name, parameters, result, call)
        body = self.expr(result, 3)
        if is_recursive:
            counter = names[0]
            others = [self.expr(t, 1) for t in parameters[1:]]
            again_name = self.name("again")
            self.scope.append(Variable(again_name, result))
            step_body = self.expr(result, 2)
            base, text = body, f"{name}({', '.join([f'{counter} - 1', *(o.text for o in others)])})"
            body_text = (
                f"if {counter} <= 0 || {counter} > 5 then {base.text} else "
                f"run(let {again_name} = {text}, {step_body.text})"
            )

            def evaluate(env: Env) -> Any:
                if env[counter] <= 0 or env[counter] > 5:
                    return base.value(env)
                arguments = [env[counter] - 1, *(o.value(env) for o in others)]
                return step_body.value({**env, again_name: call(*arguments)})

            body = Expr(body_text, evaluate)
        box.append(body.value)
        shown = ", ".join(f"{n}: {type_text(t)}" for n, t in zip(names, parameters, strict=True))
        self.texts.append(f"@{name} ({shown}) -> {type_text(result)} =\n    {body.text}")
        self.functions.append(function)

    def declare_case(self) -> None:
        t = self.type(2)
        for _ in range(20):
            names, self.scope = self.names, []
            body = self.sequence(t, 4)
            STATE.out, STATE.steps = [], 0
            try:
                shown, panic = self.show(t, body.value({})), None
            except (TooLong, RecursionError):
                self.names = names
                continue
            except Panic as error:
                shown, panic = "", str(error)
            name = self.name("case")
            self.texts.append(f"@{name} () -> {type_text(t)} =\n    {body.text}")
            self.expected += STATE.out
            if panic is None:
                self.cases.append(f"print(str({name}()))")
                self.expected.append(shown)
            elif self.random.random() < 0.9:  # caught: what was alive must have been released
                self.cases.append(f'assert_panics_with({name}(), "{panic}")')
            else:
                self.cases.append(f"print(str({name}()))")
                self.panic = panic
            return

    def disguised(self, seed: int) -> str:
        """The same program with its declarations in another order and its locals under other names."""
        chance = random.Random(seed)
        declarations = self.text().rstrip("\n").split("\n\n")
        chance.shuffle(declarations)
        return re.sub(r"\b(v|m|x|y|b|p|l)(\d+)\b", r"renamed_\1_\2", "\n\n".join(declarations)) + "\n"

    def text(self) -> str:
        calls = "".join(f"    {case},\n" for case in self.cases)
        return "\n\n".join([*self.texts, f"@main () -> void = run(\n{calls})"]) + "\n"

    # ---- expressions

    def variables(self, t: Type) -> list[Variable]:
        latest = {v.name: v for v in self.scope}
        return [v for v in latest.values() if v.type == t]

    def read(self, v: Variable) -> Expr:
        if v.is_mutable:
            return Expr(v.name, lambda env: env[v.name][0])
        return Expr(v.name, lambda env: env[v.name])

    def inside(self, variables: list[Variable], make: Callable[[], Expr]) -> Expr:
        """What `make` makes with these in scope as well."""
        outer = self.scope
        self.scope = [*outer, *variables]
        made = make()
        self.scope = outer
        return made

    def expr(self, t: Type, depth: int) -> Expr:
        r = self.random
        known = self.variables(t)
        if depth <= 0:
            return self.read(r.choice(known)) if known and r.random() < 0.7 else self.literal(t, 1)
        if known and r.random() < 0.25:
            return self.read(r.choice(known))
        makers = [
            self.any_if,
            self.any_match,
            self.any_call,
            self.any_field,
            self.literal_of,
            self.any_let,
            self.any_generic,
            self.any_result,
            self.any_found,
            self.any_index,
        ]
        head = t if isinstance(t, str) else t[0]
        own = getattr(self, f"make_{head}", None)
        if own is not None:
            makers += [own] * 6
        return r.choice(makers)(t, depth)

    def literal_of(self, t: Type, depth: int) -> Expr:
        return self.literal(t, depth)

    def literal(self, t: Type, depth: int) -> Expr:
        r = self.random
        if t == "int":
            n = r.choice(
                [
                    0,
                    1,
                    2,
                    3,
                    5,
                    7,
                    10,
                    -1,
                    -2,
                    100,
                    r.randint(-1000, 1000),
                    r.choice([LIMIT - 1, -LIMIT, 1 << 32]),
                ]
            )
            return Expr(f"({n})" if n < 0 else str(n), lambda env: n)
        if t == "bool":
            b = r.random() < 0.5
            return Expr("true" if b else "false", lambda env: b)
        if t == "str":
            w = r.choice(WORDS)
            value = w.replace("\\t", "\t").replace('\\"', '"')
            return Expr(f'"{w}"', lambda env: value)
        head = t[0]
        if head == "list":
            items = [self.expr(t[1], depth - 1) for _ in range(r.choice([0, 1, 2, 3, 4]))]
            if not items:
                name = self.name("empty")
                return Expr(f"run(let {name}: {type_text(t)} = [], {name})", lambda env: [])
            return Expr(f"[{', '.join(i.text for i in items)}]", lambda env: [i.value(env) for i in items])
        if head == "option":
            if r.random() < 0.3:
                name = self.name("none")
                return Expr(f"run(let {name}: {type_text(t)} = None, {name})", lambda env: None)
            part = self.expr(t[1], depth - 1)
            return Expr(f"Some({part.text})", lambda env: (part.value(env),))
        if head == "tuple":
            a, b = self.expr(t[1], depth - 1), self.expr(t[2], depth - 1)
            return Expr(f"({a.text}, {b.text})", lambda env: (a.value(env), b.value(env)))
        if head == "map":
            keys = r.sample(["k", "l", "m", "n"], r.randint(1, 3))
            values = [self.expr(t[1], depth - 1) for _ in keys]
            shown = ", ".join(f'"{k}": {v.text}' for k, v in zip(keys, values, strict=True))
            return Expr(
                "{" + shown + "}", lambda env: {k: v.value(env) for k, v in zip(keys, values, strict=True)}
            )
        if head == "fn":
            return self.function_value(t, depth)
        name = t[1]
        known = self.variables(t)
        if name in self.records and known and r.random() < 0.5:
            base = self.read(r.choice(known))
            index = r.randrange(len(self.records[name]))
            changed_name, changed_type = self.records[name][index]
            changed = self.expr(changed_type, depth - 1)

            def update(env: Env) -> Any:
                part = changed.value(env)
                whole = list(base.value(env))
                whole[index] = part
                return tuple(whole)

            return Expr(f"{name} {{ {changed_name}: {changed.text}, ..{base.text} }}", update)
        if name in self.records:
            fields = [(f, self.expr(ft, depth - 1)) for f, ft in self.records[name]]
            shown = ", ".join(f"{f}: {e.text}" for f, e in fields)
            return Expr(f"{name} {{ {shown} }}", lambda env: tuple(e.value(env) for _, e in fields))
        variants = self.sums[name]
        which = r.randrange(len(variants)) if depth > 0 else 0
        variant, parts = variants[which]
        made = [self.expr(p, depth - 1) for p in parts]
        if not made:
            return Expr(variant, lambda env: (which,))
        return Expr(
            f"{variant}({', '.join(m.text for m in made)})",
            lambda env: (which, *(m.value(env) for m in made)),
        )

    def function_value(self, t: Type, depth: int) -> Expr:
        """A closure; it captures by value, and never what may be assigned."""
        parameter = self.name("x")
        outer = self.scope
        self.scope = [v for v in outer if not v.is_mutable] + [Variable(parameter, t[1])]
        body = self.expr(t[2], depth - 1)
        self.scope = outer

        def make(env: Env) -> Callable[[Any], Any]:
            captured = dict(env)

            def call(argument: Any) -> Any:
                step(3)
                return body.value({**captured, parameter: argument})

            return call

        return Expr(f"(({parameter}: {type_text(t[1])}) -> {type_text(t[2])} = {body.text})", make)

    def inline(
        self, types: list[Type], result: Type, depth: int
    ) -> tuple[str, Callable[[Env], Callable[..., Any]]]:
        """A lambda without types, for the argument of a method."""
        names = [self.name("y") for _ in types]
        outer = self.scope
        self.scope = [v for v in outer if not v.is_mutable] + [
            Variable(n, t) for n, t in zip(names, types, strict=True)
        ]
        body = self.expr(result, depth - 1)
        self.scope = outer

        def make(env: Env) -> Callable[..., Any]:
            def call(*arguments: Any) -> Any:
                step(3)
                return body.value({**env, **dict(zip(names, arguments, strict=True))})

            return call

        head = names[0] if len(names) == 1 else f"({', '.join(names)})"
        return f"{head} -> {body.text}", make

    # ---- of any type

    def any_if(self, t: Type, depth: int) -> Expr:
        c, a, b = self.expr("bool", depth - 1), self.expr(t, depth - 1), self.expr(t, depth - 1)
        return Expr(
            f"(if {c.text} then {a.text} else {b.text})",
            lambda env: a.value(env) if c.value(env) else b.value(env),
        )

    def any_call(self, t: Type, depth: int) -> Expr:
        fitting = [f for f in self.functions if f.result == t]
        if not fitting:
            return self.any_let(t, depth)
        f = self.random.choice(fitting)
        arguments = [self.expr(p, depth - 1) for p in f.parameters]
        return Expr(
            f"{f.name}({', '.join(a.text for a in arguments)})",
            lambda env: f.call(*[a.value(env) for a in arguments]),
        )

    def any_generic(self, t: Type, depth: int) -> Expr:
        which = self.random.randrange(4)
        if which == 0:
            word, e = self.name("say"), self.expr(t, depth - 1)

            def say(env: Env) -> Any:
                value = e.value(env)
                STATE.out.append(word)
                return value

            return Expr(f'say("{word}", {e.text})', say)
        if which == 1:
            text, make = self.inline([t], t, depth)
            e = self.expr(t, depth - 1)

            def twice(env: Env) -> Any:
                f, value = make(env), e.value(env)
                return f(f(value))

            return Expr(f"twice({text}, {e.text})", twice)
        if which == 2:
            c, a, b = self.expr("bool", depth - 1), self.expr(t, depth - 1), self.expr(t, depth - 1)

            def pick(env: Env) -> Any:
                condition, first, second = c.value(env), a.value(env), b.value(env)
                return first if condition else second

            return Expr(f"pick({c.text}, {a.text}, {b.text})", pick)
        f, x = self.expr(("fn", "int", t), depth - 1), self.expr("int", depth - 1)
        name = self.name("f")
        return Expr(f"run(let {name} = {f.text}, {name}({x.text}))", lambda env: f.value(env)(x.value(env)))

    def any_field(self, t: Type, depth: int) -> Expr:
        found = [
            (("named", name), f".{f}", i)
            for name, fields in self.records.items()
            for i, (f, ft) in enumerate(fields)
            if ft == t
        ]
        found.append((("tuple", t, "int"), ".0", 0))
        found.append((("tuple", "str", t), ".1", 1))
        whole, text, index = self.random.choice(found)
        e = self.expr(whole, depth - 1)
        return Expr(
            f"{e.text}{text}" if e.text[-1] in ")" or e.text.isalnum() else f"({e.text}){text}",
            lambda env: e.value(env)[index],
        )

    def any_result(self, t: Type, depth: int) -> Expr:
        """A Result that is made, passed on by `?`, and taken apart."""
        r = self.random
        good, bad = self.expr(t, depth - 1), self.expr("str", 1)
        condition, name, error = self.expr("bool", depth - 1), self.name("r"), self.name("e")
        made = f"run(let {name}: Result<{type_text(t)}, str> = if {condition.text} then Ok({good.text}) else Err({bad.text}), "
        other = self.inside([Variable(error, "str")], lambda: self.expr(t, depth - 1))
        if r.random() < 0.5:
            made += f"match({name}, Ok({name}_ok) -> {name}_ok, Err({error}) -> {other.text}))"
        else:
            inner, mark = self.name("i"), "" if t[0] == "option" else r.choice(["", "?"])
            made += f"match(try(let {inner} = {name}{mark}, Ok({inner})), Ok({inner}) -> {inner}, Err({error}) -> {other.text}))"

        def value(env: Env) -> Any:
            if condition.value(env):
                return good.value(env)
            return other.value({**env, error: bad.value(env)})

        return Expr(made, value)

    def any_found(self, t: Type, depth: int) -> Expr:
        """unwrap: the panic of None, with whatever is alive around it."""
        e = self.expr(("option", t), depth - 1)
        if self.random.random() < 0.7:
            default = self.expr(t, depth - 1)

            def either(env: Env) -> Any:  # the default is an argument: evaluated before
                option, other = e.value(env), default.value(env)
                return other if option is None else option[0]

            return Expr(f"{e.text}.unwrap_or({default.text})", either)

        def unwrap(env: Env) -> Any:
            option = e.value(env)
            if option is None:
                raise Panic("called unwrap on None")
            return option[0]

        return Expr(f"{e.text}.unwrap()", unwrap)

    def any_index(self, t: Type, depth: int) -> Expr:
        e, i = self.expr(("list", t), depth - 1), self.random.choice([0, 0, 0, 1])
        if self.random.random() < 0.5:
            return Expr(f"({e.text})[{i}]", lambda env: at(e.value(env), i))
        name, default = self.name("l"), self.expr(t, 1)
        return Expr(
            f"match({e.text}, [{name}, ..] -> {name}, _ -> {default.text})",
            lambda env: (lambda xs: xs[0] if xs else default.value(env))(e.value(env)),
        )

    def any_let(self, t: Type, depth: int) -> Expr:
        return self.sequence(t, depth - 1)

    def sequence(self, t: Type, depth: int) -> Expr:
        """run(…) with lets, assignments and loops, then the value."""
        r = self.random
        outer = self.scope
        self.scope = list(outer)
        parts: list[str] = []
        steps: list[Callable[[Env], None]] = []
        for _ in range(r.randint(1, 4)):
            makers = [
                self.let,
                self.let,
                self.let_mutable,
                self.assign,
                self.loop,
                self.take_apart,
                self.counted,
            ]
            text, run = r.choice(makers)(depth)
            parts.append(text)
            steps.append(run)
        result = self.expr(t, depth)
        self.scope = outer

        def value(env: Env) -> Any:
            env = dict(env)
            for run in steps:
                run(env)
            return result.value(env)

        return Expr(f"run({', '.join([*parts, result.text])})", value)

    def let(self, depth: int) -> tuple[str, Callable[[Env], None]]:
        t = self.type(2, True)
        e = self.expr(t, depth)
        fixed = [v.name for v in self.scope if not v.is_mutable]
        name = self.random.choice(fixed) if fixed and self.random.random() < 0.15 else self.name("v")
        self.scope.append(Variable(name, t))

        def run(env: Env) -> None:
            env[name] = e.value(env)

        return f"let {name}: {type_text(t)} = {e.text}", run

    def let_mutable(self, depth: int) -> tuple[str, Callable[[Env], None]]:
        t = self.type(1)
        e, name = self.expr(t, depth), self.name("m")
        self.scope.append(Variable(name, t, True))

        def run(env: Env) -> None:
            env[name] = [e.value(env)]

        return f"let mut {name}: {type_text(t)} = {e.text}", run

    def take_apart(self, depth: int) -> tuple[str, Callable[[Env], None]]:
        a, b = self.type(1), self.type(1)
        e = self.expr(("tuple", a, b), depth)
        first, second = self.name("v"), self.name("v")
        self.scope += [Variable(first, a), Variable(second, b)]

        def run(env: Env) -> None:
            env[first], env[second] = e.value(env)

        return f"let ({first}, {second}) = {e.text}", run

    def assign(self, depth: int) -> tuple[str, Callable[[Env], None]]:
        mutable = [v for v in self.scope if v.is_mutable]
        if not mutable:
            return self.let_mutable(depth)
        v = self.random.choice(mutable)
        if v.type[0] == "list" and self.random.random() < 0.6:
            item = self.expr(v.type[1], depth - 1)

            def push(env: Env) -> None:
                before = env[v.name][0]
                env[v.name][0] = long([*before, item.value(env)])

            return f"{v.name} = {v.name}.push({item.text})", push
        e = self.expr(v.type, depth)

        def run(env: Env) -> None:
            env[v.name][0] = e.value(env)

        return f"{v.name} = {e.text}", run

    def loop(self, depth: int) -> tuple[str, Callable[[Env], None]]:
        mutable = [v for v in self.scope if v.is_mutable]
        if not mutable:
            return self.let_mutable(depth)
        outer = self.scope
        name = self.name("i")
        t = self.type(1)
        over = self.expr(("list", t), depth - 1)
        self.scope = [*outer, Variable(name, t)]
        condition = self.expr("bool", depth - 1) if self.random.random() < 0.4 else None
        stop = self.expr("bool", 1) if self.random.random() < 0.3 else None
        text, assign = self.assign(depth - 1)
        self.scope = outer

        def run(env: Env) -> None:
            for item in over.value(env):
                step(3)
                inner = {**env, name: item}
                if condition is not None and not condition.value(inner):
                    continue
                if stop is not None and stop.value(inner):
                    break
                assign(inner)

        chosen = f" if {condition.text}" if condition is not None else ""
        body = text if stop is None else f"(if {stop.text} then break else {text})"
        return f"for {name} in {over.text}{chosen} do {body}", run

    def counted(self, depth: int) -> tuple[str, Callable[[Env], None]]:
        """A while loop over a counter of its own."""
        if not any(v.is_mutable for v in self.scope):
            return self.let_mutable(depth)
        counter, limit, outer = self.name("n"), self.random.randint(0, 4), self.scope
        self.scope = [*outer, Variable(counter, "int")]  # may be read; assigned only by the loop itself
        skip = self.expr("bool", 1)
        text, assign = self.assign(depth - 1)
        self.scope = outer

        def run(env: Env) -> None:
            for n in range(1, limit + 1):
                step(3)
                inner = {**env, counter: n}
                if skip.value(inner):
                    continue
                assign(inner)

        cell = self.name("cell")
        return (
            f"run(let mut {cell} = 0, while {cell} < {limit} do run({cell} = {cell} + 1, let {counter} = {cell}, "
            f"if {skip.text} then continue, {text}))",
            run,
        )

    def any_match(self, t: Type, depth: int) -> Expr:
        r = self.random
        on_type = r.choice(
            [
                "int",
                "str",
                ("option", self.type(1)),
                ("list", "int"),
                ("tuple", "int", "bool"),
                *(("named", n) for n in self.sums),
                *(("named", n) for n in self.records),
            ]
        )
        on = self.expr(on_type, depth - 1)
        arms: list[tuple[str, Callable[[Any], Env | None], Expr | None, Expr]] = []
        for _ in range(r.randint(1, 3)):
            text, fits, names = self.pattern(on_type, 2)
            guard = self.inside(names, lambda: self.expr("bool", 1)) if r.random() < 0.3 else None
            arms.append((text, fits, guard, self.inside(names, lambda: self.expr(t, depth - 1))))
        arms.append(("_", lambda value: {}, None, self.expr(t, depth - 1)))

        def value(env: Env) -> Any:
            matched = on.value(env)
            for _text, fits, guard, body in arms:
                bound = fits(matched)
                if bound is None:
                    continue
                inner = {**env, **bound}
                if guard is None or guard.value(inner):
                    return body.value(inner)
            raise AssertionError

        shown = ", ".join(
            f"{text}{f'.match({guard.text})' if guard else ''} -> {body.text}"
            for text, _fits, guard, body in arms
        )
        return Expr(f"match({on.text}, {shown})", value)

    def pattern(self, t: Type, depth: int) -> tuple[str, Callable[[Any], Env | None], list[Variable]]:
        """Text, what it binds of a value (None: it does not fit), and the variables."""
        r = self.random
        if depth <= 0 or r.random() < 0.2:
            if r.random() < 0.3:
                return "_", lambda value: {}, []
            name = self.name("b")
            return name, lambda value: {name: value}, [Variable(name, t)]
        if t == "int":
            n = r.choice([0, 1, 2, -1, 5])
            if r.random() < 0.3:
                return f"{n}..{n + 7}", lambda value: {} if n <= value < n + 7 else None, []
            if r.random() < 0.3:
                return f"{n} | {n + 1} | 77", lambda value: {} if value in (n, n + 1, 77) else None, []
            return str(n), lambda value: {} if value == n else None, []
        if t == "bool":
            return "true", lambda value: {} if value else None, []
        if t == "str":
            return '"ab" | ""', lambda value: {} if value in ("ab", "") else None, []
        head = t[0]
        if head == "option":
            if r.random() < 0.3:
                return "None", lambda value: {} if value is None else None, []
            text, fits, names = self.pattern(t[1], depth - 1)
            return f"Some({text})", lambda value: None if value is None else fits(value[0]), names
        if head == "list":
            parts = [self.pattern(t[1], depth - 1) for _ in range(r.randint(0, 2))]
            names = [v for p in parts for v in p[2]]
            rest = r.choice([None, "", self.name("rest")])
            shown = [p[0] for p in parts]
            if rest is not None:
                shown.append(".." + rest)
            if rest:
                names.append(Variable(rest, t))

            def fits_list(value: Any) -> Env | None:
                if len(value) < len(parts) or (rest is None and len(value) != len(parts)):
                    return None
                bound = merge([p[1] for p in parts], value[: len(parts)])
                if bound is not None and rest:
                    bound[rest] = value[len(parts) :]
                return bound

            return f"[{', '.join(shown)}]", fits_list, names
        if head == "tuple":
            parts = [self.pattern(p, depth - 1) for p in t[1:]]
            shown_parts = ", ".join(p[0] for p in parts)
            return (
                f"({shown_parts})",
                lambda value: merge([p[1] for p in parts], value),
                [v for p in parts for v in p[2]],
            )
        name = t[1]
        if name in self.records:
            fields = self.records[name]
            parts = [self.pattern(ft, depth - 1) for _, ft in fields]
            shown_fields = ", ".join(f"{f}: {p[0]}" for (f, _), p in zip(fields, parts, strict=True))
            return (
                f"{name} {{ {shown_fields} }}",
                lambda value: merge([p[1] for p in parts], value),
                [v for p in parts for v in p[2]],
            )
        which = r.randrange(len(self.sums[name]))
        variant, types = self.sums[name][which]
        parts = [self.pattern(p, depth - 1) for p in types]
        return (
            variant + (f"({', '.join(p[0] for p in parts)})" if parts else ""),
            lambda value: merge([p[1] for p in parts], value[1:]) if value[0] == which else None,
            [v for p in parts for v in p[2]],
        )

    # ---- by type

    def make_int(self, t: Type, depth: int) -> Expr:
        r = self.random
        operators: dict[str, Callable[[int, int], int]] = {
            "+": lambda a, b: integer(a + b),
            "-": lambda a, b: integer(a - b),
            "*": lambda a, b: integer(a * b),
            "/": divided,
            "%": remainder,
            "div": floored,
        }
        which = r.randrange(8)
        if which <= 2:
            operator = r.choice(["+", "-", "*", "+", "-", "/", "%", "div"])
            a, b = self.expr("int", depth - 1), self.expr("int", depth - 1)
            if operator in ("/", "%", "div") and r.random() < 0.8:
                n = r.choice([1, 2, 3, 7, -3])
                b = Expr(f"({n})", lambda env: n)
            return Expr(
                f"({a.text} {operator} {b.text})", lambda env: operators[operator](a.value(env), b.value(env))
            )
        if which == 3:
            e = self.expr(r.choice([("list", self.type(1)), "str", ("map", "int")]), depth - 1)
            return Expr(f"len({e.text})", lambda env: len(e.value(env)))
        if which == 4:
            e, text, make, init = self.folded("int", depth)
            return Expr(
                f"{e.text}.fold({init.text}, {text})",
                lambda env: fold(e.value(env), init.value(env), make(env)),
            )
        if which == 5:
            e, i = self.expr(("list", "int"), depth - 1), r.choice([0, 0, 1])
            name = self.name("l")
            return Expr(
                f"run(let {name} = {e.text}, if {name}.len() > {i} then {name}[{i}] else {i})",
                lambda env: (lambda xs: xs[i] if len(xs) > i else i)(e.value(env)),
            )
        if which == 6:
            e = self.expr(("list", "int"), depth - 1)
            return Expr(f"{e.text}.sum()", lambda env: fold(e.value(env), 0, lambda a, b: integer(a + b)))
        e, d = self.expr(("option", "int"), depth - 1), self.expr("int", depth - 1)
        return Expr(
            f"({e.text} ?? {d.text})",
            lambda env: (lambda o: o[0] if o is not None else d.value(env))(e.value(env)),
        )

    def make_bool(self, t: Type, depth: int) -> Expr:
        r = self.random
        which = r.randrange(5)
        if which == 0:
            operator = r.choice(["<", "<=", ">", ">="])
            a, b = self.expr("int", depth - 1), self.expr("int", depth - 1)
            compare = {"<": int.__lt__, "<=": int.__le__, ">": int.__gt__, ">=": int.__ge__}[operator]
            return Expr(f"({a.text} {operator} {b.text})", lambda env: compare(a.value(env), b.value(env)))
        if which == 1:
            same = self.type(2)
            a, b = self.expr(same, depth - 1), self.expr(same, depth - 1)
            is_not = r.random() < 0.5
            return Expr(
                f"({a.text} {'!=' if is_not else '=='} {b.text})",
                lambda env: (a.value(env) == b.value(env)) != is_not,
            )
        if which == 2:
            operator = r.choice(["&&", "||"])
            a, b = self.expr("bool", depth - 1), self.expr("bool", depth - 1)
            if operator == "&&":
                return Expr(f"({a.text} && {b.text})", lambda env: a.value(env) and b.value(env))
            return Expr(f"({a.text} || {b.text})", lambda env: a.value(env) or b.value(env))
        if which == 3:
            e = self.expr("bool", depth - 1)
            return Expr(f"(!{e.text})", lambda env: not e.value(env))
        item = self.type(1)
        e = self.expr(("list", item), depth - 1)
        text, make = self.inline([item], "bool", depth)
        if r.random() < 0.5:
            return Expr(f"{e.text}.any({text})", lambda env: any_of(e.value(env), make(env), True))
        return Expr(f"{e.text}.all({text})", lambda env: not any_of(e.value(env), make(env), False))

    def make_str(self, t: Type, depth: int) -> Expr:
        r = self.random
        which = r.randrange(8)
        if which == 5:
            e = self.expr("str", depth - 1)
            return Expr(f"{e.text}.reverse()", lambda env: e.value(env)[::-1])
        if which == 6:
            e, n = self.expr("str", depth - 1), r.randint(0, 3)
            return Expr(f"{e.text}.repeat({n})", lambda env: long(e.value(env) * n))
        if which == 7:
            e = self.expr("str", depth - 1)
            part = r.choice(["a", "b", "λ", "xy"])
            return Expr(
                f'{e.text}.split("{part}").join("+")', lambda env: long("+".join(e.value(env).split(part)))
            )
        if which <= 1:
            a, b = self.expr("str", depth - 1), self.expr("str", depth - 1)
            return Expr(f"({a.text} + {b.text})", lambda env: long(a.value(env) + b.value(env)))
        if which == 2:
            shown = self.type(2)
            e = self.expr(shown, depth - 1)
            return Expr(f"str({e.text})", lambda env: long(self.show(shown, e.value(env))))
        if which == 3:
            e = self.expr(("list", "str"), depth - 1)
            return Expr(f'{e.text}.join("-")', lambda env: long("-".join(e.value(env))))
        e, n = self.expr("str", depth - 1), r.randint(0, 3)
        return Expr(f"{e.text}.take({n})", lambda env: e.value(env)[:n])

    def folded(self, t: Type, depth: int) -> tuple[Expr, str, Callable[[Env], Callable[..., Any]], Expr]:
        item = self.type(1)
        e = self.expr(("list", item), depth - 1)
        text, make = self.inline([t, item], t, depth)
        return e, text, make, self.expr(t, 1)

    def make_list(self, t: Type, depth: int) -> Expr:
        r = self.random
        which = r.randrange(12)
        if which >= 9:
            return self.make_sorted(t, depth)
        if which <= 1:
            item = self.type(1)
            e = self.expr(("list", item), depth - 1)
            text, make = self.inline([item], t[1], depth)
            if which == 0:
                return Expr(
                    f"map(.over: {e.text}, .transform: {text})", lambda env: mapped(e.value(env), make(env))
                )
            return Expr(f"{e.text}.map({text})", lambda env: mapped(e.value(env), make(env)))
        e = self.expr(t, depth - 1)
        if which == 2:
            text, make = self.inline([t[1]], "bool", depth)
            return Expr(f"{e.text}.filter({text})", lambda env: filtered(e.value(env), make(env)))
        if which == 3:
            item = self.expr(t[1], depth - 1)
            return Expr(f"{e.text}.push({item.text})", lambda env: long([*e.value(env), item.value(env)]))
        if which == 4:
            other = self.expr(t, depth - 1)
            return Expr(f"({e.text} + {other.text})", lambda env: long(e.value(env) + other.value(env)))
        if which == 5:
            n = r.randint(0, 3)
            method = r.choice(["take", "skip"])
            return Expr(
                f"{e.text}.{method}({n})",
                lambda env: e.value(env)[:n] if method == "take" else e.value(env)[n:],
            )
        if which == 6:
            return Expr(f"{e.text}.reverse()", lambda env: e.value(env)[::-1])
        if which == 7:
            over, text_name, item = self.type(1), self.name("z"), None
            source = self.expr(("list", over), depth - 1)
            outer = self.scope
            self.scope = [v for v in outer if not v.is_mutable] + [Variable(text_name, over)]
            condition, item = self.expr("bool", 1), self.expr(t[1], depth - 1)
            self.scope = outer
            return Expr(
                f"(for {text_name} in {source.text} if {condition.text} yield {item.text})",
                lambda env: [
                    item.value({**env, text_name: v})
                    for v in long(source.value(env))
                    if condition.value({**env, text_name: v})
                ],
            )
        if t[1] == "int":
            n = r.randint(0, 5)
            text, make = self.inline(["int"], "int", depth)
            return Expr(f"(0..{n}).map({text})", lambda env: mapped(list(range(n)), make(env)))
        index, item = r.randint(0, 2), self.expr(t[1], depth - 1)
        name = self.name("l")

        def put(env: Env) -> Any:
            values = list(e.value(env))
            if len(values) > index:
                values[index] = item.value(env)
            return values

        return Expr(
            f"run(let {name} = {e.text}, if {name}.len() > {index} then {name}.set({index}, {item.text}) else {name})",
            put,
        )

    def make_sorted(self, t: Type, depth: int) -> Expr:
        r = self.random
        e = self.expr(t, depth - 1)
        which = r.randrange(6)
        if which == 0 and t[1] in ("int", "str", "bool"):
            return Expr(f"{e.text}.sort()", lambda env: sorted(e.value(env)))
        if which == 1:
            text, make = self.inline([t[1]], "int", depth)

            def by_key(env: Env) -> Any:
                f, values = make(env), e.value(env)
                keys = [f(v) for v in values]
                return [values[i] for i in sorted(range(len(values)), key=keys.__getitem__)]

            return Expr(f"{e.text}.sort_by({text})", by_key)
        if which == 2 and "fn" not in repr(t):

            def unique(env: Env) -> Any:
                found: list[Any] = []
                for value in e.value(env):
                    if value not in found:
                        found.append(value)
                return found

            return Expr(f"{e.text}.unique()", unique)
        if which == 3:
            n = r.randint(1, 3)
            return Expr(
                f"{e.text}.chunks({n}).flatten()",
                lambda env: list(e.value(env)),
            )
        if which == 4:
            item = self.type(1)
            over = self.expr(("list", item), depth - 1)
            text, make = self.inline([item], t, depth)
            return Expr(
                f"{over.text}.flat_map({text})",
                lambda env: long([v for part in mapped(over.value(env), make(env)) for v in part]),
            )
        item = self.type(1)
        other, text_name = self.expr(("list", item), depth - 1), self.name("pair")
        return Expr(
            f"{e.text}.zip({other.text}).map({text_name} -> {text_name}.0)",
            lambda env: [a for a, _ in zip(e.value(env), other.value(env), strict=False)],
        )

    def make_option(self, t: Type, depth: int) -> Expr:
        r = self.random
        which = r.randrange(5)
        if which == 0:
            e = self.expr(("list", t[1]), depth - 1)
            return Expr(f"{e.text}.first()", lambda env: (lambda xs: (xs[0],) if xs else None)(e.value(env)))
        if which == 1:
            item = self.type(1)
            e = self.expr(("option", item), depth - 1)
            text, make = self.inline([item], t[1], depth)
            return Expr(
                f"{e.text}.map({text})",
                lambda env: (lambda o: None if o is None else (make(env)(o[0]),))(e.value(env)),
            )
        if which == 2:
            e = self.expr(("map", t[1]), depth - 1)
            return Expr(
                f'{e.text}.get("k")', lambda env: (lambda m: (m["k"],) if "k" in m else None)(e.value(env))
            )
        if which == 3:
            e = self.expr(("list", t[1]), depth - 1)
            text, make = self.inline([t[1]], "bool", depth)
            return Expr(
                f"{e.text}.find({text})",
                lambda env: (lambda xs: (xs[0],) if xs else None)(filtered(e.value(env), make(env), 1)),
            )
        item = self.type(1)
        e, name = self.expr(("option", item), depth - 1), self.name("q")
        outer = self.scope
        self.scope = [*outer, Variable(name, item)]
        rest = self.expr(t, depth - 1)
        self.scope = outer

        def attempt(env: Env) -> Any:
            value = e.value(env)
            return None if value is None else rest.value({**env, name: value[0]})

        # A `let` of a try takes one Option apart by itself.
        mark = "?" if item[0] != "option" and r.random() < 0.5 else ""
        return Expr(f"try(let {name} = {e.text}{mark}, {rest.text})", attempt)

    def make_map(self, t: Type, depth: int) -> Expr:
        r = self.random
        e, key = self.expr(t, depth - 1), r.choice(["k", "l", "z"])
        which = r.randrange(3)
        if which == 0:
            v = self.expr(t[1], depth - 1)
            return Expr(
                f'{e.text}.insert("{key}", {v.text})',
                lambda env: (lambda m: {**m, key: v.value(env)})(e.value(env)),
            )
        if which == 1:
            return Expr(
                f'{e.text}.remove("{key}")', lambda env: {k: v for k, v in e.value(env).items() if k != key}
            )
        default = self.expr(t[1], 1)
        text, make = self.inline([t[1]], t[1], depth)

        def update(env: Env) -> Any:
            before = e.value(env)
            value = default.value(env)
            return {**before, key: make(env)(before.get(key, value))}

        return Expr(f'{e.text}.update("{key}", {default.text}, {text})', update)

    def make_fn(self, t: Type, depth: int) -> Expr:
        return self.function_value(t, depth)


def merge(fits: list[Callable[[Any], Env | None]], values: Any) -> Env | None:
    bound: Env = {}
    for one, value in zip(fits, values, strict=True):
        more = one(value)
        if more is None:
            return None
        bound.update(more)
    return bound


def fold(values: list[Any], init: Any, f: Callable[[Any, Any], Any]) -> Any:
    for value in values:
        init = f(init, value)
    return init


def mapped(values: list[Any], f: Callable[[Any], Any]) -> list[Any]:
    return [f(v) for v in values]


def filtered(values: list[Any], f: Callable[[Any], bool], limit: int = 1 << 30) -> list[Any]:
    found = []
    for value in values:
        if f(value):
            found.append(value)
            if len(found) == limit:
                break
    return found


def any_of(values: list[Any], f: Callable[[Any], bool], wanted: bool) -> bool:
    return any(f(v) == wanted for v in values)


# ---- running them

WAYS = {  # profile, compiler, sanitizers
    "tcc": ("debug", None, None),
    "gcc": ("release", "gcc", None),
    "clang": ("release", "clang", None),
    "asan": ("debug", "gcc", "address,undefined"),
}


def run_program(program: Program, way: str, folder: Path, text: str | None = None) -> str:
    """What is wrong with a build and a run of it (or of `text`, the same in other words); nothing when all is well."""
    import sigil

    (folder / "src").mkdir(exist_ok=True)
    (folder / "src/main.si").write_text(text or program.text(), encoding="utf-8")
    (folder / "sigil.toml").write_text('[project]\nname = "program"\n', encoding="utf-8")
    profile, cc, sanitize = WAYS[way]
    try:
        built = sigil.Workspace(folder, jobs=1).build(
            profile=profile, cc=cc, sanitize=sanitize, output=folder / way, coverage="off"
        )
    except sigil.toolchain.ToolchainError as error:
        return str(error)
    if not built.ok:
        return "\n".join(f"{d.code} {d.message}" for d in built.diagnostics if d.code[0] == "E")
    done = subprocess.run(
        [folder / way],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"SIGIL_CHECK_LEAKS": "1"},
    )
    status = 0 if program.panic is None else 101
    got, expected = done.stdout, "".join(line + "\n" for line in program.expected)
    if done.returncode != status or got != expected:
        for i, (a, b) in enumerate(zip(got.splitlines(), expected.splitlines(), strict=False)):
            if a != b:
                return f"status {done.returncode}, line {i + 1}: {a!r}, expected {b!r}\n{done.stderr}"
        return f"status {done.returncode} (expected {status}), {len(got)} bytes (expected {len(expected)})\n{done.stderr}"
    if program.panic is not None and not done.stderr.startswith(f"panic: {program.panic}\n"):
        return f"{done.stderr!r}, expected panic {program.panic!r}"
    if program.panic is None and done.stderr:
        return done.stderr
    return ""


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--way", action="append", choices=list(WAYS))
    parser.add_argument("--show", action="store_true")
    given = parser.parse_args()
    bad = 0
    for seed in range(given.seed, given.seed + given.count):
        program = Program(seed)
        if given.show:
            print(program.text())
        for way in given.way or ["tcc"]:
            with tempfile.TemporaryDirectory() as folder:
                wrong = run_program(program, way, Path(folder))
            if wrong:
                bad += 1
                print(f"seed {seed}, {way}: {wrong}", flush=True)
                break
    print(f"{given.count} programs, {bad} bad")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
    sys.setrecursionlimit(5000)
    sys.exit(main())
