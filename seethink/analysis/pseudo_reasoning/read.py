"""Responses of any JSON Lines file, JSON array, Parquet or Arrow table, or of the folder that an evaluation wrote.

Whoever sampled them named the fields: the usual names are tried in order (``FIELDS``), and a chat's or an endpoint's
nesting is opened.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seethink.analysis.pseudo_reasoning.conclusion import Asked
from seethink.analysis.pseudo_reasoning.signs import trace_steps
from seethink.core.graded import Decoding
from seethink.core.item import Verifier
from seethink.core.records import Record
from seethink.core.rejected import InputError, Rejected
from seethink.core.response_records import response_records
from seethink.core.trace import THINK_CLOSE, THINK_OPEN
from seethink.core.verdict import UNDECIDED, Outcome

FIELDS: Mapping[str, tuple[str, ...]] = {
    "response": (
        "response", "completion", "output", "prediction", "generated_text", "generation", "model_output", "ds_answer",
        "ds_answer_raw", "trace", "text", "outputs", "responses", "completions", "predictions", "choices", "messages",
        "conversations", "solution", "answer",
    ),
    "reasoning": ("reasoning_content", "reasoning", "thinking"),
    "id": ("item_id", "id", "question_id", "problem_id", "uid", "index"),
    "question": ("question", "problem", "query", "instruction", "prompt"),
    "gold": ("gold", "gt", "ground_truth", "reference_answer", "reference", "label", "target", "answer"),
    "verifier": ("verifier", "verifier_type"),
    "options": ("options", "choices"),
    "right": ("strict", "correct", "is_correct", "score"),
    "truth": ("step_truth",),
    "gold_logprobs": ("gold_logprobs",),
}  # fmt: skip
"""The names tried for each field, the first that is there and fits."""


@dataclass(frozen=True, slots=True)
class TraceRow:
    """One response and what its file knows of it.

    Attributes:
        where: file and line, or the place in a table.
        item: what is resampled together: the item's id, else a hash of question and gold, else the place.
        group: value of the column that rows are grouped by; "" without one.
        right: whether the file says that it is right; None where it does not, or nobody decided.
        truth, gold_logprobs: per step, see ``signs.signed_steps``; None where there is no such column.
        tokens: as its producer counted them; None where it did not.
        decoding: as its file names it (``greedy``, ``sampled``); None where it does not.
    """

    where: str
    item: str
    group: str
    response: str
    asked: Asked
    right: bool | None = None
    truth: tuple[bool | None, ...] | None = None
    gold_logprobs: tuple[float, ...] | None = None
    tokens: int | None = None
    decoding: str | None = None


def read_traces(
    path: Path, *, by: str | None = None, field: str | None = None
) -> tuple[list[TraceRow], list[Rejected]]:
    """The responses of a file and the rows that cannot be used.

    Args:
        by: column whose values group the rows (arm, model, step); ``arm``, ``model`` or ``step`` where None and there
            is one of them.
        field: name of the response's field, where it is none of the usual ones or there are several.

    Raises InputError where nothing can be read, no row can be used, or no row has the column ``by``.
    """
    rows: list[TraceRow] = []
    rejected: list[Rejected] = []
    for record in response_records(path):
        if isinstance(record, Rejected):
            rejected.append(record)
            continue
        try:
            rows += _rows(record, by, field)
        except InputError as error:
            rejected.append(Rejected("unusable row", str(error), record.where))
    if not rows:
        first = f": {rejected[0].where}: {rejected[0].detail}" if rejected else ""
        raise InputError(f"{path} holds no response that can be read{first}")
    return rows, rejected


def sampled_traces(rows: Sequence[TraceRow], path: Path) -> list[TraceRow]:
    """The rows that were sampled; all of them where the file names no decoding.

    What was sampled is compared with nothing greedy: the same model writes otherwise there. InputError where the file
    names decodings and none is ``sampled``.
    """
    named = sorted({row.decoding for row in rows if row.decoding is not None})
    if named and Decoding.SAMPLED not in named:
        raise InputError(
            f"{path} holds no sampled response, only {', '.join(named)}: evaluate that model with draws=1 or more, or "
            "name a file that has sampled rows"
        )
    return [row for row in rows if not named or row.decoding == Decoding.SAMPLED]


def _rows(record: Record, by: str | None, field: str | None) -> list[TraceRow]:
    fields = record.fields
    name, texts = _responses(fields, field)
    if by is not None and by not in fields:
        raise InputError(f"there is no field {by} to group by: the row has {', '.join(map(str, list(fields)[:20]))}")
    chosen = by or next((one for one in ("arm", "model", "step") if one in fields), None)
    asked = _asked(fields, name)
    item = _first(fields, "id", name) or _content(asked)
    truth, gold_logprobs = _truth(fields), _gold_logprobs(fields)
    found = []
    for text in texts:
        steps = len(trace_steps(text))
        for column, values, wanted in (("step_truth", truth, steps), ("gold_logprobs", gold_logprobs, steps + 1)):
            if values is not None and len(values) != wanted:
                raise InputError(f"field {column} has {len(values)} values and {steps} steps need {wanted}")
        found.append(
            TraceRow(
                record.where,
                str(item or record.where),
                "" if chosen is None else str(fields[chosen]),
                text,
                asked,
                _right(fields),
                truth,
                gold_logprobs,
                fields["completion_tokens"] if isinstance(fields.get("completion_tokens"), int) else None,
                fields["decoding"] if isinstance(fields.get("decoding"), str) else None,
            )
        )
    return found


def _responses(fields: Mapping[str, Any], field: str | None) -> tuple[str, list[str]]:
    """The name of the response's field, and its texts: several where one row holds several draws."""
    names = FIELDS["response"] if field is None else (field,)
    for name in names:
        if name in fields and (texts := _texts(fields[name])):
            return name, [_with_reasoning(fields, text) for text in texts]
    if field is not None and field in fields:
        raise InputError(f"field {field} holds no text: give the model's response")
    raise InputError(
        f"no field holds a response, the row has {', '.join(map(str, list(fields)[:20]))}: name one with --field"
    )


