"""Items as chat messages, with the one system prompt that SFT, GRPO and evaluation share."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from seethink.core.item import Item


@cache
def system_prompt() -> str:
    return files("seethink.core").joinpath("prompts/system.txt").read_text(encoding="utf-8").strip()


def prompt_hash() -> str:
    """What a manifest and the controls table record of the prompt."""
    return hashlib.sha256(system_prompt().encode()).hexdigest()[:12]


def opening(question: str, pictures: int) -> list[dict[str, Any]]:
    """System prompt and user's turn: pictures, then question."""
    shown: list[dict[str, str]] = [{"type": "image"} for _ in range(pictures)]
    return [
        {"role": "system", "content": [{"type": "text", "text": system_prompt()}]},
        {"role": "user", "content": [*shown, {"type": "text", "text": question}]},
    ]


def messages(item: Item, response: str | None = None) -> list[dict[str, Any]]:
    """System, user (pictures, then question) and, where given, the assistant's response.

    The content of a user message is a list of parts; a picture is only marked here, whoever renders holds the pixels.
    """
    chat = opening(item.question, len(item.images))
    if response is not None:
        chat.append({"role": "assistant", "content": [{"type": "text", "text": response}]})
    return chat
