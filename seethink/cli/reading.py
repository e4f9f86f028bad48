"""The items of a file in any of the known formats, and a word about each row that cannot be used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from seethink.cli.terminal import terminal
from seethink.core.rejected import InputError, Rejected

if TYPE_CHECKING:
    from seethink.core.images import ImageStore
    from seethink.core.item import Item
    from seethink.data import SourceConfig


class Format(StrEnum):
    """How a file of items is read."""

    RECORDS = "records"
    VLAA_THINKING = "vlaa-thinking"
    GEOMETRY3K = "geometry3k"
    LOGICVISTA = "logicvista"
    MATHVISION = "mathvision"


@dataclass(frozen=True)
class ItemFile:
    """What ``--data``, ``--images``, ``--format`` and ``--image-field`` say together.

    Attributes:
        images: folder that the picture paths in the file are relative to.
        image_field: field with a picture's path; of VLAA-Thinking records only.
    """

    path: Path
    images: Path
    form: Format
    image_field: str


class OpenedItems(NamedTuple):
    """A file's good items, its bad rows, and the store that holds the items' pictures."""

    items: list[Item]
    rejected: list[Rejected]
    store: ImageStore


def open_items(file: ItemFile, folder: Path) -> OpenedItems:
    """Read a whole file, copy its pictures into the store at ``folder``, and tell its bad rows, with place and remedy.

    InputError where the file cannot be read or no good item is left.
    """
    from seethink.core.images import ImageStore

    store = ImageStore(folder)
    items: list[Item] = []
    rejected: list[Rejected] = []
    for one in read_items(file, store):
        if isinstance(one, Rejected):
            rejected.append(one)
        else:
            items.append(one)
    tell(rejected)
    if rejected:
        terminal().print(f"{len(items)} items kept, {len(rejected)} set aside")
    if not items:
        raise InputError("no usable item is left: mend the rows named above")
    return OpenedItems(items, rejected, store)


def read_items(file: ItemFile, store: ImageStore) -> Iterable[Item | Rejected]:
    """The items one by one, bad rows as reasons."""
    match file.form:
        case Format.LOGICVISTA:
            from seethink.evaluation.logicvista import LogicVista

            return LogicVista(file.path, file.images).items(store)
        case Format.MATHVISION:
            from seethink.evaluation.mathvision import MathVision

            return MathVision(file.path, file.images).items(store)
        case _:
            from seethink.data.sources import all_items, open_source

            return all_items(map(open_source, file_sources(file)), store)


def file_sources(file: ItemFile) -> tuple[SourceConfig, ...]:
    """The file as a source of the data factory; none where it is a benchmark's."""
    from seethink.data.sources import Geometry3kConfig, RecordsConfig, VlaaThinkingConfig

    match file.form:
        case Format.RECORDS:
            return (RecordsConfig(path=file.path, image_root=file.images),)
        case Format.VLAA_THINKING:
            return (VlaaThinkingConfig(path=file.path, image_root=file.images, image_field=file.image_field),)
        case Format.GEOMETRY3K:
            return (Geometry3kConfig(path=file.path, image_root=file.images),)
        case _:
            return ()


def tell(rejected: Sequence[Rejected]) -> None:
    """The first of them, each with place and remedy."""
    from rich.markup import escape

    console = terminal()
    for bad in rejected[:20]:
        console.print(f"[yellow]set aside[/] {escape(f'{bad.where}: {bad.reason} ({bad.detail})')}", highlight=False)
