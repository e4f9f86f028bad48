"""iou: boxes, worth their intersection over union (perception; LLaVA-CoT COCO and VG in the paper, section 4.1)."""

from __future__ import annotations

from collections.abc import Sequence

from seethink.core.item import Item, Verifier
from seethink.core.verdict import Verdict
from seethink.rewards.responses import Extract, rule_reward, strict


def iou(items: Sequence[Item], responses: Sequence[str], extract: Extract = strict) -> list[Verdict]:
    """The intersection over union with the gold box, in [0, 1], no threshold; ``answers.box`` reads the boxes."""
    return rule_reward(Verifier.IOU, items, responses, extract)
