"""trained: a process reward model on disk as a StepScorer. No torch until the first step."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from seethink.core.config import Config
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.process.collect.completer import Cost
from seethink.process.missing import Missing
from seethink.process.score import Priced

if TYPE_CHECKING:
    from seethink.process.step_head import StepCheckpoint


class TrainedConfig(Config):
    """A process reward model that ``seethink process train`` wrote: RUN/model, or RUN/adapter beside its base."""

    kind: Literal["trained"] = "trained"
    model: str = Field(min_length=1)
    outcome: bool = False
    """The score of the last step is that of the response: a head that learnt outcomes, an ORM."""
    batch: int = Field(default=16, ge=1)
    """Traces per forward: what bounds memory. choice."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    max_pixels: int | None = Field(default=None, ge=1)
    """Larger pictures are shrunk to this area; the checkpoint's own bound where None."""


class TrainedSteps:
    """StepScorer of a trained head; loads at its first call, may be called from any thread, one at a time scores.

    Args:
        checkpoint: one that is in memory already, instead of the config's folder.
        device: where scoring happens; this process's accelerator where None, the CPU where there is none.
    """

    missing = Missing.UNREAD

    def __init__(
        self,
        config: TrainedConfig,
        images: ImageStore,
        *,
        checkpoint: StepCheckpoint | None = None,
        device: str | None = None,
    ) -> None:
        self.config = config
        self.images = images
        self.device = device
        self._checkpoint = checkpoint
        self._lock = threading.Lock()

    def score_steps(self, item: Item, steps: Sequence[str]) -> list[float]:
        return self.score_many([item], [steps])[0]

    def score_many(self, items: Sequence[Item], traces: Sequence[Sequence[str]]) -> list[list[float]]:
        """Every step's score in (0, 1), all steps of a trace in one forward pass; NaN behind ``max_tokens``."""
        return [one.scores for one in self.score_priced(items, traces)]

    def score_priced(self, items: Sequence[Item], traces: Sequence[Sequence[str]]) -> list[Priced]:
        """The same with the tokens of each trace's forward pass."""
        from seethink.models.device import own_device
        from seethink.process.step_head import Trace, score_traces

        shown = {digest: self.images.open(digest) for digest in {one for item in items for one in item.images}}
        asked = [
            Trace(item.question, tuple(shown[digest] for digest in item.images), tuple(steps))
            for item, steps in zip(items, traces, strict=True)
        ]
        with self._lock:
            found = score_traces(self._loaded(), asked, batch=self.config.batch, device=self.device or own_device())
        return [Priced(list(scores), Cost(ratings=len(scores), judge_prompt_tokens=tokens)) for scores, tokens in found]

    def _loaded(self) -> StepCheckpoint:
        from seethink.process.step_head import load_step_head

        if self._checkpoint is None:
            config = self.config
            self._checkpoint = load_step_head(config.model, dtype=config.dtype, max_pixels=config.max_pixels)
        return self._checkpoint
