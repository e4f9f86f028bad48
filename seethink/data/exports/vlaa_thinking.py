"""The released VLAA-Thinking files: JSON Lines under a ``.json`` name, and an image folder.

SFT: ``image``, ``question``, ``answer``. RL: ``id``, ``image``, ``question``, ``gt``, ``caption``, ``meta`` and
``verifier_type``. Form: README and data cards of github.com/UCSC-VLAA/VLAA-Thinking (commit a2c9678), and the keys of
VLAA-Thinking-SFT-126K.json and VLAA-Thinking-GRPO-25K.json as their public users read them.
"""

from __future__ import annotations

import json
from typing import Any

from seethink.core.item import Verifier
from seethink.core.rejected import Rejected
from seethink.data.brought import CAPTION, REASONING
from seethink.data.exports.form import Exporter, Rows
from seethink.data.exports.sample import Kind, Sample
from seethink.data.exports.target import Target
from seethink.data.sources.vlaa_thinking import CONTEXT

FILES = {Kind.SFT: "VLAA-Thinking-SFT", Kind.RL: "VLAA-Thinking-GRPO"}


def _row(sample: Sample, number: int, target: Target) -> dict[str, Any] | Rejected:
    item = sample.item
    if len(item.images) != 1:
        return Rejected("not one picture", f"{len(item.images)} pictures, the form holds one", item.id)
    shown = {"image": target.picture_file(item.images[0]).removeprefix("images/"), "question": item.question}
    if sample.response:
        return shown | {"answer": sample.response}
    told = {REASONING: sample.trace} if sample.trace else {}
    facts = {CONTEXT.get(item.source, "context"): item.context} if item.context else {}
    return {
        "id": item.id,
        **shown,
        "gt": _gold(item.gold, item.verifier),
        "caption": sample.caption or str(item.meta.get(CAPTION) or ""),
        "meta": {**item.meta, **facts, **told},
        "verifier_type": item.verifier.value,
    }


def _gold(gold: str, verifier: Verifier) -> Any:
    """A number for a digit and a list for a box, as released; text otherwise."""
    return json.loads(gold) if verifier in (Verifier.DIGIT, Verifier.IOU) else gold


def _write(target: Target, name: str, kind: Kind, rows: Rows) -> int:
    suffix = "" if name == kind.value else f"-{name}"
    return target.json_lines(f"{FILES[kind]}{suffix}.json", rows)


EXPORT = Exporter((Kind.SFT, Kind.RL), _row, _write)
