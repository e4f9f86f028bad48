"""Fixtures of the teachers' tests: questions asked of the scripted server with a fresh ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from seethink.teachers import Budget, Endpoint, Gate, Ledger, Message, Patience, Sampling, Teacher

QUICK = Patience(refusals=4, unknowns=2, first_wait=0.01, longest_wait=0.05, longest_asked_wait=1.0, batch_poll=0.01)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest.fixture
def session(server: Any, folder: Path) -> Callable[..., Any]:
    """Run ``talk(teacher)`` against the server in an event loop of its own; a second session is a second process."""

    def run(
        talk: Callable[[Teacher], Awaitable[Any]],
        *,
        width: int = 8,
        budget: Budget | None = None,
        timeout: float = 5.0,
        sampling: Sampling = Sampling(temperature=0.0, max_tokens=16),  # noqa: B008
        key_env: str | None = None,
        base_url: str | None = None,
        model: str = "m",
    ) -> Any:
        async def main() -> Any:
            async with (
                Ledger(folder) as ledger,
                Endpoint(base_url or server.base_url, key_env, timeout=timeout) as endpoint,
            ):
                return await talk(Teacher(endpoint, model, sampling, ledger, Gate(width, budget), QUICK))

        return asyncio.run(main())

    return run


@pytest.fixture
def ask_all(session: Callable[..., Any]) -> Callable[..., Any]:
    """Ask all texts at once; answers and exceptions in order."""

    def run(texts: list[str], **settings: Any) -> Any:
        async def talk(teacher: Teacher) -> Any:
            asked = (teacher.ask([Message("user", text)]) for text in texts)
            return await asyncio.gather(*asked, return_exceptions=True)

        return session(talk, **settings)

    return run
