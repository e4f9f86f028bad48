"""Records: items from a JSON array, a JSON Lines file or a ``datasets`` table, whatever its extension.

Our own keys: ``id, question, gold, verifier, image`` (or ``images``), ``options, tolerance, source, context, meta``. A
picture is a path, or, in a table, the encoded picture itself. The released VLAA-Thinking files' keys ``gt`` and
``verifier_type`` are understood as well, and ``meta`` may be a mapping or the text of a Python literal. Where no
verifier is named, the paper's routing by id or image folder decides.

Formats seen: the five published records of the VLAA-Thinking repository (JSON objects with ``gt``, ``ds_answer``,
``caption``, ``meta``). From documentation: that the released files are JSON Lines under a ``.json`` name, hold ``meta``
as literal text and name ``verifier_type``.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from string import ascii_uppercase
from typing import Any, Literal

from seethink.answers import check_gold
from seethink.core.config import Config
from seethink.core.images import ImageStore
from seethink.core.item import Item, Verifier, make_item
from seethink.core.records import Record, read_records
from seethink.core.rejected import InputError, Rejected
from seethink.data.sources.gold import tidy_gold
from seethink.data.sources.options import with_options
from seethink.data.sources.routing import Route, route

MAX_LITERAL = 1_000_000
"""Characters of a ``meta`` text that is parsed. choice."""

MAX_TEXT = 100_000
"""Characters of a question, a gold or a context, about what a reasoner's window holds. choice."""


class RecordsConfig(Config):
    kind: Literal["records"] = "records"
    path: Path
    """The JSON or JSON Lines file, or a Parquet or Arrow table (a file, a folder, or a path with ``*``)."""
    image_root: Path
    """Folder that the records' picture paths start from."""
    name: str | None = None
    """Source of records that name none and are none of the paper's; the file's stem where None."""


class RecordsSource:
    """Source over one file of records."""

    def __init__(self, config: RecordsConfig) -> None:
        self.config = config
        self.name = config.name or config.path.stem

    def items(self, images: ImageStore) -> Iterator[Item | Rejected]:
        return record_items(read_records(self.config.path), images, self.config.image_root, self.name)


def record_items(
    records: Iterator[Record | Rejected],
    images: ImageStore,
    image_root: Path,
    name: str,
    build: Callable[[Record, ImageStore, Path, str], Item | Rejected] | None = None,
) -> Iterator[Item | Rejected]:
    """Items of records, each id once; made by ``record_item`` where no other ``build`` is given."""
    seen: set[str] = set()
    for record in records:
        if isinstance(record, Rejected):
            yield record
            continue
        own_id = record.fields.get("id")
        if own_id is not None and str(own_id) in seen:
            told = f"field id: {own_id!r} stands earlier in the file, keep one"
            yield Rejected("duplicated id", told, record.where, source_name(record.fields, name))
            continue
        if own_id is not None:
            seen.add(str(own_id))
        yield (build or record_item)(record, images, image_root, name)


def record_item(record: Record, images: ImageStore, image_root: Path, name: str) -> Item | Rejected:
    """One record as an item; its original id is kept in ``meta["id"]``.

    Reasons: "no question", "no picture", "broken picture", "no gold", "gold does not fit its verifier", "no verifier",
    "unknown verifier", "unreadable meta", "unreadable options", "unusable tolerance", "text too long", "text is not
    Unicode".
    """
    outcome = _build(record.fields, images, image_root, name)
    if isinstance(outcome, Rejected):
        return outcome._replace(where=record.where, source=source_name(record.fields, name))
    return outcome


def source_name(fields: Mapping[str, Any], name: str) -> str:
    """The data set of a record: as it says itself, or as its id or picture tells, else ``name``."""
    known = _known(fields)
    return str(fields.get("source") or (known.source if known else name))


def _known(fields: Mapping[str, Any]) -> Route | None:
    names = _picture_names(fields)
    first = names[0] if isinstance(names, list) and names and isinstance(names[0], str) else ""
    return route(str(fields.get("id") or "")) or route(first)


