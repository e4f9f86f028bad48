"""Equal training in all: how many completions an arm's RL gets that is to be trained on as many tokens as another."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from seethink.core.tables import read_manifest
from seethink.study.arms import Stage
from seethink.study.runs import Run, plan_study
from seethink.study.settings import StudyConfig
from seethink.study.stages import Training, folder_of
from seethink.training.grpo import GRPOConfig


def matched_completions(config: StudyConfig, root: Path) -> dict[tuple[str, int], int]:
    """RL completions of every arm with a budget, by arm and seed, as far as what they follow from is finished.

    As many as the other arm's tokens buy, in whole rollouts. A completion costs what it costs this arm's own RL with
    the shared completions where the study has such a run, which is then waited for: a model that was taught to write
    longer pays more for one. Where it has none the other arm's RL tells the price.
    """
    budgets = {name: arm.budget for name, arm in config.arms.items() if arm.budget and arm.budget.equal == "total"}
    if not budgets:
        return {}
    unlimited = {name: arm.model_copy(update={"budget": None}) for name, arm in config.arms.items()}
    plan = plan_study(config.model_copy(update={"arms": unlimited}))
    runs = {(run.arm, run.seed): run for run in (*plan.runs, *plan.lending)}
    made = {one.name for (arm, _), run in runs.items() if arm not in budgets for one in run.trainings}
    found: dict[tuple[str, int], int] = {}
    for name, budget in budgets.items():
        for seed in config.seeds:
            own, other = runs[name, seed], runs[budget.to, seed]
            told = own if own.trainings[-1].name in made else other
            spent, price = _spent(other, root), _spent(told, root)
            if spent is not None and price is not None:
                found[name, seed] = affordable(own.settings.rl, spent, price)
    return found


class Spent(NamedTuple):
    """What a run took: tokens of SFT, tokens of RL, and RL's completions."""

    imitated: float
    reinforced: float
    completions: float


def affordable(own: GRPOConfig, spent: Spent, price: Spent) -> int:
    """Completions that all tokens of ``spent`` buy where one costs what it costs in ``price``; a rollout at least."""
    rollout = own.rollout * own.group
    count = (spent.imitated + spent.reinforced) / (price.reinforced / price.completions)
    return max(1, round(count / rollout)) * rollout


def _spent(run: Run, root: Path) -> Spent | None:
    """None while a stage is not finished."""
    tokens = {Stage.SFT: 0.0, Stage.RL: 0.0}
    completions = 0.0
    for training in run.trainings:
        assert isinstance(training, Training)
        manifest = read_manifest(folder_of(training, root))
        if manifest is None:
            return None
        tokens[training.chain[-1]] += manifest["cost"]["train_tokens"]
        completions += manifest["cost"].get("completions", 0.0)
    return Spent(tokens[Stage.SFT], tokens[Stage.RL], completions)
