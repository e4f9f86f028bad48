"""Items that ask one question, and studies whose arms answer the same ones.

An item's id hashes its text and its pictures. In the world a question and its text twin are one question, made from the
same seed and index: its answers are compared under the id of the item with the picture, however it was asked. Whether
all arms of a study answer the same questions is known before anything is trained, and checked then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.rejected import InputError
from seethink.study.choices import PictureSettings, Shown
from seethink.study.heldout import AnyHeldout, HeldoutBenchmarks, HeldoutItems, heldout_items
from seethink.world.questions import Rendering
from seethink.world.source import WorldConfig


def with_pictures(heldout: AnyHeldout) -> AnyHeldout:
    """The same questions, asked over pictures."""
    return _pictured(heldout) if isinstance(heldout, WorldConfig) else heldout


def compared_ids(heldout: AnyHeldout, images: ImageStore) -> dict[str, str]:
    """By the id of an item the one that its answers are compared under, where that is another: a text twin's."""
    if not isinstance(heldout, WorldConfig) or heldout.rendering is Rendering.PICTURE:
        return {}
    asked, shown = heldout_items(heldout, images), heldout_items(_pictured(heldout), images)
    pictured = {_question(item): item.id for item in shown}
    if [_question(item) for item in asked] != list(pictured):
        raise InputError(f"the world in words holds other questions than in pictures ({heldout}): lower heldout.count")
    return {item.id: pictured[_question(item)] for item in asked}


def check_same_questions(asked: Mapping[str, tuple[AnyHeldout, PictureSettings]]) -> None:
    """InputError where two arms are asked different questions, or one cannot be asked as it says.

    Args:
        asked: by arm its held-out questions, and what it is shown.
    """
    first: tuple[str, Any] | None = None
    for arm, (heldout, pictures) in asked.items():
        if isinstance(heldout, HeldoutBenchmarks) and pictures.evaluation is not Shown.OWN:
            raise InputError(
                f"arm {arm}: pictures.evaluation: {pictures.evaluation}: a benchmark is asked with its own pictures; "
                "choose own, or evaluation.blind to leave them out"
            )
        in_words = isinstance(heldout, WorldConfig) and heldout.rendering is Rendering.TEXT
        if in_words and pictures.evaluation is not Shown.OWN:
            raise InputError(
                f"arm {arm}: pictures.evaluation: {pictures.evaluation}: heldout.rendering: text shows none"
            )
        questions = _questions(heldout)
        if first is None:
            first = (arm, questions)
        elif questions != first[1]:
            apart = ", ".join(f"heldout.{name}" for name in questions if questions[name] != first[1].get(name))
            raise InputError(
                f"arms {first[0]} and {arm} would answer other questions ({apart or 'heldout'} differs), and cannot be "
                "compared: leave heldout to all arms; results tell every source apart, each domain of the world too, "
                "and only heldout.rendering may be another one"
            )


def _questions(heldout: AnyHeldout) -> dict[str, Any]:
    """What decides which questions these are, whoever scores them."""
    tree = heldout.model_dump(mode="json")
    if isinstance(heldout, WorldConfig):
        return {name: value for name, value in tree.items() if name != "rendering"}
    named = "sources" if isinstance(heldout, HeldoutItems) else "tables"
    return {"kind": tree["kind"], named: tree[named]}


def _pictured(heldout: WorldConfig) -> WorldConfig:
    return heldout.model_copy(update={"rendering": Rendering.PICTURE})


def _question(item: Item) -> tuple[int, int]:
    """A question of the world among those of one config."""
    return item.meta["seed"], item.meta["index"]
