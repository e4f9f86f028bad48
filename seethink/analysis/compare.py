"""How sure are we? Accuracy with its interval, and what sets two arms apart.

The item is the unit throughout: an item's score is the mean over its draws, and what is resampled, or has its sign
flipped, is items. An undecided verdict (timeout, error, unscored) is not a wrong model: it leaves accuracy and is
counted.

Intervals are percentile bootstraps, not BCa. Percentiles never leave the range of a score, exist where all resamples
agree (BCa then divides by zero) and let the parts of a gain be read off the very resamples of the gain. For the mean of
some sixty or more bounded scores both cover the truth in about 95 % of cases.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from seethink.core.graded import GradedResponse
from seethink.core.rejected import InputError
from seethink.core.trace import read_tags
from seethink.core.verdict import UNDECIDED, Outcome, Verdict, undecided

LEVEL = 0.95
RESAMPLES = 10_000

_BATCH = 1_000
"""Resamples held in memory at once: 16 MB for 2,000 items."""

_FEW = 64
"""Values up to which that is the faster way."""

_MANY = 1_000
"""Items from which on resamples are drawn as counts of the values that occur."""

Floats = NDArray[np.float64]


class Rule(StrEnum):
    """Which of a response's verdicts counts."""

    STRICT = "strict"
    LENIENT = "lenient"
    HARNESS = "harness"
    """Of a leaderboard's rules; only rows of its benchmarks have one."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over ``n`` items and its 95 % interval.

    Without items all three are None. One item of a bounded quantity has the whole range for an interval; of an
    unbounded one (a length) none, so ``low`` and ``high`` are None. No field is ever NaN.
    """

    mean: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Gain:
    """The two parts of a difference: better form, better answers. They add up to it exactly."""

    format: Interval
    accuracy: Interval


@dataclass(frozen=True, slots=True)
class Paired:
    """Arm a against arm b on the same items.

    Attributes:
        difference: a minus b, in [-1, 1].
        p: two-sided, of a sign-flip test; None without items.
        left_out: items that either arm left undecided.
        gain: None under the lenient rule, which does not ask for tags.
    """

    difference: Interval
    p: float | None
    left_out: int
    gain: Gain | None


_NO_RULES = undecided(Outcome.UNSCORED, "no rules of a harness")


def verdict_of(response: GradedResponse, rule: Rule) -> Verdict:
    match rule:
        case Rule.STRICT:
            return response.strict
        case Rule.LENIENT:
            return response.lenient
        case Rule.HARNESS:
            return response.harness or _NO_RULES


def item_means(
    responses: Iterable[GradedResponse], value: Callable[[GradedResponse], float | None]
) -> dict[str, float]:
    """Per item the mean of ``value`` over its draws; draws, and items, without a value are left out."""
    sums: defaultdict[str, list[float]] = defaultdict(list)
    for response in responses:
        found = value(response)
        if found is not None:
            sums[response.item_id].append(found)
    return {item: sum(values) / len(values) for item, values in sums.items()}


