"""What is true: of each step of a trace, and of each fact of an open answer."""

from __future__ import annotations

from collections.abc import Sequence

from seethink.core.item import Item
from seethink.core.rejected import InputError
from seethink.world.grammar import Claim, facts, read_claim, read_picture, stated_facts
from seethink.world.pictures import Picture
from seethink.world.questions import TEMPLATES
from seethink.world.traces import steps as steps_of


def item_picture(item: Item) -> Picture:
    """The true picture behind an item of the world."""
    try:
        picture = read_picture(item.meta["picture"], int(item.meta["n"]))
    except KeyError as error:
        raise InputError(f"item {item.id} of source {item.source} is not of the world: no meta field {error}") from None
    if picture is None:
        raise InputError(f"item {item.id}: meta.picture holds no description of the world")
    return picture


class WorldTruth:
    """StepTruth and AnswerScorer of the world, exact."""

    def knows(self, item: Item) -> bool:
        """True for items of the world."""
        return item.source.startswith("world-") and {"picture", "n", "template", "words"} <= item.meta.keys()

    def step_truth(self, item: Item, steps: Sequence[str]) -> list[bool | None]:
        """A fact is held against the picture, a plan or a result against the right derivation; a filler is None."""
        picture = item_picture(item)
        template = TEMPLATES[item.meta["template"]]
        derivation = template.derive(picture, item.meta["words"], True)
        right = {claim for step in steps_of(picture, derivation) if (claim := read_claim(step))}
        true = frozenset(facts(picture))
        return [None if claim is None else _holds(claim, right, true) for claim in map(read_claim, steps)]

    def score(self, items: Sequence[Item], answers: Sequence[str]) -> list[float]:
        """S of an open answer: true facts stated minus false ones, each counted once."""
        return [float(net_facts(item_picture(item), answer)) for item, answer in zip(items, answers, strict=True)]

    def share(self, items: Sequence[Item], answers: Sequence[str]) -> list[float]:
        """The same in [0, 1]: (true - false) over all facts of the picture, 0 where false ones prevail.

        Evaluation reports this instead of the reward formula, whose value depends on the reference's terseness.
        """
        pictures = [item_picture(item) for item in items]
        return [
            max(0.0, net_facts(picture, answer) / len(set(facts(picture))))
            for picture, answer in zip(pictures, answers, strict=True)
        ]


def net_facts(picture: Picture, answer: str) -> int:
    """True facts stated minus false ones, each counted once."""
    true = frozenset(facts(picture))
    return sum(1 if fact in true else -1 for fact in stated_facts(answer))


def _holds(claim: Claim, right: set[Claim], true: frozenset[str]) -> bool:
    if claim.kind == "see":
        return stated_facts(claim.words[0]) == true and _states_only(true, claim.words[0])
    if claim.kind == "holds":
        return " ".join(claim.words) in true
    if claim.kind == "at":
        colour, shape, at = claim.words
        return f"{at} {colour} {shape}" in true
    return claim in right


def _states_only(true: frozenset[str], said: str) -> bool:
    """Nothing but these facts is said: a false step behind a comma would else hide in a true one."""
    for fact in sorted(true, key=len, reverse=True):
        said = said.replace(fact, "")
    return set(said.replace(",", " ").split()) <= {"bars", "and"}
