"""The tokens of a text, as Python would have them."""

from __future__ import annotations

import keyword
import re
import unicodedata
from typing import NamedTuple

_DIGITS = r"[0-9](?:_?[0-9])*"
_TOKEN = re.compile(
    rf"""
      (?P<space>(?:[ \t\f]|\\\n|\#[^\n]*)+)
    | (?P<newline>\n)
    | (?P<number>
          0x(?:_?[0-9a-f])+ | 0o(?:_?[0-7])+ | 0b(?:_?[01])+
        | (?:(?:{_DIGITS})?\.{_DIGITS}|{_DIGITS}\.?)(?:e[-+]?{_DIGITS})?j?
      )
    | (?P<prefixed>(?:[bfru]|br|rb|fr|rf)["'])
    | (?P<string>\"\"\"(?:[^\\"]|"(?!""))*\"\"\" | '''(?:[^\\']|'(?!''))*''' | "[^"\\\n]*" | '[^'\\\n]*')
    | (?P<name>[^\W\d]\w*)
    | (?P<operator>\*\*|//|<<|>>|<=|>=|==|!=|:=|->|\.\.\.|[-+*/%@&|^~<>()\[\]{{}},:.=;])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_GLUED = frozenset({"and", "else", "for", "if", "in", "is", "not", "or"})
"""Words that may stand right behind a numeral."""
_KEYWORDS = frozenset(keyword.kwlist)
_WORD = re.compile(r"\w+")


class NotPython(Exception):
    """The text is no expression of Python; its parser would raise a SyntaxError."""


class Unread(NotPython):
    """Python might go on here; we do not."""


class Token(NamedTuple):
    """``kind`` is number, name, string, prefixed, operator, keyword or end."""

    kind: str
    text: str


def tokens_of(text: str) -> list[Token]:
    """Ended by an empty one. Raises NotPython."""
    tokens, place, open_brackets = list[Token](), 0, 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise NotPython(text[place])
        kind, found, place = str(match.lastgroup), match.group(), match.end()
        if kind == "newline" and not open_brackets:
            if text[place:].strip(" \t\f\n"):
                raise NotPython("a second line")
            break
        if kind in ("space", "newline"):
            continue
        if kind == "name":
            found = unicodedata.normalize("NFKC", found)
            kind = "keyword" if found in _KEYWORDS else "name"
        elif kind == "number":
            following = _WORD.match(text, place)
            _check_numeral(found, following[0] if following else "")
        elif kind == "prefixed":
            raise Unread("a string with a prefix")
        elif kind == "operator":
            open_brackets += (found in "([{") - (found in ")]}")
        tokens.append(Token(kind, found))
    return [*tokens, Token("end", "")]


def _check_numeral(numeral: str, following: str) -> None:
    if following and not any(following.startswith(word) for word in _GLUED):
        raise NotPython(f"{numeral}{following}")
    if re.fullmatch(r"0[0-9_]*[1-9][0-9_]*", numeral):
        raise NotPython(f"{numeral} with a leading zero")
