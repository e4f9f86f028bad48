r"""Boxes of text: what a response puts into ``\boxed{}`` is what it answers."""

from __future__ import annotations

import re

_BRACE = re.compile(r"\\(?:boxed|fbox)\s*+\{|\\[{}\\]|[{}]")


def boxes(text: str) -> list[str]:
    """The contents of every closed box, outermost ones only, in order."""
    found: list[str] = []
    opened: list[int] = []
    boxed = 0
    for match in _BRACE.finditer(text):
        brace = match.group()
        if brace == "}":
            start = opened.pop() if opened else -1
            if start >= 0:
                boxed -= 1
                if boxed == 0:
                    found.append(text[start : match.start()].strip())
        elif brace == "{":
            opened.append(-1)
        elif len(brace) > 2:
            opened.append(match.end())
            boxed += 1
    return found


def unboxed(text: str) -> str:
    """What the one box of a text holds; the text as it is where it has none, or boxes that differ."""
    while "\\boxed" in text or "\\fbox" in text:
        contents = set(boxes(text))
        if len(contents) != 1:
            return text
        text = contents.pop()
    return text
