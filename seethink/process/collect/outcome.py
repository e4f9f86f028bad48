"""Outcome-only labels: what an outcome reward model learns from, on the very solutions that others label by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from seethink.core.config import Config, config_hash
from seethink.process.collect.completer import Cost
from seethink.process.collect.labels import Labelled, Solution


class OutcomeConfig(Config):
    """No step is labelled; the released rows hold each whole response with its outcome."""

    kind: Literal["outcome"] = "outcome"


@dataclass(frozen=True)
class Outcome:
    """Costs nothing, and does not say where a wrong solution goes wrong."""

    config: OutcomeConfig

    @property
    def identity(self) -> dict[str, str]:
        return {"collector": config_hash(self.config)}

    def label(self, solutions: Sequence[Solution]) -> list[Labelled]:
        return [Labelled(one, (None,) * len(one.steps), None, Cost(), decided=False) for one in solutions]
