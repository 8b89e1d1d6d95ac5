"""What every benchmark shares: medians, a calibration loop, tables for people and JSON for programs."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a benchmark's table. `target` is words, `value` a number with its unit."""

    name: str
    value: float
    unit: str
    target: str = ""
    note: str = ""


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def machine() -> dict[str, Any]:
    """What a figure was measured on."""
    model = ""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text("utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    commit = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return {
        "cpu": model or platform.processor(),
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "commit": commit,
        "date": time.strftime("%Y-%m-%d"),
    }


def shown(row: Row) -> str:
    if row.unit in ("x", "s"):
        number = f"{row.value:.3f}"
    elif abs(row.value) >= 1000:
        number = f"{row.value:,.0f}"
    else:
        number = f"{row.value:.2f}"
    return f"{number} {row.unit}"


def report(title: str, rows: Sequence[Row], arguments: argparse.Namespace) -> None:
    """Prints the table and, with --json FILE, writes the same figures."""
    here = machine()
    print(f"{title}\n{here['cpu']}, {here['cpus']} CPUs, commit {here['commit'] or '?'}, {here['date']}\n")
    width = max(len(row.name) for row in rows)
    values = [shown(row) for row in rows]
    value_width = max(len(value) for value in values)
    target_width = max(len(row.target) for row in rows)
    print(f"{'':{width}}  {'measured':>{value_width}}  {'target':{target_width}}")
    for row, value in zip(rows, values, strict=True):
        print(f"{row.name:{width}}  {value:>{value_width}}  {row.target:{target_width}}  {row.note}".rstrip())
    if arguments.json:
        content = {
            "title": title,
            "machine": here,
            "rows": [
                {"name": r.name, "value": r.value, "unit": r.unit, "target": r.target, "note": r.note}
                for r in rows
            ],
        }
        arguments.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def parser(module: str, doc: str) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog=f"python -m {module}", description=doc.splitlines()[0])
    made.add_argument("--json", type=Path, metavar="FILE", help="also write the figures as JSON")
    return made
