"""What more cores would give: a build recorded on one thread, replayed on any number of simulated workers.

WHY     A speed-up can be measured only up to the cores of the machine at hand. Work, span and the costs of the scheduler
        can be measured anywhere, and they say how a greedy scheduler does on more.
SHAPE   trace ─▶ plan (stages ─▶ serial parts and loops ─▶ items, loops inside of items) ─▶ replay on N workers ─▶ speed-ups
        costs: measured by the core (csrc/sched/costs.h)             memory: pages and bytes of each stage, measured rates
MODEL   docs/SCALING.md has it, with its error.
FILES   plan.py the structure of a recording · costs.py what steps and memory cost here · replay.py the simulated workers
        · record.py recordings and measurements of a project · predict.py tables, targets, validation, the Amdahl list
"""

from __future__ import annotations
