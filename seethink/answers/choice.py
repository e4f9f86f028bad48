"""Multiple choice: one option letter, the text of one option, or exactly a set of options."""

from __future__ import annotations

import re
from collections.abc import Sequence

from seethink.answers.boxed import unboxed
from seethink.answers.characters import plain
from seethink.core.item import Item
from seethink.core.verdict import Outcome, Verdict, correct, undecided, unparseable, wrong

LETTERS = "ABCDEFGHIJ"
"""Letters an option may carry where the item does not list its options. choice: ten."""

_BARE = re.compile(r"[(\[{]?\s*([A-Za-z])\s*[)\]}]?\s*[.:,]?")
_LEADING = re.compile(r"[(\[]?\s*([A-Za-z])\s*(?:[)\]]\s*[.:]?|[.:](?=\s|$)|:|\n)\s*(.*)", re.DOTALL)
_NAMED = re.compile(
    r"(?P<no>\bnot\s+(?:the\s+)?)?(?:\b(?i:option|choice)\s+[(\[]?([A-Za-z])(?![\w'])"
    r"|\b(?i:answer(?:\s+is)?)\s*:?\s*[(\[]?([A-Z])(?![\w'])"
    r"|(?:答案|选项|应选|故选|选择|选)\s*[应该当]*[是为]?\s*:?\s*[(\[]?([A-Z])(?![\w'])"
    r"|[(\[]([A-Z])[)\]])",
    re.ASCII,
)
_ALTERNATIVE = re.compile(
    r"(?:\b(?:or|and)\b|[,;/&|、或和与及])\s*(?:option\s+)?[(\[]?\s*"
    r"(?:([A-Za-z])\s*[)\]:]|([AI])(?!\s+[a-z])(?![\w'])|([B-HJ-Z])(?![\w']))",
    re.ASCII,
)
_LISTED = re.compile(
    r"(?:^|\n)\s*[(\[]?([A-Za-z])[)\].:]|(?:^|\n)[ \t]*([A-Z])[ \t]*(?=\n|$)|(?<=\s)([A-Z])[):](?=\s)", re.ASCII
)
_BRACKETED = re.compile(r"[(\[]([A-Z])[)\]]")
_OPENING = re.compile(r"([B-HJ])\s")
_JOINED = re.compile(r"[A-Z]{2,10}")
_SEVERAL = re.compile(
    r"(?:(?:the\s+)?(?:(?:correct|right)\s+)?(?:answers?|options?|choices?)(?:\s+(?:is|are))?|答案|选项|选)\s*[是为]?\s*:?\s*",
    re.IGNORECASE,
)
_LETTERED = re.compile(
    r"(?:[\s,;、&和与及]|\band\b|[(\[]\s*[A-Za-z]\s*[)\]]\.?|(?<![A-Za-z])[A-Za-z](?![A-Za-z])[)\]]?[.:]?)+"
)
_LETTER = re.compile(r"(?<![A-Za-z])[A-Za-z](?![A-Za-z])")
_LABELLED = re.compile(r"[(\[]?\s*[A-Za-z]\s*(?:[)\].:]|$)")
_SEPARATOR = re.compile(r"\s*(?:[,;、]|\band\b)\s*")
_WRAPPERS = (
    re.compile(r"\*\*(.*)\*\*", re.DOTALL),
    re.compile(r"\$+([^$]*)\$+", re.DOTALL),
    re.compile(r"\\(?:text|mathrm|mathbf|textbf|mathit|textit)\s*\{(.*)\}", re.DOTALL),
    re.compile(r"\\[(\[](.*)\\[)\]]", re.DOTALL),
    re.compile(r"[\"'“‘`](.*)[\"'”’`]", re.DOTALL),
)


