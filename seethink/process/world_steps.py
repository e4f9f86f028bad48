"""Solutions of the world whose steps are known: for first-error metrics and for probes. Test data; exact truth."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

from seethink.core.item import Item
from seethink.process.pool import Pool
from seethink.process.probes import Probed
from seethink.process.step_benchmarks import LabelledSteps
from seethink.process.steps import Splitting, split
from seethink.process.truth import first_false
from seethink.world.questions import TEMPLATES
from seethink.world.traces import steps
from seethink.world.truth import WorldTruth, item_picture


def labelled_pools(found: Iterable[Pool], splitting: Splitting = Splitting.LINES) -> Iterator[LabelledSteps]:
    """Every different decided response with its thinking cut into steps and their exact truth."""
    truth = WorldTruth()
    for pool in found:
        for text in dict.fromkeys(one.text for one in pool.candidates if one.hit is not None):
            said = tuple(step.text for step in split(text, splitting, answer=False))
            if said:
                known = tuple(truth.step_truth(pool.item, said))
                yield LabelledSteps(pool.item, said, known, first_false(known), pool.generator)


def probed_items(items: Iterable[Item], seed: int = 0) -> Iterator[Probed]:
    """Per item its true trace, and for one step of it the one that the wrong way takes; items whose two ways agree, or
    end alike, are left out."""
    for item in items:
        picture = item_picture(item)
        template = TEMPLATES[item.meta["template"]]
        right, wrong = (template.derive(picture, item.meta["words"], way) for way in (True, False))
        true, other = steps(picture, right), steps(picture, wrong)
        places = [k for k, (a, b) in enumerate(zip(true, other, strict=False)) if a != b]
        if not places or right.answer == wrong.answer:
            continue
        place = random.Random(f"probe {seed} {item.id}").choice(places)
        yield Probed(item, true, place, other[place], right.answer, wrong.answer)
