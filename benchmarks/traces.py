"""How good the signs of pseudo reasoning are, where the truth of every step is known.

    python benchmarks/traces.py [--items 1000] [--split heldout] [--evaluation FOLDER ...] [--real FILE]

Three kinds of traces of the embedded world:

- the oracle teacher's, from its captioner and its reasoner, with the dials at the centre of the quick start;
- made ones, each from a right and a wrong derivation of one question, of which it is known by construction whether a
  reflection changes anything, whether the change is right, and whether the answer follows;
- a model's, from the table of an evaluation of the same split (``--evaluation``; its items are made again from
  ``--count`` and ``--world-seed``), with the gold's gain where ``seethink analyse gold`` wrote the table.

``--real`` prints what the signs say of a file of real responses. The last line is JSON.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table
from scipy.stats import binomtest

from seethink.analysis.compare import LEVEL
from seethink.analysis.pseudo_reasoning import (
    Consequence,
    Diagnosis,
    TraceRow,
    Turn,
    diagnose,
    read_traces,
    trace_steps,
)
from seethink.analysis.pseudo_reasoning.conclusion import Asked
from seethink.analysis.pseudo_reasoning.told import diagnosis_tree, measures_table, qualities_table
from seethink.core.images import ImageStore, png_bytes
from seethink.core.item import Item, Verifier
from seethink.core.trace import write_tags
from seethink.world.oracle import CAPTIONER, REASONER, Dials, reply
from seethink.world.questions import Question, Split, as_item, drawn, question
from seethink.world.source import WorldConfig, WorldSource
from seethink.world.style import HESITATIONS
from seethink.world.traces import steps
from seethink.world.truth import WorldTruth

DIALS = Dials(hesitation=0.5, wrong_steps=0.1, caption_errors=0.05)


class Made(NamedTuple):
    """A made trace and what is true of it by construction; None where the kind says nothing of it."""

    kind: str
    row: TraceRow
    consequence: frozenset[Consequence] | None = None
    turn: Turn | None = None
    follows: bool | None = None


def row_of(item: Item, response: str, where: str, group: str = "") -> TraceRow:
    truth = WorldTruth().step_truth(item, trace_steps(response))
    asked = Asked(item.question, item.gold, item.verifier, item.options)
    return TraceRow(where, item.id, group, response, asked, truth=tuple(truth))


def oracle_traces(count: int, split: Split, seed: int, images: ImageStore) -> Iterator[TraceRow]:
    """What the teacher says about each item: it captions the picture, and reasons from the caption alone."""
    for index in range(count):
        asked = question(seed, index, split=split)
        item = as_item(asked, images)
        from PIL import Image

        png = base64.b64encode(png_bytes(Image.fromarray(drawn(asked)))).decode()
        picture = [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{png}"}}]
        caption = reply(CAPTIONER, [{"role": "user", "content": picture}], DIALS, index)
        text = f"{caption}\n\nQuestion: {item.question}"
        yield row_of(item, reply(REASONER, [{"role": "user", "content": text}], DIALS, index), f"oracle:{index}")


def made_traces(count: int, split: Split, seed: int, images: ImageStore) -> Iterator[Made]:
    """Every kind in turn, one per question whose two derivations differ in a step of work."""
    for index in range(count):
        asked = question(seed + 1, index, split=split)
        rng = random.Random(f"made {seed} {index}")
        right, wrong = (asked.derive(right=way) for way in (True, False))
        good, bad = steps(asked.picture, right), steps(asked.picture, wrong)
        item = as_item(asked, images)
        differ = [
            place for place, (one, other) in enumerate(zip(good, bad, strict=False)) if place > 1 and one != other
        ]
        yield from _reflecting(asked, item, good, bad, differ, index, rng)
        yield from _answering(item, good, bad, right.answer, wrong.answer, index)


def _reflecting(
    asked: Question, item: Item, good: Sequence[str], bad: Sequence[str], differ: Sequence[int], index: int,
    rng: random.Random,
) -> Iterator[Made]:  # fmt: skip
    """A reflection that changes a step rightly, wrongly, or not at all."""
    hesitation = rng.choice(HESITATIONS)
    right, wrong = asked.derive(right=True).answer, asked.derive(right=False).answer

    def trace(body: Sequence[str], answer: str) -> str:
        return write_tags("\n".join(body), answer)

    place = rng.randrange(len(good))
    again = [*good[: place + 1], hesitation, good[place], *good[place + 1 :]]
    none = frozenset({Consequence.REPEATS, Consequence.GOES_ON})
    yield Made("says a step again", row_of(item, trace(again, right), f"again:{index}"), none)
    idle = [*good[: place + 1], hesitation, *good[place + 1 :]]
    yield Made("goes on", row_of(item, trace(idle, right), f"idle:{index}"), none)
    if not differ:
        return
    turn = rng.choice(list(differ))
    changed = frozenset({Consequence.CHANGES})
    mended = [*good[:turn], bad[turn], hesitation, *good[turn:]]
    yield Made("mends a step", row_of(item, trace(mended, right), f"mended:{index}"), changed, Turn.MENDED)
    spoilt = [*good[:turn], good[turn], hesitation, *bad[turn:]]
    yield Made("spoils a step", row_of(item, trace(spoilt, wrong), f"spoilt:{index}"), changed, Turn.SPOILT)


def _answering(
    item: Item, good: Sequence[str], bad: Sequence[str], right: str, wrong: str, index: int
) -> Iterator[Made]:
    """An answer that follows from the steps, right or wrong, and one that comes from the other derivation."""
    if item.verifier not in (Verifier.DIGIT, Verifier.MCQ, Verifier.MATH):
        return
    for kind, body, answer, follows in (
        ("right steps, their answer", good, right, True),
        ("wrong steps, their answer", bad, wrong, True),
        ("right steps, another answer", good, wrong, False),
        ("wrong steps, another answer", bad, right, False),
    ):
        row = row_of(item, write_tags("\n".join(body), answer), f"{kind}:{index}")
        yield Made(kind, row, follows=follows)


def share(holds: Sequence[bool]) -> dict[str, Any]:
    if not holds:
        return {"mean": None, "n": 0}
    found = binomtest(sum(holds), len(holds)).proportion_ci(LEVEL, method="wilson")
    return {"mean": sum(holds) / len(holds), "low": float(found.low), "high": float(found.high), "n": len(holds)}


def made_table(made: Sequence[Made], diagnoses: Sequence[Diagnosis]) -> tuple[Table, list[dict[str, Any]]]:
    """Per kind, how often the diagnosis says what is so, says something else, and says nothing."""
    rows: dict[str, dict[str, list[bool]]] = {}
    for one, found in zip(made, diagnoses, strict=True):
        kept = rows.setdefault(one.kind, {"told": [], "turn": [], "silent": []})
        if one.consequence is not None:
            kept["told"].append(any(each.consequence in one.consequence for each in found.reflections))
            if one.turn is not None and kept["told"][-1]:
                kept["turn"].append(any(each.turn is one.turn for each in found.reflections))
        if one.follows is not None:
            kept["silent"].append(found.concluded.follows is None)
            if found.concluded.follows is not None:
                kept["told"].append(found.concluded.follows is one.follows)
    table = Table(title="made traces: how often the diagnosis says what is so", title_justify="left")
    for name in ("kind", "says so", "turn told right", "nothing read"):
        table.add_column(name, justify="left" if name == "kind" else "right")
    told = []
    for kind, kept in rows.items():
        shares = {name: share(holds) for name, holds in kept.items()}
        table.add_row(kind, *(_cell(one) for one in shares.values()))
        told.append({"kind": kind, **shares})
    return table, told


def _cell(found: dict[str, Any]) -> str:
    if not found["n"]:
        return "–"
    return f"{found['mean']:.1%} ({found['low']:.0%} to {found['high']:.0%}) of {found['n']}"


def evaluated(folder: Path, items: dict[str, Item]) -> list[TraceRow]:
    """The responses of an evaluation, or of ``seethink analyse gold``, with the truth of their steps."""
    rows, _ = read_traces(folder)
    truth = WorldTruth()
    return [
        replace(row, truth=tuple(truth.step_truth(items[row.item], trace_steps(row.response))))
        for row in rows
        if row.item in items
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=1_000, help="questions of oracle and made traces")
    parser.add_argument("--split", type=Split, default=Split.HELDOUT, choices=list(Split))
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--evaluation", type=Path, nargs="*", default=[], help="folders of an evaluation of the world")
    parser.add_argument("--count", type=int, default=800, help="items of that evaluation")
    parser.add_argument("--world-seed", type=int, default=0, help="seed of that evaluation's items")
    parser.add_argument("--real", type=Path, default=None, help="a file of real responses")
    asked = parser.parse_args()
    console, told = Console(), {}
    with tempfile.TemporaryDirectory() as folder:
        images = ImageStore(Path(folder))
        oracle = list(oracle_traces(asked.items, asked.split, asked.seed, images))
        made = list(made_traces(asked.items, asked.split, asked.seed, images))
        told["oracle"] = shown(console, diagnose(oracle), f"the oracle teacher, {asked.split}")
        table, told["made"] = made_table(made, diagnose([one.row for one in made]))
        console.print(table)
        if asked.evaluation:
            world = WorldConfig(count=asked.count, seed=asked.world_seed, split=asked.split)
            items = {item.id: item for item in WorldSource(world).items(images) if isinstance(item, Item)}
            rows = [row for one in asked.evaluation for row in evaluated(one, items)]
            told["evaluation"] = shown(console, diagnose(rows), f"an evaluation, {asked.split}")
    if asked.real:
        rows, rejected = read_traces(asked.real)
        console.print(measures_table(diagnosis_tree(diagnose(rows), rejected, asked.real.name)))
    print(json.dumps({"items": asked.items, "split": asked.split.value, **told}))


def shown(console: Console, diagnoses: Sequence[Diagnosis], title: str) -> dict[str, Any]:
    tree = diagnosis_tree(diagnoses, [], title, to_read=0)
    console.print(measures_table(tree))
    console.print(qualities_table(tree))
    return {"groups": tree["groups"], "qualities": tree["qualities"]}


if __name__ == "__main__":
    main()
