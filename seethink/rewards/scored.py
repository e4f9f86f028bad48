"""scored: S of open answers from a reward model, any image-text sequence classifier that transformers can load.

The paper keeps its reward model out of the way of training (VLAA-Thinking section 4.1 and its released code): here the
weights stay on the CPU and are on the accelerator only while answers are scored. No torch until the first answer.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from seethink.core.config import Config
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.rewards.open import BETA

if TYPE_CHECKING:
    from seethink.models.load import Checkpoint


class ScoredConfig(Config):
    """A reward model on disk."""

    kind: Literal["scored"] = "scored"
    model: str = Field(min_length=1)
    """Folder of a sequence classifier with safetensors weights; ``seethink world scorer`` writes one."""
    beta: float = Field(default=BETA, gt=0)
    """Steepness of the open reward, to be chosen with the scale of the model's scores."""
    label: int | None = Field(default=None, ge=0)
    """Which class means a good answer, for a head of several; its log-odds are the score. None for a head of one."""
    batch: int = Field(default=8, ge=1)
    """Answers per forward: what bounds memory. choice."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    """Of weights and arithmetic. Half precision rounds scores apart that should tie."""
    max_pixels: int | None = Field(default=None, ge=1)
    """Larger pictures are shrunk to this area; the checkpoint's own bound where None."""


class ModelScorer:
    """AnswerScorer of a reward model; loads at its first call, may be called from any thread, one at a time scores.

    Args:
        images: where the items' pictures are.
        device: where scoring happens; this process's accelerator where None, the CPU where there is none.
    """

    def __init__(self, config: ScoredConfig, images: ImageStore, device: str | None = None) -> None:
        self.config = config
        self.images = images
        self.device = device
        self._checkpoint: Checkpoint | None = None
        self._lock = threading.Lock()

    def score(self, items: Sequence[Item], answers: Sequence[str]) -> list[float]:
        """One number per answer, higher is better. InputError where the folder holds no scorer."""
        from seethink.models.device import own_device
        from seethink.models.score_head import as_prompt, score

        shown = _pictures(items, self.images)
        prompts = [
            as_prompt(item, answer, [shown[digest] for digest in item.images])
            for item, answer in zip(items, answers, strict=True)
        ]
        with self._lock:
            return score(
                self._loaded(),
                prompts,
                batch=self.config.batch,
                device=self.device or own_device(),
                label=self.config.label,
            )

    def _loaded(self) -> Checkpoint:
        from seethink.models.score_head import load_scorer

        if self._checkpoint is None:
            config = self.config
            self._checkpoint = load_scorer(config.model, dtype=config.dtype, max_pixels=config.max_pixels)
        return self._checkpoint


def _pictures(items: Sequence[Item], images: ImageStore) -> dict[str, Any]:
    """Every picture decoded once, however many answers it has."""
    return {digest: images.open(digest) for digest in {digest for item in items for digest in item.images}}
