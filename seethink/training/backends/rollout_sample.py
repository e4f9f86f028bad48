"""What a model writes while it is reinforced: a sample of its responses by step, and how they reason, in the log.

The sample is what ``seethink analyse survival`` reads: how much of a habit that SFT left is still there at each step.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from seethink.core.cues import ANALYSIS_CUES, count_cues
from seethink.core.hesitation import Shares, shares
from seethink.core.item import Item
from seethink.core.protocols import Reward
from seethink.core.tables import write_part
from seethink.core.trace import line_steps, thinking
from seethink.core.verdict import Verdict
from seethink.training.backends.callbacks import write_column
from seethink.training.processes import first_process

STEPS, RESPONSES = 64, 64
"""Most steps of a run whose responses are kept, at equal distances, and most responses of each. choice."""


class RolloutSample(TrainerCallback):  # type: ignore[misc]
    """A reward that hands on to another, and keeps some of what it is shown in ``folder``, a part per step.

    In the log: ``habits/hesitant`` and ``habits/repeated``, the share of a response's steps with a hedging word and of
    those that say an earlier one again; ``habits/cues``, its reflective expressions. Means over the first process's
    responses. Rewarding stays the other's business: scores are not touched.
    """

    def __init__(self, reward: Reward, folder: Path) -> None:
        self.reward, self.folder = reward, folder
        self._step, self._every = 0, 1
        self._seen: list[dict[str, float]] = []
        self._kept: list[dict[str, Any]] = []

    def __call__(self, items: Sequence[Item], responses: Sequence[str]) -> list[Verdict]:
        verdicts = list(self.reward(items, responses))
        self._seen += map(_habits, responses)
        if self._step % self._every == 0:
            room = RESPONSES - len(self._kept)
            for item, response, verdict in list(zip(items, responses, verdicts, strict=True))[:room]:
                self._kept.append(_row(self._step, item, response, verdict))
        return verdicts

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self._step, self._every = state.global_step, max(1, -(-state.max_steps // STEPS))

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if self._kept and first_process():
            self.folder.mkdir(parents=True, exist_ok=True)
            write_part(self.folder, self._step, self._kept)
        self._kept = []

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        if not logs or "loss" not in logs or not self._seen:
            return
        for name in self._seen[0]:
            write_column(state, logs, f"habits/{name}", sum(one[name] for one in self._seen) / len(self._seen))
        self._seen = []


def _habits(response: str) -> dict[str, float]:
    told = shares([step.text for step in line_steps(thinking(response))]) or Shares(0.0, 0.0)
    return told._asdict() | {"cues": float(count_cues(response, ANALYSIS_CUES).total())}


def _row(step: int, item: Item, response: str, verdict: Verdict) -> dict[str, Any]:
    return {
        "step": step,
        "item_id": item.id,
        "question": item.question,
        "options": list(item.options),
        "gold": item.gold,
        "verifier": item.verifier.value,
        "response": response,
        "score": verdict.score,
    }
