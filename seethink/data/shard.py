"""Shard: every n-th part of every table, for the tasks of a job array that share a disk and nothing else.

One process collects the items; the shards then go through the steps, each with the parts that are its own; the same
command without a shard finds all parts sealed, makes up for any that is missing, and writes the sets.
"""

from __future__ import annotations

from dataclasses import dataclass

from seethink.core.rejected import InputError


@dataclass(frozen=True, slots=True)
class Shard:
    """Number ``index``, from 0, of ``count``."""

    index: int
    count: int

    def has(self, part: int) -> bool:
        return part % self.count == self.index

    def __str__(self) -> str:
        return f"{self.index}-of-{self.count}"


def parse_shard(text: str) -> Shard:
    """``"2/8"``: the third of eight. InputError for anything that is no shard."""
    index, slash, count = text.partition("/")
    if not (slash and index.isascii() and index.isdecimal() and count.isascii() and count.isdecimal()):
        raise InputError(f"shard {text!r}: write it as i/n, for example 0/8")
    if len(text) > 12 or int(index) >= int(count):
        raise InputError(f"shard {text!r}: {count} shards are numbered 0 to {max(0, int(count[:9]) - 1)}")
    return Shard(int(index), int(count))
