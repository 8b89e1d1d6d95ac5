"""Builds in place with the Python that runs this, and installs the package there once, editable.

`make build` calls it. An editable install makes `import sigil` and the script `sigil` work from anywhere; it
is done again only when pyproject.toml or setup.py changes, because building alone is twenty times faster.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAMP = Path(sys.prefix) / ".sigil-installed"


def main() -> int:
    digest = hashlib.sha256(str(ROOT).encode())
    for name in ("pyproject.toml", "setup.py"):
        digest.update((ROOT / name).read_bytes())
    if STAMP.exists() and STAMP.read_text() == digest.hexdigest():
        return subprocess.run(
            [sys.executable, "setup.py", "-q", "build_ext", "--inplace"], cwd=ROOT, check=False
        ).returncode
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", "install"]
    # First the build itself, whose messages pip would hide.
    for command in (
        [sys.executable, "setup.py", "-q", "build_ext", "--inplace"],
        [*pip, "--no-build-isolation", "--no-deps", "--editable", "."],
    ):
        status = subprocess.run(command, cwd=ROOT, check=False).returncode
        if status != 0:
            return status
    STAMP.write_text(digest.hexdigest())
    return 0


if __name__ == "__main__":
    sys.exit(main())
