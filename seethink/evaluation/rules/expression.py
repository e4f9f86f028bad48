"""Reading a text as one Python expression, without Python: tokens to a tree of our own, for ``arithmetic`` to work out.

The harness evaluates answers as Python. Python's own parser is of no use here, since a long enough text brings it down,
and what it accepts changes with its version. Read is what can end in a number: numerals, names, strings without
escapes, displays, operators, comparisons, conditions, calls and subscripts. The rest of the language is recognised and
becomes ``Foreign``, which nobody can work out.
"""

from __future__ import annotations

from typing import Any

from seethink.evaluation.rules.tokens import NotPython, Token, Unread, tokens_of
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

MAX_DEPTH = 40
"""Nested parts of an expression; Python's tokenizer ends at 200 brackets. choice: no answer needs more."""

_CONSTANTS = {"True": True, "False": False, "None": None}
_BINARY = ({"|"}, {"^"}, {"&"}, {"<<", ">>"}, {"+", "-"}, {"*", "/", "//", "%", "@"})
"""Operators of one strength, the weakest first; all group to the left."""


def read_expression(text: str) -> Node:
    """The tree of ``text``. Raises NotPython."""
    return _Reader(tokens_of(text)).whole()


class _Reader:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.place, self.depth = tokens, 0, 0

    def whole(self) -> Node:
        node = self._listed()
        if self._next().kind != "end":
            raise NotPython(self._next().text)
        return node

    def _next(self) -> Token:
        return self.tokens[self.place]

    def _take(self, *texts: str) -> str:
        """The next token's text where it is one of these operators or keywords, else nothing."""
        token = self._next()
        if token.kind in ("operator", "keyword") and token.text in texts:
            self.place += 1
            return token.text
        return ""

    def _need(self, text: str) -> None:
        if not self._take(text):
            raise NotPython(f"{self._next().text!r} instead of {text!r}")

    def _listed(self) -> Node:
        """One expression, or several with commas: a tuple."""
        first = self._expression()
        if not self._take(","):
            return first
        parts = [first]
        while self._next().text not in ("", ")", "]", "}") and self._next().kind != "end":
            parts.append(self._expression())
            if not self._take(","):
                break
        return Display(tuple, tuple(parts))

    def _expression(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Unread("nested too deeply")
        try:
            return self._condition()
        finally:
            self.depth -= 1

    def _condition(self) -> Node:
        if self._take("lambda"):
            while not self._take(":"):
                if self._next().kind != "name" and self._next().text != ",":
                    raise NotPython("lambda")
                self.place += 1
            self._expression()
            return Foreign("lambda")
        if self._take("*", "**"):
            self._expression()
            return Foreign("a starred expression")
        then = self._or()
        if not self._take("if"):
            return then
        condition = self._or()
        self._need("else")
        return Condition(condition, then, self._expression())

    def _or(self) -> Node:
        return self._joined("or", lambda: self._joined("and", self._not))

    def _joined(self, word: str, part: Any) -> Node:
        parts: list[Node] = [part()]
        while self._take(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Operation((word,), tuple(parts))

    def _not(self) -> Node:
        count = 0
        while self._take("not"):
            count += 1
        node = self._comparison()
        if count:
            node = Operation(("not",), (node,))
            if count % 2 == 0:
                node = Operation(("not",), (node,))
        return node

    def _comparison(self) -> Node:
        parts, operators = [self._binary(0)], list[str]()
        while True:
            operator = self._take("<", ">", "<=", ">=", "==", "!=", "in", "is")
            if operator == "is" and self._take("not"):
                operator = "is not"
            elif not operator and self._next() == Token("keyword", "not"):
                if self.tokens[self.place + 1] != Token("keyword", "in"):
                    raise NotPython("not")
                self.place += 2
                operator = "not in"
            if not operator:
                break
            operators.append(operator)
            parts.append(self._binary(0))
        return Operation(tuple(operators), tuple(parts)) if operators else parts[0]

    def _binary(self, strength: int) -> Node:
        if strength == len(_BINARY):
            return self._signed()
        node = self._binary(strength + 1)
        while operator := self._take(*_BINARY[strength]):
            node = Operation((operator,), (node, self._binary(strength + 1)))
        return node

    def _signed(self) -> Node:
        signs = list[str]()
        while sign := self._take("-", "+", "~"):
            signs.append(sign)
        node = self._power()
        if len(signs) > MAX_DEPTH:
            raise Unread("nested too deeply")
        for sign in reversed(signs):
            node = Operation((sign,), (node,))
        return node

    def _power(self) -> Node:
        if self._take("await"):
            return Foreign("await", self._primary())
        base = self._primary()
        if not self._take("**"):
            return base
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Unread("nested too deeply")
        exponent = self._signed()
        self.depth -= 1
        return Operation(("**",), (base, exponent))

    def _primary(self) -> Node:
        node = self._atom()
        while True:
            if self._take("."):
                if self._next().kind != "name":
                    raise NotPython(".")
                self.place += 1
                node = Foreign("an attribute", node)
            elif self._take("("):
                node = self._call(node)
            elif self._take("["):
                node = self._subscript(node)
            else:
                return node

    def _call(self, function: Node) -> Node:
        arguments, foreign = list[Node](), ""
        while not self._take(")"):
            token = self._next()
            if token.kind == "name" and self.tokens[self.place + 1] == Token("operator", "="):
                self.place += 2
                foreign = "a call with keywords"
            arguments.append(self._named())
            if self._comprehended():
                foreign = "a comprehension"
            if not self._take(","):
                self._need(")")
                break
        return Foreign(foreign, function) if foreign else Call(function, tuple(arguments))

    def _subscript(self, value: Node) -> Node:
        sliced, parts = False, list[Node]()
        while not self._take("]"):
            if self._take(":") or self._take(","):
                sliced = True
            else:
                parts.append(self._named())
        if not parts and not sliced:
            raise NotPython("[]")
        return Foreign("a slice", value) if sliced or len(parts) > 1 else Subscript(value, parts[0])

    def _named(self) -> Node:
        """An expression that may bind a name."""
        token = self._next()
        if token.kind == "name" and self.tokens[self.place + 1] == Token("operator", ":="):
            self.place += 2
            return Name(token.text, self._expression())
        return self._expression()

    def _atom(self) -> Node:
        token = self._next()
        self.place += 1
        if token.kind == "number":
            return Constant(_numeral(token.text))
        if token.kind == "name":
            return Name(token.text)
        if token.kind == "string":
            text = _unquoted(token.text)
            while self._next().kind == "string":
                text += _unquoted(self._next().text)
                self.place += 1
            return Constant(text)
        if token.text in _CONSTANTS:
            return Constant(_CONSTANTS[token.text])
        if token.text == "...":
            return Constant(...)
        if token.text == "(":
            return self._bracketed(tuple, ")")
        if token.text == "[":
            return self._bracketed(list, "]")
        if token.text == "{":
            return self._bracketed(set, "}")
        raise NotPython(token.text)

    def _bracketed(self, kind: type, closing: str) -> Node:
        parts, commas, pairs, foreign = list[Node](), 0, 0, ""
        while not self._take(closing):
            if self._take("**"):
                foreign = "a starred expression"
            parts.append(self._named())
            if kind is set and self._take(":"):
                pairs += 1
                parts.append(self._expression())
            if self._comprehended():
                foreign = "a comprehension"
            if not self._take(","):
                self._need(closing)
                break
            commas += 1
        if foreign:
            return Foreign(foreign)
        if kind is set and (pairs or not parts):
            if len(parts) != 2 * pairs:
                raise NotPython("{")
            return Display(dict, tuple(parts))
        if kind is tuple and len(parts) == 1 and not commas:
            return parts[0]
        return Display(kind, tuple(parts))

    def _comprehended(self) -> bool:
        """Skip the ``for … in …`` parts behind an element; True where there are any."""
        found = False
        while True:
            self._take("async")
            if not self._take("for"):
                return found
            found = True
            self._binary(0)
            while self._take(","):
                self._binary(0)
            self._need("in")
            self._or()
            while self._take("if"):
                self._or()


def _numeral(text: str) -> int | float | complex:
    plain = text.replace("_", "")
    if plain[:2] in ("0x", "0o", "0b"):
        return int(plain, 0)
    if plain.endswith("j"):
        return complex(0, float(plain[:-1]))
    if "." in plain or "e" in plain:
        return float(plain)
    try:
        return int(plain)
    except ValueError:
        raise NotPython("a numeral of too many digits") from None


def _unquoted(text: str) -> str:
    width = 3 if text[:3] in ('"""', "'''") else 1
    return text[width:-width]
