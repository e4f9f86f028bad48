"""The card of a scorer: how often it prefers the answer that exact truth prefers, on pictures it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table
from scipy import stats

from seethink.core.images import ImageStore
from seethink.core.protocols import AnswerScorer
from seethink.core.tables import write_json
from seethink.models.load import weights_hash
from seethink.rewards.scored import ModelScorer, ScoredConfig
from seethink.world.preferences import Pair, preference_pair
from seethink.world.questions import Split, as_item

PAIRS = 1_000


def scorer_card(
    model: Path, out: Path, *, pairs: int = PAIRS, seed: int = 0, level: int = 1, split: Split = Split.HELDOUT
) -> dict[str, Any]:
    """Pair accuracy in all, by template and by how many facts the better answer is ahead by, each with its 95 % Wilson
    interval and beside what preferring the longer answer would get. Written to ``out/card.json``."""
    held = [preference_pair(seed, index, split=split, level=level) for index in range(pairs)]
    images = ImageStore(out / "images")
    scorer = ModelScorer(ScoredConfig(model=str(model), batch=64), images)
    right = prefers_better(scorer, held, images)
    longer = [len(pair.better) > len(pair.worse) for pair in held]
    groups: dict[str, list[int]] = {"all": list(range(pairs))}
    for place, pair in enumerate(held):
        groups.setdefault(pair.question.template.name, []).append(place)
    for ahead in sorted({min(pair.margin, 3) for pair in held}):
        name = f"{ahead} ahead" if ahead < 3 else "3 or more ahead"
        groups[name] = [place for place, pair in enumerate(held) if min(pair.margin, 3) == ahead]
    card = {
        "weights": weights_hash(model),
        "split": split.value,
        "seed": seed,
        "level": level,
        "groups": {
            name: {
                "scorer": wilson([right[place] for place in places]),
                "longer answer": wilson([longer[place] for place in places]),
            }
            for name, places in groups.items()
        },
    }
    write_json(out / "card.json", card)
    return card


def prefers_better(scorer: AnswerScorer, pairs: Sequence[Pair], images: ImageStore) -> list[bool]:
    """By pair, whether the better answer's score is the higher one; a tie is not."""
    items = [as_item(pair.question, images) for pair in pairs]
    scores = scorer.score([*items, *items], [pair.better for pair in pairs] + [pair.worse for pair in pairs])
    return [better > worse for better, worse in zip(scores[: len(pairs)], scores[len(pairs) :], strict=True)]


def wilson(holds: Sequence[bool]) -> dict[str, float]:
    """Share, its 95 % Wilson interval, and of how many."""
    found = stats.binomtest(sum(holds), len(holds)).proportion_ci(0.95, method="wilson")
    return {"mean": sum(holds) / len(holds), "low": float(found.low), "high": float(found.high), "n": len(holds)}


def card_table(card: dict[str, Any]) -> Table:
    table = Table(
        title=f"scorer card, {card['groups']['all']['scorer']['n']} {card['split']} pairs of level {card['level']}"
    )
    table.add_column("pairs")
    for name in ("n", "scorer prefers the truer", "the longer is the truer"):
        table.add_column(name, justify="right")
    for name, group in card["groups"].items():
        cells = [f"{one['mean']:.3f} [{one['low']:.3f}, {one['high']:.3f}]" for one in group.values()]
        table.add_row(name, str(group["scorer"]["n"]), *cells)
    return table
