"""From finished stages to results: records held against each other, responses read, everything told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from seethink.analysis import ArmRecord, Traces, study_of, tell_study, write_study_data
from seethink.analysis import Run as ToldRun
from seethink.core.config import tree_hash
from seethink.core.graded import GradedResponse, graded_from_row
from seethink.core.images import ImageStore
from seethink.core.tables import read_rows
from seethink.rewards.shaping import Shaping
from seethink.study.arms import Stage
from seethink.study.controls import Records, check_declared, check_matched, compare_controls
from seethink.study.data import read_data
from seethink.study.dials import dials_of, registered_claims
from seethink.study.heldout import HeldoutBenchmarks, heldout_items
from seethink.study.item_difficulty import difficulty_rows
from seethink.study.recorded import read_recorded, recorded_stage
from seethink.study.reward_terms import reward_terms
from seethink.study.rewards import shaping
from seethink.study.run_records import read_run
from seethink.study.runs import Run, StudyPlan
from seethink.study.settings import StudyConfig, reinforcement, with_seed
from seethink.study.stages import DataRun, Imported, Training, folder_of, start_key
from seethink.study.step_columns import steps_truth
from seethink.study.twins import compared_ids, with_pictures
from seethink.world.source import WorldConfig

_SPENT = ("train_tokens", "train_seconds", "steps", "completions")


def conclude(
    config: StudyConfig,
    plan: StudyPlan,
    root: Path,
    out: Path,
    *,
    seconds: float = 0.0,
    stage_seconds: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Check what was held equal, compare, and write tables, ``results.json`` and the report below ``out``.

    Args:
        root: folder of what the stages left.
        seconds, stage_seconds: wall time of the study and of its stages.

    Raises:
        InputError: a manifest that cannot be believed, arms that are not matched, or one that is not at the level of a
            dose that the registered claims count it at.
    """
    registration = registered_claims(config)
    records: dict[str, dict[int, Records]] = {run.arm: {} for run in plan.runs}
    for run in plan.runs:
        records[run.arm][run.seed] = read_run(run, root)
    declared = {arm: config.arms[arm].declared for arm in records}
    controls = compare_controls(records, declared, config.accept)
    check_matched(controls)
    for run in plan.runs:
        check_declared(run.arm, records[run.arm][run.seed], _settings_trees(run))
    images = ImageStore(root / "images")
    one_of = {run.arm: run for run in plan.runs}
    ids = {arm: compared_ids(run.settings.heldout, images) for arm, run in one_of.items()}
    responses = {(run.arm, run.seed): _responses(run, root, ids[run.arm]) for run in plan.runs}
    first = {arm: responses[arm, min(by_seed)] for arm, by_seed in records.items()}
    asked = with_pictures(config.heldout)
    study = study_of(
        out.name,
        {arm: _arm_record(config, plan, arm, dials) for arm, dials in dials_of(config, registration, records).items()},
        [
            ToldRun(
                run.arm, run.seed, responses[run.arm, run.seed], _cost(records[run.arm][run.seed]), _logs(run, root)
            )
            for run in plan.runs
        ],
        controls=[*controls.rows, *difficulty_rows(plan, root)],
        funnel=_funnel(config, plan, root),
        compare=config.compare,
        title=config.title,
        seconds=seconds,
        stage_seconds=stage_seconds,
    )
    write_study_data(out / "tables", study)
    truth = None
    if not isinstance(asked, HeldoutBenchmarks):
        truth = steps_truth(heldout_items(asked, images))
    seed = config.heldout.seed if isinstance(config.heldout, WorldConfig) else 0
    traces = Traces(first, images.read, truth=truth, terms=reward_terms(_shaping(config, plan)))
    return tell_study(out, study, registration=registration, traces=traces, seed=seed)


def _shaping(config: StudyConfig, plan: StudyPlan) -> dict[str, Shaping]:
    """What is added to the reward of every arm that was reinforced."""
    reinforced = (run for run in plan.runs if Stage.RL in config.arms[run.arm].stages)
    return {run.arm: shaping(run.settings.rl) for run in reinforced}


def _responses(run: Run, root: Path, ids: Mapping[str, str]) -> list[GradedResponse]:
    found = map(graded_from_row, read_rows(folder_of(run.evaluation, root)))
    return [replace(one, arm=run.arm, item_id=ids.get(one.item_id, one.item_id)) for one in found]


def _funnel(config: StudyConfig, plan: StudyPlan, root: Path) -> list[dict[str, Any]]:
    """Of the shared settings' data run where any arm uses it, else of the first; empty where no arm trains here."""
    runs = {task.name: task for task in plan.tasks if isinstance(task, DataRun)}
    if not runs:
        return []
    shared = DataRun(config.source, config.world, config.teacher, config.data)
    told = runs.get(shared.name) or next(iter(runs.values()))
    return read_data(folder_of(told, root)).funnel


def _arm_record(config: StudyConfig, plan: StudyPlan, arm: str, dials: Mapping[str, float]) -> ArmRecord:
    run = next(run for run in plan.runs if run.arm == arm)
    settings, evaluation = run.settings, run.evaluation
    told = {
        "start": start_key(settings.base),
        "evaluation": tree_hash([one.model_dump(mode="json") for one in (evaluation.config, evaluation.heldout)]),
        "pictures of the evaluation": evaluation.pictures.value,
    }
    for number, training in enumerate(run.trainings):
        if isinstance(training, Training):
            # A budget gives every seed its own number of completions, and is itself among the changes.
            varies = {"seed"} if config.arms[arm].budget is None else {"seed", "completions"}
            own = training.settings.model_dump(mode="json", exclude=varies)
            told[f"{number + 1} {training.chain[-1]}"] = tree_hash([own, training.rows.name])
        else:
            manifest = read_recorded(training.path)
            own = {name: value for name, value in manifest["config"].items() if name != "seed"}
            read = {name: manifest["data"].get(name) for name in ("demonstrations", "items")}
            told[f"{number + 1} imported {recorded_stage(manifest).value}"] = tree_hash([own, read])
    arm_config = config.arms[arm]
    stages = tuple(map(_stage, run.trainings))
    return ArmRecord(
        changes=arm_config.declared, stages=stages, trained=arm_config.trained, settings=told, dials=dict(dials)
    )


def _stage(training: Training | Imported) -> str:
    return (
        training.chain[-1] if isinstance(training, Training) else recorded_stage(read_recorded(training.path))
    ).value


def _settings_trees(run: Run) -> dict[str, Any]:
    """What the arm asks of its stages in this run."""
    return {
        "sft": with_seed(run.settings.sft, run.seed).model_dump(mode="json"),
        "rl": with_seed(reinforcement(run.settings), run.seed).model_dump(mode="json"),
        "evaluation": run.settings.evaluation.model_dump(mode="json"),
    }


def _cost(records: Records) -> dict[str, float | None]:
    """What one run cost in training, summed over its chain, and in evaluation."""
    spent = [manifest["cost"] for stage, manifest in records if stage != "evaluation"]
    costs: dict[str, float | None] = {name: sum(stage.get(name, 0.0) for stage in spent) for name in _SPENT}
    return costs | {"eval_seconds": records[-1][1].get("seconds")}


def _logs(run: Run, root: Path) -> dict[str, list[dict[str, Any]]]:
    """What the trainer logged, by stage of the run's chain."""
    logs: dict[str, list[dict[str, Any]]] = {}
    for training in run.trainings:
        stage = _stage(training)
        name = stage if stage not in logs else f"{stage} {len(logs) + 1}"
        logs[name] = list(read_rows(folder_of(training, root) / "log"))
    return logs
