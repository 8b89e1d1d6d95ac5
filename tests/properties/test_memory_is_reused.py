"""A second build in one workspace asks the system for next to nothing; a small one gives the rest back."""

from __future__ import annotations

from pathlib import Path

import pytest

import sigil

EXAMPLE = Path(__file__).resolve().parent.parent.parent / "examples" / "forty_modules"


def sources(folder: Path, functions: int) -> Path:
    lines = ["@main () -> void = print(str(f0(1)))"]
    for i in range(functions):
        following = f"f{i + 1}(n + {i})" if i + 1 < functions else "n"
        lines.append(f"@f{i} (n: int) -> int = if n > {i} then {following} else n * {i} + {i}")
    (folder / "large.si").write_text("\n".join(lines) + "\n")
    return folder / "large.si"


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_second_run_takes_nothing_of_the_system(threads: int) -> None:
    ws = sigil.Workspace(EXAMPLE, pool=sigil.ThreadPoolConfig(max_threads=threads))
    assert ws.generate()[0].ok
    first = ws.memory()
    assert first["system_bytes"] > 0
    assert ws.generate()[0].ok
    second = ws.memory()
    # The second run allocates as the first did, all of it from the pool. Which worker does what differs
    # from run to run, so with several threads an arena may need one step more, a whole region.
    assert second["taken_bytes"] - first["taken_bytes"] > 0.5 * first["taken_bytes"]
    more = second["system_bytes"] - first["system_bytes"]
    if threads == 1:
        assert more < 0.01 * first["system_bytes"]
    else:
        assert more <= threads * (2 << 20)


def test_small_runs_give_back(tmp_path: Path) -> None:
    path = sources(tmp_path, 3000)
    ws = sigil.Workspace(path, pool=sigil.ThreadPoolConfig(max_threads=1))
    assert ws.generate()[0].ok
    large = ws.memory()
    assert large["used_bytes"] <= large["held_bytes"] <= large["used_bytes"] + (4 << 20)
    sources(tmp_path, 1)
    ws.reload()
    assert ws.generate()[0].ok
    assert ws.generate()[0].ok  # when it begins, the run before has shown how little is needed
    small = ws.memory()
    assert small["held_bytes"] < large["held_bytes"] / 2
    assert small["peak_bytes"] < large["peak_bytes"] / 2


def chain_peak(folder: Path, length: int) -> int:
    path = folder / f"chain{length}.si"
    path.write_text("@main () -> void = print(str([1, 2, 3]" + ".map(x -> x)" * length + ".len()))\n")
    ws = sigil.Workspace(path, pool=sigil.ThreadPoolConfig(max_threads=1))
    assert ws.generate()[0].ok
    return ws.memory()["peak_bytes"]


def test_lambdas_cost_the_same_however_many_there_are(tmp_path: Path) -> None:
    # A table of all locals for each lambda would make four times as much of twice the length.
    assert chain_peak(tmp_path, 8000) < 3 * chain_peak(tmp_path, 4000)
