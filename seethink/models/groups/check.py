"""Whether sharing a prompt gives what the plain path gives, asked once per model and remembered.

A model may carry an attention of its own, and transformers changes its forwards: neither may change a result silently.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import torch
import torch.distributed as dist
from torch import Tensor

from seethink.models.groups.family import bare, evaluating
from seethink.models.groups.support import supports

_log = logging.getLogger(__name__)

_FOUND: WeakKeyDictionary[torch.nn.Module, dict[str, bool]] = WeakKeyDictionary()

ROUNDING = 1e-4
"""Root mean square difference of log-probabilities that is rounding in full precision, in nats; choice."""

NOISE = 5.0
"""How many times the plain path's own noise is taken for rounding as well; choice."""


class Compared(NamedTuple):
    """Log-probabilities of the same tokens: shared, plain, and plain in another padding, which tells the noise."""

    shared: Tensor
    plain: Tensor
    again: Tensor


def agrees(model: Any, way: str, compare: Callable[[], Compared], *, together: bool) -> bool:
    """Whether ``way`` ("log-probabilities", "sampling") may be shared; one message where it may not.

    ``compare`` runs in eval mode without gradient, on first use only.

    Args:
        together: every process of a distributed run asks at the same time, and one that finds a difference decides for
            all: passes that gather weights must be the same everywhere.
    """
    base = bare(model)
    found = _FOUND.setdefault(base, {})
    if way in found:
        return found[way]
    why = supports(model)
    if why is None:
        with torch.no_grad(), evaluating(base):
            why = _difference(compare, base)
            if together:
                why = _agreed(why, base.device)
    found[way] = why is None
    if why is not None:
        _log.warning("%s: every completion reads the prompt and its pictures for itself: %s", way, why)
    return found[way]


def two_of(pictures_P: Sequence[Sequence[int]]) -> list[int]:
    """Places of two prompts that stand for all where they are compared, one with pictures where there is one; one place
    where there is one prompt."""
    order = sorted(range(len(pictures_P)), key=lambda place: not pictures_P[place])
    return list(dict.fromkeys([order[0], order[-1]]))


def _difference(compare: Callable[[], Compared], base: Any) -> str | None:
    try:
        shared, plain, again = compare()
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # A forward that changed may fail in any way, and the plain path does not need this one.
        return f"sharing it failed ({type(error).__name__}: {error})"
    precision = torch.finfo(next(base.parameters()).dtype).eps
    allowed = max(ROUNDING, 4 * precision, NOISE * _distance(again, plain))
    distance = _distance(shared, plain)
    if distance <= allowed:
        return None
    return f"shared, log-probabilities differ by {distance:.2g} nats where rounding explains {allowed:.2g}"


def _distance(one: Tensor, other: Tensor) -> float:
    return float((one.float() - other.float()).square().mean().sqrt()) if len(one) else 0.0


def _agreed(why: str | None, device: torch.device) -> str | None:
    if not dist.is_available() or not dist.is_initialized() or dist.get_world_size() == 1:
        return why
    against = torch.tensor(float(why is not None), device=device)
    dist.all_reduce(against, dist.ReduceOp.MAX)
    return why if why is not None or not against.item() else "another process found a difference"
