"""What people and programs see. The only part of the package that prints.

`console.py` knows the two streams and what they can show; `diagnostics.py`, `tests.py` and `summary.py` turn
results into text; `progress.py` is the line that moves while work goes on.
"""
