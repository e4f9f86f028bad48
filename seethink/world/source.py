"""The world as a data source: so many items of a split, no item twice."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from seethink.core.config import Config
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.rejected import InputError, Rejected
from seethink.world.pictures import Domain
from seethink.world.questions import TEMPLATES, Rendering, Split, as_item, question

_PATIENCE = 50
"""Draws without a new item, per item known, after which the world is taken to hold no more."""


class WorldConfig(Config):
    """Which part of the world."""

    count: int = 2_000
    seed: int = 1
    split: Split = Split.TRAIN
    level: int = 1
    domain: Domain | None = None
    """Scenes or charts only; both where None."""
    templates: tuple[str, ...] = ()
    """Question templates by name; all where empty."""
    rendering: Rendering = Rendering.PICTURE


class WorldSource:
    """Source: ``count`` different items; the first ones stay the same when ``count`` grows."""

    name = "world"

    def __init__(self, config: WorldConfig) -> None:
        self.config = config
        if unknown := set(config.templates) - set(TEMPLATES):
            raise InputError(f"world templates {sorted(unknown)}: choose among {', '.join(sorted(TEMPLATES))}")
        self.templates = [
            name
            for name, template in TEMPLATES.items()
            if (not config.templates or name in config.templates)
            and (config.domain is None or template.domain is config.domain)
        ]

    def items(self, images: ImageStore) -> Iterator[Item | Rejected]:
        """Draw until enough different items are found; a world too small for ``count`` is an InputError."""
        seen: set[str] = set()
        repeats = 0
        for index in count():
            if len(seen) == self.config.count:
                return
            if repeats > _PATIENCE * (len(seen) + 20):
                raise InputError(
                    f"world: only {len(seen)} different items of {self.config.count} with these templates, "
                    f"level {self.config.level} and split {self.config.split}: lower count or raise level"
                )
            asked = question(
                self.config.seed, index, split=self.config.split, level=self.config.level, templates=self.templates
            )
            item = as_item(asked, images, self.config.rendering)
            repeats += 1
            if item.id not in seen:
                seen.add(item.id)
                repeats = 0
                yield item
