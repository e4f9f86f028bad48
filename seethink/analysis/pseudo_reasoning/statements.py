"""What a sentence states: that a subject has a value.

Plain rules for the few forms in which reasoning states checkable things ("angle ADC is 30 degrees", "x = 60", "b2 holds
the red circle", "red 3, blue 2", "the answer is C"). They are made to be seldom wrong and often silent: a sentence that
supposes, asks, hedges or denies states nothing. All of it is choice; ``benchmarks/traces.py`` measures
it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

LONGEST = 500
"""Characters of a sentence that are read. choice."""

KEPT = 4_096
"""Sentences whose statements are kept: contradictions and reflections ask about the same ones."""

ANSWER = "answer"
"""The subject of a statement about the answer itself."""

_NUMBER_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
NUMERAL = r"(?:\d{1,12}(?:,\d{3})*(?:\.\d{1,12})?|\.\d{1,12})"
_NUMBER = rf"[-+]?{NUMERAL}(?:\s?/\s?\d{{1,12}})?"
_VALUE = rf"(?:{_NUMBER}|{'|'.join(_NUMBER_WORDS)})"
_ENDS = r"(?![\w(]|\s?[-+*/^×·÷=√π(]|\.\d|\s?%)"
UNIT = r"(?:\s?(?:°|degrees?|cm|mm|km|m|units?)\b)?"
_BEING = r"(?:is|are|was|equals?|measures|be)"
_LABEL = r"[a-z]\d{1,2}"
_NOUNS = r"[a-z]{2,}(?:\s[a-z]{2,}){0,2}"


class Statement(NamedTuple):
    """``subject`` in lower case without articles; ``value`` a fraction in lowest terms, a letter, or words."""

    subject: str
    value: str


_SENTENCE_END = re.compile(r"(?<=[.!?])(?<!\b[A-Z]\.)(?<!\d\.)\s+|(?<=[.!?]\")\s+|\n|;\s+|(?<=\d\.)\s+(?=[A-Z])")
_UNSURE = re.compile(
    r"\b(?:if|suppose|supposing|assum\w+|let(?:'s|s)?|say|imagine|case|try|would|could|might|may|maybe|perhaps"
    r"|possibly|probably|when|unless|whether|either|or|not|never|no|isn't|aren't|cannot|can't|each|every|per)\b"
    r"|n't\b|≠|≈|\?\s*$",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"[,:()]|\b(?:so|then|that|because|since|therefore|thus|hence|and|but|where|means|as|which|while|now|means"
    r"|finally|first|next|here|with|of which|see|get|find|have|gives)\b",
    re.IGNORECASE,
)
_EMPTY_SUBJECT = re.compile(
    r"it|this|that|there|these|those|they|he|she|we|i|you|one|what|which|value|number|result|total|sum|difference|left"
    r"|all|both|others|rest|step|option|figure|panel|part|case|choice|question|example|equation"
)
"""A word that means another thing each time it stands as a subject."""

_ARTICLE = re.compile(r"^(?:(?:the|a|an|our|its|my|cell|point)\s+)+", re.IGNORECASE)

_SAID_ANSWER = re.compile(
    r"\banswer\b[^.:=?\n]{0,40}?(?:\bis\b|\bbe\b|:|=)\s*\**\s*"
    rf"(?:(?:option|choice)\s+)?(?:\(?(?P<letter>[A-J])\)?(?![\w'])|(?P<number>{_NUMBER}){UNIT}{_ENDS})"
)
_SAID_OPTION = re.compile(
    r"(?:\b(?:is|to|be|choose|select|pick|with|matches|namely)|=)\s+(?:option|choice)\s+\(?(?P<letter>[A-J])\)?(?![\w'])",
    re.IGNORECASE,
)
_DOUBTS_ANSWER = re.compile(r"\b(?:if|whether|not|could|might|may|maybe|perhaps|what)\b|n't\b|\?\s*$", re.IGNORECASE)

_EQUATION = re.compile(rf"(?P<subject>[A-Za-z∠θαβγφ][\w'∠θαβγφ ]{{0,40}}?)\s*=\s*(?P<value>{_NUMBER}){UNIT}{_ENDS}")
_COPULA = re.compile(
    rf"(?P<subject>[A-Za-z∠θαβγφ][\w'∠ -]{{0,60}}?)\s+{_BEING}\s+(?:exactly\s+|also\s+)?"
    rf"(?P<value>{_VALUE}){UNIT}(?=\s*(?:[.,;:!)]|$|and so\b|because\b|since\b|so\b))(?!\s*,\s*\d)",
    re.IGNORECASE,
)
_HAS = re.compile(
    rf"(?P<owner>[A-Za-z][\w' -]{{0,40}}?)\s+(?:has|have|contains?)\s+(?:exactly\s+)?(?P<value>{_VALUE})\s+"
    r"(?P<noun>[a-z]{3,})\b",
    re.IGNORECASE,
)
_LIST = re.compile(rf"(?P<pairs>\b[A-Za-z]{{3,}}\s{_NUMBER}(?:,\s+(?:and\s+)?[A-Za-z]{{3,}}\s{_NUMBER})+)\W*$")
_PAIR = re.compile(rf"(?P<word>[A-Za-z]{{3,}})\s(?P<value>{_NUMBER})")
_HOLDS = re.compile(
    rf"\b(?P<label>{_LABEL})\s+(?:holds|contains|shows|has|is)\s+(?:a|an|the)\s+(?P<what>{_NOUNS})(?=\s*(?:[.,;]|$))"
)
_IS_AT = re.compile(
    rf"(?P<what>{_NOUNS})\s+(?:is|lies|sits|stands)\s+(?:located\s+)?(?:at|in|on)\s+(?:the\s+)?(?:cell\s+)?"
    rf"(?P<label>{_LABEL})\b(?!\s*=)",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    rf"(?:^|[,:]\s*|\b(?:see|shows?|are|and)\s+)(?P<label>{_LABEL})\s(?P<what>{_NOUNS})(?=\s*(?:[.,;]|$))"
)
_NAMED_POINT = re.compile(
    rf"\b(?P<subject>vertex|cent(?:re|er)|midpoint|origin)\s+(?:is\s+)?(?:at\s+)?"
    rf"\((?P<x>{_NUMBER}),\s?(?P<y>{_NUMBER})\)",
    re.IGNORECASE,
)

_LATEX = (
    (re.compile(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}"), r"\1/\2"),
    (re.compile(r"\\(?:cdot|times)\b"), "*"),
    (re.compile(r"\\div\b"), "/"),
    (re.compile(r"\^?\{?\\circ\}?"), "°"),
    (re.compile(r"\\(?:text|mathrm|mathbf)\{([^{}]*)\}"), r"\1"),
    (re.compile(r"\\(?:angle)\b|∠"), "angle "),
    (re.compile(r"\\boxed\{([^{}]*)\}"), r"\1"),
    (re.compile(r"\\(?:left|right|quad|,|;|!|\(|\)|\[|\])|\$|\*\*"), " "),
)
_MINUS = str.maketrans({"−": "-", "–": "-", "×": "*", "·": "*", "÷": "/"})


def sentences(text: str) -> list[str]:
    """The sentences of a step, stripped, empty ones left out. "3.5" and "A. Smith" are not cut."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]


