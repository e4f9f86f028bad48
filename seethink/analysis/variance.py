"""What verdicts vary by, and verdict matrices that vary in the same way: for calibration, and for planning a study.

A verdict is a hit where a latent sum of normal variables lies above a threshold:

    threshold_a + item_n + fit_an + run_as + quirk_asn + draw_asnk > 0

``item`` is how easy an item is for everybody, ``fit`` how well it suits arm a, ``run`` how well a training run of arm a
turned out, ``quirk`` what that run makes of that item, ``draw`` the chance of one sampled answer. The variances add up
to 1, so that an arm's accuracy depends on its threshold alone: two arms of equal thresholds are exactly equally good
whatever their variances. The correlation of two latent sums is the variance of the terms that they share; between two
yes-or-no columns it is the tetrachoric correlation (Pearson 1900).

Letters: A arms, S training runs of an arm, N items, K draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats
from scipy.special import ndtr

Floats = NDArray[np.float64]

_MOST = 0.999
"""Largest correlation that is fitted: beyond it columns are the same."""


@dataclass(frozen=True, slots=True)
class Varies:
    """Shares of the latent variance, in [0, 1], one arm's; what they leave is ``draw``."""

    item: float
    fit: float = 0.0
    run: float = 0.0
    quirk: float = 0.0

    def __post_init__(self) -> None:
        if min(self.item, self.fit, self.run, self.quirk) < 0 or self.draw < -1e-9:
            raise ValueError(f"{self}: shares of a variance lie in [0, 1] and add up to at most 1")

    @property
    def draw(self) -> float:
        return 1.0 - self.item - self.fit - self.run - self.quirk


@dataclass(frozen=True, slots=True)
class Fitted:
    """What ``fit_variance`` found.

    Attributes:
        accuracy: mean hit rate, by arm.
        varies: by arm.
        unknown: by arm the shares that these tables cannot tell apart, and are 0 in ``varies``.
    """

    accuracy: dict[str, float]
    varies: dict[str, Varies]
    unknown: dict[str, tuple[str, ...]] = field(default_factory=dict)


def fit_variance(hits_by_arm: Mapping[str, NDArray[np.bool_]]) -> Fitted:
    """The shares of every arm from its hits, by matching how often hits that share a term agree.

    Args:
        hits_by_arm: per arm an array S x N x K, items in the same order in every arm.

    ``item`` is one for all arms, from pairs of arms, and 0 where there is only one arm (``fit`` then holds it);
    ``run`` needs two runs or more, ``quirk`` two draws or more, ``fit`` two runs. Without them what they would hold
    falls to ``fit`` (one run) or ``draw`` (one draw). A share that comes out negative by chance is 0.

    Raises ValueError where there is no arm, or an arm never hits, always hits, or has other items than the first.
    """
    if not hits_by_arm:
        raise ValueError("no arm to fit")
    counted = {arm: np.asarray(hits, dtype=np.float64) for arm, hits in hits_by_arm.items()}
    for arm, hits_SNK in counted.items():
        if not 0 < hits_SNK.mean() < 1:
            raise ValueError(f"arm {arm} hits {'always' if hits_SNK.all() else 'never'}: its verdicts vary by nothing")
    item = _shared_by_arms(list(counted.values()))
    found = {arm: _fit_arm(hits_SNK, item) for arm, hits_SNK in counted.items()}
    return Fitted(
        {arm: float(hits_SNK.mean()) for arm, hits_SNK in counted.items()},
        {arm: varies for arm, (varies, _) in found.items()},
        {arm: unknown for arm, (_, unknown) in found.items() if unknown},
    )


def _shared_by_arms(arms: Sequence[Floats]) -> float:
    """Mean tetrachoric correlation of different arms on the same item."""
    found = []
    for index, first_SNK in enumerate(arms):
        for second_SNK in arms[:index]:
            if first_SNK.shape[1] != second_SNK.shape[1]:
                raise ValueError("the arms were not scored on the same items")
            together = float((first_SNK.mean(axis=(0, 2)) * second_SNK.mean(axis=(0, 2))).mean())
            found.append(_correlation(float(first_SNK.mean()), float(second_SNK.mean()), together))
    return max(0.0, float(np.mean(found))) if found else 0.0


