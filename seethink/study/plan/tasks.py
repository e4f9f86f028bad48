"""Tasks: the trainings of a recipe or a study, each once, with what it trains on; and what is missing for them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from seethink.core.config import tree_hash
from seethink.core.images import ImageStore
from seethink.core.item import Verifier
from seethink.core.rejected import InputError
from seethink.data.sources import all_items, open_source
from seethink.models.load import checkpoint_folder
from seethink.process.prm_config import PRMConfig
from seethink.rewards import ScoredConfig
from seethink.rewards.validate import validate
from seethink.study.arms import Stage
from seethink.study.data import read_data
from seethink.study.heldout import heldout_paths
from seethink.study.plan.checks import (
    Finding,
    Weight,
    gold_findings,
    path_findings,
    unscored_findings,
)
from seethink.study.plan.samples import (
    Samples,
    Store,
    brought_samples,
    file_samples,
    item_samples,
    missing_paths,
    read_samples,
)
from seethink.study.settings import Settings as Shared
from seethink.study.settings import StudyConfig, reinforcement, settings_of
from seethink.study.sources import (
    FactorySourceConfig,
    FileSourceConfig,
    RunSourceConfig,
    WorldSourceConfig,
    source_paths,
)
from seethink.training.grpo import GRPOConfig
from seethink.training.sft import SFTConfig
from seethink.world.source import WorldSource

Settings = SFTConfig | GRPOConfig | PRMConfig

WORLD_ITEMS = 200
"""Items of the embedded world that a study's lengths are counted on."""


class Task(NamedTuple):
    """One training before it is planned."""

    title: str
    settings: Settings
    samples: Samples | None


def recipe_tasks(recipe: Any, findings: list[Finding]) -> Iterator[Task]:
    missing = missing_paths(recipe)
    findings.extend(path_findings(missing))
    samples: Samples | None = None
    if not missing:
        try:
            samples = read_samples(recipe)
        except InputError as error:
            findings.append(Finding(Weight.STOP, str(error), "mend it before the launch"))
    if samples is not None and isinstance(recipe.settings, GRPOConfig):
        items = [item for item, _ in samples.rows]
        findings.extend(gold_findings(validate(items), items, recipe.settings))
    yield Task(recipe.kind.upper(), recipe.settings, samples)


def training_key(settings: Settings) -> str:
    """Equal for two trainings that differ in nothing but their seed, and so take the same time and memory."""
    return tree_hash([type(settings).__name__, settings.model_dump(mode="json", exclude={"seed"})])


def study_tasks(config: StudyConfig, findings: list[Finding]) -> Iterator[Task]:
    """Every training that is planned otherwise than those before it, under the name of the first arm that has it."""
    seen: set[str] = set()
    for name, arm in config.arms.items():
        settings = settings_of(config, name)
        for stage in arm.stages:
            own: Settings = settings.sft if stage is Stage.SFT else reinforcement(settings)
            key = training_key(own)
            if key not in seen:
                seen.add(key)
                kind = "SFT" if stage is Stage.SFT else "GRPO"
                changed = any(path.startswith(f"{stage}.") for path in arm.changes)
                missing = [path for path in source_paths(settings.source) if not path.exists()]
                samples = None if missing else _study_samples(settings, stage)
                if samples is not None and isinstance(own, GRPOConfig):
                    asked = settings.items.verifiers or tuple(Verifier)
                    findings.extend(
                        unscored_findings([item for item, _ in samples.rows if item.verifier in asked], own)
                    )
                yield Task(f"{kind} of {name}" if changed else kind, own, samples)


def _study_samples(settings: Shared, stage: Stage) -> Samples | None:
    """What a stage trains on; of the world its first items stand for all. None where it is not made yet."""
    store = Store()
    match settings.source:
        case WorldSourceConfig():
            return item_samples(islice(WorldSource(settings.world).items(store), WORLD_ITEMS), store)
        case FactorySourceConfig():
            return None
        case RunSourceConfig():
            data, images = read_data(settings.source.path), ImageStore(settings.source.path / "images")
            if stage is Stage.SFT:
                return Samples([(one.item, one.response) for one in data.sft], [], images)
            return item_samples(data.rl, images)
    items = all_items(map(open_source, settings.source.items), store)
    if stage is Stage.RL:
        return item_samples(items, store)
    found = []
    if settings.traces.rows != "rl" and settings.source.traces is not None:
        found.append(file_samples(settings.source.traces, store))
    if settings.traces.rows != "sft":
        found.append(brought_samples(items, settings.source.answer_block, store))
    rows, aside = ([one for part in found for one in getattr(part, name)] for name in ("rows", "aside"))
    return Samples(rows, aside, store) if found else None


def study_findings(config: StudyConfig) -> Iterator[Finding]:
    """Files of a study that are not there, and arms without the data that they need."""
    paths = [*source_paths(config.source), *heldout_paths(config.heldout)]
    yield from path_findings([path for path in dict.fromkeys(paths) if not path.exists()])
    for start in dict.fromkeys(arm.start for arm in config.arms.values() if arm.start is not None):
        if not (checkpoint_folder(start) / "config.json").is_file():
            yield Finding(Weight.WARN, f"missing: the start {start}", "fetch or make it before the launch")
    reinforced = [settings_of(config, name).rl.open for name, arm in config.arms.items() if Stage.RL in arm.stages]
    for scorer in dict.fromkeys(one.model for one in reinforced if isinstance(one, ScoredConfig)):
        if not (checkpoint_folder(scorer) / "config.json").is_file():
            remedy = "name a scorer that you have in rl.open, or leave open items out (items.verifiers)"
            yield Finding(Weight.WARN, f"missing: the scorer of open answers {scorer}", remedy)
    for name in config.arms:
        settings = settings_of(config, name)
        if isinstance(settings.source, FileSourceConfig):
            stages = config.arms[name].stages
            if Stage.SFT in stages and settings.traces.rows != "rl" and settings.source.traces is None:
                yield Finding(Weight.STOP, f"arm {name} imitates, and the source has no traces", "name source.traces")
            asks = "has RL" if Stage.RL in stages else "imitates what RL asks" if settings.traces.rows != "sft" else ""
            if asks and not settings.source.items:
                yield Finding(Weight.STOP, f"arm {name} {asks}, and the source has no items", "name source.items")
