"""Options: how the choices of a question are written into its text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import ascii_uppercase

_OPTION_LINE = re.compile(r"\s*\(?([A-Za-z])[).:]\s*\S")


def with_options(question: str, options: Sequence[str]) -> str:
    """The question with lines "A) 30", unless it already spells all of its options out."""
    lines = [f"{letter}) {option}" for letter, option in zip(ascii_uppercase, options, strict=False)]
    spelt = {found[1].upper() for line in question.splitlines()[1:] if (found := _OPTION_LINE.match(line))}
    if spelt >= set(ascii_uppercase[: len(options)]):
        return question
    return "\n".join([question, *lines])


def bare_options(options: Sequence[object]) -> list[object]:
    """Options without their own letters, where every one begins with the letter of its place ("A) red", "B. blue")."""
    found = [_OPTION_LINE.match(str(option)) for option in options]
    letters = [one[1].upper() if one else "" for one in found]
    if not options or letters != list(ascii_uppercase[: len(options)]):
        return list(options)
    return [str(option)[one.end() - 1 :].strip() for option, one in zip(options, found, strict=True) if one]