@lru_cache(KEPT)
def statements(sentence: str) -> tuple[Statement, ...]:
    """What one sentence states; nothing where it supposes, asks, hedges or denies."""
    text = plain(sentence)
    found = list(_answers(text))
    if not _UNSURE.search(text):
        found += [one for rule in (_equations, _copulas, _lists, _places) for one in rule(text)]
    return tuple(dict.fromkeys(found))


def read_value(text: str) -> str | None:
    """An answer as the value of a statement: an option's letter, or a number; None for anything else."""
    bare = plain(text).strip(" .()[]")
    if re.fullmatch(r"[A-J]", bare):
        return bare
    return _value(bare) if re.fullmatch(_VALUE + UNIT, bare, re.IGNORECASE) else None


def agree(first: str, second: str) -> bool:
    """True where two values of one subject can both hold: equal, or the words of one are among those of the other."""
    if first == second:
        return True
    one, other = set(first.split()), set(second.split())
    return not any(character.isdigit() for character in first + second) and (one <= other or other <= one)


def _answers(text: str) -> Iterator[Statement]:
    for rule in (_SAID_ANSWER, _SAID_OPTION):
        for match in rule.finditer(text):
            if not _DOUBTS_ANSWER.search(text):
                groups = match.groupdict()
                yield Statement(ANSWER, groups["letter"].upper() if groups["letter"] else _value(groups["number"]))


