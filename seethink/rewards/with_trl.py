"""A reward as TRL's GRPO trainer calls it (TRL 1.16). Nothing of TRL is imported: any trainer of that shape will do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from seethink.core.item import Item
from seethink.core.protocols import Reward
from seethink.core.rejected import InputError
from seethink.core.trace import line_steps
from seethink.core.verdict import Verdict
from seethink.rewards.dimensions import Tally, summarise
from seethink.rewards.shaping import Shaping, Term, weighted

TrlReward = Callable[..., list[float | None]]


def trl_reward(reward: Reward, items: Mapping[str, Item], name: str = "mixed") -> TrlReward:
    """A reward function for ``GRPOTrainer(reward_funcs=…)``.

    The data set needs a column ``item_id`` that names an entry of ``items``. The function gives one float per
    completion, None where nobody decided: TRL leaves such a row out of its group. Where the trainer hands in
    ``log_metric`` it receives, under ``name/…``, the mean score, the same per verifier and per dimension, the
    unparseable and undecided shares, and ``steps``, the lines of thinking per response. ``name`` is also what the
    trainer's own reward columns are called.
    """
    [function], _ = trl_rewards(reward, items, Shaping(), name)
    return function


def trl_rewards(
    reward: Reward, items: Mapping[str, Item], shaping: Shaping, name: str = "mixed"
) -> tuple[list[TrlReward], list[float]]:
    """``reward_funcs`` and ``reward_weights`` for TRL's trainer: the reward, then one column per term of ``shaping``.

    The reward's column is weighted by verifier; what is logged under ``name/…`` is not. Where nobody decided on a
    completion every column is None, or its terms alone would be taken for its reward.
    """
    judged = _Judged(reward, items, name)

    def rewarded(
        prompts: Sequence[Any], completions: Sequence[Any], item_id: Sequence[str] | None = None, **columns: Any
    ) -> list[float | None]:
        batch, verdicts = judged.now(completions, item_id)
        log_metric = columns.get("log_metric")
        if log_metric is not None:
            summary = summarise(batch, verdicts)
            if summary.overall.mean is not None:
                log_metric(f"{name}/score", summary.overall.mean)
            for part, tally in [*summary.verifiers.items(), *summary.dimensions.items()]:
                if tally.mean is not None:
                    log_metric(f"{name}/{part}", tally.mean)
            _log_shares(log_metric, name, summary.overall)
            # What a reward that looks at steps would move if it could be earned by their number.
            said = [completion_text(completion) for completion in completions]
            log_metric(f"{name}/steps", sum(len(line_steps(text)) for text in said) / max(1, len(said)))
        return weighted(batch, verdicts, shaping.weights)

    columns = [_named(rewarded, name)]
    columns += [_named(_column(term, judged), term.name) for term in shaping.terms]
    return columns, [1.0, *(term.weight for term in shaping.terms)]


class _Judged:
    """The verdicts of the batch that is being rewarded: all columns are asked about it, one after the other."""

    def __init__(self, reward: Reward, items: Mapping[str, Item], name: str) -> None:
        self.reward, self.items, self.name = reward, items, name
        self._last: tuple[list[str], list[str], list[Item], list[Verdict]] | None = None

    def now(self, completions: Sequence[Any], item_id: Sequence[str] | None) -> tuple[list[Item], list[Verdict]]:
        """Judge this batch."""
        if item_id is None:
            raise InputError(f"reward {self.name!r} needs the column item_id: add it to the training set")
        batch = [_item(self.items, key, self.name) for key in item_id]
        texts = [completion_text(completion) for completion in completions]
        verdicts = self.reward(batch, texts)
        self._last = (list(item_id), texts, batch, verdicts)
        return batch, verdicts

    def again(self, completions: Sequence[Any], item_id: Sequence[str] | None) -> list[Verdict]:
        """The verdicts of the batch judged last, which this one is; judged anew where it is another."""
        if self._last is not None and item_id is not None:
            keys, texts, _, verdicts = self._last
            if keys == list(item_id) and texts == [completion_text(completion) for completion in completions]:
                return verdicts
        return self.now(completions, item_id)[1]


def _column(term: Term, judged: _Judged) -> TrlReward:
    def rewarded(
        prompts: Sequence[Any], completions: Sequence[Any], item_id: Sequence[str] | None = None, **columns: Any
    ) -> list[float | None]:
        verdicts = judged.again(completions, item_id)
        return [
            None if verdict.score is None else term.of(completion_text(completion))
            for completion, verdict in zip(completions, verdicts, strict=True)
        ]

    return rewarded


def _named(function: TrlReward, name: str) -> TrlReward:
    function.__name__ = function.__qualname__ = name
    return function


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
