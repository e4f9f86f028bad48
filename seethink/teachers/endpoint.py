"""Endpoint: one HTTP attempt at an OpenAI-compatible server, and what became of it.

The only file that knows the SDK. Its own retries are off: they repeat timeouts that were billed, and what is repeated,
when and how often is decided where it is recorded (``purchase``).
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any

import aiohttp
import openai

from seethink.core.rejected import InputError, Stopped
from seethink.core.trace import THINK_CLOSE, THINK_OPEN
from seethink.teachers.answer import Usage
from seethink.teachers.request import Request, request_body

_TRY_AGAIN = frozenset({408, 409, 425, 429})
_DETAIL = 300


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, whatever it says: it was billed."""

    text: str
    finish_reason: str
    usage: Usage
    provider_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Not now (429, 5xx, connection refused): not billed. ``retry_after``: seconds the server asked for, if it did."""

    detail: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """Sent, and nothing readable came back: it may have been billed."""

    detail: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """The server will not answer this request however often it is sent (a 4xx about the request itself)."""

    detail: str


Outcome = Reply | Refused | Unknown | Wrong


class Endpoint:
    """A server that speaks OpenAI chat completions; leaving it waits for the calls in flight.

    Args:
        base_url: address up to and including "/v1" where the server has it.
        key_env: name of the environment variable that holds the API key; None for a server that wants none.
        timeout: seconds one attempt may take in all. Long on purpose: a timeout may be billed without an answer.
    """

    def __init__(self, base_url: str, key_env: str | None = None, *, timeout: float = 600.0) -> None:
        self.base_url = base_url
        self.key_env = key_env
        self.timeout = timeout
        self._key = _key_from(key_env)
        self._client: openai.AsyncOpenAI | None = None
        self._posting = 0
        self._idle = asyncio.Event()
        self._closed = False

    async def __aenter__(self) -> Endpoint:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        # Hanging up on a call would not save its price.
        while self._posting:
            self._idle.clear()
            await self._idle.wait()
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def post(self, request: Request) -> Outcome:
        """One attempt.

        Raises InputError where no request can succeed (wrong key, no credit, no such model), Stopped where the endpoint
        has been left.
        """
        if self._closed:
            raise Stopped(f"{self.base_url} was left; run again to go on")
        self._posting += 1
        try:
            return await self._attempt(request)
        finally:
            self._posting -= 1
            self._idle.set()

    async def _attempt(self, request: Request) -> Outcome:
        # Before the clock starts: the first use loads much of the SDK.
        create = self._connected().chat.completions.with_raw_response.create
        body = request_body(request)
        try:
            async with asyncio.timeout(self.timeout):
                raw = await create(**body)
                return _read_reply(raw.text, raw.headers)
        except TimeoutError:
            return Unknown(f"no answer within {self.timeout:g} s")
        except openai.APIStatusError as error:
            return self._read_status(error, request.model)
        except openai.APIConnectionError as error:
            if _never_sent(error):
                return Refused(f"cannot connect to {self.base_url}")
            return Unknown(f"connection lost after sending ({_innermost(error)})")
        # A body that breaks off surfaces as whatever the transport was doing at that moment.
        except (openai.APIError, aiohttp.ClientError, ConnectionError, ValueError) as error:
            return Unknown(f"unreadable answer ({type(error).__name__})")

    def _connected(self) -> openai.AsyncOpenAI:
        if self._client is None:
            self._client = openai.AsyncOpenAI(
                api_key=self._key or "none",
                base_url=self.base_url,
                max_retries=0,
                http_client=openai.DefaultAioHttpClient(timeout=self.timeout),
            )
        return self._client

    def _read_status(self, error: openai.APIStatusError, model: str) -> Outcome:
        status = error.status_code
        if status == 401:
            remedy = f"check the key in {self.key_env}" if self.key_env else "name the key's variable in key_env"
            raise InputError(f"{self.base_url} does not accept the API key (401): {remedy}")
        if status == 402:
            raise InputError(f"{self.base_url} asks for payment (402): the account has no credit left")
        detail = f"{status} {self._without_key(error.message)}"[:_DETAIL]
        if status == 404:
            raise InputError(f"{self.base_url} has no model {model!r} (404): check model and base_url. {detail}")
        if status in _TRY_AGAIN or status >= 500:
            return Refused(detail, _retry_after(error.response.headers))
        return Wrong(detail)

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "…") if self._key else text


def _key_from(key_env: str | None) -> str | None:
    if key_env is None:
        return None
    key = os.environ.get(key_env, "").strip()
    if not key:
        raise InputError(f"environment variable {key_env} is empty: put the endpoint's API key into it")
    return key


def _read_reply(text: str, headers: Mapping[str, str]) -> Outcome:
    try:
        body = json.loads(text)
        choice = body["choices"][0]
        message = choice["message"]
        content = _content(message)
    except (ValueError, LookupError, TypeError, AttributeError):
        return Unknown("status 200 without a readable choice")
    return Reply(
        text=_whole_characters(content),
        finish_reason=str(choice.get("finish_reason") or ""),
        usage=_usage(body.get("usage")),
        provider_id=str(body.get("id") or headers.get("x-request-id") or ""),
    )


def _content(message: Mapping[str, Any]) -> str:
    """The answer's text, with reasoning that came in its own field put back in front.

    Reasoning servers differ: some leave the think block in the content, some move it to ``reasoning_content`` or
    ``reasoning``.
    """
    content = str(message.get("content") or "")
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(reasoning, str) and reasoning.strip() and THINK_CLOSE not in content:
        return f"{THINK_OPEN}\n{reasoning.strip()}\n{THINK_CLOSE}\n\n{content.strip()}"
    return content


def _whole_characters(text: str) -> str:
    """Half a surrogate pair, which JSON can spell and no file can hold, becomes U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _usage(usage: Any) -> Usage:
    if not isinstance(usage, dict):
        return Usage()
    details = usage.get("completion_tokens_details")
    reasoning = details.get("reasoning_tokens") if isinstance(details, dict) else None
    return Usage(_count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens")), _count(reasoning))


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from a Retry-After header, which holds seconds or a date (RFC 9110 section 10.2.3)."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


def _never_sent(error: BaseException) -> bool:
    """True where no connection came about.

    The transport's own exception is asked: the layers above fold a server that hangs up after reading the request into
    the same class as a connection that was never made.
    """
    cause = _innermost_error(error)
    return isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | ConnectionRefusedError)


def _innermost_error(error: BaseException) -> BaseException:
    while error.__cause__ is not None and not isinstance(error, aiohttp.ClientError):
        error = error.__cause__
    return error


def _innermost(error: BaseException) -> str:
    return type(_innermost_error(error)).__name__