def interval(
    values: Iterable[float],
    *,
    bounds: tuple[float, float] | None = (0.0, 1.0),
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Interval:
    """Mean of one value per item with its percentile bootstrap interval.

    ``bounds`` is the range the quantity can take, None where it has no upper end. Where all of n bounded values agree,
    resampling would claim certainty; instead up to 1 - 0.025^(1/n) of the items may lie at the far bound unseen, the
    exact limit that Clopper and Pearson give for 0 of n.
    """
    x = np.fromiter(values, dtype=np.float64)
    n = len(x)
    if n == 0:
        return Interval(None, None, None, 0)
    mean = float(x.mean())
    if n == 1:
        low, high = bounds or (None, None)
        return Interval(mean, low, high, 1)
    if bounds is not None and np.ptp(x) == 0:
        unseen = 1.0 - ((1.0 - LEVEL) / 2) ** (1.0 / n)
        return Interval(mean, mean - unseen * (mean - bounds[0]), mean + unseen * (bounds[1] - mean), n)
    ends = _bootstrap((x,), _mean, seed, resamples) if n < _MANY else _bootstrap_counts(x, seed, resamples)
    return Interval(mean, float(ends[0]), float(ends[1]), n)


def score(response: GradedResponse, rule: Rule) -> float | None:
    """The score that accuracy averages; None where nobody decided."""
    verdict = verdict_of(response, rule)
    # A harness counts a row that its judge failed on as wrong, and its figures are reproduced, not mended.
    return None if verdict.outcome in UNDECIDED and rule is not Rule.HARNESS else verdict.score


def accuracy(
    responses: Sequence[GradedResponse], *, rule: Rule = Rule.STRICT, seed: int = 0, resamples: int = RESAMPLES
) -> Interval:
    """Mean score over items, each the mean over its decided draws."""
    means = item_means(responses, lambda response: score(response, rule))
    return interval(means.values(), seed=seed, resamples=resamples)


def count_undecided(responses: Iterable[GradedResponse], rule: Rule = Rule.STRICT) -> int:
    """Responses that no verifier decided: not in accuracy, and to be shown beside it."""
    return sum(score(response, rule) is None for response in responses)


def paired_difference(
    a: Sequence[GradedResponse],
    b: Sequence[GradedResponse],
    *,
    rule: Rule = Rule.STRICT,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Paired:
    """a minus b over the same items, by paired bootstrap and paired permutation.

    InputError where the two did not answer the same items.
    """
    _same_items(a, b)
    scores_a, scores_b = (item_means(arm, lambda response: score(response, rule)) for arm in (a, b))
    form = (item_means(a, readable), item_means(b, readable)) if rule is Rule.STRICT else None
    asked = len({response.item_id for response in a})
    return paired_means(scores_a, scores_b, asked, form=form, seed=seed, resamples=resamples)


def paired_means(
    scores_a: Mapping[str, float],
    scores_b: Mapping[str, float],
    asked: int,
    *,
    form: tuple[Mapping[str, float], Mapping[str, float]] | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Paired:
    """a minus b from one score per item.

    Args:
        asked: items that both arms were asked; those without a score in both are left out and counted.
        form: per item the share that could be read, of a and of b; the difference is then split into its two parts.
    """
    items = sorted(scores_a.keys() & scores_b.keys())
    columns = [np.array([means[item] for item in items]) for means in (scores_a, scores_b)]
    differences = columns[0] - columns[1]
    gain = None
    if form is not None:
        read = [np.array([means[item] for item in items]) for means in form]
        gain = _gain((read[0], columns[0], read[1], columns[1]), seed, resamples)
    return Paired(
        interval(differences, bounds=(-1.0, 1.0), seed=seed, resamples=resamples),
        sign_flip_p(differences, seed=seed, resamples=resamples),
        asked - len(items),
        gain,
    )


def sign_flip_p(differences: Floats, *, seed: int = 0, resamples: int = RESAMPLES) -> float | None:
    """Two-sided p of "which arm is which does not matter": the sign of each item's difference is flipped at random.

    Items without a difference have no sign to flip and drop out. Every assignment is tried where there are no more of
    them than ``resamples``; otherwise the data count as one of the assignments, so p is never 0.
    """
    if len(differences) == 0:
        return None
    unequal = differences[differences != 0]
    if len(unequal) < 2:  # either sign of a single difference is as far from zero
        return 1.0
    test = stats.permutation_test(
        (unequal,),
        _mean,
        permutation_type="samples",
        vectorized=True,
        n_resamples=resamples,
        batch=_BATCH,
        rng=np.random.default_rng(seed),
    )
    return min(1.0, float(test.pvalue))


def split_gain(format_a: Floats, score_a: Floats, format_b: Floats, score_b: Floats) -> tuple[Floats, Floats]:
    """A difference of mean scores as format plus accuracy (midpoint decomposition, an exact identity).

    With f the share of responses that could be read and c = score / f the mean score given readable,
    s_a - s_b = (f_a - f_b)(c_a + c_b)/2 + (c_a - c_b)(f_a + f_b)/2. An arm that nobody could read shows nothing of its
    c and is lent the other's, so that all of its loss is format.
    """
    c_a = np.divide(score_a, format_a, out=np.full_like(score_a, np.nan), where=format_a > 0)
    c_b = np.divide(score_b, format_b, out=np.full_like(score_b, np.nan), where=format_b > 0)
    c_a, c_b = np.where(np.isnan(c_a), c_b, c_a), np.where(np.isnan(c_b), c_a, c_b)
    c_a, c_b = np.nan_to_num(c_a), np.nan_to_num(c_b)
    return (format_a - format_b) * (c_a + c_b) / 2, (c_a - c_b) * (format_a + format_b) / 2


def _gain(columns: tuple[Floats, Floats, Floats, Floats], seed: int, resamples: int) -> Gain:
    """From the readable share and the score of a, and of b, per item."""
    items = len(columns[0])

    def parts(*samples: Floats, axis: int = -1) -> Floats:
        return np.stack(split_gain(*(np.atleast_1d(sample.mean(axis=axis)) for sample in samples)))

    if items == 0:
        nothing = Interval(None, None, None, 0)
        return Gain(nothing, nothing)
    means_of_parts = parts(*columns)[:, 0]
    if items == 1:
        return Gain(*(Interval(float(mean), -1.0, 1.0, 1) for mean in means_of_parts))
    low, high = _bootstrap(columns, parts, seed, resamples)
    intervals = [
        Interval(float(mean), float(lower), float(upper), items)
        for mean, lower, upper in zip(means_of_parts, low.ravel(), high.ravel(), strict=True)
    ]
    return Gain(intervals[0], intervals[1])


def readable(response: GradedResponse) -> float | None:
    """1 where the strict tags can be read, 0 where not; None where nobody decided. A score proves it was read."""
    worth = score(response, Rule.STRICT)
    if worth is None:
        return None
    return float(worth > 0 or read_tags(response.response) is not None)


def _mean(values: Floats, axis: int = -1) -> Floats:
    return np.asarray(values.mean(axis=axis))


def _bootstrap(
    data: tuple[Floats, ...], statistic: Callable[..., Floats], seed: int, resamples: int
) -> tuple[Floats, Floats]:
    found = stats.bootstrap(
        data,
        statistic,
        n_resamples=resamples,
        batch=_BATCH,
        vectorized=True,
        paired=len(data) > 1,
        confidence_level=LEVEL,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return np.asarray(found.low), np.asarray(found.high)


def _bootstrap_counts(x: Floats, seed: int, resamples: int) -> tuple[Floats, Floats]:
    """The same percentile bootstrap of a mean, drawn in another way: how often each value occurs among n items drawn
    with replacement is multinomial. A thousand times faster for scores, which take few values."""
    values, counts = np.unique(x, return_counts=True)
    if len(values) > _FEW:
        return _bootstrap((x,), _mean, seed, resamples)
    drawn = np.random.default_rng(seed).multinomial(len(x), counts / len(x), size=resamples)
    low, high = np.quantile(drawn @ values / len(x), ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return low, high


def _same_items(a: Sequence[GradedResponse], b: Sequence[GradedResponse]) -> None:
    items_a, items_b = {response.item_id for response in a}, {response.item_id for response in b}
    if items_a != items_b:
        name_a, name_b = (responses[0].arm if responses else "the other arm" for responses in (a, b))
        raise InputError(
            f"arms {name_a} ({len(items_a)} items) and {name_b} ({len(items_b)} items) did not answer the same items: "
            f"{len(items_a - items_b)} only by {name_a}, {len(items_b - items_a)} only by {name_b}; "
            "evaluate both on one benchmark with one seed"
        )
