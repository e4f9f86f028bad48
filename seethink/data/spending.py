"""Spending: what a run has spent, re-used and possibly paid, and what it will have spent when it is done.

What was paid is read from the ledger, what was re-used from the run's account, and what is left to do from the parts
that are sealed; nothing is asked, and a run may be at work meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
from rich.table import Table
from rich.text import Text

from seethink.core.rejected import InputError
from seethink.core.tables import parts
from seethink.data.account import read_account
from seethink.data.stage import Stage
from seethink.data.steps import STEPS
from seethink.teachers.cost import costs
from seethink.teachers.entries import BatchEntry
from seethink.teachers.ledger import Tally
from seethink.teachers.ledger_file import all_readers
from seethink.teachers.prices import Prices
from seethink.teachers.totals import Total, batches, totals


@dataclass(frozen=True, slots=True)
class Spending:
    """One model at one step. Money in the currency of the prices; None where it cannot be known.

    Attributes:
        step: "" for what other users of the ledger bought.
        answers, prompt_tokens, completion_tokens, paid: bought so far.
        reused, saved: answers that were found instead of bought, and what they would have cost today.
        possibly, possibly_paid: calls without a recorded end, and their worst case.
        left: rows that have not been through the step yet, as far as can be told from those that have.
        projected: ``paid`` and what the rows that are left will add if they cost what the others did.
    """

    step: str
    model: str
    answers: int
    prompt_tokens: int
    completion_tokens: int
    paid: float | None
    reused: int
    saved: float | None
    possibly: int
    possibly_paid: float | None
    left: int
    projected: float | None


def read_spending(out: Path, ledger: Path, prices: Prices) -> list[Spending]:
    """By step and model, in the order of the steps. InputError where there is no ledger."""
    if not ledger.is_dir():
        raise InputError(f"{ledger} is no ledger: name the folder that seethink data build wrote")
    with all_readers(ledger) as readers:
        found, sent = totals(readers), batches(readers)
    account, remaining = read_account(out), _rows_left(out)
    names = {total.purpose for total in found} | {entry.purpose for entry in sent} | {step for step, _ in account}
    names |= {step for step, (_, left) in remaining.items() if left}
    order = [step.name for step in STEPS]
    spending = []
    for step in sorted(names, key=lambda name: (order.index(name) if name in order else len(order), name)):
        spending += _at_step(
            step,
            [total for total in found if total.purpose == step],
            [entry for entry in sent if entry.purpose == step],
            {model: tally for (name, model), tally in account.items() if name == step},
            remaining.get(step, (0, 0)),
            prices,
        )
    return spending


def spending_table(spending: Sequence[Spending], prices: Prices) -> Table:
    """For a terminal, with sums. What has no price is shown in tokens and leaves the sums open."""
    table = Table(title=f"Cost in {prices.currency}, prices of {prices.as_of}", title_justify="left")
    table.add_column("step")
    table.add_column("model")
    for name in ("answers", "prompt tokens", "completion tokens", "spent", "re-used", "possibly paid", "projected"):
        table.add_column(name, justify="right")
    for one in spending:
        possibly = f"{one.possibly} calls{_worth(one.possibly_paid)}" if one.possibly else ""
        table.add_row(
            Text(one.step or "(elsewhere)"),
            Text(one.model),
            f"{one.answers:,}",
            f"{one.prompt_tokens:,}",
            f"{one.completion_tokens:,}",
            _money(one.paid),
            f"{one.reused:,}{_worth(one.saved)}" if one.reused else "",
            possibly,
            _money(one.projected) if one.left else "done",
        )
    table.add_section()
    table.add_row(
        "all",
        "",
        f"{sum(one.answers for one in spending):,}",
        f"{sum(one.prompt_tokens for one in spending):,}",
        f"{sum(one.completion_tokens for one in spending):,}",
        _sum([one.paid for one in spending]),
        f"{sum(one.reused for one in spending):,}",
        f"{sum(one.possibly for one in spending):,} calls",
        _sum([one.projected for one in spending]),
    )
    return table


def _at_step(
    step: str,
    found: Sequence[Total],
    sent: Sequence[BatchEntry],
    account: dict[str, Tally],
    rows: tuple[int, int],
    prices: Prices,
) -> list[Spending]:
    today = datetime.now(UTC).date()
    done, left = rows
    paid = {cost.model: cost for cost in costs(found, sent, prices, today)}
    answers = sum(cost.spent.answers for cost in paid.values())
    spending = []
    for model in sorted(paid.keys() | account.keys()):
        cost, tally, price = paid.get(model), account.get(model, Tally()), prices.at(model, today)
        money = cost.paid if cost else 0.0
        # Rows share answers, and some ask nobody: a row adds what those before it did. Answers of parts that are not
        # sealed yet stand for rows as well.
        begun = max(done, min(answers, done + left))
        more = None if money is None or not begun else money * (done + left - begun) / begun
        spending.append(
            Spending(
                step=step,
                model=model,
                answers=cost.spent.answers if cost else 0,
                prompt_tokens=cost.spent.prompt_tokens if cost else 0,
                completion_tokens=cost.spent.completion_tokens if cost else 0,
                paid=money,
                reused=tally.reused,
                saved=price.cost(tally.reused_prompt_tokens, tally.reused_completion_tokens) if price else None,
                possibly=cost.spent.possibly_paid if cost else 0,
                possibly_paid=cost.possibly if cost else 0.0,
                left=left,
                projected=money if not left else None if money is None or more is None else money + more,
            )
        )
    if not spending:
        spending.append(Spending(step, "", 0, 0, 0, 0.0, 0, None, 0, 0.0, left, None))
    return spending


def _rows_left(out: Path) -> dict[str, tuple[int, int]]:
    """Rows that have been through each step, and rows that will still come to it, by the share that was kept so far."""
    expected = float(_rows(Stage(out / "collect").rows))
    left = {}
    for step in STEPS:
        stage = Stage(out / step.name)
        kept, set_aside = _rows(stage.rows), _rows(stage.rejected)
        done = kept + set_aside
        left[step.name] = done, max(0, round(expected) - done)
        expected = max(float(kept), expected * (kept / done if done else 1.0))
    return left


def _rows(folder: Path) -> int:
    return sum(pq.read_metadata(path).num_rows for path in parts(folder))


def _money(amount: float | None) -> str:
    return "unknown" if amount is None else f"{amount:,.4f}" if 0 < amount < 0.1 else f"{amount:,.2f}"


def _worth(amount: float | None) -> str:
    return "" if amount is None else f" ({_money(amount)})"


def _sum(amounts: Sequence[float | None]) -> str:
    known = _money(sum(amount for amount in amounts if amount is not None))
    return known if None not in amounts else f"{known} and what is unknown"
