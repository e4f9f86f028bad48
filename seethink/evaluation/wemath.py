"""We-Math testmini: 525 problems, each also asked in its one-step parts (Qiao et al. 2024, arXiv 2407.01284).

By the verdicts of its parts and of the whole, a problem shows insufficient knowledge (IK), inadequate generalization
(IG), complete mastery (CM) or rote memorization (RM); the score counts CM as 1 and IG as one half. Strictly CM needs
every part right, loosely one of them. Reads the harness's table and the benchmark's own records (``option`` as one
text).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from seethink.core.item import Verifier
from seethink.core.records import Record
from seethink.core.rejected import InputError
from seethink.evaluation.benchmark import Benchmark, Figures, Gold, Hits, Own, Row, columns, grouped, needed, text
from seethink.evaluation.prompts import prompt_text

LETTERS = "ABCDEFG"
_WORTH = {"CM": 1.0, "IG": 0.5, "RM": 0.0, "IK": 0.0}


def split_options(told: str) -> dict[str, str]:
    """The options of a text such as "A. 3; B. 4 ;C. 5", whose separators are irregular. InputError where the letters
    do not follow each other from A."""
    starts: list[tuple[int, int]] = []
    for letter in LETTERS:
        found = re.compile(rf"(?:\A|[;\s])\s*{letter}\.").search(told, starts[-1][1] if starts else 0)
        if found is None:
            break
        starts.append((found.start(), found.end()))
    if len(starts) < 2:
        raise InputError(f"field option: {told[:60]!r} does not list options as A. …; B. …")
    ends = [start for start, _ in starts[1:]] + [len(told)]
    return {
        letter: told[start:end].strip(" ;\n\t") for letter, (_, start), end in zip(LETTERS, starts, ends, strict=False)
    }


def _own(record: Record) -> Own:
    told = needed(record, "ID", "key", "question", "option", "answer", "knowledge concept")
    number = record.fields.get("question number")
    row = {
        "index": f"{told['ID']} {told['key']}" if number is None else number,
        **{name: told[name] for name in ("ID", "key", "knowledge concept", "question", "answer")},
        **split_options(told["option"]),
    }
    return Own(row, record.fields.get("image_path"))


def _options(row: Row) -> dict[str, str]:
    return {letter: text(row, letter) for letter in LETTERS if text(row, letter)}


def _prompt(row: Row, entry: str) -> str:
    hint = f"Hint: {text(row, 'hint')}\n" if text(row, "hint") else ""
    options = "".join(f"{letter}. {option}\n" for letter, option in _options(row).items())
    asked = f"{hint}Question: {text(row, 'question')}\nOptions:\n{options}"
    return asked + prompt_text("wemath_cot") if entry == "WeMath_COT" else asked.rstrip("\n")


def _gold(row: Row) -> Gold:
    return Gold(Verifier.MCQ, text(row, "answer"), tuple(_options(row).values()))


def problem_class(steps: Sequence[float | None], whole: float | None, *, strict: bool) -> str | None:
    """CM, RM, IG or IK of one problem; None where a row of it is missing or has no verdict: the classes that one wrong
    row settles would be counted sooner than the others."""
    if whole is None or None in steps:
        return None
    if not whole:
        return "IG" if all(steps) else "IK"
    return "CM" if (all(steps) if strict else any(steps)) else "RM"


def _figures(rows: Sequence[Row], hits: Hits) -> Figures:
    found: Figures = {"score (strict)": {}, "score (loose)": {}}
    for problem, members in grouped(rows, hits, "ID").items():
        worth = {text(row, "key"): hit for row, hit in members}
        length = text(members[0][0], "key").partition("steps")[0]
        steps = [worth.get(f"{length}steps_{step}") for step in range(1, 4 if length == "3" else 3)]
        whole = worth.get(f"{length}steps_multi")
        for mode, strict in (("strict", True), ("loose", False)):
            found_class = problem_class(steps, whole, strict=strict)
            if found_class is None:
                continue
            found[f"score ({mode})"][problem] = _WORTH[found_class]
            for name in ("IK", "IG", "CM"):
                found.setdefault(f"{name} ({mode})", {})[problem] = float(found_class == name)
            if found_class in ("CM", "RM"):
                found.setdefault(f"RM of RM and CM ({mode})", {})[problem] = float(found_class == "RM")
    for row, hit in zip(rows, hits, strict=True):
        key = text(row, "key")
        steps_of = key.partition("steps")[0] if key.endswith("multi") else "1"
        if hit is not None:
            found.setdefault(f"S{steps_of}", {})[text(row, "index")] = hit
    return found


WEMATH = Benchmark(
    name="wemath",
    title="We-Math",
    entries=("WeMath", "WeMath_COT"),
    size=1740,
    columns=("index", "ID", "key", "knowledge concept", "question", "answer"),
    marks=("option",),
    own=_own,
    prompt=_prompt,
    gold=_gold,
    question=lambda row: _prompt({**row, "hint": None}, "WeMath").removeprefix("Question: "),
    figures=_figures,
    kept=columns("ID", "key", "knowledge concept"),
)
