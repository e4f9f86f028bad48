"""MATH-V: 3,040 competition problems over pictures. Items only; never training data.

Format seen: the benchmark's own records (``id``, ``question`` with ``<image1>`` marks, ``options``, ``answer``,
``image``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from seethink.core.images import ImageStore
from seethink.core.item import Item, Verifier, make_item
from seethink.core.records import Record, field_text
from seethink.core.rejected import InputError, Rejected
from seethink.evaluation.items import record_items

_MARK = re.compile(r"<image\d+>\n?")


class MathVision:
    """Source over the benchmark's JSON Lines and its picture folder."""

    name = "mathvision"

    def __init__(self, path: Path, folder: Path) -> None:
        self.path, self.folder = path, folder

    def items(self, images: ImageStore) -> Iterator[Item | Rejected]:
        return record_items(self.path, lambda record: self._item(record, images))

    def _item(self, record: Record, images: ImageStore) -> Item:
        listed = record.fields.get("options") or []
        if not isinstance(listed, list):
            raise InputError(f"field options: it holds a {type(listed).__name__}, give a list of texts")
        options = tuple(str(option) for option in listed)
        question = _MARK.sub("", field_text(record, "question")).strip()
        # Options that are bare letters are drawn in the picture: writing "A) A" would say nothing.
        if any(option != chr(ord("A") + i) for i, option in enumerate(options)):
            question += "".join(f"\n{chr(ord('A') + i)}) {option}" for i, option in enumerate(options))
        name = field_text(record, "image")
        inner = name if (self.folder / name).exists() else PurePosixPath(name).name
        digest, _ = images.add_file(self.folder, inner)
        return make_item(
            source=self.name,
            question=question,
            gold=field_text(record, "answer"),
            verifier=Verifier.MCQ if options else Verifier.MATH,
            images=(digest,),
            options=options,
            meta={
                "id": field_text(record, "id"),
                "level": record.fields.get("level"),
                "subject": record.fields.get("subject"),
            },
        )
