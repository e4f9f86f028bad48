"""Prose: where a response that wrote no tags states its answer. For the lenient reading only, training never sees it.

Models that were not asked for tags box their answer, say "the answer is", conclude ("So there are 5 apples."), or
answer first and explain afterwards. ``final_answer`` looks at these places in this order (choice) and takes the first
in which the item's verifier finds an answer; ``quantities`` and ``options`` say how an answer is found in a place. The
payload it returns goes to ``grade`` like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from seethink.answers.box import read_boxes
from seethink.answers.boxed import boxes
from seethink.answers.characters import plain
from seethink.answers.grade import MAX_ANSWER
from seethink.answers.options import choices
from seethink.answers.quantities import Finds, counts, expressions
from seethink.core.item import Verifier
from seethink.core.trace import answer_part

READ = 20_000
"""Characters read from the end of a response, where answers stand; as many from its beginning are looked at for a
first sentence. choice."""

LAST = 3
"""Sentences at the end of a response in which a conclusion is looked for. choice."""

STATEMENTS = 20
"""Explicit statements that are looked at, from the end of a response. choice."""

LONGEST = 600
"""Characters of a sentence that are read. choice."""

WORDS = 4
"""Words of a last line that may be the answer and nothing else. choice."""

_ASSERTED = re.compile(
    r"(?<!\bto )(?<!\bcan )(?<!\bcannot )(?<!\bpossible )\b(?:answers?|ans)\b"
    r"(?!\s+(?:choices|options|the|this|these)\b)[^.:=\n]{0,60}?(?:\b(?:is|are|was|be)\b|:|=)"
    r"|\b(?:answer|ans)\s{0,3}-(?=\s)"
    r"|^[^\w\n]{0,8}(?:the\s+)?(?:final\s+|correct\s+)?(?:answer|result|conclusion)[^\w\n]{0,8}$"
    r"|\b(?:final|end)\s+result\b[^.:=\n]{0,30}?(?:\bis\b|:|=)"
    r"|(?:答案|结果)\s*(?:应该|应当|应|就)?\s*(?:是|为|:)",
    re.IGNORECASE | re.MULTILINE,
)
_CHOSEN = re.compile(
    r"\b(?:correct|right|best)\s+(?:options?|choices?|figure|picture|image|diagram|graph|statement|one|match)\b"
    r"[^.:=\n]{0,60}?(?:\b(?:is|are)\b|:)"
    r"|\bI(?:\s+would|\s+will|'d|'ll)?\s+(?:choose|select|pick|go\s+with)\b"
    r"|(?:故选|应选|选择|选)\s*:?\s*(?=[(\[]?[A-Z])"
    r"|(?=(?<![\w(])[(\[]?[A-J][)\]]?\s+(?:is|must\s+be|would\s+be)\s+(?:the\s+)?(?:correct|right|best|answer|only|odd|missing|next)\b)",
    re.IGNORECASE,
)
_CONCLUDING = re.compile(
    r"(?:^|[\s,;(])(?:so|therefore|thus|hence|consequently|altogether|finally|in total|in conclusion|in summary|overall"
    r"|as a result)\b,?|∴|因此|所以|故|综上|总共|一共",
    re.IGNORECASE,
)
_DENIED = re.compile(r"\W*(?:not|n't|never)\b", re.IGNORECASE)
_LEAD_IN = re.compile(r"^[\s:=*_]+(?:-\s+)?")
_SENTENCE = re.compile(r"(?<=[.!?])(?<!approx\.)(?<!\bsq\.)(?<!\bcu\.)(?<!\bFig\.)(?<!\bNo\.)(?<!\bvs\.)[\"')\]]*\s+")
_DISPLAYED = re.compile(r"\\\[(?:(?!\\[\[\]]).)*\\\]|\$\$[^$]*\$\$|```[^`]*```", re.DOTALL)
_STRONG_EMPHASIS = re.compile(r"(?<![\w)*])\*\*(?=[^\s*])([^*\n]+)\*\*(?!\*)")
_EMPHASIS = re.compile(r"(?<![\w)*])\*(?=[^\s*])([^*\n]+)\*(?![\w*])")
_BOX = re.compile(r"[\[(]\s*(?:-?[0-9]+(?:\.[0-9]+)?(?:\s*,\s*|\s+)){3}-?[0-9]+(?:\.[0-9]+)?\s*[\])]")
_TURN = re.compile(
    r"<\|im_start\|>\s*assistant\b|<\|start_header_id\|>\s*assistant\s*<\|end_header_id\|>|<start_of_turn>\s*model\b"
    r"|<\|assistant\|>|\[/INST\]|^[ \t]*(?:###[ \t]*)?ASSISTANT:",
    re.MULTILINE,
)
"""Where a chat template lets the model speak: recorded outputs often hold their prompt, with its examples' answers."""

_STOPS = ("<|im_end|>", "<|eot_id|>", "<|end|>", "<end_of_turn>", "</s>", "###")
"""Where it makes the model stop."""

_LISTED_OPTION = re.compile(r"^[(\[]?([A-J])\s*[)\].:]+\s+\S")
_MARKUP = re.compile(r"^[ \t]*(?:#+|>|[-*•])[ \t]+|^[ \t]*```\w*[ \t]*$", re.MULTILINE)


