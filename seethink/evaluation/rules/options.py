"""The option matcher of MathVista, MATH-V and We-Math: which option a text chooses, as the harness reads it.

It is generous and harsh in turn ("The answer is clearly the second" is C, ``$B$`` is nothing), and reproduced as it is.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping

from seethink.evaluation.rules.judge import API_FAILURE
from seethink.evaluation.rules.rule_set import OptionRules
from seethink.evaluation.rules.stops import HarnessStops

NO_OPTION = "Z"
"""What a refusal is read as; never right."""

REFUSALS = (
    "Sorry, I can't help with images of people yet.",
    "I can't process this file.",
    "I'm sorry, but without the image provided",
    "Cannot determine the answer",
)
"""Texts of the harness's own: each of them, anywhere, is ``NO_OPTION``."""

_SPACED = str.maketrans(dict.fromkeys(".()[],:;!*#{}", " "))
_ANSWER_IS = re.compile(r"answer\s+is\s+\**([ABCD])", re.IGNORECASE)


def match_option(text: str, options: Mapping[str, str], rules: OptionRules) -> str | None:
    """The letter that ``text`` chooses among ``options`` (letter to text), ``NO_OPTION`` for a refusal, None for none.

    Raises HarnessStops where there are more options than letters and their texts are searched.
    """
    return _letter(text, options, rules) or _by_text(text, options, rules)


def _letter(text: str, options: Mapping[str, str], rules: OptionRules) -> str | None:
    if API_FAILURE in text:
        return None
    if any(refusal in text for refusal in REFUSALS):
        return NO_OPTION
    tokens = text.translate(_SPACED).split()
    present = [letter for letter in options if letter in tokens]
    if len(present) == 1:
        (letter,) = present
        if rules.last_tokens is None or tokens.index(letter) >= len(tokens) - rules.last_tokens:
            return letter
    elif not present and NO_OPTION in tokens:
        return NO_OPTION
    found = _ANSWER_IS.search(text) if rules.answer_is else None
    return found[1].upper() if found and found[1].upper() in options else None


def _by_text(text: str, options: Mapping[str, str], rules: OptionRules) -> str | None:
    """The one option whose text occurs."""
    lowered = text.lower()
    if rules.text_share is not None and len(lowered) > rules.text_share * sum(map(len, options.values())):
        return None
    if any(letter not in string.ascii_uppercase for letter in options):
        raise HarnessStops(f"there are {len(options)} options, more than letters")
    there = [letter for letter, option in options.items() if option.lower() in lowered]
    return there[0] if len(there) == 1 else None
