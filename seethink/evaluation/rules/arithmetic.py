"""What Python's value of a text would be, worked out without running it.

The harness evaluates answers as Python and takes them for equal where the values differ by less than 1e-6. Here a tree
(see ``expression``) is worked out with the operators of numbers and with the few functions of numbers below. Nothing
else is reachable: no attribute, no import, no function of anybody's. Sizes are bounded, so this ends.
"""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from seethink.evaluation.rules.expression import read_expression
from seethink.evaluation.rules.tree import (
    Call,
    Condition,
    Constant,
    Display,
    Foreign,
    Name,
    Node,
    Operation,
    Subscript,
)

MAX_BITS = 1 << 20
"""Bits of a whole number, and items of a sequence; a longer one is further from any gold than 1e-6. choice."""


class Unworkable(Exception):
    """Python would run code here that is not run."""


class TooLarge(Exception):
    """A value past ``MAX_BITS``."""


_UNARY: dict[str, Callable[[Any], Any]] = {"-": operator.neg, "+": operator.pos, "~": operator.invert}
_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "@": operator.matmul,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": operator.lshift,
    ">>": operator.rshift,
    "**": operator.pow,
}
_COMPARING: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "is": operator.is_,
    "is not": operator.is_not,
    "in": lambda one, many: one in many,
    "not in": lambda one, many: one not in many,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    one.__name__: one
    for one in (abs, bool, complex, divmod, float, int, len, max, min, ord, round, sorted, sum, tuple, list, set)
}
_GLOBALS = frozenset(
    {"defaultdict", "pd", "timeout_decorator", "get_logger", "load", "can_infer", "logger", "latex2sympy"}
    | {"is_equal", "build_mathv_gpt4_prompt", "list_to_dict", "post_check", "logging", "np", "os", "re", "sys", "json"}
)
"""Names that the harness's module has beside Python's own."""


class Opaque:
    """A thing that the harness can name and that is no number."""

    def __init__(self, name: str) -> None:
        self.name = name


def value_of(text: str, names: Mapping[str, Any]) -> Any:
    """The value Python would give ``text``.

    Raises whatever Python would (NotPython for its SyntaxError, NameError, TypeError, ...); TooLarge where a value is;
    Unworkable where only running the text could tell.
    """
    return _value(read_expression(text), dict(names))


def _value(node: Node, names: MutableMapping[str, Any]) -> Any:
    match node:
        case Constant(value):
            return value
        case Name(name, None):
            return _named(name, names)
        case Name(name, value):
            assert value is not None
            names[name] = _value(value, names)
            return names[name]
        case Operation(operators, parts):
            return _operated(operators, parts, names)
        case Condition(condition, then, otherwise):
            return _value(then if _value(condition, names) else otherwise, names)
        case Display(kind, parts):
            values = [_value(part, names) for part in parts]
            return dict(zip(values[::2], values[1::2], strict=True)) if kind is dict else kind(values)
        case Call(function, arguments):
            return _called(_value(function, names), [_value(one, names) for one in arguments])
        case Subscript(value, index):
            whole, place = _value(value, names), _value(index, names)
            if isinstance(whole, (str, tuple, list, dict)):
                return whole[place]
            raise Unworkable("a subscript") if isinstance(whole, Opaque) else TypeError
        case Foreign(construct, first):
            if first is not None:
                _value(first, names)
            raise Unworkable(construct)


def _named(name: str, names: Mapping[str, Any]) -> Any:
    if name in names:
        return names[name]
    if name in _GLOBALS or hasattr(builtins, name):
        return Opaque(name)
    raise NameError(name)


def _operated(operators: tuple[str, ...], parts: tuple[Node, ...], names: MutableMapping[str, Any]) -> Any:
    first = operators[0]
    if first in ("and", "or"):
        result = None
        for part in parts:
            result = _value(part, names)
            if bool(result) is (first == "or"):
                break
        return result
    if first == "not":
        return not _value(parts[0], names)
    if first in _COMPARING:
        return _compared(operators, parts, names)
    values = [_value(part, names) for part in parts]
    if any(isinstance(value, Opaque) for value in values):
        raise TypeError
    if len(values) == 1:
        return _UNARY[first](values[0])
    left, right = values
    _check_size(first, left, right)
    if first == "%" and isinstance(left, str):
        raise Unworkable("formatting")
    return _BINARY[first](left, right)


def _compared(operators: tuple[str, ...], parts: tuple[Node, ...], names: MutableMapping[str, Any]) -> Any:
    left, result = _value(parts[0], names), None
    for comparison, part in zip(operators, parts[1:], strict=True):
        right = _value(part, names)
        result = _COMPARING[comparison](left, right)
        if not result:
            break
        left = right
    return result


def _called(function: Any, arguments: list[Any]) -> Any:
    if not isinstance(function, Opaque):
        raise TypeError
    if function.name not in _FUNCTIONS and function.name not in ("pow", "range"):
        raise Unworkable(f"a call of {function.name}")
    if any(isinstance(one, Opaque) for one in arguments):
        raise Unworkable("a call with what is no number")
    if function.name == "pow":
        if len(arguments) == 2:
            _check_size("**", *arguments)
        return pow(*arguments)
    if function.name == "range":
        made = range(*arguments)
        if len(made) > MAX_BITS:
            raise TooLarge
        return list(made)
    return _FUNCTIONS[function.name](*arguments)


def _check_size(sign: str, left: Any, right: Any) -> None:
    """TooLarge where the result would be."""
    whole = isinstance(left, int) and isinstance(right, int)
    if sign == "**" and whole and right > 0 and left.bit_length() * right > MAX_BITS and abs(left) > 1:
        raise TooLarge
    if sign == "<<" and whole and left and right > MAX_BITS:
        raise TooLarge
    if sign == "*":
        for count, many in ((left, right), (right, left)):
            if isinstance(count, int) and isinstance(many, (str, tuple, list)) and count * len(many) > MAX_BITS:
                raise TooLarge
        if whole and left.bit_length() + right.bit_length() > 2 * MAX_BITS:
            raise TooLarge
