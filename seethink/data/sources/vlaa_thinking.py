"""VLAA-Thinking: the released records, with what the paper gave the reasoner besides the caption.

Format seen: the five records of the public repository (one each of CLEVR-Math, GeoQA170K, Math PUMA "Synthesis",
ArxivQA and ALLaVA-LAION). From documentation: the released RL file (``verifier_type``, ``meta`` as literal text with
``ds_answer`` and ``text_question``) and the released SFT file (``image``, ``question``, ``answer`` with tags, no gold).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from seethink.core.config import Config
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.records import Record, read_records
from seethink.core.rejected import Rejected
from seethink.core.trace import THINK_CLOSE, THINK_OPEN, read_tags
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


_RESPONSE = "answer"
"""Field of the SFT file with a whole response."""
_NOT_ITS_VERIFIERS = (MISFIT, "no verifier", "gold its verifier rejects")


class VlaaThinkingConfig(Config):
    kind: Literal["vlaa_thinking"] = "vlaa_thinking"
    path: Path
    """The RL file, the SFT file, or any file of records in the form of one of them."""
    image_root: Path
    """Folder that holds ``clevr_math``, ``synthesis``, ``arxivqa`` and the other image folders."""
    image_field: str = "image"
    """Field with the picture's path below ``image_root``."""
    reasoning: Reasoning = Reasoning.ASKED
    """``brought`` sends the release's own responses through steps 4 to 6, and buys neither caption nor reasoning;
    ``as_is`` takes them as they are, which is what the SFT file is for; ``none`` takes the items for RL."""


class VlaaThinkingSource:
    """Source over a file of released records; caption and distilled response of the release are kept in ``meta``.

    A row of the SFT file has no gold but its answer block; where that is not in the form of its source's verifier the
    item is open. Reason beside those of records: "response breaks the tag grammar".
    """

    name = "vlaa_thinking"

    def __init__(self, config: VlaaThinkingConfig) -> None:
        self.config = config

    def items(self, images: ImageStore) -> Iterator[Item | Rejected]:
        records = (_with_context(record, self.config.image_field) for record in read_records(self.config.path))
        return record_items(records, images, self.config.image_root, self.name, _item)


def _item(record: Record, images: ImageStore, image_root: Path, name: str) -> Item | Rejected:
    item = record_item(record, images, image_root, name)
    # As training text such an answer is none the worse.
    if isinstance(item, Rejected) and item.reason in _NOT_ITS_VERIFIERS and _RESPONSE in record.fields:
        item = record_item(Record({**record.fields, "verifier": "open"}, record.where), images, image_root, name)
    return item


def _with_context(record: Record | Rejected, image_field: str) -> Record | Rejected:
    if isinstance(record, Rejected):
        return record
    fields: dict[str, Any] = dict(record.fields)
    meta = read_meta(fields.get("meta"))
    if isinstance(meta, Rejected):
        return meta._replace(where=record.where, source=source_name(fields, VlaaThinkingSource.name))
    known = route(str(fields.get("id") or "")) or route(str(fields.get("image") or ""))
    told = {name: fields[name] for name in (CAPTION, REASONING) if fields.get(name)}
    if fields.get(_RESPONSE) and fields.get("gt") is None and fields.get("gold") is None:
        tagged = read_tags(str(fields[_RESPONSE]))
        if tagged is None:
            detail = f"field {_RESPONSE}: one think and one answer block"
            source = source_name(fields, VlaaThinkingSource.name)
            return Rejected("response breaks the tag grammar", detail, record.where, source)
        fields["gold"] = tagged.answer
        told[REASONING] = f"{THINK_OPEN}{tagged.think}{THINK_CLOSE}\n\n{tagged.answer}"
    if isinstance(fields.get("question"), str):
        fields["question"] = tidy_question(fields["question"])
    wanted = CONTEXT.get(known.source) if known else None
    fields["meta"] = {**meta, **told}
    fields["context"] = str(fields["meta"].get(wanted) or "") if wanted else ""
    fields["image"] = fields.get(image_field)
    return Record(fields, record.where)


def released_settings(config: VlaaThinkingConfig) -> dict[str, SourceSettings]:
    """The paper's recipe for each of the nine sources that the file's records may belong to, and for any other."""
    found = {VlaaThinkingSource.name: SourceSettings(reasoning=config.reasoning)}
    for name in PAPER:
        mapping = load_mapping(name)
        update: dict[str, Any] = {"licence": mapping.licence}
        if config.reasoning is not Reasoning.ASKED or mapping.settings.reasoning is not Reasoning.NONE:
            update["reasoning"] = config.reasoning
        found[name] = mapping.settings.model_copy(update=update)
    return found
