"""Equal training in all: how many completions an arm's RL gets that is to be trained on as many tokens as another."""

from __future__ import annotations

from pathlib import Path

from seethink.core.tables import read_manifest
from seethink.study.arms import Stage
from seethink.study.runs import Run, plan_study
from seethink.study.settings import StudyConfig, settings_of
from seethink.study.stages import Training, folder_of
from seethink.training.grpo import GRPOConfig


def matched_completions(config: StudyConfig, root: Path) -> dict[tuple[str, int], int]:
    """RL completions of every arm with a budget, by arm and seed, as far as the other arm's stages are finished.

    The other arm's SFT took so many tokens; its RL took so many for a completion; the arm gets its own completions and
    as many more as those tokens buy, in whole rollouts.
    """
    budgets = {name: arm.budget for name, arm in config.arms.items() if arm.budget and arm.budget.equal == "total"}
    if not budgets:
        return {}
    others = config.only(sorted({budget.to for budget in budgets.values()}))
    runs = {(run.arm, run.seed): run for run in plan_study(others).runs}
    found: dict[tuple[str, int], int] = {}
    for name, budget in budgets.items():
        own = settings_of(config, name).rl
        for seed in config.seeds:
            spent = _spent(runs[budget.to, seed], root)
            if spent is not None:
                found[name, seed] = more_completions(own, *spent)
    return found


def more_completions(own: GRPOConfig, imitated: float, reinforced: float, completions: float) -> int:
    """``own.completions`` and those that ``imitated`` tokens buy at ``reinforced / completions`` tokens each."""
    rollout = own.rollout * own.group
    more = imitated / (reinforced / completions)
    return own.completions + round(more / rollout) * rollout


def _spent(run: Run, root: Path) -> tuple[float, float, float] | None:
    """Tokens of SFT, tokens of RL, and its completions; None while a stage is not finished."""
    tokens = {Stage.SFT: 0.0, Stage.RL: 0.0}
    completions = 0.0
    for training in run.trainings:
        assert isinstance(training, Training)
        manifest = read_manifest(folder_of(training, root))
        if manifest is None:
            return None
        tokens[training.chain[-1]] += manifest["cost"]["train_tokens"]
        completions += manifest["cost"].get("completions", 0.0)
    return tokens[Stage.SFT], tokens[Stage.RL], completions
