"""VLAA-Thinking: the released records, with what the paper gave the reasoner besides the caption.

Format seen: the five records of the public repository (one each of CLEVR-Math, GeoQA170K, Math PUMA "Synthesis",
ArxivQA and ALLaVA-LAION). From documentation: the released RL file (``verifier_type``, ``meta`` as literal text with
``ds_answer`` and ``text_question``) and the released SFT file (``image``, ``question``, ``answer`` with tags).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from seethink.core.config import Config
from seethink.core.images import ImageStore
from seethink.core.item import Item, item_row
from seethink.core.records import Record, read_records
from seethink.core.rejected import Rejected
from seethink.core.trace import read_tags
from seethink.data.brought import CAPTION, REASONING
from seethink.data.per_source import Reasoning, SourceSettings
from seethink.data.sources.cleaning import tidy_question
from seethink.data.sources.gold import MISFIT
from seethink.data.sources.mapping import PAPER, load_mapping
from seethink.data.sources.records import read_meta, record_item, record_items, source_name
from seethink.data.sources.routing import route

CONTEXT = {"clevr_math": "rationale", "math_puma": "text_question"}
"""Field of a record that its source's reasoner was given (VLAA-Thinking section 2, step 2; the repository's table).

ArxivQA records have a rationale as well: it argues for the gold and must not be shown.
"""


class VlaaThinkingConfig(Config):
    kind: Literal["vlaa_thinking"] = "vlaa_thinking"
    path: Path
    """The RL file, or any file of records in its form."""
    image_root: Path
    """Folder that holds ``clevr_math``, ``synthesis``, ``arxivqa`` and the other image folders."""
    image_field: str = "image"
    """Field with the picture's path below ``image_root``."""
    reasoning: Reasoning = Reasoning.ASKED
    """``brought`` sends the release's own responses through steps 4 to 6, and buys neither caption nor reasoning."""


class VlaaThinkingSource:
    """Source over a file of released records; caption and distilled response of the release are kept in ``meta``."""

    name = "vlaa_thinking"

    def __init__(self, config: VlaaThinkingConfig) -> None:
        self.config = config

    def items(self, images: ImageStore) -> Iterator[Item | Rejected]:
        records = (_with_context(record, self.config.image_field) for record in read_records(self.config.path))
        return record_items(records, images, self.config.image_root, self.name)


def _with_context(record: Record | Rejected, image_field: str) -> Record | Rejected:
    if isinstance(record, Rejected):
        return record
    fields: dict[str, Any] = dict(record.fields)
    meta = read_meta(fields.get("meta"))
    if isinstance(meta, Rejected):
        return meta._replace(where=record.where, source=source_name(fields, VlaaThinkingSource.name))
    known = route(str(fields.get("id") or "")) or route(str(fields.get("image") or ""))
    told = {name: fields[name] for name in (CAPTION, REASONING) if fields.get(name)}
    if isinstance(fields.get("question"), str):
        fields["question"] = tidy_question(fields["question"])
    wanted = CONTEXT.get(known.source) if known else None
    fields["meta"] = {**meta, **told}
    fields["context"] = str(fields["meta"].get(wanted) or "") if wanted else ""
    fields["image"] = fields.get(image_field)
    return Record(fields, record.where)


def released_settings(config: VlaaThinkingConfig) -> dict[str, SourceSettings]:
    """The paper's recipe for each of the nine sources that the file's records may belong to."""
    found = {}
    for name in PAPER:
        mapping = load_mapping(name)
        update: dict[str, Any] = {"licence": mapping.licence}
        if config.reasoning is not Reasoning.ASKED or mapping.settings.reasoning is not Reasoning.NONE:
            update["reasoning"] = config.reasoning
        found[name] = mapping.settings.model_copy(update=update)
    return found


def sft_rows(path: Path, image_root: Path, images: ImageStore) -> Iterator[dict[str, Any] | Rejected]:
    """Rows of the released SFT file in the form of our own SFT table: item columns and ``response``.

    The gold is what stands in the answer block; the file has no other. Reason beside those of records: "response breaks
    the tag grammar".
    """
    for record in read_records(path):
        if isinstance(record, Rejected):
            yield record
            continue
        response = str(record.fields.get("answer") or "")
        tagged = read_tags(response)
        if tagged is None:
            yield Rejected(
                "response breaks the tag grammar", "field answer: one think and one answer block", record.where
            )
            continue
        fields = {**record.fields, "gold": tagged.answer}
        item = record_item(Record(fields, record.where), images, image_root, "vlaa_thinking_sft")
        # Answers of the release are not always in their verifier's form; as training text they are none the worse.
        if isinstance(item, Rejected) and item.reason in (MISFIT, "no verifier"):
            fields["verifier"] = "open"
            item = record_item(Record(fields, record.where), images, image_root, "vlaa_thinking_sft")
        yield item if isinstance(item, Rejected) else item_row(item) | {"response": response}
