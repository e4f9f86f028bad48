"""Pools: the candidates that a reward model chooses from, sampled once per item and kept.

A pool is made of graded responses, so whatever ``evaluation`` can ask (a checkpoint, an endpoint) fills one: its greedy
response is the baseline, its sampled draws in their order are the candidates.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seethink.analysis.compare import Rule, verdict_of
from seethink.core.graded import Decoding, GradedResponse
from seethink.core.item import Item, items_by_id
from seethink.core.protocols import Reward
from seethink.core.records import read_records
from seethink.core.rejected import InputError, Rejected
from seethink.core.verdict import UNDECIDED, Verdict, is_hit
from seethink.data.sources.mapping import Place


@dataclass(frozen=True, slots=True)
class Candidate:
    """One response that may be chosen.

    Attributes:
        hit: 1 right, 0 not; None where no verifier decided, and then it is neither chosen nor compared with.
        answer: as its verifier read it; what votes are counted by.
        maker: who wrote it.
    """

    text: str
    hit: float | None
    answer: str | None
    tokens: int | None = None
    maker: str = ""


@dataclass(frozen=True, slots=True)
class Pool:
    """What one generator answered to one item; ``greedy`` is None where only a pool was given."""

    item: Item
    generator: str
    candidates: tuple[Candidate, ...]
    greedy: Candidate | None = None


def pools(responses: Iterable[GradedResponse], items: Iterable[Item], rule: Rule = Rule.STRICT) -> list[Pool]:
    """One pool per item and generator (the responses' arm), in order; responses to unknown items are left out."""
    known = {item.id: item for item in items}
    greedy: dict[tuple[str, str], Candidate] = {}
    sampled: defaultdict[tuple[str, str], list[GradedResponse]] = defaultdict(list)
    for response in responses:
        key = response.arm, response.item_id
        if response.item_id not in known:
            continue
        if response.decoding is Decoding.GREEDY:
            greedy[key] = _candidate(response, rule)
        else:
            sampled[key].append(response)
    return [
        Pool(
            known[key[1]],
            key[0],
            tuple(_candidate(draw, rule) for draw in sorted(draws, key=lambda draw: draw.draw)),
            greedy.get(key),
        )
        for key, draws in sampled.items()
    ]


def read_pools(
    path: Path,
    items: Iterable[Item],
    reward: Reward,
    *,
    generator: str = "mixed",
    response: str = "response",
    maker: str = "model",
) -> tuple[list[Pool], list[Rejected]]:
    """Pools from a file of responses somebody else drew: ``id`` or ``item_id`` per row, ``source`` beside an id that
    items of several sources have, and the fields that ``response`` and ``maker`` (the model's name) say; dots lead
    into an object, ``answer.reasoning``.

    Several models' answers to one item stand in one pool, in the order of the models' names, and the first n candidates
    come from the same n models everywhere: an item whose answers are not from the models that most items have answers
    from (nor as many from each) is set aside. ``reward`` decides them all.

    Raises:
        InputError: no row can be used.
    """
    known = items_by_id(items)
    sources = {item.source for item in known.values()}
    rows: list[tuple[Item, str, str]] = []
    rejected: list[Rejected] = []
    for record in read_records(path):
        if isinstance(record, Rejected):
            rejected.append(record)
            continue
        item = _item(record.fields, known, sources)
        if isinstance(item, Rejected):
            rejected.append(item._replace(where=record.where))
            continue
        said, made_by = (Place(at=field).read(record.fields) for field in (response, maker))
        if not isinstance(said, str) or not said:
            told = f"field {response}: no text there; name the field that holds the response (--response)"
            rejected.append(Rejected("unusable response", told, record.where))
            continue
        rows.append((item, str(made_by or ""), said))
    if not rows:
        raise InputError(f"{path} holds no response to any of the items: a row needs {response}, and item_id or id")
    verdicts = reward([item for item, _, _ in rows], [text for _, _, text in rows])
    found: defaultdict[str, list[Candidate]] = defaultdict(list)
    by_id = {item.id: item for item, _, _ in rows}
    for (item, made_by, text), verdict in zip(rows, verdicts, strict=True):
        found[item.id].append(Candidate(text, _hit(verdict, item), verdict.extracted, None, made_by))
    made = [
        Pool(by_id[name], generator, tuple(sorted(candidates, key=lambda one: one.maker)))
        for name, candidates in found.items()
    ]
    alike, others = _of_the_same_makers(made)
    return alike, rejected + others


def pool_row(pool: Pool) -> dict[str, Any]:
    """What a hash of the pool is taken over."""
    return {"item": pool.item.id, "generator": pool.generator, "texts": [one.text for one in pool.candidates]}


def decided(candidates: Sequence[Candidate], n: int) -> list[int]:
    """Places among the first ``n`` that a verifier decided."""
    return [place for place, one in enumerate(candidates[:n]) if one.hit is not None]


def by_generator(found: Iterable[Pool]) -> Mapping[str, list[Pool]]:
    grouped: defaultdict[str, list[Pool]] = defaultdict(list)
    for pool in found:
        grouped[pool.generator].append(pool)
    return grouped


def _of_the_same_makers(found: Sequence[Pool]) -> tuple[list[Pool], list[Rejected]]:
    """The pools with the makers that most pools have (of equally frequent ones the most makers), and the others. Of one
    maker alone all are alike, however many answers there are."""
    makers = [tuple(one.maker for one in pool.candidates) for pool in found]
    if len(set().union(*makers)) == 1:
        return list(found), []
    counts = Counter(makers)
    usual = max(counts, key=lambda one: (counts[one], len(one)))
    alike, others = list[Pool](), list[Rejected]()
    for pool, mine in zip(found, makers, strict=True):
        if mine == usual:
            alike.append(pool)
            continue
        differs = (("without", Counter(usual) - Counter(mine)), ("with more of", Counter(mine) - Counter(usual)))
        told = "; ".join(f"{how} {', '.join(map(repr, sorted(names)))}" for how, names in differs if names)
        others.append(Rejected("not answered by the same models", told, pool.item.id, pool.item.source))
    return alike, others


def _item(fields: Mapping[str, Any], known: Mapping[str, Item], sources: Set[str]) -> Item | Rejected:
    named, source = str(fields.get("item_id") or fields.get("id")), str(fields.get("source"))
    item = known.get(named)
    if source in sources:
        same = item if item is not None and item.source == source else None
        item = known.get(f"{source}-{named}", same)
    if item is None:
        told = f"{named[:80]!r} is no item's id, or that of several: name its source as well, in field source"
        return Rejected("unknown item", told)
    return item


def _candidate(response: GradedResponse, rule: Rule) -> Candidate:
    verdict = verdict_of(response, rule)
    hit = None if verdict.outcome in UNDECIDED else float(is_hit(verdict, response.verifier))
    return Candidate(response.response, hit, verdict.extracted, response.completion_tokens, response.arm)


def _hit(verdict: Verdict, item: Item) -> float | None:
    return None if verdict.outcome in UNDECIDED else float(is_hit(verdict, item.verifier))
