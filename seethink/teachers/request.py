"""Request: what a teacher is asked, and the key under which the answer is kept.

The key is a hash of what decides the answer (model, messages, sampling, draw) and of nothing else. Endpoint address,
API key, timeouts, row number and data set are left out, so a grown or reordered data set, another host serving the same
model, or a second run re-uses what was bought, and an edited prompt pays again for exactly the calls it changed.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

PROTOCOL = "chat.completions"

Role = Literal["system", "user", "assistant"]


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
    """How the answer is drawn. None leaves a parameter out of the request and to the endpoint's default."""

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None

    def parameters(self) -> dict[str, float | int]:
        given = {"temperature": self.temperature, "top_p": self.top_p, "max_tokens": self.max_tokens}
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Request:
    """One call.

    Attributes:
        draw: 0 for the first answer to these messages, 1 for a second one, …; part of the key. From 1 on it is sent as
            ``seed``, or a server that samples by seed or caches would give the first answer again.
    """

    model: str
    messages: tuple[Message, ...]
    sampling: Sampling
    draw: int = 0


def request_key(request: Request) -> str:
    """SHA-256 of canonical JSON, pictures replaced by the hash of the bytes sent."""
    content = {
        "protocol": PROTOCOL,
        "model": request.model,
        "messages": [_render(message, pictures_as_hashes=True) for message in request.messages],
        "sampling": {name: float(value) for name, value in request.sampling.parameters().items()},
        "draw": request.draw,
    }
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def request_body(request: Request) -> dict[str, Any]:
    """What goes over the wire (OpenAI chat completions)."""
    messages = [_render(message, pictures_as_hashes=False) for message in request.messages]
    seed = {"seed": request.draw} if request.draw else {}
    return {"model": request.model, "messages": messages, **request.sampling.parameters(), **seed}


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
