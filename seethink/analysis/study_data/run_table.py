"""The table of one training run: what it did on every held-out item, in numbers alone.

Small enough to be committed (some 60 kB for 800 items), so that a later sitting adds seeds instead of starting over.
Responses are not in it. Numbers are rounded when the table is made, so that a study told from its tables is the study
told from its runs.

Columns, of either decoding (``greedy_strict``, ``sampled_strict``), each the mean over the item's draws but for counts:

strict, lenient   score under either rule, of the draws that were decided
readable          share with a readable answer in the tags, of the draws that were decided
unparseable, truncated  share without a readable answer; cut at the token limit
undecided         draws that nobody decided, a count
tokens            length
cue               share with a reflective expression
steps             steps of the think part
hesitant, repeated, false  share of steps that hesitate; that repeat; of those that state something, that are false
steps_true, steps_false  steps that state something true or false, counts
draws, hits       decided draws, and how many of them are hits (strict), counts; where an item has several
maj_K             hit of the majority of the first K draws; where an item has several
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from seethink.analysis.at_k import item_hits, item_maj_at_k, powers_of_two
from seethink.analysis.compare import Rule, item_means, readable, score
from seethink.analysis.pseudo_reasoning import false_share, habits
from seethink.core.graded import Decoding, GradedResponse
from seethink.core.item import DIMENSION, Verifier
from seethink.core.rejected import InputError
from seethink.core.verdict import Outcome

_DIGITS = 6
"""Decimals of a number, far below what any interval resolves."""

Values = tuple[float | None, ...]


class ItemFacts(NamedTuple):
    """What is known of an item whatever a model says."""

    id: str
    verifier: Verifier
    group: str
    """Its template, or its source where there are none."""
    source: str = ""
    """The data set that it came from: a domain of the world, a benchmark."""

    @property
    def dimension(self) -> str:
        return DIMENSION[self.verifier].value


@dataclass(frozen=True, slots=True)
class RunTable:
    """One training run of one arm on all items.

    Attributes:
        seed: of the training.
        columns: by name (``greedy_strict``, ``sampled_maj_4``) one value per item, None where there is none; the order
            of the items is that of the study's.
    """

    arm: str
    seed: int
    columns: Mapping[str, Values]

    def __getitem__(self, column: str) -> Values:
        """The column; all None where the run has none (nothing sampled, no truth)."""
        found = self.columns.get(column)
        if found is not None:
            return found
        return (None,) * len(next(iter(self.columns.values()), ()))


def item_facts(responses: Iterable[GradedResponse]) -> list[ItemFacts]:
    """The items that were answered, by id."""
    found = {one.item_id: ItemFacts(one.item_id, one.verifier, one.group, one.source) for one in responses}
    return [found[item] for item in sorted(found)]


def run_table(arm: str, seed: int, responses: Sequence[GradedResponse], items: Sequence[ItemFacts]) -> RunTable:
    """The table of one run. InputError where it did not answer exactly these items."""
    answered, asked = {one.item_id for one in responses}, {item.id for item in items}
    if answered != asked:
        raise InputError(
            f"arm {arm} (seed {seed}, {len(answered)} items) did not answer the same items as the study's "
            f"first run ({len(asked)}): {len(answered - asked)} only by it, {len(asked - answered)} not by it; "
            "evaluate all runs on one set of items with one seed"
        )
    columns: dict[str, Values] = {}
    for decoding in Decoding:
        drawn = [one for one in responses if one.decoding is decoding]
        if drawn:
            for name, values in (_columns(drawn) | _several(drawn)).items():
                columns[f"{decoding.value}_{name}"] = tuple(_rounded(values.get(item.id)) for item in items)
    return RunTable(arm, seed, columns)


def cue_counts(responses: Iterable[GradedResponse]) -> dict[str, dict[str, int]]:
    """Occurrences of every reflective expression, by decoding."""
    found: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for response in responses:
        for cue, count in habits(response).cues.items():
            found[response.decoding.value][cue] += count
    return {decoding: dict(counts) for decoding, counts in found.items()}


def table_csv(table: RunTable) -> str:
    """The table as CSV: a row per item, empty where there is no value; columns without any value are left out."""
    names = [name for name, values in table.columns.items() if any(value is not None for value in values)]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["item", *names])
    for number, row in enumerate(zip(*(table.columns[name] for name in names), strict=True)):
        writer.writerow([number, *map(_cell, row)])
    return buffer.getvalue()


def read_table_csv(text: str, arm: str, seed: int, items: int, where: str) -> RunTable:
    """A table from its CSV. InputError naming the line where it is not one."""
    rows = list(csv.reader(io.StringIO(text)))
    if not rows or rows[0][:1] != ["item"]:
        raise InputError(f"{where}: line 1 must name the columns, the first of them item")
    header = rows[0][1:]
    if len(rows) - 1 != items:
        raise InputError(
            f"{where}: {len(rows) - 1} rows for {items} items: the table is cut short, or of another study"
        )
    values: list[list[float | None]] = [[] for _ in header]
    for line, row in enumerate(rows[1:], start=2):
        if len(row) != len(header) + 1 or row[0] != str(line - 2):
            raise InputError(f"{where}: line {line} must hold item {line - 2} and {len(header)} values")
        for column, cell in zip(values, row[1:], strict=True):
            try:
                column.append(float(cell) if cell else None)
            except ValueError:
                raise InputError(f"{where}: line {line} holds {cell[:40]!r}, which is no number") from None
    return RunTable(arm, seed, {name: tuple(column) for name, column in zip(header, values, strict=True)})


def majority_ks(columns: Iterable[str]) -> list[int]:
    """The k for which a table knows the majority of the first k sampled draws."""
    stem = f"{Decoding.SAMPLED.value}_maj_"
    return sorted(int(name.removeprefix(stem)) for name in columns if name.startswith(stem))


def _columns(drawn: Sequence[GradedResponse]) -> dict[str, dict[str, float]]:
    found = {id(response): habits(response) for response in drawn}
    return {
        "strict": item_means(drawn, lambda one: score(one, Rule.STRICT)),
        "lenient": item_means(drawn, lambda one: score(one, Rule.LENIENT)),
        "readable": item_means(drawn, readable),
        "unparseable": item_means(drawn, lambda one: float(one.strict.outcome is Outcome.UNPARSEABLE)),
        "truncated": item_means(drawn, lambda one: float(one.truncated)),
        "undecided": _totals(drawn, lambda one: float(score(one, Rule.STRICT) is None)),
        "tokens": item_means(drawn, lambda one: one.completion_tokens),
        "cue": item_means(drawn, lambda one: float(bool(found[id(one)].cues))),
        "steps": item_means(drawn, lambda one: float(found[id(one)].steps)),
        "hesitant": item_means(drawn, lambda one: found[id(one)].hesitant),
        "repeated": item_means(drawn, lambda one: found[id(one)].repeated),
        "false": item_means(drawn, false_share),
        "steps_true": _totals(drawn, lambda one: one.steps_true),
        "steps_false": _totals(drawn, lambda one: one.steps_false),
    }


def _several(drawn: Sequence[GradedResponse]) -> dict[str, dict[str, float]]:
    """What several draws of an item are worth together; nothing where it has one."""
    draws = 1 + max(one.draw for one in drawn)
    if draws < 2 and drawn[0].decoding is Decoding.GREEDY:
        return {}
    hits = item_hits(drawn)
    return {
        "draws": {item: float(one.draws) for item, one in hits.items()},
        "hits": {item: float(one.hits) for item, one in hits.items()},
        **{f"maj_{k}": item_maj_at_k(drawn, k) for k in powers_of_two(draws)},
    }


def _totals(drawn: Iterable[GradedResponse], value: Callable[[GradedResponse], float | None]) -> dict[str, float]:
    """Per item the sum of ``value`` over its draws; items without any are left out."""
    found: defaultdict[str, float] = defaultdict(float)
    for response in drawn:
        one = value(response)
        if one is not None:
            found[response.item_id] += one
    return found


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)


def _cell(value: float | None) -> str:
    return "" if value is None else repr(value).removesuffix(".0")
