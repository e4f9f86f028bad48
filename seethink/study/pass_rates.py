"""How often a model gets each item right: the difficulty that controls tell, and that matched sets are drawn by."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from seethink.analysis import item_hits
from seethink.core.graded import Decoding
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.tables import claim, data_hash, write_manifest, write_rows
from seethink.evaluation.run import evaluate
from seethink.evaluation.settings import EvaluationConfig
from seethink.models.load import weights_hash
from seethink.study.choices import PassAtK
from seethink.study.rewards import evaluation_judges


def measure_items(config: PassAtK, base: str, sets: Sequence[list[Item]], images: ImageStore, out: Path) -> None:
    """Hits of ``base`` on every different item of the sets, below ``out``: columns ``item``, ``draws``, ``hits``.

    A killed measurement goes on; a finished one is left as it is. An item that sets show with different pictures is as
    many items.
    """
    started = time.time()
    different = {item_key(item): item for items in sets for item in items}
    made_of = {"items": data_hash(sorted(different)), "model": weights_hash(base)}
    if claim(out, config, made_of):
        return
    asked = EvaluationConfig(**config.model_dump())
    rows = []
    for number, items in enumerate(_editions(different.values())):
        judges = evaluation_judges(items)
        responses = evaluate(asked, "base", base, items, images, judges, out / "responses" / str(number))
        found = item_hits([one for one in responses if one.decoding is Decoding.SAMPLED])
        rows += [{"item": item_key(item), **found[item.id]._asdict()} for item in items]
    write_rows(out, rows)
    write_manifest(out, config, seeds={"sampling": config.seed}, data=made_of, started=started)


def item_key(item: Item) -> str:
    """An item as it is shown: with other pictures it is another one."""
    return data_hash([item.id, *item.images])


def _editions(items: Iterable[Item]) -> list[list[Item]]:
    """The items in lists in which every id stands once."""
    editions: list[dict[str, Item]] = []
    for item in items:
        mine = next((one for one in editions if item.id not in one), None)
        if mine is None:
            mine = {}
            editions.append(mine)
        mine[item.id] = item
    return [list(one.values()) for one in editions]
