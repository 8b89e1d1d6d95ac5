"""Sigil: a parallel optimising compiler, as a library."""

from sigil import _core

__version__: str = _core.version()
