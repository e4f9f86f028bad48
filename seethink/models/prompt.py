"""What a model is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from PIL import Image


class Prompt(NamedTuple):
    """Chat messages (``core.chat.messages``), the pictures they mark, in order, and what is said already.

    ``started`` is the beginning of a response, as text or as token ids: completions continue it and do not repeat it.
    """

    messages: list[dict[str, Any]]
    images: list[Image.Image]
    started: str | Sequence[int] = ""
