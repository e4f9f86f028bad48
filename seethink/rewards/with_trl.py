"""A reward as TRL's GRPO trainer calls it (TRL 1.16). Nothing of TRL is imported: any trainer of that shape will do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from seethink.core.item import Item
from seethink.core.protocols import Reward
from seethink.core.rejected import InputError
from seethink.rewards.dimensions import Tally, summarise

TrlReward = Callable[..., list[float | None]]


def trl_reward(reward: Reward, items: Mapping[str, Item], name: str = "mixed") -> TrlReward:
    """A reward function for ``GRPOTrainer(reward_funcs=…)``.

    The data set needs a column ``item_id`` that names an entry of ``items``. The function gives one float per
    completion, None where nobody decided: TRL leaves such a row out of its group. Where the trainer hands in
    ``log_metric`` it receives, under ``name/…``, the mean per verifier and per dimension and the unparseable and
    undecided shares. ``name`` is also what the trainer's own reward columns are called.
    """

    def rewarded(
        prompts: Sequence[Any], completions: Sequence[Any], item_id: Sequence[str] | None = None, **columns: Any
    ) -> list[float | None]:
        if item_id is None:
            raise InputError(f"reward {name!r} needs the column item_id: add it to the training set")
        batch = [_item(items, key, name) for key in item_id]
        verdicts = reward(batch, [completion_text(completion) for completion in completions])
        log_metric = columns.get("log_metric")
        if log_metric is not None:
            summary = summarise(batch, verdicts)
            for part, tally in [*summary.verifiers.items(), *summary.dimensions.items()]:
                if tally.mean is not None:
                    log_metric(f"{name}/{part}", tally.mean)
            _log_shares(log_metric, name, summary.overall)
        return [verdict.score for verdict in verdicts]

    rewarded.__name__ = rewarded.__qualname__ = name
    return rewarded


def completion_text(completion: Any) -> str:
    """The text of a completion: a string, or a chat whose assistant messages hold a string or a list of text parts."""
    if isinstance(completion, str):
        return completion
    return "".join(_content(message.get("content")) for message in completion if message.get("role") == "assistant")


def _content(content: Any) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return "".join(part.get("text") or "" for part in content if part.get("type", "text") == "text")


def _item(items: Mapping[str, Item], key: str, name: str) -> Item:
    try:
        return items[key]
    except KeyError:
        raise InputError(f"reward {name!r} knows no item {key!r}: give it the items of the training set") from None


def _log_shares(log_metric: Callable[[str, float], None], name: str, overall: Tally) -> None:
    if overall.unparseable is not None:
        log_metric(f"{name}/unparseable", overall.unparseable)
    if overall.n:
        log_metric(f"{name}/undecided", overall.undecided / overall.n)
