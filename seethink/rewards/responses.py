"""From a response to the answer that is judged: reading the tags, and handing the answers on.

There is no format term. A response whose answer cannot be read is worth 0 whatever else it says, and that is all the
format reward there is (VLAA-Thinking section 4.1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from seethink.answers import final_answer, grade
from seethink.core.item import Item, Verifier
from seethink.core.trace import read_tags
from seethink.core.verdict import Outcome, Verdict, undecided, unparseable

Extract = Callable[[Item, str], str | None]
"""Reads the answer to an item out of a response, None where there is none."""

Judge = Callable[[Sequence[Item], Sequence[str]], list[Verdict]]
"""Decides on answers, tags already read."""


def strict(item: Item, response: str) -> str | None:
    """The answer under the tag rule, the one that trains: ``</think>`` once and one non-empty answer block. It is the
    same for every item."""
    tagged = read_tags(response)
    return tagged.answer if tagged else None


def lenient(item: Item, response: str) -> str | None:
    """The answer wherever the response states it, for telling a gain in format from a gain in accuracy and for models
    that write no tags; ``seethink.answers.prose`` finds it."""
    return final_answer(response, item.verifier, item.options)


def judge_responses(
    verifier: Verifier, judge: Judge, items: Sequence[Item], responses: Sequence[str], extract: Extract
) -> list[Verdict]:
    """One verdict per response: unparseable without an answer, unscored for another verifier's item, else judged."""
    if len(items) != len(responses):
        raise ValueError(f"{len(items)} items and {len(responses)} responses: one response per item")
    verdicts: dict[int, Verdict] = {}
    judged: list[tuple[int, str]] = []
    for place, (item, response) in enumerate(zip(items, responses, strict=True)):
        if item.verifier is not verifier:
            verdicts[place] = undecided(Outcome.UNSCORED, f"the {verifier} reward leaves {item.verifier} items alone")
            continue
        answer = extract(item, response)
        if answer is None or not answer.strip():
            verdicts[place] = unparseable("no answer can be read from the response")
        else:
            judged.append((place, answer))
    if judged:
        decided = judge([items[place] for place, _ in judged], [answer for _, answer in judged])
        verdicts.update(zip((place for place, _ in judged), decided, strict=True))
    return [verdicts[place] for place in range(len(items))]


def rule_reward(verifier: Verifier, items: Sequence[Item], responses: Sequence[str], extract: Extract) -> list[Verdict]:
    """The reward of a rule verifier: the same grading that curation and evaluation use."""
    return judge_responses(verifier, grade, items, responses, extract)
