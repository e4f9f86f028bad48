"""Sources: where items come from. Each yields ``Item | Rejected``; a bad row never stops the good ones.

options         how choices are written into a question
gold            a gold answer brought into the form its verifier reads
routing         the paper's nine sources, and which verifier decides each
records         JSON array or JSON Lines with our own keys or those of the released VLAA-Thinking files
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
from seethink.data.sources.geometry3k import Geometry3kConfig, Geometry3kSource
from seethink.data.sources.records import RecordsConfig, RecordsSource
from seethink.data.sources.vlaa_thinking import VlaaThinkingConfig, VlaaThinkingSource, sft_rows

SourceConfig = Annotated[RecordsConfig | VlaaThinkingConfig | Geometry3kConfig, Field(discriminator="kind")]
"""One source in a config file; ``kind`` says which."""


def open_source(config: RecordsConfig | VlaaThinkingConfig | Geometry3kConfig) -> Source:
    match config:
        case RecordsConfig():
            return RecordsSource(config)
        case VlaaThinkingConfig():
            return VlaaThinkingSource(config)
        case Geometry3kConfig():
            return Geometry3kSource(config)


def all_items(sources: Iterable[Source], images: ImageStore) -> Iterator[Item | Rejected]:
    """The items of several sources, one source after the other."""
    for source in sources:
        yield from source.items(images)


__all__ = [
    "Geometry3kConfig",
    "Geometry3kSource",
    "RecordsConfig",
    "RecordsSource",
    "SourceConfig",
    "VlaaThinkingConfig",
    "VlaaThinkingSource",
    "all_items",
    "open_source",
    "sft_rows",
]
