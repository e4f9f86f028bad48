"""Options: how a chosen option is found in a sentence of prose: a letter, an option's text, or its number. Used by
``prose`` only; what ``leading``, ``within`` and ``sure`` mean stands in ``quantities``. All of it is choice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from seethink.answers.boxed import unboxed
from seethink.answers.characters import plain
from seethink.answers.choice import LETTERS, read_choice, read_choices
from seethink.answers.expression import read_expression
from seethink.answers.quantities import SENTENCE_END, Finds, expressions

_SHORT = 80
"""Longest text, in characters, that may be a choice as it stands."""

_FIRST_LETTER = re.compile(
    r"[\s:\"'“$*_]*(?P<named>(?:the\s+)?(?:option|choice|letter|figure|picture|image|diagram|shape|graph|statement|answer)\s+)?"
    r"(?:\\(?:text|boxed|mathrm|mathbf|textbf)\s*\{|\\\(|[(\[{\"'“$*])*(?P<letter>[A-J])(?P<mark>[)\]}\"'”.:]*)(?![\w'’])",
    re.IGNORECASE,
)
_NOT_ARTICLE = re.compile(
    r"\s+(?:is|because|since|as|and|or|which|with|would|must|should|has|in|for|due|by|from|where|based)\b"
)
_CALCULATES = re.compile(r"\s*[-=+*/^<>≈]")
_ENDS_OR_EXPLAINS = re.compile(r"\s*(?:$|[,;:.)])|\s+(?:because|since|as)\b")
_SECOND_LETTER = re.compile(r"\s*(?:or|and|[,/&、]|或|和)\s*(?:option\s+)?[(\[]?(?:[A-HJ]|I(?!\s+[a-z]))(?![\w'])")
_LAST_LETTER = re.compile(r"(?:^|(?P<before>\w+)?[\s(\[\"'$*:]+)(?P<letter>[A-J])[)\]\"'$*]*[.!]?\s*$")
_NO_OPTION = frozenset(
    {"not", "a", "an", "the", "and", "or", "to", "from", "of", "than", "at", "between", "through", "point", "points"}
    | {"line", "lines", "angle", "angles", "vertex", "side", "sides", "edge", "node", "segment", "triangle", "circle"}
    | {"arc", "ray", "plane", "set", "city", "town", "station", "person"}
)
"""Words before a last letter that names something else than an option. choice."""

_FLAT = str.maketrans(dict.fromkeys("$*\"'`“”‘’°", None))


def choices(options: Sequence[str]) -> Finds:
    """A letter, or an option by its text or its number."""
    allowed = LETTERS[: len(options)] if options else LETTERS
    flat = {letter: _flat(option) for letter, option in zip(allowed, options, strict=False) if _flat(option)}
    values = {letter: _value(option) for letter, option in zip(allowed, options, strict=False)}
    count = expressions()

    def exactly(text: str) -> str | None:
        if len(text) > _SHORT:
            return None
        letter = read_choice(text, options)
        return letter or _joined(read_choices(text, options))

    def leading(text: str) -> str | None:
        match = _FIRST_LETTER.match(plain(text))
        by_text = _first_option(text, flat)
        if match and _is_letter(match, text) and match["letter"].upper() in allowed:
            rest = text[match.end() :]
            if _SECOND_LETTER.match(rest):
                return _joined(read_choices(SENTENCE_END.split(text, maxsplit=1)[0], options))
            stated = _first_option(rest, flat)
            letter = match["letter"].upper()
            return letter if stated in (None, letter) else None
        return by_text or _of_value(count.leading(text), values)

    def within(text: str, *, sure: bool) -> str | None:
        named = read_choice(text, options)
        if named:
            return named
        first, last = _FIRST_LETTER.match(text), _LAST_LETTER.search(text)
        if first and first["letter"] in allowed and _ENDS_OR_EXPLAINS.match(text[first.end() :]):
            return leading(text)
        if last and (last["before"] or "").lower() not in _NO_OPTION and last["letter"] in allowed:
            return last["letter"]
        begun = _first_option(text, flat)
        if sure or begun:
            return begun or _of_value(count.within(text, sure=True), values)
        if first and first["named"] and first["letter"] in allowed:
            return first["letter"]
        held = _held_options(_flat(text), flat)
        return held.pop() if len(held) == 1 else _of_value(count.within(text, sure=False), values)

    return Finds(exactly, leading, within)


def _joined(letters: str | None) -> str | None:
    return ", ".join(letters) if letters else None


def _is_letter(match: re.Match[str], text: str) -> bool:
    """False for the article "a" and the pronoun "I", and for a small letter that nothing marks as an option."""
    letter, rest = match["letter"], text[match.end() :]
    if match["mark"] or match.group().strip() != letter:
        return True
    if _CALCULATES.match(rest):
        return False
    if letter in "AI" and re.match(r"\s+[a-z]", rest):
        return letter == "A" and _NOT_ARTICLE.match(rest) is not None
    return letter.isupper() or not rest.strip(" .")


def _flat(text: str) -> str:
    text = re.sub(r"\\(?:text|mathrm|left|right)\b|\\[,;!() ]|\^\s*\{?\s*\\circ\s*\}?", " ", plain(unboxed(text)))
    return " ".join(text.translate(_FLAT).casefold().rstrip(".").split())


def _first_option(text: str, flat: dict[str, str]) -> str | None:
    """The option whose text stands at the beginning, the longest if several do."""
    text = _flat(text)
    begun = [letter for letter, option in flat.items() if text.startswith(option) and _ends(text, len(option))]
    return max(begun, key=lambda letter: len(flat[letter])) if begun else None


def _held_options(text: str, flat: dict[str, str]) -> set[str]:
    """Options whose text stands in the sentence and is not part of a longer one that does."""
    held = {}
    for letter, option in flat.items():
        if len(option) < 3 and not option.isdigit():
            continue
        places = [
            match.start()
            for match in re.finditer(re.escape(option), text)
            if _ends(text, match.end()) and not re.search(r"[\w.,/-]$", text[: match.start()][-1:])
        ]
        if places:
            held[letter] = option
    return {
        letter
        for letter, option in held.items()
        if not any(option != other and option in other for other in held.values())
    }


def _ends(text: str, place: int) -> bool:
    """True where no word or number goes on."""
    return re.match(r"\w|[.,/:][0-9]|[%^/\\√(]", text[place : place + 2]) is None


def _of_value(found: str | None, values: dict[str, float | str | None]) -> str | None:
    """The one option that is the number or the expression found."""
    value = None if found is None else _value(found)
    equal = [letter for letter, option in values.items() if value is not None and option == value]
    return equal[0] if len(equal) == 1 else None


def _value(text: str) -> float | str | None:
    """A number where the text is one, with or without a unit, else its LaTeX."""
    read = read_expression(text)
    if read is None:
        return None
    latex = "".join(read.latex.replace(r"\left", "").replace(r"\right", "").split())
    number = re.fullmatch(r"(-?[0-9.]+)(?:/([0-9]+))?", latex.replace(",", ""))
    try:
        return float(number[1]) / float(number[2] or 1) if number else latex
    except (ValueError, ZeroDivisionError):
        return latex
