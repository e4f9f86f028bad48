"""The main job: data → SFT → GRPO → SFT then GRPO → evaluation → results and report, each part resumable.

The arms differ only in the stages they go through; base, data, reward, prompt, seeds and evaluation are one and the
same object here, and the controls table is read back from what every stage recorded.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from seethink.analysis import ArmRecord, Run, Traces, print_comparison, study_of, tell_study, write_study_data
from seethink.core.chat import prompt_hash
from seethink.core.config import Config
from seethink.core.graded import GradedResponse
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.rejected import InputError, Rejected
from seethink.core.tables import read_manifest, read_rows
from seethink.data import DataConfig
from seethink.evaluation.run import evaluate
from seethink.evaluation.settings import EvaluationConfig
from seethink.models.device import use_threads
from seethink.study.arms import ARMS, Stage, stage_name, stages_of
from seethink.study.controls import check_matched, controls_table
from seethink.study.data import DataSets, build_world_data
from seethink.study.rewards import evaluation_judges, of_world, training_reward
from seethink.study.step_columns import steps_truth
from seethink.training.grpo import GRPOConfig, train_grpo
from seethink.training.sft import SFTConfig, train_sft
from seethink.world.oracle import Dials
from seethink.world.questions import Split
from seethink.world.source import WorldConfig, WorldSource
from seethink.world.truth import WorldTruth


class StudyConfig(Config):
    """One study over the embedded world."""

    base: str = "base"
    arms: tuple[str, ...] = ("base", "sft", "rl", "sft+rl")
    world: WorldConfig = WorldConfig()
    """Items that the data factory starts from."""
    teacher: Dials = Dials()
    data: DataConfig = DataConfig()
    sft: SFTConfig = SFTConfig()
    rl: GRPOConfig = GRPOConfig()
    heldout: WorldConfig = WorldConfig(split=Split.HELDOUT, count=400, seed=0)
    """Items of the evaluation; ``heldout.seed`` chooses others of the same split."""
    evaluation: EvaluationConfig = EvaluationConfig()
    threads: int | None = None
    """Torch threads on a CPU; torch's own choice where None."""


@dataclass
class _Clock:
    """Wall time of each part in this run; what an earlier run finished takes no time again."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        started = time.time()
        yield
        self.seconds[part] = round(time.time() - started, 1)


def run_study(config: StudyConfig, out: Path, console: Console | None = None) -> dict[str, Any]:
    """Run every arm and compare; writes ``results.json`` and ``report.html`` under ``out`` and returns the results."""
    console = console or Console()
    if unknown := [arm for arm in config.arms if arm not in ARMS]:
        raise InputError(f"arms {unknown}: choose among {', '.join(ARMS)}")
    if config.threads:
        use_threads(config.threads)
    started, clock = time.time(), _Clock()
    images = ImageStore(out / "data" / "images")

    with clock("data"):
        data = build_world_data(config.world, config.teacher, config.data, images, out / "data", console)
    models: dict[tuple[Stage, ...], str] = {(): config.base}
    manifests: dict[str, dict[str, Any]] = {}
    for chain in stages_of(config.arms):
        with clock(stage_name(chain)):
            folder = out / "stages" / stage_name(chain)
            manifests[stage_name(chain)] = _run_stage(config, chain[-1], models[chain[:-1]], data, images, folder)
            models[chain] = str(folder / "model")

    heldout = list(_accepted(WorldSource(config.heldout).items(images)))
    responses: dict[str, list[GradedResponse]] = {}
    for arm in config.arms:
        with clock(f"evaluate {arm}"):
            responses[arm] = evaluate(
                config.evaluation,
                arm,
                models[ARMS[arm]],
                heldout,
                images,
                evaluation_judges(heldout),
                out / "evaluation" / arm,
                truth=WorldTruth(),
            )
    evaluations = {arm: read_manifest(out / "evaluation" / arm) or {} for arm in config.arms}
    shared = {"system prompt": prompt_hash(), "reward": "mixed, no weights, strict tags"}
    controls = controls_table(config.arms, shared, manifests, evaluations)
    check_matched(controls)
    costs = _costs(config.arms, manifests, evaluations)
    study = study_of(
        out.name,
        {arm: ArmRecord(stages=tuple(ARMS[arm]), trained=bool(ARMS[arm])) for arm in config.arms},
        [Run(arm, config.rl.seed, responses[arm], costs[arm], _logs(arm, out)) for arm in config.arms],
        controls=controls,
        funnel=data.funnel,
        seconds=time.time() - started,
        stage_seconds=clock.seconds,
    )
    write_study_data(out / "tables", study)
    traces = Traces(responses, images.read, truth=steps_truth(heldout))
    results = tell_study(out, study, traces=traces, seed=config.heldout.seed)
    print_comparison(results, console)
    console.print(f"results: {out / 'results.json'}   report: {out / 'report.html'}")
    return results


def _run_stage(
    config: StudyConfig, stage: Stage, base: str, data: DataSets, images: ImageStore, out: Path
) -> dict[str, Any]:
    if stage is Stage.SFT:
        return train_sft(config.sft, base, data.sft, images, out)
    items: Sequence[Item] = data.rl
    if not of_world(items):
        raise InputError("the RL set of a study must come from the embedded world")
    return train_grpo(config.rl, base, items, images, training_reward(items), out)


def _accepted(found: Iterator[Item | Rejected]) -> Iterator[Item]:
    return (item for item in found if isinstance(item, Item))


def _logs(arm: str, out: Path) -> dict[str, list[dict[str, Any]]]:
    """What the trainer logged, by stage of the arm's chain."""
    chain = ARMS[arm]
    return {
        stage.value: list(read_rows(out / "stages" / stage_name(chain[: number + 1]) / "log"))
        for number, stage in enumerate(chain)
    }


def _costs(
    arms: Sequence[str], stages: Mapping[str, Mapping[str, Any]], evaluations: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, float | None]]:
    """What an arm cost in training, summed over its chain, and in evaluation."""
    costs: dict[str, dict[str, float | None]] = {}
    for arm in arms:
        chain = ARMS[arm]
        spent = [stages[stage_name(chain[: length + 1])]["cost"] for length in range(len(chain))]
        costs[arm] = {
            name: sum(stage.get(name, 0.0) for stage in spent)
            for name in ("train_tokens", "train_seconds", "steps", "completions")
        }
        costs[arm]["eval_seconds"] = evaluations[arm].get("seconds")
    return costs
