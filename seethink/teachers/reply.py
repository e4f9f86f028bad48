"""Reply: what became of one attempt, and how a chat completion is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seethink.core.trace import THINK_CLOSE, THINK_OPEN
from seethink.teachers.answer import Usage

MAX_BODY = 64 * 2**20
"""Bytes of a response body that are read. choice."""
MAX_TEXT = 4_000_000
"""Characters of an answer that are kept, about a million tokens: more than any model writes. choice."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, whatever it says: it was billed."""

    text: str
    finish_reason: str
    usage: Usage
    provider_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Not now (429, 5xx, connection refused): not billed.

    Attributes:
        retry_after: seconds the server asked for, if it did.
        too_many: it said that it is asked too often (429).
    """

    detail: str
    retry_after: float | None = None
    too_many: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """Sent, and nothing readable came back: it may have been billed."""

    detail: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """The server will not answer this request however often it is sent (a 4xx about the request itself)."""

    detail: str


Outcome = Reply | Refused | Unknown | Wrong


def read_body(data: bytes, provider_id: str = "") -> Reply | Unknown:
    """A response body of status 200; ``provider_id`` stands in where the body holds none.

    A body longer than ``MAX_BODY``, cut there by its reader, was an answer, and is one of no use.
    """
    if len(data) > MAX_BODY:
        return Reply("", "length", Usage(), provider_id)
    try:
        body = json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return Unknown("status 200 without a readable body")
    return read_completion(body, provider_id)


def read_completion(body: Any, provider_id: str = "") -> Reply | Unknown:
    """A chat completion as the endpoint wrote it."""
    try:
        choice = body["choices"][0]
        content = _content(choice["message"])
    except (LookupError, TypeError, AttributeError):
        return Unknown("status 200 without a readable choice")
    text, reason = whole_characters(content), _line(choice.get("finish_reason"))
    if len(text) > MAX_TEXT:
        text, reason = text[:MAX_TEXT], "length"
    return Reply(text, reason, _usage(body.get("usage")), _line(body.get("id")) or _line(provider_id))


def whole_characters(text: str) -> str:
    """Half a surrogate pair, which JSON can spell and no file can hold, becomes U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _content(message: Mapping[str, Any]) -> str:
    """The answer's text, with reasoning that came in its own field put back in front.

    Reasoning servers differ: some leave the think block in the content, some move it to ``reasoning_content`` or
    ``reasoning``.
    """
    said = message.get("content") or ""
    if isinstance(said, list):
        said = "".join(str(part.get("text") or "") for part in said)
    content = str(said)
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(reasoning, str) and reasoning.strip() and THINK_CLOSE not in content:
        return f"{THINK_OPEN}\n{reasoning.strip()}\n{THINK_CLOSE}\n\n{content.strip()}"
    return content


def _line(value: Any) -> str:
    """A short field that the other side wrote."""
    return whole_characters(str(value or "")[:200])


def _usage(usage: Any) -> Usage:
    if not isinstance(usage, dict):
        return Usage()
    details = usage.get("completion_tokens_details")
    reasoning = details.get("reasoning_tokens") if isinstance(details, dict) else None
    return Usage(_count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens")), _count(reasoning))


def _count(value: Any) -> int | None:
    """A number of tokens; no request has a thousand million."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else None