def final_answer(text: str, verifier: Verifier, options: Sequence[str] = ()) -> str | None:
    """The answer a response states at last, as a payload for its verifier; None where none is found.

    In this order: an answer block or a short text that reads as it is; the last box; the last explicit statement; a
    conclusion in the last three sentences; the last sentence and then the first, where they put a result behind "=" or
    a verb of being; the last sentence otherwise, and the first at last. An open answer is the block, what follows the
    thinking, what is stated, or the last line.
    """
    text = _own_words(text)
    part = answer_part(text)
    if verifier is Verifier.OPEN:
        return _open(text, part)
    if verifier is Verifier.IOU:
        return _boxes(part[-READ:])
    chooses = verifier is Verifier.MCQ
    reader = choices(options) if chooses else counts() if verifier is Verifier.DIGIT else expressions()
    found = reader.exactly(part) if "\n" not in part and len(part) <= MAX_ANSWER else None
    if found is not None:
        return found
    tail = _cleaned(part[-READ:])
    return next(filter(None, _answers(part, tail, reader, chooses)), None)


def _own_words(text: str) -> str:
    """What the model said itself, without an echoed prompt before it and the marks of a chat template behind it."""
    text = _TURN.split(text)[-1].strip()
    while stop := next(filter(text.endswith, _STOPS), None):
        text = text.removesuffix(stop).rstrip()
    return text


def _answers(part: str, tail: str, reader: Finds, chooses: bool) -> Iterator[str | None]:
    """What each place says, the most explicit place first."""
    for box in reversed(boxes(part[-READ:])):
        yield reader.exactly(box) or reader.leading(box)
    for stated in _statements(tail, chooses):
        yield reader.leading(stated) or reader.within(stated, sure=False)
    lines = [line.strip() for line in tail.splitlines() if line.strip()]
    last = [sentence[-LONGEST:] for line in lines[-LAST:] for sentence in _SENTENCE.split(line) if sentence][-LAST:]
    for sentence in reversed(last):
        marks = list(_CONCLUDING.finditer(sentence))
        if marks:
            conclusion = sentence[marks[-1].end() :].lstrip(" ,:;")
            yield None if chooses else reader.leading(conclusion)
            yield reader.within(conclusion, sure=False)
            yield reader.within(sentence, sure=False)
    if not last or (chooses and _lists_options(lines)):
        return
    yield reader.exactly(last[-1]) if len(last[-1].split()) <= WORDS else None
    yield reader.within(last[-1], sure=True)
    opening = _cleaned(part[:READ]).strip().split("\n", 1)[0]
    first = _SENTENCE.split(opening, maxsplit=1)[0][:LONGEST]
    yield reader.within(first, sure=True)
    yield None if chooses else reader.leading(last[-1])
    yield reader.within(last[-1], sure=False)
    yield None if chooses else reader.within(first, sure=False)


def _statements(tail: str, chooses: bool) -> Iterator[str]:
    """What stands behind "the answer is" and its like, the last one first, to the end of the line or on the next."""
    marks = list(_ASSERTED.finditer(tail))
    if chooses:
        marks = sorted([*marks, *_CHOSEN.finditer(tail)], key=lambda mark: mark.end())
    for mark in reversed(marks[-STATEMENTS:]):
        rest = _LEAD_IN.sub("", tail[mark.end() :], count=1)
        stated = rest.split("\n", 1)[0].strip()[:LONGEST]
        if stated and not _DENIED.match(stated):
            yield stated


def _lists_options(lines: Sequence[str]) -> bool:
    """True where the last lines go through the options one by one: a list chooses none of them."""
    letters = [match and match[1] for match in map(_LISTED_OPTION.match, lines[-2:])]
    return len(letters) == 2 and None not in letters and letters[0] != letters[1]


def _boxes(tail: str) -> str | None:
    """All boxes that are stated explicitly, or those of the last paragraph that has any."""
    marks = list(_ASSERTED.finditer(tail))
    stated = [tail[marks[-1].end() :]] if marks else []
    for place in [*stated, *reversed(re.split(r"\n[ \t]*\n", tail))]:
        if len(place) <= MAX_ANSWER and read_boxes(place):
            return place.strip()
        groups = _BOX.findall(place)
        if groups:
            return ", ".join(groups)
    return None


def _open(text: str, part: str) -> str | None:
    if part != text.strip():
        return part or None
    tail = _cleaned(part[-READ:])
    marks = list(_ASSERTED.finditer(tail))
    stated = tail[marks[-1].end() :].strip() if marks else ""
    lines = [line.strip() for line in tail.splitlines() if line.strip()]
    return stated or (lines[-1] if lines else None)


def _cleaned(text: str) -> str:
    """Without emphasis, headings and list marks; a displayed formula on one line."""
    text = plain(text.replace("。", "。 "))
    text = _DISPLAYED.sub(lambda match: " ".join(match.group().strip("`").split()), text)
    text = _STRONG_EMPHASIS.sub(r"\1", text)
    return _MARKUP.sub("", _EMPHASIS.sub(r"\1", text))
