"""Items of a benchmark's own records: unusable records and golds that no verifier accepts come out as reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from seethink.answers import check_gold
from seethink.core.item import Item
from seethink.core.records import Record, read_records
from seethink.core.rejected import Rejected


def record_items(path: Path, read: Callable[[Record], Item]) -> Iterator[Item | Rejected]:
    """Every record of a file through ``read``, which raises where one cannot be used."""
    for record in read_records(path):
        if isinstance(record, Rejected):
            yield record
            continue
        try:
            item = read(record)
        except (OSError, ValueError) as error:
            yield Rejected("unusable record", str(error), record.where)
            continue
        bad = check_gold(item)
        yield bad._replace(where=record.where) if bad else item
