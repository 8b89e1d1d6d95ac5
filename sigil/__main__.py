"""The command line: `python -m sigil`."""

from __future__ import annotations

import sys

from sigil.cli import main

if __name__ == "__main__":
    sys.exit(main())
