"""What was paid, in money: dated prices, batch rebates, unknown models, and calls without an end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from seethink.core.rejected import InputError, Stopped
from seethink.teachers import Budget
from seethink.teachers.answer import Usage
from seethink.teachers.cost import read_costs
from seethink.teachers.entries import Entry, State
from seethink.teachers.ledger import Ledger
from seethink.teachers.prices import Price, Prices, load_prices

TODAY = date(2026, 11, 21)
MILLION = Usage(1_000_000, 1_000_000)
PRICES = Prices.model_validate({"models": {"m": [{"since": "2020-01-01", "prompt": 2, "completion": 8, "batch": 0.5}]}})


def record(folder: Path, *entries: Entry) -> None:
    async def write() -> None:
        async with Ledger(folder) as ledger:
            for entry in entries:
                await ledger.note(entry)

    asyncio.run(write())


def test_a_price_holds_from_its_day_on() -> None:
    prices = Prices.model_validate(
        {
            "models": {
                "m": [
                    {"since": "2025-01-20", "prompt": 1, "completion": 2},
                    {"since": "2025-09-01", "prompt": 3, "completion": 4},
                ]
            }
        }
    )
    days = [date(2024, 1, 1), date(2025, 8, 31), date(2025, 9, 1)]
    assert [price.prompt for day in days if (price := prices.at("m", day))] == [1, 1, 3]
    assert prices.at("other", TODAY) is None


def test_the_published_list_is_dated_and_has_the_hosted_default_models() -> None:
    prices = load_prices()
    assert prices.as_of > date(2026, 1, 1)
    assert all(prices.at(model, TODAY) for model in ("gpt-4o", "gpt-3.5-turbo", "deepseek-reasoner"))
    # Its price is whatever its host asks.
    assert prices.at("deepseek-r1", TODAY) is None


def test_a_file_of_ones_own_lies_over_the_published_list(tmp_path: Path) -> None:
    own = tmp_path / "prices.yaml"
    own.write_text("as_of: 2026-11-01\nmodels: {my-r1: [{prompt: 0, completion: 0}]}\n")
    prices = load_prices(own)
    assert prices.at("my-r1", TODAY) and prices.at("gpt-4o", TODAY)
    own.write_text("models: {my-r1: [{prompt: -1, completion: 0}]}\n")
    with pytest.raises(InputError, match=r"models\.my-r1\.0\.prompt"):
        load_prices(own)


def test_answers_are_paid_at_the_price_and_batches_at_their_share(tmp_path: Path) -> None:
    record(
        tmp_path,
        Entry("a", State.ANSWERED, "m", 1, text="x", usage=MILLION),
        Entry("b", State.ANSWERED, "m", 1, text="x", usage=MILLION, batch=True),
    )
    [cost] = read_costs(tmp_path, PRICES, TODAY)
    assert (cost.paid, cost.possibly, cost.spent.answers) == (15.0, 0.0, 2)


def test_an_unknown_model_and_uncounted_tokens_cost_what_nobody_knows(tmp_path: Path) -> None:
    record(
        tmp_path,
        Entry("a", State.ANSWERED, "new", 1, text="x", usage=MILLION),
        Entry("b", State.ANSWERED, "m", 1, text="x", usage=MILLION),
        Entry("c", State.ANSWERED, "m", 1, text="x"),
    )
    known, unknown = read_costs(tmp_path, PRICES, TODAY)
    assert (known.paid, unknown.paid) == (None, None)
    assert unknown.spent.completion_tokens == 1_000_000


def test_calls_without_an_end_are_possibly_paid_at_their_worst(tmp_path: Path) -> None:
    sent = [Entry(key, State.INTENT, "m", 1, max_tokens=500_000) for key in "abcd"]
    record(
        tmp_path,
        *sent,
        Entry("a", State.ANSWERED, "m", 1, max_tokens=500_000, text="x", usage=Usage(1_000_000, 10)),
        Entry("b", State.REFUSED, "m", 1, max_tokens=500_000),
        Entry("c", State.UNKNOWN, "m", 1, max_tokens=500_000),
    )
    [cost] = read_costs(tmp_path, PRICES, TODAY)
    # c timed out and d was killed: each at most half a million tokens after a prompt as long as that of a.
    assert (cost.spent.possibly_paid, cost.possibly) == (2, 2 * (2.0 + 4.0))


def test_a_budget_of_money_stops_before_it_is_overrun(server: Any, session: Callable[..., Any]) -> None:
    from dataclasses import replace

    from seethink.teachers import Message

    # Worst case of a call: 17 bytes and 16 tokens of frame and answer; it takes 7 + 5 tokens.
    price = Price(prompt=1e6, completion=1e6)

    async def talk(teacher: Any) -> Any:
        asked = (replace(teacher, price=price).ask([Message("user", str(number))]) for number in range(10))
        return await asyncio.gather(*asked, return_exceptions=True)

    outcomes = session(talk, budget=Budget(max_cost=60.0))
    assert server.billed == 3, "36 spent, and 33 more might be 69"
    assert "36 of 60 in money" in str(next(one for one in outcomes if isinstance(one, Stopped)))


def test_a_budget_of_money_without_a_price_is_refused(ask_all: Callable[..., Any]) -> None:
    [problem] = ask_all(["a"], budget=Budget(max_cost=1.0))
    assert isinstance(problem, ValueError) and "needs a price of m" in str(problem)
