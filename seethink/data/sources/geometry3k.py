"""Geometry3K: school geometry with four choices (Lu et al. 2021, Inter-GPS).

Format seen: JSON Lines with ``problem_text``, ``choices``, ``answer`` (a letter), ``data_type``, ``image``,
``image_kind`` and ``diagram_logic_form``, as made from the public annotation examples and their redrawn diagrams.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from seethink.core.config import Config
from seethink.core.images import ImageStore
from seethink.core.item import Item, Verifier, make_item
from seethink.core.records import Record, read_records
from seethink.core.rejected import InputError, Rejected
from seethink.data.sources.gold import tidy_gold
from seethink.data.sources.options import with_options


class Geometry3kConfig(Config):
    kind: Literal["geometry3k"] = "geometry3k"
    path: Path
    """The JSON Lines file."""
    image_root: Path | None = None
    """Folder that the records' picture paths start from; the file's own where None."""


class Geometry3kSource:
    """Source over the training problems; those of other splits are set aside, they are for evaluation only.

    Redrawn diagrams lack the printed lengths and angles, so the facts of ``diagram_logic_form`` are written into their
    question. With an original diagram a model can see them; there they are context, for the reasoner who cannot.
    """

    name = "geometry3k"

    def __init__(self, config: Geometry3kConfig) -> None:
        self.config = config

    def items(self, images: ImageStore) -> Iterator[Item | Rejected]:
        root = self.config.image_root or self.config.path.parent
        seen: set[str] = set()
        for record in read_records(self.config.path):
            if isinstance(record, Rejected):
                yield record._replace(source=self.name)
                continue
            own_id = str(record.fields.get("id"))
            if own_id in seen:
                told = f"field id: {own_id} stands earlier in the file"
                yield Rejected("duplicated id", told, record.where, self.name)
                continue
            seen.add(own_id)
            yield _item(record, images, root)


def _item(record: Record, images: ImageStore, root: Path) -> Item | Rejected:
    outcome = _build(record.fields, images, root)
    if isinstance(outcome, Rejected):
        return outcome._replace(where=record.where, source=Geometry3kSource.name)
    return outcome


def _build(fields: Mapping[str, Any], images: ImageStore, root: Path) -> Item | Rejected:
    split = fields.get("data_type")
    if split != "train":
        return Rejected("not a training problem", f"field data_type: {split!r}, only train is used")
    text, choices, facts = fields.get("problem_text"), fields.get("choices"), fields.get("diagram_logic_form") or []
    if not isinstance(text, str) or not text.strip():
        return Rejected("no question", "field problem_text: give the problem as text")
    if not isinstance(choices, list) or not 2 <= len(choices) <= 26:
        return Rejected("unreadable options", "field choices: give a list of two to 26 texts")
    if not isinstance(facts, list):
        return Rejected("unreadable facts", "field diagram_logic_form: give a list of texts")
    options = [str(choice) for choice in choices]
    # The letter, not the text of a choice: a choice may itself be a single letter.
    gold = tidy_gold(fields.get("answer"), Verifier.MCQ, [""] * len(options))
    if isinstance(gold, Rejected):
        return gold
    try:
        digest, _ = images.add_file(root, str(fields.get("image") or ""))
    except (InputError, OSError, ValueError) as error:
        return Rejected("broken picture", f"field image: {error}")
    told = "; ".join(str(fact) for fact in facts if str(fact).strip())
    printed = fields.get("image_kind") == "original"
    question = text.strip() if printed or not told else f"{text.strip()}\nGiven: {told}"
    try:
        return make_item(
            source=Geometry3kSource.name,
            question=with_options(question, options),
            gold=gold,
            verifier=Verifier.MCQ,
            images=(digest,),
            options=tuple(options),
            context=told if printed else "",
            meta={"id": str(fields.get("id")), "image_kind": str(fields.get("image_kind"))},
        )
    except UnicodeEncodeError as error:
        return Rejected("text is not Unicode", f"{error}: the record holds half a character")
