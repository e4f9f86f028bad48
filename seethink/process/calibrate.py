"""Calibrating a process reward model, at the end of its training or by ``seethink process calibrate``.

A trained head is often too sure of itself, and a head that learnt to rank never meant a probability. Two numbers mend
what can be mended without changing any order: the log-odds are multiplied by a slope and moved by an offset, both
fitted on labelled traces that were not trained on (Platt 1999; with the slope alone it is temperature scaling, Guo et
al. 2017, arXiv 1706.04599).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from seethink.core.images import ImageStore
from seethink.core.rejected import InputError
from seethink.models.device import own_device
from seethink.process.calibration import calibration, fit_log_odds, probability
from seethink.process.collect.rows import LabelledTrace
from seethink.process.step_head import Trace, load_step_head, save_head_beside, step_logits


class Fit(NamedTuple):
    """What was fitted, on how many steps, and the expected calibration error and the Brier score there before and
    after: of the very steps that it was fitted on."""

    slope: float
    offset: float
    steps: int
    error_before: float
    error: float
    brier_before: float
    brier: float


def calibrate(
    folder: str | Path,
    traces: Sequence[LabelledTrace],
    images: ImageStore,
    *,
    hard: float | None = None,
    batch: int = 16,
    dtype: str = "float32",
    max_pixels: int | None = None,
) -> Fit:
    """Fit slope and offset of the head in ``folder`` on ``traces`` and write them beside it, over those it had.

    Args:
        traces: that the head was not trained on.
        hard: targets are 1 above this and 0 up to it; the values themselves where None.
        batch: traces per forward.
        dtype: of the body's arithmetic.

    Raises:
        InputError: no step of the traces has a label and a score, or all labels are the same.
    """
    checkpoint = load_step_head(folder, dtype=dtype, max_pixels=max_pixels)
    before = float(checkpoint.model.slope), float(checkpoint.model.offset)
    shown = [Trace(one.question, tuple(map(images.open, one.images)), one.steps) for one in traces]
    scored = step_logits(checkpoint, shown, batch=batch, device=own_device())
    pairs = [
        ((logit - before[1]) / before[0], value if hard is None else float(value > hard))
        for logits, trace in zip(scored, traces, strict=True)
        for logit, value in zip(logits, trace.values, strict=True)
        if value is not None and logit == logit
    ]
    if len({target for _, target in pairs}) < 2:
        raise InputError(f"{len(pairs)} labelled steps, none better than another: a calibration needs right and wrong")
    said, targets = [logit for logit, _ in pairs], [target for _, target in pairs]
    slope, offset = fit_log_odds(said, targets)
    old, new = (
        calibration([probability(a * logit + b) for logit in said], targets) for a, b in (before, (slope, offset))
    )
    checkpoint.model.slope, checkpoint.model.offset = torch.tensor(slope), torch.tensor(offset)
    save_head_beside(checkpoint, Path(folder))
    return Fit(slope, offset, len(pairs), old.error, new.error, old.brier, new.brier)
