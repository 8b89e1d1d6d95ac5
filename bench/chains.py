"""Writes projects whose graph of modules has a shape of its own: `python -m bench.chains --shape chain OUT`.

`chain`: every module imports the one before, so that levels of imports have one module each. `wide`: nobody imports
anybody but `main`, which imports all, so that there are two levels. Both have the same functions in modules of one size:
what differs is the graph alone. Equal arguments give equal bytes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

FUNCTIONS = 24  # in a module


def function(module: int, number: int) -> list[str]:
    a, b, c = 3 + (module * 7 + number) % 89, 5 + (module + number * 11) % 97, 2 + number % 7
    return [
        f"@step_{number} (values: [int], limit: int) -> int = run(",
        f"    let kept = filter(.over: values, .predicate: value -> value % {a} != {c} && value < limit * {b}),",
        f"    let scaled = kept.map(value -> (value * {b} + {c}) % {a + b}),",
        "    let mut total = 0,",
        "    for value in scaled do run(",
        f"        total = total + if value > {a} then value - {a} else value * {c},",
        "    ),",
        f'    match(total % {c}, 0 -> total, 1 -> total + {b}, _ -> total + "{a} of {b}".len()),',
        ")",
        "",
    ]


def module_text(module: int, needs: int | None) -> str:
    lines = []
    if needs is not None:
        lines += [f"use m{needs:03} {{ combine_{needs:03} }}", ""]
    lines += [
        f"#[derive(Eq, Printable)]\npub type Entry{module:03} = {{ key: int, label: str, weight: float }}",
        "",
    ]
    for number in range(FUNCTIONS):
        lines += function(module, number)
    last = f"combine_{needs:03}(values)" if needs is not None else "0"
    steps = " + ".join(f"step_{number}(values, {number + 3})" for number in range(FUNCTIONS))
    lines += [f"pub @combine_{module:03} (values: [int]) -> int = {last} + {steps}", ""]
    return "\n".join(lines)


def generate(out: Path, *, shape: str, modules: int) -> int:
    """Writes the project; returns its lines."""
    source = out / "src"
    source.mkdir(parents=True, exist_ok=True)
    (out / "sigil.toml").write_text(
        f'[project]\nname = "{shape}"\nversion = "1.0.0"\n\n[tests]\ncoverage = "off"\n', encoding="utf-8"
    )
    texts = {}
    for module in range(modules):
        needs = module - 1 if shape == "chain" and module > 0 else None
        texts[f"m{module:03}"] = module_text(module, needs)
    ends = [modules - 1] if shape == "chain" else range(modules)
    head = "\n".join(f"use m{module:03} {{ combine_{module:03} }}" for module in ends)
    calls = " + ".join(f"combine_{module:03}([1, 2, 3])" for module in ends)
    texts["main"] = f"{head}\n\n@main () -> void = print(str({calls}))\n"
    for name, text in texts.items():
        (source / f"{name}.si").write_text(text, encoding="utf-8")
    return sum(text.count("\n") for text in texts.values())


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.chains", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--shape", choices=("chain", "wide"), default="chain")
    parser.add_argument("--modules", type=int, default=200)
    arguments = parser.parse_args()
    print(generate(arguments.out, shape=arguments.shape, modules=arguments.modules), "lines")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
