"""Choices of data: which traces SFT imitates, which items RL asks, and what is shown in place of pictures."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from seethink.core.config import Config
from seethink.core.item import Verifier

Rows = Literal["sft", "rl", "both"]


class Form(StrEnum):
    """What becomes of a trace before it is imitated."""

    WHOLE = "whole"
    """As it was verified."""
    STRIPPED = "stripped"
    """Without hesitating and repeating steps, where it still says why its answer is right."""
    UNSTRIPPED = "unstripped"
    """The rows of ``stripped``, with these steps."""
    FORMAT = "format"
    """Short and right: stripped, without steps that claim nothing, and no trace with a false step. Where the truth of
    steps is not known, the shorter half of the stripped ones."""


class PassAtK(Config):
    """How often the base gets an item right: the measure of its difficulty."""

    draws: int = Field(default=8, ge=1)
    """Sampled responses per item; the k of pass@k."""
    temperature: float = Field(default=1.0, gt=0)
    max_tokens: int = Field(default=256, ge=1)
    seed: int = 0


class Seen(Config):
    """Items that were not shown to be answerable without their picture. Those that nobody could decide blind (open
    ones, outside the world) stay, and the set's manifest counts them."""

    low: float = Field(default=0.5, ge=0, le=1)
    """Least visual dependence: 1 where blind answers are no better than chance, 0 where they are always right."""
    draws: int = Field(default=8, ge=1)
    """Blind answers per item, by the base model."""
    temperature: float = Field(default=1.0, gt=0)
    max_tokens: int = Field(default=256, ge=1)
    seed: int = 0


class TraceChoice(Config):
    """Which traces SFT imitates."""

    rows: Rows = "sft"
    """``sft``: those of the SFT set. ``rl``: those of the items that RL asks, which all hold a cue where the split goes
    by cues (the paper's "aha" set). ``both``: all that were verified. Of files, the traces of RL's items are those that
    their records bring."""
    form: Form = Form.WHOLE
    top_perplexity: int | None = Field(default=None, ge=1)
    """So many rows, those that the base finds least likely (VLAA-Thinking 3.1)."""
    count: int | None = Field(default=None, ge=1)
    """So many rows, drawn by ``seed``: what is drawn of few is among what is drawn of more."""
    seed: int = 0
    matched: PassAtK | None = None
    """Drawn so that SFT's and RL's items are equally hard for the base; set ``items.matched`` alike."""


class ItemChoice(Config):
    """Which items RL asks."""

    rows: Rows = "rl"
    count: int | None = Field(default=None, ge=1)
    seed: int = 0
    matched: PassAtK | None = None
    seen: Seen | None = None
    verifiers: tuple[Verifier, ...] = ()
    """Items of these verifiers only; all where empty. The paper's ablation (table 5) leaves verifiers out, and does not
    say whether their items go or earn nothing: going is the choice, ``rl.weights`` does the other."""

    @model_serializer(mode="wrap")
    def _without_what_is_not_chosen(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Sets made before there was this field keep their keys."""
        told: dict[str, Any] = usual(self)
        return told if self.verifiers else {name: value for name, value in told.items() if name != "verifiers"}


class Shown(StrEnum):
    """What a model sees."""

    OWN = "own"
    BLANK = "blank"
    """A white picture of the same size."""
    UNRELATED = "unrelated"
    """The picture of another item of the set."""


class PictureSettings(Config):
    """What is shown in place of the pictures; the deterministic corruption of arXiv 2604.03179."""

    training: Shown = Shown.OWN
    """In SFT and RL."""
    evaluation: Shown = Shown.OWN
