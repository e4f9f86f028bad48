"""Prompts: under which system prompt a model is asked, and the texts that complete a benchmark's questions.

A gain may be a matter of the prompt: a base model that is made to think can fall far below what it answers directly. So
the prompt is a named condition of every evaluation, and a base is measured under both.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from seethink.core.chat import opening, system_prompt


class PromptStyle(StrEnum):
    """The system prompt."""

    THINKING = "thinking"
    """The one of SFT and GRPO: look, reason, answer in tags."""
    DIRECT = "direct"
    """The final answer alone."""
    NONE = "none"
    """None of ours: what the model's chat template puts there, as the harness asks."""


@cache
def prompt_text(name: str) -> str:
    """A text of ``prompts/``."""
    return files("seethink.evaluation").joinpath(f"prompts/{name}.txt").read_text(encoding="utf-8").strip()


def system_text(style: PromptStyle) -> str:
    """The system prompt of a style, "" for none."""
    match style:
        case PromptStyle.THINKING:
            return system_prompt()
        case PromptStyle.DIRECT:
            return prompt_text("direct")
        case PromptStyle.NONE:
            return ""


def style_hash(style: PromptStyle) -> str:
    """What a manifest records of the system prompt; that of the thinking style is ``core.chat.prompt_hash``."""
    return hashlib.sha256(system_text(style).encode()).hexdigest()[:12]


def chat(style: PromptStyle, question: str, pictures: int) -> list[dict[str, Any]]:
    """Chat messages for a local checkpoint: the system prompt where there is one, then pictures and question."""
    system, user = opening(question, pictures)
    told = system_text(style)
    return [{**system, "content": [{"type": "text", "text": told}]}, user] if told else [user]
