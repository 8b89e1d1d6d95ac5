"""What more cores would give: a build recorded on one thread, replayed on any number of simulated workers.

WHY     A speed-up can be measured only up to the cores of the machine at hand. Work, span and the costs of
        the scheduler can be measured anywhere, and they say how a greedy scheduler does on more.
SHAPE   trace ─▶ plan: stages ─▶ serial parts, loops ─▶ items ─▶ replay on N workers ─▶ speed-ups
        costs of the scheduler and rates of the memory, measured by csrc/sched/costs.h ──┘
MODEL   docs/SCALING.md has it, with its error.
FILES   plan.py      the structure of a recording
        costs.py     what the scheduler's steps and the memory cost here
        replay.py    the simulated workers
        record.py    recordings and measurements of a project
        predict.py   speed-ups, targets, validation, the Amdahl list
"""

from __future__ import annotations
