"""Request: what a teacher is asked, and the key under which the answer is kept.

The key is a hash of what decides the answer (model and revision, messages, sampling, draw) and of nothing else.
Endpoint address, API key, timeouts, row number and data set are left out, so a grown or reordered data set, another
host serving the same model, or a second run re-uses what was bought, and an edited prompt pays again for exactly the
calls it changed.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal

PROTOCOL = "chat.completions"

Role = Literal["system", "user", "assistant"]


class Transport(StrEnum):
    """How requests travel; the answers are the same."""

    CALLS = "calls"
    """One by one, as they are needed."""
    BATCH = "batch"
    """In the provider's batch files: usually at half the price and within a day."""
    FILES = "files"
    """In files that somebody carries to a model and back (``vllm run-batch``)."""


@dataclass(frozen=True)
class Picture:
    """An encoded picture exactly as it is sent; ``mime`` is "image/png" or "image/jpeg"."""

    data: bytes
    mime: str

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def data_uri(self) -> str:
        return f"data:{self.mime};base64,{base64.b64encode(self.data).decode('ascii')}"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn: pictures first, then text."""

    role: Role
    text: str
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the answer is drawn. None leaves a parameter out of the request and to the endpoint's default.

    ``extra`` holds further fields of the request body, sent as they are: "response_format", "reasoning_effort",
    "max_completion_tokens" for models that refuse "max_tokens", "chat_template_kwargs" of a server of one's own.
    """

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def parameters(self) -> dict[str, float | int]:
        given = {"temperature": self.temperature, "top_p": self.top_p, "max_tokens": self.max_tokens}
        return {name: value for name, value in given.items() if value is not None}

    @property
    def limit(self) -> int | None:
        """Most completion tokens that an answer can be billed for; None where the request sets no limit."""
        if self.max_tokens is not None:
            return self.max_tokens
        limit = self.extra.get("max_completion_tokens")
        return limit if isinstance(limit, int) else None


@dataclass(frozen=True, slots=True)
class Request:
    """One call.

    Attributes:
        draw: 0 for the first answer to these messages, 1 for a second one, …; part of the key. From 1 on it is sent as
            ``seed``, or a server that samples by seed or caches would give the first answer again.
        revision: which weights answer to the model's name, where the name does not say it; part of the key, not sent.
    """

    model: str
    messages: tuple[Message, ...]
    sampling: Sampling
    draw: int = 0
    revision: str = ""

    @property
    def worst_prompt_tokens(self) -> int:
        """No prompt of these texts has more tokens, its pictures apart: a token is at least one byte, and a turn's
        frame takes a few more."""
        return sum(len(message.text.encode("utf-8", "surrogatepass")) + 16 for message in self.messages)

    @property
    def pictures(self) -> int:
        return sum(len(message.pictures) for message in self.messages)


def request_key(request: Request) -> str:
    """SHA-256 of canonical JSON, pictures replaced by the hash of the bytes sent."""
    content: dict[str, Any] = {
        "protocol": PROTOCOL,
        "model": request.model,
        "messages": [_render(message, pictures_as_hashes=True) for message in request.messages],
        "sampling": {name: float(value) for name, value in request.sampling.parameters().items()},
        "draw": request.draw,
    }
    # Only where there is one: the keys of what was bought before these two fields existed stay as they are.
    if request.sampling.extra:
        content["extra"] = dict(request.sampling.extra)
    if request.revision:
        content["revision"] = request.revision
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def request_body(request: Request) -> dict[str, Any]:
    """What goes over the wire (OpenAI chat completions)."""
    messages = [_render(message, pictures_as_hashes=False) for message in request.messages]
    seed = {"seed": request.draw} if request.draw else {}
    sampling = request.sampling
    return {"model": request.model, "messages": messages, **sampling.parameters(), **sampling.extra, **seed}


def _render(message: Message, *, pictures_as_hashes: bool) -> dict[str, Any]:
    if not message.pictures:
        return {"role": message.role, "content": message.text}
    parts: list[dict[str, Any]] = []
    for picture in message.pictures:
        url = f"sha256:{picture.digest}" if pictures_as_hashes else picture.data_uri()
        parts.append({"type": "image_url", "image_url": {"url": url}})
    if message.text:
        parts.append({"type": "text", "text": message.text})
    return {"role": message.role, "content": parts}
