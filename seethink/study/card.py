"""The card of a base model of the world: what it sees, how often it keeps the format, and where it errs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from seethink.analysis import Interval, accuracy, interval, maj_at_k, pass_at_k
from seethink.core.graded import Decoding, GradedResponse
from seethink.core.images import ImageStore
from seethink.core.item import RULE_VERIFIERS, Item
from seethink.core.tables import write_json
from seethink.core.trace import read_tags, thinking
from seethink.evaluation.run import evaluate
from seethink.evaluation.settings import EvaluationConfig
from seethink.models.load import weights_hash
from seethink.study.rewards import evaluation_judges
from seethink.world.grammar import describe, facts, read_claim, stated_facts
from seethink.world.questions import flawed_templates
from seethink.world.source import WorldConfig, WorldSource
from seethink.world.truth import WorldTruth, item_picture

DRAWS = 8


def base_card(model: str, world: WorldConfig, out: Path, *, seed: int = 0) -> dict[str, Any]:
    """Measure a model on items of the world: greedy, pass@1, majority@8, pass@8 per verifier and template; the share of
    exact descriptions; the share of responses in the tag format. Written to ``out/card.json``."""
    images = ImageStore(out / "images")
    items = [item for item in WorldSource(world).items(images) if isinstance(item, Item)]
    responses = evaluate(
        EvaluationConfig(draws=DRAWS, seed=seed),
        "base",
        model,
        items,
        images,
        evaluation_judges(items),
        out / "responses",
        truth=WorldTruth(),
    )
    by_id = {item.id: item for item in items}
    flawed = flawed_templates()
    groups = {verifier.value: [r for r in responses if r.verifier is verifier] for verifier in RULE_VERIFIERS}
    for name in sorted({response.group for response in responses}):
        groups[name] = [response for response in responses if response.group == name]
    greedy = [response for response in responses if response.decoding is Decoding.GREEDY]
    card = {
        "items": len(items),
        "weights": weights_hash(model),
        "split": world.split.value,
        "seed": seed,
        "description_exact": _share([_describes(response, by_id[response.item_id]) for response in greedy]),
        "in_format_greedy": _share([read_tags(response.response) is not None for response in greedy]),
        "in_format_sampled": _share(
            [read_tags(r.response) is not None for r in responses if r.decoding is Decoding.SAMPLED]
        ),
        "flawed_templates": sorted(flawed),
        "groups": {name: _group(chosen) for name, chosen in groups.items()},
    }
    write_json(out / "card.json", card)
    return card


def card_table(card: dict[str, Any]) -> Table:
    table = Table(title=f"base card, {card['items']} {card['split']} items", caption=_caption(card))
    for name in ("group", "greedy", "pass@1", "maj@8", "pass@8"):
        table.add_column(name, justify="left" if name == "group" else "right")
    for name, group in card["groups"].items():
        mark = " (flawed)" if name in card["flawed_templates"] else ""
        table.add_row(name + mark, *(_cell(group[key]) for key in ("greedy", "pass@1", "maj@8", "pass@8")))
    return table


def _group(responses: Sequence[GradedResponse]) -> dict[str, Any]:
    sampled = [response for response in responses if response.decoding is Decoding.SAMPLED]
    greedy = [response for response in responses if response.decoding is Decoding.GREEDY]
    return {
        "greedy": _tree(accuracy(greedy)),
        "pass@1": _tree(pass_at_k(sampled, 1)),
        "maj@8": _tree(maj_at_k(sampled, DRAWS)),
        "pass@8": _tree(pass_at_k(sampled, DRAWS)),
    }


def _describes(response: GradedResponse, item: Item) -> bool:
    """True where the first thing seen is the true description, word for word."""
    first = (thinking(response.response) or response.response).split("\n")[0].strip()
    claim = read_claim(first)
    picture = item_picture(item)
    return (
        claim is not None
        and claim.kind == "see"
        and claim.words[0] == describe(picture)
        and stated_facts(claim.words[0]) == frozenset(facts(picture))
    )


def _share(holds: Sequence[bool]) -> dict[str, Any] | None:
    return _tree(interval([float(one) for one in holds]))


def _tree(found: Interval | None) -> dict[str, Any] | None:
    return asdict(found) if found else None


def _cell(tree: dict[str, Any] | None) -> str:
    if tree is None or tree["mean"] is None:
        return "-"
    return f"{tree['mean']:.2f}" + (f" [{tree['low']:.2f}, {tree['high']:.2f}]" if tree["low"] is not None else "")


def _caption(card: dict[str, Any]) -> str:
    return (
        f"true description exact {_cell(card['description_exact'])}; in the tag format: greedy "
        f"{_cell(card['in_format_greedy'])}, sampled {_cell(card['in_format_sampled'])}"
    )