def _fit_arm(hits_SNK: Floats, item: float) -> tuple[Varies, tuple[str, ...]]:
    runs, _, draws = hits_SNK.shape
    p = float(hits_SNK.mean())
    # Draws of one run share all but the draw, runs of one arm the item and the arm's fit.
    same_run = (
        _correlation(p, p, _both(hits_SNK.swapaxes(1, 2).reshape(runs * draws, -1), draws)) if draws > 1 else None
    )
    if runs == 1:
        fit = 0.0 if same_run is None else max(0.0, same_run - item)
        return _within(item, fit, 0.0, 0.0), ("fit", "run", "quirk") if same_run is None else ("run", "quirk")
    means_SN = hits_SNK.mean(axis=2)
    fit = max(0.0, _correlation(p, p, _both(means_SN, runs)) - item)
    run = max(0.0, _correlation(p, p, p * p + _spread_of_runs(means_SN)))
    if same_run is None:
        return _within(item, fit, run, 0.0), ("quirk",)
    return _within(item, fit, run, max(0.0, same_run - item - fit - run)), ()


def _both(hits_RN: Floats, size: int) -> float:
    """How often two different rows of a block of ``size`` rows are both hits, over blocks and columns."""
    blocks_BSN = hits_RN.reshape(-1, size, hits_RN.shape[-1])
    pairs = blocks_BSN.sum(axis=1) ** 2 - (blocks_BSN**2).sum(axis=1)
    return float(pairs.mean()) / (size * (size - 1))


def _within(item: float, fit: float, run: float, quirk: float) -> Varies:
    """The shares, shrunk together where sampling error has them add up to more than 1."""
    total = item + fit + run + quirk
    scale = min(1.0, _MOST / total) if total > 0 else 1.0
    return Varies(item * scale, fit * scale, run * scale, quirk * scale)


def _spread_of_runs(means_SN: Floats) -> float:
    """Variance of the runs' true accuracies: that of their means, less what single answers add to it."""
    runs, items = means_SN.shape
    expected_SN = means_SN.mean(axis=1, keepdims=True) + means_SN.mean(axis=0, keepdims=True) - means_SN.mean()
    noise = float(((means_SN - expected_SN) ** 2).sum()) / ((runs - 1) * max(1, items - 1))
    return float(max(0.0, means_SN.mean(axis=1).var(ddof=1) - noise / items))


def _correlation(p: float, q: float, together: float) -> float:
    """The tetrachoric correlation of two columns with means p and q that are both 1 in this share of cases."""
    thresholds = [float(stats.norm.ppf(p)), float(stats.norm.ppf(q))]

    def excess(correlation: float) -> float:
        cov = [[1.0, correlation], [correlation, 1.0]]
        return float(stats.multivariate_normal.cdf(thresholds, mean=[0.0, 0.0], cov=cov)) - together

    if excess(_MOST) <= 0:
        return _MOST
    if excess(-_MOST) >= 0:
        return -_MOST
    return float(optimize.brentq(excess, -_MOST, _MOST, xtol=1e-6))


def simulate(
    accuracy: Sequence[float],
    varies: Sequence[Varies],
    runs: Sequence[int],
    items: int,
    rng: np.random.Generator,
    *,
    draws: int = 1,
    together: float = 0.0,
) -> list[Floats]:
    """Score matrices S x N of several arms on the same items, as a study of such arms would find them.

    Args:
        accuracy: each arm's expected accuracy over runs and items, in (0, 1).
        varies: each arm's shares. ``item`` may differ between arms; the easier items are the same for all.
        runs: training runs of each arm.
        draws: answers per item and run; a score is their mean.
        together: correlation of run s of one arm with run s of another, in [0, 1] (seeds that share a stage).
    """
    item_N = rng.standard_normal(items)
    common_S = rng.standard_normal(max(runs))
    found = []
    for p, shares, count in zip(accuracy, varies, runs, strict=True):
        own_S = np.sqrt(together) * common_S[:count] + np.sqrt(1 - together) * rng.standard_normal(count)
        fixed_N = np.sqrt(shares.item) * item_N + np.sqrt(shares.fit) * rng.standard_normal(items)
        latent_SN = (
            float(stats.norm.ppf(p))
            + fixed_N
            + np.sqrt(shares.run) * own_S[:, None]
            + np.sqrt(shares.quirk) * rng.standard_normal((count, items))
        )
        rest = max(0.0, shares.draw)
        if rest == 0.0:
            found.append((latent_SN > 0).astype(np.float64))
            continue
        hit_SN = ndtr(latent_SN / np.sqrt(rest))
        drawn_SN = rng.random(hit_SN.shape) < hit_SN if draws == 1 else rng.binomial(draws, hit_SN)
        found.append(drawn_SN / draws)
    return found
