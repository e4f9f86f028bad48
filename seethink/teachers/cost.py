"""Cost: what a ledger paid, and may have paid, in money and in tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from seethink.teachers.entries import BatchEntry, BatchState, State
from seethink.teachers.ledger import Spent, spent_by_model
from seethink.teachers.ledger_file import all_readers
from seethink.teachers.prices import Prices
from seethink.teachers.totals import Total, batches, totals


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one model; money in the currency of the price list.

    Attributes:
        paid: None where the model has no price, or an endpoint did not count its tokens: unknown is not free.
        possibly: worst case of the calls that were sent and have no recorded end; None as above, or where a request set
            no limit.
    """

    model: str
    spent: Spent
    paid: float | None
    possibly: float | None

    @property
    def per_answer(self) -> float | None:
        """Money of one answer so far, on average."""
        return self.paid / self.spent.answers if self.paid is not None and self.spent.answers else None


def costs(found: Sequence[Total], sent: Sequence[BatchEntry], prices: Prices, today: date) -> list[Cost]:
    """By model, in order of names.

    Args:
        today: the day whose price holds for what was possibly paid.
    """
    return [
        Cost(model, spent, _paid(model, found, prices), _possibly(model, spent, found, sent, prices, today))
        for model, spent in spent_by_model(found, sent).items()
    ]


def read_costs(folder: Path, prices: Prices, today: date) -> list[Cost]:
    """The costs of a ledger that lies in ``folder``."""
    with all_readers(folder) as readers:
        return costs(totals(readers), batches(readers), prices, today)


def _paid(model: str, found: Sequence[Total], prices: Prices) -> float | None:
    money = 0.0
    for total in found:
        if total.model == model and total.state is State.ANSWERED:
            price = prices.at(model, total.day)
            if price is None:
                return None
            if total.uncounted and price.prompt + price.completion > 0:
                return None
            money += price.cost(total.prompt_tokens, total.completion_tokens, batch=total.batch)
    return money


def _possibly(
    model: str, spent: Spent, found: Sequence[Total], sent: Sequence[BatchEntry], prices: Prices, today: date
) -> float | None:
    if not spent.possibly_paid:
        return 0.0
    price = prices.at(model, today)
    signs = {State.INTENT: 1, State.ANSWERED: -1, State.REFUSED: -1, State.WRONG: -1}
    calls = [total for total in found if total.model == model and not total.batch]
    if price is None or sum(signs.get(total.state, 0) * total.unlimited for total in calls) > 0:
        return None
    out = [e for e in sent if e.model == model and e.state in (BatchState.SUBMITTING, BatchState.OUT)]
    waiting = sum(entry.requests for entry in out)
    # The prompts of calls without an end are taken to be as long as the others.
    prompt = spent.prompt_tokens // spent.answers if spent.answers else 0
    worst = sum(signs.get(total.state, 0) * total.max_tokens for total in calls)
    return price.cost(prompt * (spent.possibly_paid - waiting), max(0, worst)) + price.cost(
        prompt * waiting, sum(entry.max_tokens for entry in out), batch=True
    )
