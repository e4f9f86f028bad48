"""Advantages of our own in TRL's trainer; what they are is written in ``training.grpo``.

Letters: P prompts of a rollout on this device, G completions of one, B = P · G rows, F reward functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from transformers import Trainer

from seethink.core.item import DIMENSION, Item
from seethink.training.backends.rollouts import Rollout, told_apart
from seethink.training.grpo import GRPOConfig, group_advantages


class OwnAdvantages(Trainer):  # type: ignore[misc]
    """TRL's trainer with advantages after the page (``training.grpo``): exactly 0 in a group with one reward, where TRL
    leaves the rounding of a mean, and where asked for in the deviation of their dimension.

    TRL divides by the deviation of a group or of the whole batch and has no hook for a third way: what it computed is
    replaced before anything has used it.
    """

    def __init__(self, *, config: GRPOConfig, items: Mapping[str, Item], **named: Any) -> None:
        self._config, self._items = config, items
        self._dimensions = list(dict.fromkeys(DIMENSION.values()))
        super().__init__(**named)

    @property
    def _group(self) -> int:
        return int(self.num_generations if self.model.training else self.num_generations_eval)

    def _calculate_rewards(self, inputs: Any, prompts: Any, completions: Any, completion_ids_list: Any) -> Any:
        rewards_BF = super()._calculate_rewards(inputs, prompts, completions, completion_ids_list)
        summed_B = (rewards_BF * self.reward_weights.to(rewards_BF.device)).nansum(1)
        summed_B[rewards_BF.isnan().all(1)] = float("nan")
        first = self.accelerator.process_index * len(prompts)
        self._rewarded_B = summed_B[first : first + len(prompts)]
        return rewards_BF

    def _generate_and_score_completions(self, inputs: Any) -> Any:
        return self._weighed(self._scored(inputs))

    def _scored(self, inputs: Any) -> Rollout:
        """A rollout with what its advantages are made of."""
        rollout: Rollout = super()._generate_and_score_completions(inputs)
        kinds = [self._dimensions.index(DIMENSION[self._items[row["item_id"]].verifier]) for row in inputs]
        return rollout | {
            "rewards": self._rewarded_B,
            "dimensions": torch.tensor(kinds, device=self._rewarded_B.device),
        }

    def _weighed(self, rollout: Rollout) -> Rollout:
        group, advantages_B = self._group, rollout["advantages"]
        if self._config.normalise == "dimension":
            rewards_B, kinds_B = self.accelerator.gather((rollout["rewards"], rollout["dimensions"]))
            names = [str(kind) for kind in kinds_B[::group].tolist()]
            everywhere_B = group_advantages(rewards_B.view(-1, group), dimension_P=names).flatten()
            first = self.accelerator.process_index * len(advantages_B)
            advantages_B = everywhere_B[first : first + len(advantages_B)]
        dull_P = ~told_apart(rollout["rewards"].view(-1, group))
        advantages_B = advantages_B.masked_fill(dull_P.repeat_interleave(group), 0.0)
        # TRL keeps the last rollout's for its table of completions.
        logged, shown = self._logs["advantages"], self.accelerator.gather(advantages_B).tolist()
        for _ in range(min(len(logged), len(shown))):
            logged.pop()
        logged.extend(shown)
        return rollout | {"advantages": advantages_B}
