"""How a number is written for a person: shares in percent, differences in points, p-values, durations, amounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Tree = Mapping[str, Any]


def percent(share: float | None, decimals: int = 1) -> str:
    return "–" if share is None else f"{100 * share:.{decimals}f} %"


def signed(share: float, decimals: int = 0) -> str:
    """A difference of shares in points, with a sign that is as wide as the plus: "−4.1"."""
    text = f"{100 * share:+.{decimals}f}".replace("-", "−")
    return text if text.strip("+−0.") else text[1:]


def p_text(p: float | None) -> str:
    """A p-value as it is printed beside a difference."""
    if p is None:
        return "–"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def span(found: Tree, decimals: int = 1) -> str:
    """The interval of a share in percent: "56.1 to 66.6"."""
    if found["low"] is None:
        return ""
    return f"{100 * found['low']:.{decimals}f} to {100 * found['high']:.{decimals}f}"


def duration(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def amount(count: float | None) -> str:
    """A large count, short: "1.8 M"."""
    if count is None:
        return "–"
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.3g} {letter}"
    return f"{count:.0f}"
