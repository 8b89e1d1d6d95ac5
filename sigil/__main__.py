"""The command line: `python -m sigil`."""

from __future__ import annotations

import sys

import sigil


def main() -> int:
    print(f"sigil {sigil.__version__}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