def _texts(value: Any) -> list[str]:
    """The texts that a value holds: itself, those of a list of draws, or the last turn of a chat."""
    match value:
        case str():
            return [value] if value.strip() else []
        case Mapping():
            inner = next((value[key] for key in ("content", "text", "message", "value") if value.get(key)), None)
            texts = _texts(inner)
            return [_with_reasoning(value, text) for text in texts]
        case Sequence() if value:
            if all(isinstance(one, Mapping) and ("role" in one or "from" in one) for one in value):
                last = value[-1]
                told = (last.get("role") or last.get("from")) in ("assistant", "gpt", "model")
                return _texts(last) if told else []
            if all(isinstance(one, Mapping) and one.get("type") == "text" for one in value):
                return ["".join(str(one.get("text") or "") for one in value)]
            return [text for one in value for text in _texts(one)]
    return []


def _with_reasoning(fields: Mapping[str, Any], text: str) -> str:
    """The response with its thinking in tags, where an endpoint gave the two apart."""
    told = next((fields[name] for name in FIELDS["reasoning"] if isinstance(fields.get(name), str)), "")
    return f"{THINK_OPEN}{told}{THINK_CLOSE}\n{text}" if told.strip() and THINK_CLOSE not in text else text


def _asked(fields: Mapping[str, Any], response: str) -> Asked:
    verifier = _first(fields, "verifier", response)
    gold = _first(fields, "gold", response)
    question = _first(fields, "question", response)
    options = next((fields[name] for name in FIELDS["options"] if name != response and fields.get(name)), ())
    listed = isinstance(options, Sequence) and all(isinstance(one, str) for one in options)
    return Asked(
        question or "",
        gold,
        Verifier(verifier) if verifier in list(Verifier) else None,
        tuple(options) if listed and not isinstance(options, str) else (),
    )


def _first(fields: Mapping[str, Any], what: str, response: str) -> str | None:
    """The first of a field's names that holds a text or a number and is not the response itself."""
    for name in FIELDS[what]:
        value = fields.get(name)
        if name != response and isinstance(value, str | int | float) and not isinstance(value, bool) and str(value):
            return str(value)
    return None


def _content(asked: Asked) -> str | None:
    if not asked.question:
        return None
    return hashlib.sha256(json.dumps([asked.question, asked.gold]).encode()).hexdigest()[:16]


def _right(fields: Mapping[str, Any]) -> bool | None:
    for name in FIELDS["right"]:
        value = fields.get(name)
        if isinstance(value, Mapping) and "outcome" in value:
            decided = (
                value["outcome"] not in {outcome.value for outcome in UNDECIDED} and value.get("score") is not None
            )
            return (value["score"] >= 0.5 or value["outcome"] == Outcome.CORRECT) if decided else None
        if isinstance(value, bool) or (isinstance(value, int | float) and 0 <= value <= 1):
            return value >= 0.5
    return None


def _truth(fields: Mapping[str, Any]) -> tuple[bool | None, ...] | None:
    value = _column(fields, "truth")
    if value is not None and not all(one is None or isinstance(one, bool) for one in value):
        raise InputError("field step_truth holds something else than true, false and null")
    return value


def _gold_logprobs(fields: Mapping[str, Any]) -> tuple[float, ...] | None:
    value = _column(fields, "gold_logprobs")
    if value is not None and not all(isinstance(one, int | float) and not isinstance(one, bool) for one in value):
        raise InputError("field gold_logprobs holds something else than numbers")
    return value


def _column(fields: Mapping[str, Any], what: str) -> tuple[Any, ...] | None:
    value = next((fields[name] for name in FIELDS[what] if fields.get(name) is not None), None)
    if value is None:
        return None
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise InputError(f"field {FIELDS[what][0]} holds a {type(value).__name__}: give a list with one value per step")
    return tuple(value)
