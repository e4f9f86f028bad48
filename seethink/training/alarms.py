"""Live alarms: what goes wrong in a GRPO run, seen in its log while it runs, and what to do about it.

An alarm looks at the mean of the last few rows, so that one odd batch is no alarm; a verifier's reward, of which a step
sees a few prompts only, must have fallen by more than its noise. It is raised once per episode: it rings when its
condition begins to hold, and again only after the condition has ceased.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from statistics import fmean, pstdev
from typing import Any, NamedTuple

from pydantic import Field

from seethink.core.config import Config
from seethink.core.item import Verifier


class AlarmConfig(Config):
    """Thresholds, all choice."""

    window: int = Field(default=5, ge=1)
    """Steps whose mean is looked at. The first such mean is what "at the start" means below."""
    entropy_share: float = 0.2
    """Entropy below this share of that at the start: nearly all completions of a group are the same."""
    entropy_growth: float = 3.0
    """Entropy beyond this multiple of that at the start: the text dissolves."""
    length_share: float = 0.5
    """Mean length below this share of that at the start."""
    length_growth: float = 2.0
    """Mean length beyond this multiple of that at the start."""
    truncated: float = 0.3
    """Share of completions that end at the token limit."""
    clipped: float = 0.2
    """Share of tokens whose probability ratio is clipped."""
    zero_variance: float = 0.8
    """Share of groups whose completions all get one reward."""
    unparseable: float = 0.5
    """Share of responses without a readable answer."""
    undecided: float = 0.1
    """Share of responses nobody could judge: a scorer that failed or timed out."""
    reward_fall: float = 0.15
    """By how much a verifier's mean reward, in [0, 1], lies below the best it has reached in this run."""
    reward_window: int = Field(default=20, ge=2)
    """Steps whose mean that is: a step asks each verifier about a few prompts only."""
    reward_errors: float = 4.0
    """Standard errors of the two means that the fall must exceed besides: the best of many noisy means is too good."""


class Raised(NamedTuple):
    """An alarm that begins to ring: its name, what was seen, and what to do."""

    name: str
    seen: str
    remedy: str


class _Rule(NamedTuple):
    name: str
    key: str
    """Of the row."""
    rings: Callable[[_Seen], bool]
    says: str
    remedy: str


class _Seen(NamedTuple):
    """Means over the window: the last one, the first one, and the highest; and standard errors of two of them."""

    now: float
    start: float
    best: float
    error: float
    best_error: float


class Watch:
    """Feeds rows of the log to the alarms. Fed the same rows again, it says the same again.

    Args:
        reward: name of the reward in the log; its rows hold ``reward/digit``, ``reward/unparseable`` and so on.
    """

    def __init__(self, config: AlarmConfig, reward: str = "mixed") -> None:
        self.config = config
        self._rules = _rules(config, reward)
        self._rewards = {f"{reward}/{verifier}" for verifier in Verifier}
        self._recent: dict[str, deque[float]] = {}
        self._seen: dict[str, _Seen] = {}
        self._ringing: set[str] = set()

    def see(self, row: Mapping[str, Any]) -> list[Raised]:
        """The alarms that begin to ring with this row."""
        fresh = {key for key in {rule.key for rule in self._rules} if self._take(key, row.get(key))}
        raised = []
        for rule in self._rules:
            if rule.key not in fresh:
                continue
            seen = self._seen[rule.key]
            if not rule.rings(seen):
                self._ringing.discard(rule.name)
            elif rule.name not in self._ringing:
                self._ringing.add(rule.name)
                raised.append(Raised(rule.name, rule.says.format(**seen._asdict()), rule.remedy))
        return raised

    @property
    def ringing(self) -> tuple[str, ...]:
        """Names of the alarms whose condition holds now."""
        return tuple(sorted(self._ringing))

    def _take(self, key: str, value: Any) -> bool:
        """Add a value to its window; whether the window is full."""
        if not isinstance(value, int | float) or math.isnan(value):
            return False
        length = self.config.reward_window if key in self._rewards else self.config.window
        window = self._recent.setdefault(key, deque(maxlen=length))
        window.append(float(value))
        if len(window) < length:
            return False
        now, error = fmean(window), pstdev(window) / math.sqrt(length)
        before = self._seen.get(key) or _Seen(now, now, now, error, error)
        best, best_error = max((before.best, before.best_error), (now, error))
        self._seen[key] = _Seen(now, before.start, best, error, best_error)
        return True


def _rules(config: AlarmConfig, reward: str) -> list[_Rule]:
    length, entropy = "completions/mean_length", "entropy"
    rules = [
        _Rule(
            "entropy_low",
            entropy,
            lambda seen: seen.now < config.entropy_share * seen.start,
            "entropy is {now:.3g} nats a token, it was {start:.3g} at the start",
            "exploration ends: raise temperature or kl, or lower learning_rate",
        ),
        _Rule(
            "entropy_high",
            entropy,
            lambda seen: seen.now > config.entropy_growth * seen.start,
            "entropy is {now:.3g} nats a token, it was {start:.3g} at the start",
            "the text dissolves: lower learning_rate, or raise kl",
        ),
        _Rule(
            "length_low",
            length,
            lambda seen: seen.now < config.length_share * seen.start,
            "completions have {now:.0f} tokens, they had {start:.0f} at the start",
            "thinking is being dropped: read some responses, and raise kl if short ones are paid for",
        ),
        _Rule(
            "length_high",
            length,
            lambda seen: seen.now > config.length_growth * seen.start,
            "completions have {now:.0f} tokens, they had {start:.0f} at the start",
            "look for repetition: a length or a repetition term of the reward holds it back",
        ),
        _Rule(
            "truncated",
            "completions/clipped_ratio",
            lambda seen: seen.now > config.truncated,
            "{now:.0%} of the completions end at the token limit",
            "their answers are lost: raise max_completion_tokens",
        ),
        _Rule(
            "clipped",
            "clip_ratio/region_mean",
            lambda seen: seen.now > config.clipped,
            "the probability ratio of {now:.0%} of the tokens is clipped",
            "the policy moves too far in a rollout: lower learning_rate, or make fewer updates of it",
        ),
        _Rule(
            "zero_variance",
            "frac_reward_zero_std",
            lambda seen: seen.now > config.zero_variance,
            "{now:.0%} of the groups have one reward for all completions and teach nothing",
            "set resample, raise group, or choose items of middling difficulty",
        ),
        _Rule(
            "unparseable",
            f"{reward}/unparseable",
            lambda seen: seen.now > config.unparseable,
            "{now:.0%} of the responses have no readable answer",
            "raise max_completion_tokens if they are cut off; a format term of the reward teaches the tags",
        ),
        _Rule(
            "undecided",
            f"{reward}/undecided",
            lambda seen: seen.now > config.undecided,
            "{now:.0%} of the responses were judged by nobody",
            "look at the scorer: its address, its model, its rate limit",
        ),
    ]
    return rules + [
        _Rule(
            f"reward_{verifier}",
            f"{reward}/{verifier}",
            lambda seen: (
                seen.best - seen.now
                > max(config.reward_fall, config.reward_errors * math.hypot(seen.error, seen.best_error))
            ),
            f"the reward of {verifier} is {{now:.2f}}, it has been {{best:.2f}}",
            "another verifier's gain is paid for with this one: read its responses, or try normalise: dimension",
        )
        for verifier in Verifier
    ]
