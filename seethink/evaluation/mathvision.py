"""MATH-V: 3,040 competition problems over pictures (Wang et al. 2024, arXiv 2402.14804).

Reads the harness's table and the benchmark's own records (``id``, ``question`` with ``<image1>`` marks, ``options``,
``answer``, ``image``). Whether the harness's question holds a hint and the choices was not to be seen; its judge's
examples suggest it, so rows made of own records have both, in our wording. Problems that show several pictures get the
one named in ``image``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from seethink.core.item import Verifier
from seethink.core.records import Record
from seethink.core.rejected import InputError
from seethink.evaluation.benchmark import (
    Benchmark,
    Figures,
    Gold,
    Hits,
    Own,
    Row,
    columns,
    figures_by,
    needed,
    option_text,
    text,
    without_instructions,
)
from seethink.evaluation.printed import read_list
from seethink.evaluation.prompts import prompt_text

_MARK = re.compile(r"<image\d+>\n?")


def _own(record: Record) -> Own:
    told = needed(record, "id", "question", "answer")
    listed = record.fields.get("options")
    if listed is not None and not hasattr(listed, "__iter__"):
        raise InputError(f"field options: it holds a {type(listed).__name__}, give a list of texts")
    options = [str(option) for option in read_list(listed)]
    question = f"Question: {_MARK.sub('', told['question']).strip()}"
    # Options that are bare letters are drawn in the picture: writing "(A) A" would say nothing.
    if any(option != chr(ord("A") + place) for place, option in enumerate(options)):
        question += f"\nChoices:\n{option_text(options)}"
    row = {
        "index": told["id"],
        "question": f"Hint: {prompt_text('mathvision_choice' if options else 'mathvision_free')}\n{question}",
        "choices": str(options),
        "answer": told["answer"],
        "category": record.fields.get("subject"),
        "level": record.fields.get("level"),
    }
    return Own(row, record.fields.get("decoded_image") or record.fields.get("image"))


def _gold(row: Row) -> Gold:
    options = tuple(str(one) for one in read_list(row.get("choices")))
    return Gold(Verifier.MCQ if options else Verifier.MATH, text(row, "answer"), options)


def _figures(rows: Sequence[Row], hits: Hits) -> Figures:
    return figures_by(rows, hits, lambda row: (f"subject: {text(row, 'category')}",))


MATHVISION = Benchmark(
    name="mathvision",
    title="MATH-V",
    entries=("MathVision", "MathVision_MINI"),
    size=3040,
    columns=("index", "question", "answer"),
    marks=("options",),
    own=_own,
    prompt=lambda row, entry: text(row, "question"),
    gold=_gold,
    question=lambda row: without_instructions(text(row, "question")),
    figures=_figures,
    kept=columns("category", "level"),
)
