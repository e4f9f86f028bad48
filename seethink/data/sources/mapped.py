"""Mapped: the one reader of all data sets that have a mapping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from seethink.core.config import Config
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.records import Record, read_records
from seethink.core.rejected import InputError, Rejected
from seethink.data.brought import CAPTION, REASONING
from seethink.data.sources.cleaning import tidy_question
from seethink.data.sources.gold import MISFIT
from seethink.data.sources.mapping import Place, load_mapping
from seethink.data.sources.options import bare_options
from seethink.data.sources.records import record_item


class MappedConfig(Config):
    kind: Literal["mapped"] = "mapped"
    mapping: str
    """A source by name (``clevr_math``, ``docvqa``, ``mmstar``, …), or the path of a mapping's YAML."""
    path: Path
    """JSON Lines, a JSON array, or a Parquet or Arrow table (a file, a folder, or a path with ``*``)."""
    image_root: Path = Path()
    """Folder that the records' picture paths start from; tables may hold the pictures themselves."""
    beside: Path | None = None
    """The second file, where the mapping names one: CLEVR's scenes, ALLaVA's captions."""


class MappedSource:
    """Source over one file of a data set."""

    def __init__(self, config: MappedConfig) -> None:
        self.config = config
        self.mapping = load_mapping(config.mapping)
        self.name = self.mapping.source
        if config.beside is not None and self.mapping.beside is None:
            raise InputError(f"source {self.name}: its mapping names no second file, leave beside out")

    def items(self, images: ImageStore) -> Iterator[Item | Rejected]:
        """Items of the selected records. Reasons are those of ``record_item``."""
        beside = self._beside()
        for record in read_records(self.config.path, self.mapping.below):
            if isinstance(record, Rejected):
                # Of a file that several sources share nobody knows whose line it was.
                yield record if self.mapping.select else record._replace(source=self.name)
                continue
            fields: Mapping[str, Any] = record.fields
            if not all(condition.holds(fields) for condition in self.mapping.select):
                continue
            if self.mapping.beside is not None:
                fields = {**fields, "beside": beside.get(_key(self.mapping.beside.equals, fields), {})}
            yield self._item(fields, record.where, images)

    def _item(self, fields: Mapping[str, Any], where: str, images: ImageStore) -> Item | Rejected:
        mapping = self.mapping
        question, options = mapping.value(mapping.question, fields), mapping.value(mapping.options, fields)
        own = {
            "source": mapping.source,
            "id": mapping.value(mapping.id, fields),
            "images": mapping.value(mapping.picture, fields),
            "question": tidy_question(question) if isinstance(question, str) else question,
            "gold": mapping.value(mapping.gold, fields),
            "options": bare_options(options) if isinstance(options, list) else options,
            "context": mapping.value(mapping.context, fields),
            "meta": {
                **{name: fields[name] for name in mapping.keep if name in fields},
                **_given(CAPTION, mapping.value(mapping.caption, fields)),
                **_given(REASONING, mapping.value(mapping.reasoning, fields)),
            },
        }
        outcome: Item | Rejected = Rejected(MISFIT)
        for verifier in mapping.verifier:
            record = Record({**own, "verifier": verifier.value}, where)
            outcome = record_item(record, images, self.config.image_root, self.name)
            if not (isinstance(outcome, Rejected) and outcome.reason == MISFIT):
                break
        return outcome

    def _beside(self) -> dict[str, Mapping[str, Any]]:
        beside, path = self.mapping.beside, self.config.beside
        if beside is None or path is None:
            return {}
        found: dict[str, Mapping[str, Any]] = {}
        for record in read_records(path, beside.below):
            if isinstance(record, Record):
                key = _key((Place(at=beside.at),), record.fields)
                found[key] = {name: record.fields.get(name) for name in beside.keep}
        return found


def _key(places: tuple[Place, ...], fields: Mapping[str, Any]) -> str:
    """What two files know a record by: a value, or the file name where it is a path."""
    value = next((found for place in places if (found := place.read(fields)) not in (None, "")), "")
    return str(value).rsplit("/", 1)[-1]


def _given(name: str, value: Any) -> dict[str, Any]:
    return {} if value is None else {name: value}
