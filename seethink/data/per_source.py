"""Per source: what one source does otherwise than the run (VLAA-Thinking section 2, steps 1 and 2).

Some sources bring captions, some need none, one is for RL only, two bring their reasoning as well; and a source may
have teachers, decoding and instructions of its own.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import Field

from seethink.core.config import Config
from seethink.teachers.address import Address, KeyVariable
from seethink.teachers.request import Transport


class Captions(StrEnum):
    """Where the words for a picture come from."""

    ASKED = "asked"
    """The captioner writes them."""
    BROUGHT = "brought"
    """The record has them, in ``meta["caption"]`` (ALLaVA-LAION)."""
    NONE = "none"
    """There are none: the context says it all (Math PUMA, whose problems have a form in text)."""


class Reasoning(StrEnum):
    """Where the trace comes from."""

    ASKED = "asked"
    """The reasoner writes it, and it is rewritten and verified."""
    BROUGHT = "brought"
    """The record has it, in ``meta["ds_answer"]``, and it is rewritten and verified like any other."""
    AS_IS = "as_is"
    """The record has it, and it is neither rewritten nor verified (COCO and Visual Genome, from LLaVA-CoT)."""
    NONE = "none"
    """There is none: the item is for RL only (GeoQA170K, whose captions kept hallucinating)."""


class RoleChange(Config):
    """Fields of a role that differ for one source; what is not given stays as it is."""

    model: str | None = Field(default=None, min_length=1)
    base_url: Address | None = None
    """With an address of its own a role needs its own ``key_env``: a key is not shown to another host."""
    key_env: KeyVariable | None = None
    temperature: float | None = Field(default=None, ge=0)
    top_p: float | None = Field(default=None, gt=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1)
    prompt: Path | None = None
    context: bool | None = None
    extra: dict[str, Any] | None = None
    revision: str | None = None
    transport: Transport | None = None


class SourceSettings(Config):
    """One source."""

    captions: Captions = Captions.ASKED
    reasoning: Reasoning = Reasoning.ASKED
    captioner: RoleChange = RoleChange()
    reasoner: RoleChange = RoleChange()
    rewriter: RoleChange = RoleChange()
    verifier: RoleChange = RoleChange()
    licence: str = ""
    """As the data set's own page states it; "" where nobody looked."""

    def change(self, role: str) -> RoleChange:
        changes = {
            "captioner": self.captioner,
            "reasoner": self.reasoner,
            "rewriter": self.rewriter,
            "verifier": self.verifier,
        }
        return changes[role]
