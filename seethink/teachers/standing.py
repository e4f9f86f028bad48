"""A teacher that stays open between two batches of questions, for code that is not asynchronous: a judge, say."""

from __future__ import annotations

import os
import threading
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from seethink.core.config import Config
from seethink.teachers.address import Address, KeyVariable
from seethink.teachers.request import Sampling
from seethink.teachers.session import Session

if TYPE_CHECKING:
    from seethink.teachers.endpoint import Endpoint
    from seethink.teachers.purchase import Patience
    from seethink.teachers.teacher import Teacher


class StandingConfig(Config):
    """Who is asked, and at what cost."""

    model: str = Field(min_length=1)
    """Name of a model that sees pictures, sent as it stands."""
    base_url: Address = "https://api.openai.com/v1"
    """OpenAI-compatible endpoint."""
    key_env: KeyVariable | None = None
    """Environment variable holding the API key; None for servers that want none. The key itself stands nowhere."""
    temperature: float | None = Field(default=0.0, ge=0)
    max_tokens: int | None = Field(default=8, ge=1)
    """Enough for a number; a judge that reasons first needs more."""
    width: int = Field(default=32, ge=1)
    """Most calls in flight. choice."""
    timeout: float = Field(default=120.0, gt=0)
    """Seconds one attempt may take; a timeout may be billed without an answer. choice."""
    max_calls: int | None = Field(default=None, ge=0)
    """Calls one process may pay for; the run stops at the next."""
    ledger: Path | None = None
    """Folder of paid answers, to share them between runs; ``ledger`` below the output where None."""


class StandingTeacher:
    """Opened by the first question, kept until it is closed, and opened again by the next.

    Args:
        ledger: folder of paid answers; that of the config goes first.
        name: of the thread that its calls run in.
        purpose: what the answers are bought for.

    Raises:
        InputError: the named key variable is empty.
    """

    def __init__(
        self, config: StandingConfig, ledger: Path, patience: Patience | None, *, name: str, purpose: str = ""
    ) -> None:
        self._config = config
        self._ledger = config.ledger or ledger
        self._patience = patience
        self._name, self._purpose = name, purpose
        self._lock = threading.Lock()
        self._session: Session[Teacher] | None = None
        # Looks for the key now: a run that cannot ask should not begin.
        self._endpoint()

    def session(self) -> Session[Teacher]:
        with self._lock:
            # A forked child has the parent's session, but not the thread that runs it.
            if self._session is None or self._session.owner != os.getpid():
                self._session = Session(self._connected, self._name)
            return self._session

    def close(self) -> None:
        """Wait for the calls in flight and close the ledger. Also done at exit."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.close()

    def _endpoint(self) -> Endpoint:
        from seethink.teachers.endpoint import Endpoint

        return Endpoint(self._config.base_url, self._config.key_env, timeout=self._config.timeout)

    async def _connected(self, stack: AsyncExitStack) -> Teacher:
        from seethink.teachers.gate import Budget, Gate
        from seethink.teachers.ledger import Ledger
        from seethink.teachers.purchase import Patience
        from seethink.teachers.teacher import Teacher

        config = self._config
        ledger = await stack.enter_async_context(Ledger(self._ledger))
        endpoint = await stack.enter_async_context(self._endpoint())
        sampling = Sampling(temperature=config.temperature, max_tokens=config.max_tokens)
        gate = Gate(config.width, Budget(max_calls=config.max_calls))
        patience = self._patience or Patience()
        return Teacher(endpoint, config.model, sampling, ledger, gate, patience, purpose=self._purpose)
