"""Sources: where items come from. Each yields ``Item | Rejected``; a bad row never stops the good ones.

options         how choices are written into a question
cleaning        named rules for untidy expressions
gold            a gold answer brought into the form its verifier reads
routing         the paper's nine sources, and which verifier decides each
records         JSON array, JSON Lines or table with our own keys or those of the released VLAA-Thinking files
mapping         where a data set keeps what an item needs: one YAML each, the paper's nine in ``mappings/``
mapped          the one reader of all data sets that have a mapping
vlaa_thinking   the released files, with what the paper gave the reasoner besides the caption
geometry3k      Geometry3K problems
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

from pydantic import Field

from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.protocols import Source
from seethink.core.rejected import Rejected
from seethink.data.per_source import SourceSettings
from seethink.data.sources.geometry3k import Geometry3kConfig, Geometry3kSource
from seethink.data.sources.mapped import MappedConfig, MappedSource
from seethink.data.sources.mapping import load_mapping
from seethink.data.sources.records import RecordsConfig, RecordsSource
from seethink.data.sources.vlaa_thinking import VlaaThinkingConfig, VlaaThinkingSource, released_settings

AnySource = RecordsConfig | MappedConfig | VlaaThinkingConfig | Geometry3kConfig

SourceConfig = Annotated[AnySource, Field(discriminator="kind")]
"""One source in a config file; ``kind`` says which."""


def open_source(config: AnySource) -> Source:
    match config:
        case RecordsConfig():
            return RecordsSource(config)
        case MappedConfig():
            return MappedSource(config)
        case VlaaThinkingConfig():
            return VlaaThinkingSource(config)
        case Geometry3kConfig():
            return Geometry3kSource(config)


def source_settings(config: AnySource) -> dict[str, SourceSettings]:
    """What the data factory does otherwise for this file's sources, by their names."""
    match config:
        case MappedConfig():
            mapping = load_mapping(config.mapping)
            return {mapping.source: mapping.settings.model_copy(update={"licence": mapping.licence})}
        case VlaaThinkingConfig():
            return released_settings(config)
        case _:
            return {}


def all_items(sources: Iterable[Source], images: ImageStore) -> Iterator[Item | Rejected]:
    """The items of several sources, one source after the other."""
    for source in sources:
        yield from source.items(images)


__all__ = [
    "Geometry3kConfig",
    "Geometry3kSource",
    "MappedConfig",
    "MappedSource",
    "RecordsConfig",
    "RecordsSource",
    "SourceConfig",
    "VlaaThinkingConfig",
    "VlaaThinkingSource",
    "all_items",
    "open_source",
    "source_settings",
]
