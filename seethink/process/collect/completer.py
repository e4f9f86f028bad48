"""Completer: whoever goes on from a started response, and what that costs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from seethink.core.item import Item


class Completion(NamedTuple):
    """One way a started response goes on to its end.

    Attributes:
        text: what follows; the start is not repeated.
        right: whether the answer is right; None where no verifier decided.
        tokens: generated.
    """

    text: str
    right: bool | None
    tokens: int


class Proposal(NamedTuple):
    """One next step; ``text`` holds the white space in front of it. ``ends``: the response is finished with it, and
    ``right`` says how. Without text nothing came of it, and it was paid for."""

    text: str
    ends: bool
    right: bool | None
    tokens: int


class Start(NamedTuple):
    """A response that is begun: ``text`` is what stands there of it."""

    item: Item
    text: str


class Completer(Protocol):
    """Continues responses. The same arguments give the same completions."""

    def complete(self, starts: Sequence[Start], count: int, seed: int) -> list[list[Completion]]:
        """``count`` completions of each start. A model takes them all in one batch, a picture of several once."""
        ...

    def propose(self, starts: Sequence[Start], count: int, seed: int) -> list[list[Proposal]]:
        """``count`` next steps of each start, in one batch as well; fewer where the others were not paid for."""
        ...

    def prompt_tokens(self, item: Item, started: str) -> int:
        """Tokens in front of a completion: question, pictures and start."""
        ...


@dataclass(frozen=True, slots=True)
class Cost:
    """What labels were paid with.

    Attributes:
        tokens: generated.
        prompt_tokens: read where a prompt and its start are read once for all the completions that are asked for
            together. A completer that remembers what it has read, from one request to the next, reads fewer.
        repeated_tokens: read where every completion reads them again.
        completions: sampled, single steps included.
        undecided: of these, ended without a verifier having decided.
        ratings: judge calls.
    """

    tokens: int = 0
    prompt_tokens: int = 0
    repeated_tokens: int = 0
    completions: int = 0
    undecided: int = 0
    ratings: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.tokens + other.tokens,
            self.prompt_tokens + other.prompt_tokens,
            self.repeated_tokens + other.repeated_tokens,
            self.completions + other.completions,
            self.undecided + other.undecided,
            self.ratings + other.ratings,
        )


class Rollouts(NamedTuple):
    """Completions of one start: how many of the decided ones are right, and their cost."""

    right: int
    decided: int
    cost: Cost

    @property
    def share(self) -> float | None:
        return self.right / self.decided if self.decided else None


class NextSteps(NamedTuple):
    """Steps proposed after one start, and the cost of all that was sampled for them."""

    proposals: list[Proposal]
    cost: Cost


def roll_out(completer: Completer, starts: Sequence[Start], count: int, seed: int) -> list[Rollouts]:
    """``count`` completions of each start, each start read once.

    The draws depend on the seed and on the starts they are asked with, not on when they are asked.
    """
    if not starts:
        return []
    drawn = completer.complete(starts, count, seed_of(seed, *_asked(starts)))
    found = []
    for start, completions in zip(starts, drawn, strict=True):
        outcomes = [one.right for one in completions if one.right is not None]
        cost = cost_of(completer, *start, [one.tokens for one in completions])
        undecided = Cost(undecided=len(completions) - len(outcomes))
        found.append(Rollouts(sum(outcomes), len(outcomes), cost + undecided))
    return found


def next_steps(completer: Completer, starts: Sequence[Start], count: int, seed: int) -> list[NextSteps]:
    """At most ``count`` next steps of each start; the draws depend on what those of ``roll_out`` do."""
    if not starts:
        return []
    drawn = completer.propose(starts, count, seed_of(seed, "propose", *_asked(starts)))
    found = []
    for start, proposals in zip(starts, drawn, strict=True):
        cost = cost_of(completer, *start, [one.tokens for one in proposals])
        undecided = Cost(undecided=sum(one.ends and one.right is None for one in proposals))
        found.append(NextSteps([one for one in proposals if one.text], cost + undecided))
    return found


def _asked(starts: Sequence[Start]) -> list[str]:
    return [part for one in starts for part in (one.item.id, one.text)]


def seed_of(seed: int, *what: Any) -> int:
    """A seed that depends on what is asked and not on when: a resumed run draws the same."""
    digest = hashlib.sha256("\x1f".join([str(seed), *map(str, what)]).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:6], "big")


def cost_of(completer: Completer, item: Item, started: str, tokens: list[int]) -> Cost:
    read = completer.prompt_tokens(item, started)
    return Cost(sum(tokens), read, read * len(tokens), len(tokens))
