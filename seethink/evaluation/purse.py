"""Purse: how an endpoint is paid, for a model under evaluation and for a judge alike."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from seethink.core.config import Config
from seethink.core.rejected import InputError
from seethink.teachers.address import Address, KeyVariable
from seethink.teachers.prices import Price, Prices, load_prices

if TYPE_CHECKING:
    from seethink.teachers.endpoint import Endpoint
    from seethink.teachers.gate import Gate
    from seethink.teachers.ledger import Ledger
    from seethink.teachers.purchase import Patience
    from seethink.teachers.request import Sampling
    from seethink.teachers.teacher import Teacher


class EndpointConfig(Config):
    """An OpenAI-compatible endpoint, a vLLM server among them."""

    base_url: Address = "https://api.openai.com/v1"
    key_env: KeyVariable | None = None
    """Environment variable holding the API key; None for servers that want none. The key itself stands nowhere."""
    revision: str = ""
    """Which weights answer to the model's name, where the name does not say it."""
    extra: Mapping[str, Any] = Field(default_factory=dict)
    """Further fields of every request, sent as they are (``top_k``, ``reasoning_effort``, ``chat_template_kwargs``)."""
    width: int = Field(default=32, ge=1)
    """Most calls in flight. choice."""
    timeout: float = Field(default=600.0, gt=0)
    """Seconds one attempt may take; a timeout may be billed without an answer. choice."""
    max_calls: int | None = Field(default=None, ge=0)
    """Calls one process may pay for; the run stops at the next."""
    max_cost: float | None = Field(default=None, ge=0)
    """Money one process may spend, in the currency of the prices."""
    prices: Path | None = None
    """YAML laid over the published prices."""


@dataclass(frozen=True)
class Purse:
    """What is open while an endpoint is paid."""

    endpoint: Endpoint
    ledger: Ledger
    gate: Gate
    price: Price | None
    prices: Prices
    patience: Patience

    def teacher(self, model: str, sampling: Sampling, revision: str, purpose: str) -> Teacher:
        from seethink.teachers.teacher import Teacher

        return Teacher(
            self.endpoint, model, sampling, self.ledger, self.gate, self.patience, revision, self.price, purpose
        )

    def spent(self) -> str:
        """What this process paid and found again, in words."""
        told = f"{self.ledger.paid:,} calls paid, {self.ledger.reused:,} reused"
        if self.price is None:
            return told
        money = sum(
            self.price.cost(tally.paid_prompt_tokens, tally.paid_completion_tokens)
            for tally in self.ledger.tallies.values()
        )
        return f"{told}, {money:.2f} {self.prices.currency}"


def check_endpoint(config: EndpointConfig, model: str) -> None:
    """InputError where the key's variable is empty, or money is limited and the model has no price: a run that cannot
    ask should not begin."""
    from seethink.teachers.endpoint import Endpoint

    Endpoint(config.base_url, config.key_env)
    if config.max_cost is not None and _price(load_prices(config.prices), model) is None:
        raise InputError(
            f"max_cost needs a price of {model}: put it into a file and name that in prices, or use max_calls"
        )


async def open_purse(
    stack: AsyncExitStack, config: EndpointConfig, model: str, ledger: Path, patience: Patience | None
) -> Purse:
    """Open ledger and endpoint on ``stack``; closing it waits for the calls in flight."""
    from seethink.teachers.endpoint import Endpoint
    from seethink.teachers.gate import Budget, Gate
    from seethink.teachers.ledger import Ledger
    from seethink.teachers.purchase import Patience

    prices = load_prices(config.prices)
    opened = await stack.enter_async_context(Ledger(ledger))
    endpoint = await stack.enter_async_context(Endpoint(config.base_url, config.key_env, timeout=config.timeout))
    gate = Gate(config.width, Budget(max_calls=config.max_calls, max_cost=config.max_cost))
    return Purse(endpoint, opened, gate, _price(prices, model), prices, patience or Patience())


def ledger_lines(folder: Path, prices: Path | None = None) -> list[str]:
    """What a ledger paid for, one line per model; none where there is no ledger."""
    from seethink.teachers.cost import read_costs

    if not folder.is_dir():
        return []
    listed = load_prices(prices)
    lines = []
    for cost in read_costs(folder, listed, datetime.now(UTC).date()):
        spent = cost.spent
        money = "cost unknown, no price" if cost.paid is None else f"{cost.paid:.2f} {listed.currency}"
        possibly = f", {spent.possibly_paid:,} calls possibly paid" if spent.possibly_paid else ""
        tokens = f"{spent.prompt_tokens:,} and {spent.completion_tokens:,} tokens"
        lines.append(f"{cost.model}: {spent.answers:,} answers, {tokens}, {money}{possibly}")
    return lines


def _price(prices: Prices, model: str) -> Price | None:
    return prices.at(model, datetime.now(UTC).date())
