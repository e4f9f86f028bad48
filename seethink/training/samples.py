"""Samples of SFT: a response to imitate, within a budget of tokens.

A sample over the budget is set aside whole. A picture's tokens cannot be cut: the model wants as many as there are
patches; a question that is cut asks something else; and a response that is cut has no answer block and no end, and
would teach that. Fewer pixels (``max_pixels``) or a larger budget bring such samples back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.rejected import InputError, Rejected

TOO_LONG = "too long"
SPIKED = "loss spike"


class Demonstration(NamedTuple):
    """An item and the response to imitate."""

    item: Item
    response: str


class Fitting(NamedTuple):
    """Demonstrations that can be trained on, and why the others cannot."""

    kept: list[Demonstration]
    aside: list[Rejected]


def fitting(processor: Any, demonstrations: Sequence[Demonstration], images: ImageStore, max_tokens: int) -> Fitting:
    """Sort by the budget, and by what ``sample_tokens`` refuses. InputError where nothing is left."""
    from rich.progress import track

    from seethink.models.tokens import sample_tokens
    from seethink.training.processes import first_process

    found = Fitting([], [])
    counted = track(
        sample_tokens(processor, demonstrations, images),
        "SFT, counting tokens",
        len(demonstrations),
        transient=True,
        disable=not first_process(),
    )
    for one, tokens in zip(demonstrations, counted, strict=True):
        if isinstance(tokens, Rejected):
            found.aside.append(tokens)
        elif tokens.total > max_tokens:
            detail = f"{tokens.total} tokens, {tokens.picture} of them picture; at most {max_tokens}"
            found.aside.append(Rejected(TOO_LONG, detail, one.item.id))
        else:
            found.kept.append(one)
    if not found.kept:
        reasons = ", ".join(f"{reason}: {count:,}" for reason, count in count_reasons(found.aside).items())
        raise InputError(
            f"SFT: no sample can be trained on ({reasons}); where they are longer than max_tokens={max_tokens}, raise "
            "it or lower max_pixels"
        )
    return found


def tell_aside(aside: Sequence[Rejected], of: int, where: Path) -> None:
    """Say on the terminal how many of how many were set aside, and where they are listed; nothing where none was."""
    from rich.console import Console

    if aside:
        reasons = ", ".join(f"{reason}: {count:,}" for reason, count in count_reasons(aside).items())
        Console().print(f"set aside {len(aside):,} of {of:,} samples ({reasons}), listed in {where}")


def count_reasons(aside: Sequence[Rejected]) -> dict[str, int]:
    """How many were set aside, by reason."""
    return dict(Counter(one.reason for one in aside))
