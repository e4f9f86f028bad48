"""A process that takes text for mathematics must never take it for code: the guard of the math worker.

math-verify's plain-expression extractor hands text to sympy's parser, which evaluates it; the LaTeX extractor hands its
numerals there as well. So that parser is replaced by one of numerals, and an audit hook, which cannot be taken off
again, refuses what a comparison never needs: evaluating text, writing files, starting programs, opening sockets.
"""

from __future__ import annotations

import os
import re
import sys
from types import FrameType
from typing import Any

_STARTING = (
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "subprocess.",
    "pty.",
    "socket.",
    "ctypes.",
)
_CHANGING = (
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.kill",
    "shutil.",
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
_NUMERAL = re.compile(r"[0-9]+|(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?", re.ASCII)
_IMPORTING = "<frozen importlib._bootstrap>"
_OWN_TEMPLATES = "sympy.polys.monomials"
"""The one module that compiles while comparing: loops over exponents, unrolled from its own text and a count."""


class Refused(BaseException):
    """Raised inside a library that tried what a comparison never needs; not an Exception, so nothing swallows it."""


def install() -> None:
    """Guard this process from here on; there is no way back."""
    sys.addaudithook(_refuse)


def read_numerals_only() -> None:
    """Put a parser of numerals where sympy, asked to make something of a string, would evaluate it.

    While sympy's own modules are imported it may go on as before: some make symbols of their names that way.
    """
    from sympy import Float, Integer, SympifyError
    from sympy.parsing import sympy_parser

    evaluating = sympy_parser.parse_expr

    def parse_numeral(text: str, *settings: Any, **named: Any) -> Any:
        if _importing():
            return evaluating(text, *settings, **named)
        numeral = text.strip()
        if not _NUMERAL.fullmatch(numeral):
            raise SympifyError(text)
        return Integer(int(numeral)) if numeral.isdigit() else Float(numeral)

    sympy_parser.parse_expr = parse_numeral


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("exec", "compile"):
        if sys._getframe(1).f_globals.get("__name__") != _OWN_TEMPLATES and not _importing():
            raise Refused(event)
    elif event == "open":
        if isinstance(arguments[2], int) and arguments[2] & _WRITING:
            raise Refused(event)
    elif event.startswith(_STARTING + _CHANGING):
        raise Refused(event)


def _importing() -> bool:
    """True while the import system runs a library's module, which is code from disk rather than from a text."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == _IMPORTING:
            return True
        frame = frame.f_back
    return False