def read_choice(text: str, options: Sequence[str] = ()) -> str | None:
    """The option letter a text chooses, upper case; None where it chooses none or offers several.

    In this order (reference 5.4, choice): the text is a letter; it is exactly one option's text; it starts with a
    letter and a bracket, colon, full stop or line break; it names "option X", "(X)" or "答案是X". A text that goes on
    to offer or list another letter ("A or B", "(A), (C)"), that says "not (X)", or whose letter and option text
    disagree, chooses nothing.
    """
    text = _unwrapped(text)
    allowed = LETTERS[: len(options)] if options else LETTERS
    bare = _BARE.fullmatch(text)
    if bare and bare[1].upper() in allowed:
        return bare[1].upper()
    by_text = option_of_text(text, options)
    if by_text is not None:
        return by_text
    leading = _LEADING.match(text)
    if leading and leading[1].upper() in allowed:
        letter = leading[1].upper()
        stated = option_of_text(leading[2], options)
        if stated is not None:
            return letter if stated == letter else None
        return None if _others(leading[2], letter, allowed) else letter
    opening = _OPENING.match(text)
    named: set[str] = set()
    for match in _NAMED.finditer(text):
        if match["no"]:
            return None
        named.add(match.group(match.lastindex or 0).upper())
    if len(named) != 1:
        return None
    letter = named.pop()
    if letter not in allowed or (opening and opening[1] != letter):
        return None
    return None if _others(text, letter, allowed) else letter


def read_choices(text: str, options: Sequence[str] = ()) -> str | None:
    """The letters of the options a text chooses, in order and each once: "C, A" and "AC" are "AC"; None for none.

    One option is read as ``read_choice`` reads it. Several are joined capitals; letters or option texts between commas
    or "and"; or lines of one option each. "A or C" offers and does not choose.
    """
    single = read_choice(text, options)
    if single is not None:
        return single
    text = _unwrapped(text).replace("**", "")
    lead = _SEVERAL.match(text)
    text = text[lead.end() :].strip().rstrip(".") if lead else text.rstrip(".")
    if _JOINED.fullmatch(text) and len(set(text)) == len(text):
        found: list[str | None] = list(text)
    elif _LETTERED.fullmatch(text):
        found = [letter.upper() for letter in _LETTER.findall(text)]
    else:
        lines = text.splitlines()
        found = [
            read_choice(piece, options) if len(lines) > 1 and _LABELLED.match(piece) else option_of_text(piece, options)
            for piece in (lines if len(lines) > 1 else _SEPARATOR.split(text))
        ]
    allowed = LETTERS[: len(options)] if options else LETTERS
    letters = {letter for letter in found if letter and letter in allowed}
    return "".join(sorted(letters)) if letters and letters == set(found) else None


def same_choice(item: Item, answer: str) -> Verdict:
    """1 where the answer chooses the gold's option, 0 otherwise; range {0, 1}.

    A gold of several options ("A, C" or "AC") is met by exactly this set, in any order. choice: nothing for a part.
    """
    gold = read_choices(item.gold, item.options)
    several = gold is not None and len(gold) > 1
    chosen = (read_choices if several else read_choice)(answer, item.options)
    if chosen is None:
        return unparseable("not a set of options" if several else "not exactly one option")
    if gold is None:
        return undecided(Outcome.ERROR, f"gold {item.gold[:80]!r} is not one of the options")
    shown = ", ".join(chosen)
    return correct(shown) if chosen == gold else wrong(shown, f"gold is {', '.join(gold)}")


def option_of_text(text: str, options: Sequence[str]) -> str | None:
    """The letter of the one option that a text spells out, None where there is none or two alike."""
    wanted = _plain(text)
    places = [place for place, option in enumerate(options) if _plain(option) == wanted]
    return LETTERS[places[0]] if wanted and len(places) == 1 and places[0] < len(LETTERS) else None


def _others(text: str, letter: str, allowed: str) -> set[str]:
    """Letters offered or listed beside the one chosen."""
    offered = {match.group(match.lastindex or 0).upper() for match in _ALTERNATIVE.finditer(text)}
    listed = {match.group(match.lastindex or 0).upper() for match in _LISTED.finditer(text)}
    bracketed = set(_BRACKETED.findall(text)) - {letter}
    # One other in brackets may be spoken of ("C, since (A) is too small"), two more are a list.
    several = bracketed if len(bracketed) >= min(2, len(allowed) - 1) else set()
    return {other for other in offered | listed | several if other in allowed} - {letter}


def _plain(text: str) -> str:
    return " ".join(_unwrapped(text).rstrip(".").casefold().split())


def _unwrapped(text: str) -> str:
    text = plain(unboxed(text)).strip()
    for _ in range(4):
        inner = next((match[1] for wrapper in _WRAPPERS if (match := wrapper.fullmatch(text))), None)
        if inner is None:
            break
        text = inner.strip()
    return text
