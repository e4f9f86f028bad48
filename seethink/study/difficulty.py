"""Is the RL set harder? Base pass@k of both sets; the paper assumes it (VLAA-Thinking section 2, step 6).

The paper takes a reflective cue in a teacher's trace for a sign of a hard question. What RL needs to know is how often
the model that it starts from gets a question right; the rate of every item is stored and can make the split instead.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Any

from pydantic import Field, model_validator
from rich.markup import escape
from rich.table import Table

from seethink.analysis import Apart, Interval, Samples, apart, apart_within, interval, item_hits, item_pass_at_k
from seethink.core.graded import Decoding, GradedResponse
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.rejected import InputError
from seethink.core.tables import MANIFEST, data_hash, read_manifest, write_json, write_manifest, write_rows, write_text
from seethink.data.markdown import table
from seethink.evaluation.run import evaluate
from seethink.evaluation.settings import EvaluationConfig
from seethink.models.load import weights_hash
from seethink.study.data import read_data
from seethink.study.rewards import evaluation_judges


class DifficultyConfig(EvaluationConfig):
    draws: int = Field(default=8, ge=1)
    """Sampled responses per item."""
    ks: tuple[int, ...] = (1, 4, 8)
    """The k of pass@k; none beyond ``draws``."""
    items: int | None = Field(default=None, ge=1)
    """Items of each set, drawn with ``seed``; all where None, as a split by pass rate needs them."""

    @model_validator(mode="after")
    def _enough_draws(self) -> DifficultyConfig:
        if not self.ks or min(self.ks) < 1 or max(self.ks) > self.draws:
            raise ValueError(f"ks={list(self.ks)}: every k lies between 1 and draws={self.draws}")
        return self


def measure_difficulty(
    config: DifficultyConfig, model: str | Path, data: Path, images: ImageStore, out: Path
) -> dict[str, Any]:
    """Draw responses of ``model`` to the items of both sets of a data run; a killed measurement goes on.

    Below ``out`` lie the measurement itself (``item_id``, ``source``, ``pool``, ``draws``, ``hits``, ``pass_rate``; no
    rate where nobody decides the answers), ``responses/``, and ``difficulty.json``, which is returned; the card of
    ``data`` gets a section.

    Raises:
        InputError: no finished data run, or both of its sets are empty.
    """
    started, sets = time.time(), read_data(data)
    asked = {"sft": [demonstration.item for demonstration in sets.sft], "rl": sets.rl}
    asked = {pool: _drawn(items, config) for pool, items in asked.items() if items}
    if not asked:
        raise InputError(f"both sets of {data} are empty: see its funnel for what set the rows aside")
    drawing = EvaluationConfig.model_validate(config.model_dump(include=set(EvaluationConfig.model_fields)))
    sampled = {pool: _sampled(drawing, pool, model, items, images, out) for pool, items in asked.items()}
    (out / MANIFEST).unlink(missing_ok=True)
    rows = [row for pool, responses in sampled.items() for row in _rates(pool, responses)]
    write_rows(out, rows)
    made_by = read_manifest(data / "funnel") or {}
    found = {
        "model": weights_hash(model),
        "draws": config.draws,
        "sets": made_by.get("config_hash", ""),
        **_compared(config, sampled),
    }
    write_json(out / "difficulty.json", found)
    made_from = {"items": data_hash(row["item_id"] for row in rows), "model": found["model"]}
    write_manifest(
        out, config, seeds={"sampling": config.seed}, data=made_from, started=started, more={"rows": len(rows)}
    )
    write_text(data / "card" / "difficulty.md", difficulty_section(found))
    return found


def difficulty_section(found: Mapping[str, Any]) -> str:
    """The comparison for the dataset card."""
    heads = ("", "SFT", "RL", "RL minus SFT", "p")
    return (
        f"## Is the RL set harder?\n\n{verdict(found)} Model {found['model']}, {found['draws']} draws per item, on the "
        f"sets of config {found['sets']}; mean, 95 % interval, items.\n\n" + table(heads, _lines(found))
    )


def difficulty_table(found: Mapping[str, Any]) -> Table:
    """The comparison for a terminal."""
    shown = Table(title="Base pass@k of the two sets", title_justify="left", caption=verdict(found))
    for name in ("", "SFT", "RL", "RL minus SFT", "p"):
        shown.add_column(name, justify="left" if not name else "right")
    for line in _lines(found):
        shown.add_row(*map(escape, line))
    return shown


def _lines(found: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for k, row in found["pass_at"].items():
        yield f"pass@{k}", *_cells(row)
        yield f"pass@{k} within sources", "", "", _cell(row["within_sources"]["difference"], signed=True), ""
    for source, row in found["by_source"].items():
        yield f"pass@{_smallest(found)} {source}", *_cells(row)


def verdict(found: Mapping[str, Any]) -> str:
    """What the smallest k says of the two sets, in a sentence."""
    difference = found["pass_at"][_smallest(found)]["difference"]
    if difference["low"] is None:
        return "One of the sets has no item that could be decided: nothing can be said."
    if difference["high"] < 0:
        return "The RL set is harder for this model."
    if difference["low"] > 0:
        return "The RL set is easier for this model."
    return "These items do not tell the two sets apart."


def _smallest(found: Mapping[str, Any]) -> str:
    return str(min(found["pass_at"], key=int))


def _drawn(items: Sequence[Item], config: DifficultyConfig) -> list[Item]:
    if config.items is None or config.items >= len(items):
        return list(items)
    chosen = set(Random(config.seed).sample(sorted(item.id for item in items), config.items))
    return [item for item in items if item.id in chosen]


def _sampled(
    config: EvaluationConfig, pool: str, model: str | Path, items: Sequence[Item], images: ImageStore, out: Path
) -> list[GradedResponse]:
    responses = evaluate(config, pool, model, items, images, evaluation_judges(items), out / "responses" / pool)
    return [response for response in responses if response.decoding is Decoding.SAMPLED]


def _rates(pool: str, responses: Sequence[GradedResponse]) -> list[dict[str, Any]]:
    sources = {response.item_id: response.source for response in responses}
    return [
        {
            "item_id": item,
            "source": sources[item],
            "pool": pool,
            "draws": counts.draws,
            "hits": counts.hits,
            "pass_rate": counts.hits / counts.draws if counts.draws else None,
        }
        for item, counts in item_hits(responses).items()
    ]


def _compared(config: DifficultyConfig, sampled: Mapping[str, Sequence[GradedResponse]]) -> dict[str, Any]:
    by_source: dict[str, dict[str, list[GradedResponse]]] = defaultdict(lambda: defaultdict(list))
    for pool, responses in sampled.items():
        for response in responses:
            by_source[response.source][pool].append(response)
    return {
        "pass_at": {
            str(k): _pair(sampled, k, config.seed)
            | {
                "within_sources": _told(
                    apart_within({source: _samples(pools, k) for source, pools in by_source.items()}, seed=config.seed)
                )
            }
            for k in sorted(config.ks)
        },
        "by_source": {source: _pair(by_source[source], min(config.ks), config.seed) for source in sorted(by_source)},
    }


def _pair(pools: Mapping[str, Sequence[GradedResponse]], k: int, seed: int) -> dict[str, Any]:
    samples = _samples(pools, k)
    return {
        "rl": asdict(interval(samples.a, seed=seed)),
        "sft": asdict(interval(samples.b, seed=seed)),
        **_told(apart(samples, seed=seed)),
    }


def _samples(pools: Mapping[str, Sequence[GradedResponse]], k: int) -> Samples:
    """RL first: the difference is RL minus SFT, and below zero where RL is harder."""
    return Samples(*(list(item_pass_at_k(pools.get(pool, ()), k).values()) for pool in ("rl", "sft")))


def _told(found: Apart) -> dict[str, Any]:
    return {"difference": asdict(found.difference), "p": found.p}


def _cells(row: Mapping[str, Any]) -> list[str]:
    p = "" if row["p"] is None else f"{row['p']:.3g}"
    return [_cell(row["sft"]), _cell(row["rl"]), _cell(row["difference"], signed=True), p]


def _cell(found: Mapping[str, Any], *, signed: bool = False) -> str:
    told = Interval(**found)
    if told.mean is None:
        return "-"
    sign = "+" if signed else ""
    spread = "" if told.low is None else f" [{told.low:{sign}.2f}, {told.high:{sign}.2f}]"
    return f"{told.mean:{sign}.2f}{spread} ({told.n})"
