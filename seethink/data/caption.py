"""Step 2, caption: a vision-language teacher puts the picture into words (VLAA-Thinking section 2, step 2).

Request: system = ``prompts/caption.txt``; user = one picture as a data URI, no text. The question is not shown, so the
caption cannot be bent towards it and one caption serves all questions about a picture. A captioner with ``context``
gets the section ``Further facts:`` as well.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from seethink.core.images import ImageStore
from seethink.core.rejected import InputError, Rejected
from seethink.data.roles import Role, Teachers, sections
from seethink.data.row import Row
from seethink.teachers.picture import picture_as_sent


async def caption(row: Row, teachers: Teachers) -> Row | Rejected:
    """The row with its caption. Several pictures are captioned one by one and numbered; none need no caption.

    Reasons: "unreadable picture", "empty caption".
    """
    if not row.item.images:
        return row
    role = teachers.role("captioner", row.item.source)
    facts = sections({"Further facts": role.facts(row.item)})
    told = await asyncio.gather(*(_caption_one(digest, facts, role, teachers.images) for digest in row.item.images))
    for text in told:
        if isinstance(text, Rejected):
            return text
    captions = [str(text) for text in told]
    if len(captions) == 1:
        return replace(row, caption=captions[0])
    numbered = [f"Picture {number}: {text}" for number, text in enumerate(captions, start=1)]
    return replace(row, caption="\n\n".join(numbered))


async def _caption_one(digest: str, facts: str, role: Role, images: ImageStore) -> str | Rejected:
    try:
        picture = picture_as_sent(images, digest)
    except (InputError, OSError, ValueError) as error:
        return Rejected("unreadable picture", str(error))
    answer = await role.ask(facts, (picture,))
    text = answer.text.strip()
    return text or Rejected("empty caption", f"picture {digest[:12]}, finish reason {answer.finish_reason!r}")
