"""LogicVista: 448 multiple-choice questions of logic over pictures. Items only; never training data.

Format seen: the benchmark's own records (``id``, ``imagename``, ``question``, ``answer``, ``skill``), options drawn in
the picture, one letter per answer for all but a few; those few are set aside, since no verifier of ours decides them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from seethink.core.images import ImageStore
from seethink.core.item import Item, Verifier, make_item
from seethink.core.records import Record, field_text
from seethink.core.rejected import InputError, Rejected
from seethink.evaluation.items import record_items


class LogicVista:
    """Source over the benchmark's JSON Lines and its picture folder."""

    name = "logicvista"

    def __init__(self, path: Path, folder: Path) -> None:
        self.path, self.folder = path, folder

    def items(self, images: ImageStore) -> Iterator[Item | Rejected]:
        return record_items(self.path, lambda record: self._item(record, images))

    def _item(self, record: Record, images: ImageStore) -> Item:
        answer = field_text(record, "answer").strip()
        if len(answer) != 1 or not answer.isalpha():
            raise InputError(f"answer {answer!r} is not one letter: our mcq verifier decides single letters only")
        digest, _ = images.add_file(self.folder, field_text(record, "imagename"))
        return make_item(
            source=self.name,
            question=field_text(record, "question"),
            gold=answer,
            verifier=Verifier.MCQ,
            images=(digest,),
            meta={"id": field_text(record, "id"), "skill": record.fields.get("skill")},
        )
