"""Prices: what a token costs, by model and date.

The ledger stores tokens, which stay true, and no money; a cost is worked out when it is asked for, from the price that
held on the day of each answer. A model without a price has no cost, and is shown in tokens: unknown is not free.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path

import yaml
from pydantic import Field, field_validator

from seethink.core.config import Config, load_config, parse_config


class Price(Config):
    """Of one model, in the list's currency per million tokens."""

    since: date = date.min
    """First day on which it holds."""
    prompt: float = Field(ge=0)
    completion: float = Field(ge=0)
    """Reasoning tokens included."""
    batch: float = Field(default=1.0, ge=0, le=1)
    """Share of the price that a request in a batch file costs."""
    picture_tokens: int = Field(default=16_384, ge=0)
    """Most prompt tokens that one picture is taken to cost when money is set aside before a call. The default is what
    the Qwen2-VL processors allow at most."""

    def cost(self, prompt_tokens: int, completion_tokens: int, *, batch: bool = False) -> float:
        """In the list's currency."""
        full = (prompt_tokens * self.prompt + completion_tokens * self.completion) / 1e6
        return full * self.batch if batch else full


class Prices(Config):
    """A dated list."""

    as_of: date = date.min
    """When the list was last held against what the hosts publish."""
    currency: str = "USD"
    models: Mapping[str, tuple[Price, ...]] = Field(default_factory=dict)

    @field_validator("models")
    @classmethod
    def _in_order(cls, models: Mapping[str, tuple[Price, ...]]) -> Mapping[str, tuple[Price, ...]]:
        for model, prices in models.items():
            days = [price.since for price in prices]
            if not days or days != sorted(set(days)):
                raise ValueError(f"the prices of {model} need one entry at least, and a later `since` each")
        return models

    def at(self, model: str, day: date) -> Price | None:
        """The price that held on ``day``; the first one before its time; None for a model without any."""
        prices = self.models.get(model, ())
        held = [price for price in prices if price.since <= day]
        return held[-1] if held else next(iter(prices), None)


@cache
def published_prices() -> Prices:
    """The list that ships with the package."""
    text = files("seethink.teachers").joinpath("prices.yaml").read_text(encoding="utf-8")
    return parse_config(Prices, yaml.safe_load(text), "prices.yaml")


def load_prices(path: Path | None = None) -> Prices:
    """The published list with the models of a file of one's own laid over it; the file alone where its currency is
    another one. InputError names what is wrong."""
    published = published_prices()
    if path is None:
        return published
    own = load_config(Prices, path)
    if own.currency != published.currency:
        return own
    return own.model_copy(update={"models": {**published.models, **own.models}})
