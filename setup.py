"""Builds sigil._core and the runtime library of generated programs with plain setuptools.

Compiling itself is tools/cbuild.py's: in parallel (`-j N`, else all CPUs), only what changed, into build/.

Environment: CC, SIGIL_JOBS, SIGIL_WERROR=1 (warnings are errors), SIGIL_SANITIZE=address,undefined (the
extension with sanitizers), SIGIL_DEBUG=1 (without optimisation, with assertions and debug information).
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "tools"))
import cbuild  # noqa: E402  # its folder was put on the path above

VERSION = re.search(r'SIGIL_VERSION "([^"]+)"', (ROOT / "csrc/base/version.h").read_text(encoding="utf-8"))


class BuildSigil(build_ext):
    """The extension and, beside it in the package, `_runtime/` with what generated programs link with."""

    def run(self) -> None:
        os.chdir(ROOT)
        build = cbuild.Build(jobs=self.parallel if isinstance(self.parallel, int) else None, quiet=False)
        try:
            with build.locked():
                self.core_build = build
                super().run()
                self.install_runtime(build)
                self.install_pages()
        except cbuild.BuildError as error:
            sys.exit(f"{error}\nsigil: the build failed")

    def build_extensions(self) -> None:
        # Not super()'s: it would look for a compiler of its own and may start threads of its own.
        for extension in self.extensions:
            self.build_extension(extension)

    def build_extension(self, ext: Extension) -> None:
        build = self.core_build
        cc = cbuild.c_compiler()
        sanitize = cbuild.sanitize_flags(os.environ.get("SIGIL_SANITIZE", ""))
        if os.environ.get("SIGIL_DEBUG") == "1":
            kind, optimise = "debug", ["-O0", "-g"]
        elif sanitize:
            kind, optimise = "sanitize", ["-O1", "-g1"]
        else:
            kind, optimise = "core", ["-O2", "-DNDEBUG"]
        flags = [*cbuild.base_flags(), "-fPIC", *optimise, *sanitize]
        include = sysconfig.get_path("include")
        objects = build.compile(kind, cbuild.core_sources(), flags, cc)
        objects += build.compile(
            f"{kind}-{sys.implementation.cache_tag}",
            cbuild.sources("python"),
            [*flags, "-isystem", include],
            cc,
        )
        # Linked in build/ and copied, so that the file is replaced at once and only when something changed.
        tag = f"{kind}-{Path(cc[0]).name}"
        linked = build.program(
            build.folder / "ext" / tag / Path(self.get_ext_filename(ext.name)).name,
            cc,
            ["-shared", *sanitize],
            objects,
            ["-lm", "-lpthread"],
        )
        copy_if_changed(linked, Path(self.get_ext_fullpath(ext.name)))

    def copy_extensions_to_source(self) -> None:
        for ext in self.extensions:
            copy_if_changed(
                Path(self.build_lib) / self.get_ext_filename(ext.name),
                ROOT / self.get_ext_filename(ext.name),
            )

    def install_runtime(self, build: cbuild.Build) -> None:
        # In place (develop, editable): into the source tree; else into what becomes the wheel.
        package = (ROOT if self.inplace else Path(self.build_lib)) / "sigil/_runtime"
        for library in cbuild.runtime_libraries(build, cbuild.c_compiler()):
            copy_if_changed(library, package / library.name)
        for header in sorted((ROOT / "csrc/runtime").glob("si*.h")):  # si.h and what it includes
            copy_if_changed(header, package / "include" / header.name)

    def install_pages(self) -> None:
        # What `sigil explain` shows. In the source tree it reads docs/ itself.
        if not self.inplace:
            for page in sorted((ROOT / "docs/errors").glob("*.md")):
                copy_if_changed(page, Path(self.build_lib) / "sigil/errors" / page.name)


def copy_if_changed(source: Path, target: Path) -> None:
    """Copies and renames, so that a process which has the old library loaded keeps its bytes."""
    if target.exists():
        old, new = target.stat(), source.stat()
        if old.st_size == new.st_size and old.st_mtime_ns == new.st_mtime_ns:
            return
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{os.getpid()}.{target.name}")
    shutil.copy2(source, temporary)
    temporary.replace(target)


assert VERSION is not None, "csrc/base/version.h has no SIGIL_VERSION"
setup(
    version=VERSION.group(1),
    ext_modules=[Extension("sigil._core", sources=["csrc/python/module.c"])],
    cmdclass={"build_ext": BuildSigil},
)
