"""Endpoint: one HTTP attempt at an OpenAI-compatible server, and what became of it.

The only file that knows the SDK. Its own retries are off: they repeat timeouts that were billed, and what is repeated,
when and how often is decided where it is recorded (``purchase``).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp
import openai

from seethink.core.rejected import InputError, Stopped
from seethink.teachers.reply import MAX_BODY, Outcome, Refused, Unknown, Wrong, read_body, whole_characters
from seethink.teachers.request import Request, request_body
from seethink.teachers.secrets import without_secrets

TRY_AGAIN = frozenset({408, 409, 425, 429})
_DETAIL = 300


class NotNow(Exception):
    """A batch could not be asked about: the server refused, or cannot be reached."""


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """Attributes:
    ended: nothing more will come of it.
    files: ids of its results: answers, and errors.
    detail: the provider's word for where it is, and what it says is wrong.
    """

    ended: bool
    files: tuple[str, ...]
    detail: str


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
        self.account = f"{base_url} {key_env or ''}"
        """Whose limits a call counts against."""
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
        create = self._connected().chat.completions.with_streaming_response.create
        # As an extra body: the SDK walks over every part of any other, which takes longer than sending it.
        call = create(model=request.model, messages=[], extra_body=request_body(request))
        try:
            async with asyncio.timeout(self.timeout), call as response:
                return await _read(response)
        except TimeoutError:
            return Unknown(f"no answer within {self.timeout:g} s")
        except openai.APIStatusError as error:
            return self.read_status(error, request.model)
        except openai.APIConnectionError as error:
            if _never_sent(error):
                return Refused(f"cannot connect to {self.base_url}")
            return Unknown(f"connection lost after sending ({_innermost(error)})")
        except (openai.APIError, aiohttp.ClientError, ConnectionError, ValueError) as error:
            return Unknown(f"unreadable answer ({type(error).__name__})")

    async def submit_batch(self, path: Path, name: str) -> str:
        """Hand a file of requests in, marked with ``name``; returns the batch's id. Raises NotNow, InputError."""
        with path.open("rb") as requests, _asked(self, path.name):
            sent = await self._connected().files.create(file=(name, requests), purpose="batch")
            batch = await self._connected().batches.create(
                input_file_id=sent.id,
                endpoint="/v1/chat/completions",
                completion_window="24h",
                metadata={"name": name},
            )
        return batch.id

    async def find_batch(self, name: str) -> str | None:
        """The id of a batch handed in as ``name``, among the last thousand. Raises NotNow, InputError."""
        seen = 0
        with _asked(self, name):
            async for batch in self._connected().batches.list(limit=100):
                if (batch.metadata or {}).get("name") == name:
                    return batch.id
                seen += 1
                if seen == 1_000:
                    break
        return None

    async def batch(self, batch_id: str) -> BatchProgress:
        """How far a batch is. Raises NotNow, InputError."""
        with _asked(self, batch_id):
            found = await self._connected().batches.retrieve(batch_id)
        problems = found.errors.data if found.errors is not None and found.errors.data is not None else []
        told = "; ".join(problem.message or problem.code or "" for problem in problems)
        return BatchProgress(
            ended=found.status in ("completed", "expired", "cancelled", "failed"),
            files=tuple(file for file in (found.output_file_id, found.error_file_id) if file),
            detail=f"{found.status} {self.hidden(told)}".strip(),
        )

    async def download(self, file_id: str, path: Path) -> None:
        """A file of results, there whole or not at all. Raises NotNow, InputError."""
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        with _asked(self, file_id):
            async with self._connected().files.with_streaming_response.content(file_id) as response:
                with fresh.open("wb") as file:
                    async for chunk in response.iter_bytes():
                        file.write(chunk)
        fresh.replace(path)

    def _connected(self) -> openai.AsyncOpenAI:
        if self._client is None:
            self._client = openai.AsyncOpenAI(
                api_key=self._key or "none",
                base_url=self.base_url,
                max_retries=0,
                http_client=openai.DefaultAioHttpClient(timeout=self.timeout),
            )
        return self._client

    def read_status(self, error: openai.APIStatusError, model: str) -> Refused | Wrong:
        """What a status other than 200 says. Raises InputError where no request can succeed."""
        status = error.status_code
        if status == 401:
            remedy = f"check the key in {self.key_env}" if self.key_env else "name the key's variable in key_env"
            raise InputError(f"{self.base_url} does not accept the API key (401): {remedy}")
        if status == 402:
            raise InputError(f"{self.base_url} asks for payment (402): the account has no credit left")
        detail = f"{status} {self.hidden(error.message)}"
        if status == 404:
            raise InputError(f"{self.base_url} has no model {model!r} (404): check model and base_url. {detail}")
        if status in TRY_AGAIN or status >= 500:
            return Refused(detail, _retry_after(error.response.headers), too_many=status == 429)
        return Wrong(detail)

    def hidden(self, told: str) -> str:
        """What the server said, as far as it may be written down."""
        return whole_characters(without_secrets(told, self._key))[:_DETAIL]


@contextmanager
def _asked(endpoint: Endpoint, what: str) -> Iterator[None]:
    """The SDK's errors in ours: try again later, or stop the run with what has to be mended."""
    try:
        yield
    except openai.NotFoundError:
        raise InputError(
            f"{endpoint.base_url} knows no {what}, or no batch files (404): "
            "ask this teacher call by call (transport: calls)"
        ) from None
    except openai.APIStatusError as error:
        outcome = endpoint.read_status(error, what)
        if isinstance(outcome, Refused):
            raise NotNow(outcome.detail) from None
        raise InputError(f"{endpoint.base_url} does not take {what}: {outcome.detail}") from None
    except (openai.APIError, aiohttp.ClientError, ConnectionError, TimeoutError) as error:
        raise NotNow(f"{endpoint.base_url} cannot be reached ({_innermost(error)})") from None


async def _read(response: Any) -> Outcome:
    data = bytearray()
    try:
        async for chunk in response.iter_bytes():
            data += chunk
            if len(data) > MAX_BODY:
                break
    # A body that breaks off surfaces as whatever the transport was doing at that moment.
    except Exception as error:
        return Unknown(f"the answer broke off ({type(error).__name__})")
    return read_body(bytes(data), response.headers.get("x-request-id", ""))


def _key_from(key_env: str | None) -> str | None:
    if key_env is None:
        return None
    key = os.environ.get(key_env, "").strip()
    if not key:
        raise InputError(f"environment variable {key_env} is empty: put the endpoint's API key into it")
    return key


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
