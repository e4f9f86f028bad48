"""What an expression is made of, once it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Constant:
    """A numeral, a plain string, True, False or None."""

    value: Any


@dataclass(frozen=True)
class Name:
    """A name that is looked up; with ``value`` it is bound on the way (``:=``)."""

    name: str
    value: Node | None = None


@dataclass(frozen=True)
class Operation:
    """An operator between parts; a unary one has one part, a chained comparison one operator fewer than parts."""

    operators: tuple[str, ...]
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Condition:
    """``then if condition else otherwise``."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True)
class Display:
    """A tuple, list, set or dict written out; a dict's parts are its keys and values in turn."""

    kind: type
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Call:
    """A call without keywords."""

    function: Node
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Subscript:
    """``value[index]``."""

    value: Node
    index: Node


@dataclass(frozen=True)
class Foreign:
    """A construct that is not read; ``first`` is what Python works out before it, if anything."""

    construct: str
    first: Node | None = None


Node = Constant | Name | Operation | Condition | Display | Call | Subscript | Foreign
