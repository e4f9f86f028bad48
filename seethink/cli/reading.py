"""The items of files in any of the known formats, and a word about each row that cannot be used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from seethink.cli.terminal import terminal
from seethink.core.rejected import InputError, Rejected

if TYPE_CHECKING:
    from seethink.core.images import ImageStore
    from seethink.core.item import Item
    from seethink.data import SourceConfig


class Format(StrEnum):
    """How a file of items is read."""

    RECORDS = "records"
    MAPPED = "mapped"
    VLAA_THINKING = "vlaa-thinking"
    GEOMETRY3K = "geometry3k"
    MATHVISTA = "mathvista"
    MATHVISION = "mathvision"
    MATHVERSE = "mathverse"
    DYNAMATH = "dynamath"
    WEMATH = "wemath"
    LOGICVISTA = "logicvista"


@dataclass(frozen=True)
class ItemFile:
    """One file of ``--data``, with what the options beside it say of it.

    Attributes:
        images: folder that the picture paths in the file are relative to.
        mapping: a mapping's name or path; "" where the form needs none.
        image_field: field with a picture's path; of VLAA-Thinking records only.
    """

    path: Path
    images: Path
    form: Format
    mapping: str
    image_field: str


def item_files(
    data: Sequence[Path] | None,
    images: Sequence[Path] | None = None,
    form: Sequence[Format] | None = None,
    mapping: Sequence[str] | None = None,
    image_field: str = "image",
) -> list[ItemFile]:
    """The files, each with its options: an option that is given once holds for all, one given as often as there are
    files holds in their order. ``mapping`` counts the files of ``--format mapped`` alone.

    Raises:
        InputError: an option is given neither once nor once for each, or mapped files have no mapping, or others one.
    """
    files = list(data or ())
    folders = _each("--images", images or [Path()], files, "--data")
    forms = _each("--format", form or [Format.RECORDS], files, "--data")
    mapped = [path for path, one in zip(files, forms, strict=True) if one is Format.MAPPED]
    if bool(mapping) is not bool(mapped):
        raise InputError("--format mapped and --mapping belong together: give both, or neither")
    names = iter(_each("--mapping", mapping or [], mapped, "--format mapped"))
    return [
        ItemFile(path, folder, one, next(names) if one is Format.MAPPED else "", image_field)
        for path, folder, one in zip(files, folders, forms, strict=True)
    ]


_T = TypeVar("_T")


def _each(option: str, given: Sequence[_T], files: Sequence[Path], counted: str) -> Sequence[_T]:
    if len(given) == len(files):
        return given
    if len(given) == 1:
        return [given[0]] * len(files)
    raise InputError(
        f"{option} is given {len(given)} times and {counted} {len(files)}: give it once, or once for each file in the "
        "files' order"
    )


class OpenedItems(NamedTuple):
    """The files' good items, their bad rows, and the store that holds the items' pictures."""

    items: list[Item]
    rejected: list[Rejected]
    store: ImageStore


def open_items(files: Sequence[ItemFile], folder: Path) -> OpenedItems:
    """Read whole files, copy their pictures into the store at ``folder``, and tell bad rows, with place and remedy.

    InputError where a file cannot be read or no good item is left.
    """
    from seethink.core.images import ImageStore

    store = ImageStore(folder)
    items: list[Item] = []
    rejected: list[Rejected] = []
    for one in read_items(files, store):
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


def read_items(files: Sequence[ItemFile], store: ImageStore) -> Iterator[Item | Rejected]:
    """The items one by one, bad rows as reasons."""
    for file in files:
        yield from _items(file, store)


def _items(file: ItemFile, store: ImageStore) -> Iterable[Item | Rejected]:
    sources = file_sources(file)
    if sources:
        from seethink.data.sources import all_items, open_source

        return all_items(map(open_source, sources), store)
    from seethink.evaluation.catalogue import find_entry
    from seethink.evaluation.questions import benchmark_items

    return benchmark_items(find_entry(file.form.value).benchmark, file.path, file.images, store)


def file_sources(file: ItemFile) -> tuple[SourceConfig, ...]:
    """The file as a source of the data factory; none where it is a benchmark's."""
    from seethink.data.sources import Geometry3kConfig, MappedConfig, RecordsConfig, VlaaThinkingConfig

    match file.form:
        case Format.RECORDS:
            return (RecordsConfig(path=file.path, image_root=file.images),)
        case Format.MAPPED:
            return (MappedConfig(mapping=file.mapping, path=file.path, image_root=file.images),)
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