def _build(fields: Mapping[str, Any], images: ImageStore, image_root: Path, name: str) -> Item | Rejected:
    question = fields.get("question")
    if not isinstance(question, str) or not question.strip():
        return Rejected("no question", "field question: give the question as text")
    if too_long := [
        name for name in ("question", "gold", "gt", "options", "context") if len(str(fields.get(name) or "")) > MAX_TEXT
    ]:
        return Rejected("text too long", f"field {too_long[0]}: more than {MAX_TEXT} characters")
    names = _picture_names(fields)
    if isinstance(names, Rejected):
        return names
    options = fields.get("options") or []
    if not isinstance(options, list) or len(options) > len(ascii_uppercase):
        return Rejected("unreadable options", "field options: give a list of at most 26 texts, the first is A")
    options = [str(option) for option in options]
    known = _known(fields)
    verifier = _verifier(fields, known.verifier if known else None)
    if isinstance(verifier, Rejected):
        return verifier
    given, context = _first(fields, "gold", "gt"), str(fields.get("context") or "")
    gold = tidy_gold(given, verifier, options, f"{question}\n{context}")
    if isinstance(gold, Rejected):
        return gold
    meta = read_meta(fields.get("meta"))
    if isinstance(meta, Rejected):
        return meta
    try:
        stored = [
            images.add_file(image_root, one) if isinstance(one, str) else images.add_checked(one, "in the table")
            for one in names
        ]
    except (InputError, OSError, ValueError) as error:
        return Rejected("broken picture", f"field image: {error}")
    own_id = {"id": str(fields["id"])} if fields.get("id") is not None else {}
    as_given = {} if str(given).strip() == gold else {"given_gold": str(given)}
    try:
        item = make_item(
            source=source_name(fields, name),
            question=with_options(question.strip(), options),
            gold=gold,
            verifier=verifier,
            images=tuple(digest for digest, _ in stored),
            options=tuple(options),
            size=stored[0][1] if stored and verifier is Verifier.IOU else None,
            tolerance=str(fields.get("tolerance") or "").strip(),
            context=context,
            meta={**meta, **own_id, **as_given},
        )
    except UnicodeEncodeError as error:
        return Rejected("text is not Unicode", f"{error}: the record holds half a character")
    except InputError as error:
        return Rejected("unusable tolerance", f"field tolerance: {error}")
    return check_gold(item) or item


def _picture_names(fields: Mapping[str, Any]) -> list[str | bytes] | Rejected:
    named = _first(fields, "images", "image")
    if named == []:
        return []
    names = named if isinstance(named, list) else [named]
    names = [one.get("bytes") or one.get("path") if isinstance(one, dict) else one for one in names]
    if not names or not all(isinstance(one, str | bytes) and one for one in names):
        return Rejected("no picture", "field image: give the picture's path below the image folder")
    return names


def _verifier(fields: Mapping[str, Any], routed: Verifier | None) -> Verifier | Rejected:
    named = _first(fields, "verifier", "verifier_type")
    allowed = ", ".join(Verifier)
    if named is None:
        if routed is None:
            return Rejected("no verifier", f"field verifier: name one of {allowed}; id and picture path tell no source")
        return routed
    try:
        return Verifier(str(named).strip().lower())
    except ValueError:
        return Rejected("unknown verifier", f"field verifier: {str(named)[:40]!r} is none of {allowed}")


def read_meta(value: Any) -> dict[str, Any] | Rejected:
    """``meta`` as a mapping that JSON can hold: a mapping, JSON text, or the text of a Python literal (never run)."""
    if value is None or value == "":
        return {}
    if isinstance(value, str):
        if len(value) > MAX_LITERAL:
            return Rejected("unreadable meta", f"field meta: {len(value)} characters, at most {MAX_LITERAL}")
        value = read_literal(value)
    if not isinstance(value, dict):
        return Rejected("unreadable meta", "field meta: give a mapping, or the text of one")
    try:
        parsed: dict[str, Any] = json.loads(json.dumps(value, sort_keys=True))
        json.dumps(parsed, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError):
        return Rejected("unreadable meta", "field meta: it holds something that JSON cannot")
    return parsed


def read_literal(text: str) -> Any:
    """What a text of JSON or of a Python literal stands for, None where it is neither or too long; nothing is run."""
    if len(text) > MAX_LITERAL:
        return None
    for parse in (json.loads, ast.literal_eval):
        try:
            return parse(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
    return None


def _first(fields: Mapping[str, Any], *names: str) -> Any:
    return next((fields[name] for name in names if fields.get(name) is not None), None)