def _equations(text: str) -> Iterator[Statement]:
    for match in _EQUATION.finditer(text):
        before = text[: match.start()].rstrip()
        subject = _subject(match["subject"])
        # What stands behind an operator or a second "=" is a part of a longer calculation.
        if subject and not re.search(r"[-+*/^=(]$", before) and not re.match(r"\s*(?:=|or|and)\s", text[match.end() :]):
            yield Statement(subject, _value(match["value"]))


def _copulas(text: str) -> Iterator[Statement]:
    for match in _COPULA.finditer(text):
        subject = _subject(match["subject"])
        if subject and subject.split()[0] != ANSWER:
            yield Statement(subject, _value(match["value"]))
    for match in _HAS.finditer(text):
        owner = _subject(match["owner"])
        if owner:
            yield Statement(f"{owner} {match['noun'].lower()}", _value(match["value"]))


def _lists(text: str) -> Iterator[Statement]:
    match = _LIST.search(text)
    for pair in _PAIR.finditer(match["pairs"]) if match else ():
        if not _EMPTY_SUBJECT.fullmatch(pair["word"].lower()):
            yield Statement(pair["word"].lower(), _value(pair["value"]))


def _places(text: str) -> Iterator[Statement]:
    for rule in (_HOLDS, _IS_AT, _LABELLED):
        for match in rule.finditer(text):
            what = _ARTICLE.sub("", match["what"].lower()).strip()
            if what and not _EMPTY_SUBJECT.fullmatch(what.split()[0]):
                yield Statement(match["label"].lower(), what)
    for match in _NAMED_POINT.finditer(text):
        yield Statement(match["subject"].lower(), f"{_value(match['x'])} , {_value(match['y'])}")


def _subject(text: str) -> str | None:
    """The last clause's subject, without articles; None for ``_EMPTY_SUBJECT``."""
    clause = _ARTICLE.sub("", _CLAUSE.split(text)[-1].strip()).strip().lower()
    words = clause.split()
    if not words or _EMPTY_SUBJECT.fullmatch(words[0]) or len(words) > 6:
        return None
    return " ".join(words)


def _value(text: str) -> str:
    lowered = text.lower()
    if lowered in _NUMBER_WORDS:
        return str(_NUMBER_WORDS.index(lowered))
    number = _fraction(re.sub(rf"{UNIT}$", "", text, flags=re.IGNORECASE))
    return lowered if number is None else str(number)


def _fraction(text: str) -> Fraction | None:
    whole, _, below = text.replace(",", "").replace(" ", "").partition("/")
    try:
        return Fraction(whole) / (Fraction(below) if below else 1)
    except (ValueError, ZeroDivisionError):
        return None


def plain(sentence: str) -> str:
    """The first ``LONGEST`` characters with LaTeX, signs and spacing made plain."""
    text = sentence[:LONGEST].translate(_MINUS)
    for pattern, plain in _LATEX:
        text = pattern.sub(plain, text)
    return " ".join(text.split())
