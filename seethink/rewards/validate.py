"""validate: would the reward pay for the right answers? Asked of every gold before anybody trains on it.

A gold that its own verifier rejects punishes every right answer, and a reference whose score is not finite leaves every
answer undecided. Both look like a model that does not learn.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from seethink.core.item import Item, Verifier
from seethink.core.protocols import AnswerScorer
from seethink.core.rejected import InputError, Rejected, Stopped
from seethink.core.trace import write_tags
from seethink.core.verdict import UNDECIDED, Verdict
from seethink.rewards.mixed import mixed

SCORED_AT_ONCE = 64
"""Golds given to a scorer in one call. choice."""

_Group = tuple[str, Verifier | None]


@dataclass(frozen=True, slots=True)
class Golds:
    """The golds of one source under one verifier; ``accepted + unchecked + sum(set_aside.values())`` of them.

    Attributes:
        source: as the items name it; the file's name for rows that never became an item.
        verifier: None for those rows.
        accepted: score 1 through the whole reward, or, of an open item, have a finite S(gold).
        unchecked: open ones where there is no scorer to ask.
        set_aside: the others, by reason.
    """

    source: str
    verifier: Verifier | None
    accepted: int
    unchecked: int
    set_aside: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Validation:
    """Counts by source and verifier; in ``refused`` the items that could be read, but whose gold earns nothing."""

    golds: Sequence[Golds]
    refused: Sequence[Rejected]

    @property
    def clean(self) -> bool:
        return not any(row.set_aside for row in self.golds)


def validate(items: Sequence[Item], unread: Sequence[Rejected] = (), scorer: AnswerScorer | None = None) -> Validation:
    """Every gold, in tags, through the reward that trains; open golds through ``scorer``, where there is one.

    ``unread`` are the rows that the source of ``items`` set aside; they are counted, nothing else. A scorer that can
    say nothing of any gold (InputError), or may pay for no more (Stopped), ends it.
    """
    refused = dict(_refused_by_rules(items)) | dict(_refused_by_scorer(items, scorer))
    kept: Counter[_Group] = Counter()
    aside: defaultdict[_Group, Counter[str]] = defaultdict(Counter)
    for place, item in enumerate(items):
        if place in refused:
            aside[item.source, item.verifier][refused[place].reason] += 1
        else:
            kept[item.source, item.verifier] += 1
    for row in unread:
        aside[row.where.rpartition(":")[0] or row.where, None][row.reason] += 1
    golds = []
    for source, verifier in sorted(kept.keys() | aside.keys(), key=lambda group: (group[0], group[1] or "")):
        count, checked = kept[source, verifier], verifier is not Verifier.OPEN or scorer is not None
        reasons = dict(sorted(aside[source, verifier].items()))
        golds.append(Golds(source, verifier, count if checked else 0, 0 if checked else count, reasons))
    return Validation(golds, [refused[place] for place in sorted(refused)])


def validation_table(golds: Sequence[Golds]) -> Table:
    """The counts for a terminal."""
    table = Table(title="Golds by source", title_justify="left")
    for name in ("source", "verifier"):
        table.add_column(name)
    for name in ("items", "set aside"):
        table.add_column(name, justify="right")
    table.add_column("reason")
    for row in golds:
        aside = sum(row.set_aside.values())
        why = [f"{reason}: {count}" for reason, count in row.set_aside.items()]
        if row.unchecked:
            why.append(f"not checked without a scorer: {row.unchecked}")
        # Sources and reasons may quote data files: plain text, never markup.
        table.add_row(
            Text(row.source),
            row.verifier or "–",
            str(row.accepted + row.unchecked + aside),
            str(aside),
            Text(", ".join(why)),
        )
    return table


def _refused_by_rules(items: Sequence[Item]) -> Iterator[tuple[int, Rejected]]:
    places = [place for place, item in enumerate(items) if item.verifier is not Verifier.OPEN]
    asked = [items[place] for place in places]
    verdicts = mixed()(asked, [write_tags("", item.gold) for item in asked])
    for place, item, verdict in zip(places, asked, verdicts, strict=True):
        if verdict.score != 1.0:
            yield place, Rejected(_reason(verdict), f"{item.verifier} gold {item.gold[-80:]!r}: {verdict.why}", item.id)


def _refused_by_scorer(items: Sequence[Item], scorer: AnswerScorer | None) -> Iterator[tuple[int, Rejected]]:
    places = [place for place, item in enumerate(items) if item.verifier is Verifier.OPEN]
    if scorer is None:
        return
    for start in range(0, len(places), SCORED_AT_ONCE):
        batch = places[start : start + SCORED_AT_ONCE]
        try:
            scores = scorer.score([items[place] for place in batch], [items[place].gold for place in batch])
            told = list(zip(batch, map(float, scores), strict=True))
        except (InputError, Stopped):
            raise
        except Exception as error:
            # Whatever a scorer runs into, it says nothing of these golds, and the other batches go on.
            yield from ((place, Rejected("the scorer failed", f"{error!r:.200}", items[place].id)) for place in batch)
            continue
        for place, score in told:
            if not math.isfinite(score):
                detail = f"S(gold) is {score} for {items[place].gold[:80]!r}"
                yield place, Rejected("S(gold) is not finite", detail, items[place].id)


def _reason(verdict: Verdict) -> str:
    return f"gold undecided, {verdict.outcome}" if verdict.outcome in UNDECIDED else "gold its verifier rejects"
