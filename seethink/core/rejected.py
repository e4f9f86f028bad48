"""Rejected: why a row went no further. A step either returns, or says why not."""

from __future__ import annotations

from typing import NamedTuple


class Rejected(NamedTuple):
    """One row set aside.

    Attributes:
        reason: a short fixed phrase, so that counting reasons is a group-by ("rewrite gap").
        detail: what a person needs to mend it ("gap 23 words, at most 15").
        where: file and line, or item id.
        source: data set of a row that became no item, where it is known all the same.
    """

    reason: str
    detail: str = ""
    where: str = ""
    source: str = ""


class InputError(ValueError):
    """Input that cannot be used: the message names what, where and the remedy, and is shown without a traceback."""


class Stopped(Exception):
    """The run was asked to stop, or its budget is spent; every paid answer is recorded. Run again to go on."""
