"""A study's settings: what its arms share, and the arms. One YAML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator, model_validator

from seethink.core.config import Config, with_changes
from seethink.core.rejected import InputError
from seethink.data import DataConfig
from seethink.evaluation.settings import EvaluationConfig
from seethink.study.arms import Arm, Budget, Stage, chosen_arms, read_arms
from seethink.study.choices import ItemChoice, PassAtK, PictureSettings, TraceChoice
from seethink.study.heldout import Heldout
from seethink.study.plan.expected import Expected
from seethink.study.plan.hardware import Hardware
from seethink.study.rewards import GRPOTask, ImitatingTask
from seethink.study.sources import DataSource, WorldSourceConfig
from seethink.study.twins import check_same_questions
from seethink.training.imitation import ImitationConfig
from seethink.training.sft import SFTConfig
from seethink.world.oracle import Dials
from seethink.world.questions import Split
from seethink.world.source import WorldConfig

_COLUMNS = ("control", "matched", "declared", "per_run", "measured")
"""What the controls table has beside a column for each arm."""


class Settings(Config):
    """What all arms share unless they say otherwise."""

    base: str = "base"
    """Checkpoint that the arms start from."""
    source: DataSource = WorldSourceConfig()
    """Where the data come from."""
    world: WorldConfig = WorldConfig()
    """Items that the data factory starts from, where the source is the world."""
    teacher: Dials = Dials()
    """Whose traces SFT imitates. RL's items never depend on an arm's teacher: they are those of the shared one."""
    data: DataConfig = DataConfig()
    traces: TraceChoice = TraceChoice()
    """Which traces SFT imitates."""
    items: ItemChoice = ItemChoice()
    """Which items RL asks."""
    pictures: PictureSettings = PictureSettings()
    """What is shown in place of the pictures."""
    sft: SFTConfig = SFTConfig()
    rl: GRPOTask = GRPOTask()
    imitation: ImitationConfig | None = None
    """A term of RL's loss that imitates ``traces``, always or where a whole group fails; none where None."""
    heldout: Heldout = WorldConfig(split=Split.HELDOUT, count=400, seed=0)
    """Questions of the evaluation; in the world ``heldout.seed`` chooses others of the same split."""
    evaluation: EvaluationConfig = EvaluationConfig()


class StudyConfig(Settings):
    """One study."""

    title: str | None = Field(default=None, min_length=1, max_length=120)
    """Of report and page; that of the registered claims, or a general one, where None."""
    arms: Annotated[dict[str, Arm], BeforeValidator(read_arms), Field(min_length=1)] = Field(
        default_factory=lambda: read_arms(["base", "sft", "rl", "sft+rl"])
    )
    """By name. A list of chains (``[base, rl, sft+rl]``), or a mapping from free names to arms."""
    seeds: tuple[int, ...] = Field(default=(0,), min_length=1)
    """Training runs of every trained arm; each is added to the stages' own ``seed``."""
    compare: tuple[tuple[str, str], ...] = ()
    """The comparisons that the study sets out to make, a minus b: the family that is corrected together. The first is
    its question, which report and page answer before all else. Every arm with every other where empty."""
    difficulty: PassAtK | None = None
    """How hard the items of every arm are for ``base``, told with a two-sample test in the controls; where None it is
    measured only if an arm draws matched sets, as that arm asks."""
    claims: Path | None = None
    """Claims registered before the runs, whose verdicts the report tells."""
    accept: dict[str, str] = Field(default_factory=dict)
    """Controls that may differ between arms that declare no difference, each with the reason, which is printed."""
    threads: int | None = None
    """Torch threads on a CPU; torch's own choice where None."""
    launcher: tuple[str, ...] = ()
    """Command before ``seethink`` that runs a training on several devices: ``[accelerate, launch, --config_file, …]``.
    In this process where empty."""
    sizes: str | None = None
    """Where the planner finds the model's sizes while ``base`` is not on disk."""
    hardware: Hardware = Hardware(device="cpu")
    """The planner's only."""
    expected: Expected = Expected(completion=60)
    """What a sample is taken to be where the data are not on disk. The planner's only."""

    @field_validator("seeds")
    @classmethod
    def _differ(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(seeds)) < len(seeds):
            raise ValueError("two training runs have one seed")
        return seeds

    @model_validator(mode="after")
    def _arms_are_sound(self) -> StudyConfig:
        asked = {}
        for name, arm in self.arms.items():
            if not name.strip() or not name.isprintable() or len(name) > 40 or name in _COLUMNS:
                raise ValueError(f"arms: {name[:60]!r} is no name for an arm: at most 40 printable characters")
            if arm.budget is not None:
                _check_budget(self.arms, name, arm.budget)
            try:
                settings = settings_of(self, name)
            except InputError as error:
                raise ValueError(str(error)) from None
            asked[name] = (settings.heldout, settings.pictures)
        try:
            check_same_questions(asked)
        except InputError as error:
            raise ValueError(str(error)) from None
        for a, b in self.compare:
            if a == b or not {a, b} <= {name for name, arm in self.arms.items() if not arm.lends}:
                raise ValueError(f"compare: [{a}, {b}] names no two arms of {', '.join(self.arms)}")
        return self

    def as_given(self) -> dict[str, Any]:
        """The study as its YAML has it, for another process to read."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

    def only(self, names: Sequence[str]) -> StudyConfig:
        """The same study with some of its arms, and the comparisons among them. InputError names an unknown arm.

        An arm that the budget of one of them refers to stays, to be trained and no more (``Arm.lends``).
        """
        arms = chosen_arms(self.arms, names)
        pairs = tuple(pair for pair in self.compare if set(names) >= set(pair))
        return self.model_copy(update={"arms": arms, "compare": pairs})


def settings_of(config: StudyConfig, name: str) -> Settings:
    """The whole settings of one arm. InputError names a change to what no arm can change."""
    arm = config.arms[name]
    for path in arm.changes:
        if path.split(".")[0] not in Settings.model_fields or path == "base":
            known = ", ".join(field for field in Settings.model_fields if field != "base")
            remedy = "write start: beside changes" if path == "base" else f"choose among {known}"
            raise InputError(f"arm {name}: {path} is nothing that an arm can change: {remedy}")
    shared = Settings.model_construct(
        _fields_set=config.model_fields_set & Settings.model_fields.keys(),
        **{field: getattr(config, field) for field in Settings.model_fields},
    )
    changed = with_changes(shared, arm.changes, f"arm {name}")
    return changed if arm.start is None else changed.model_copy(update={"base": arm.start})


def _check_budget(arms: Mapping[str, Arm], name: str, budget: Budget) -> None:
    other = arms.get(budget.to)
    if other is None or budget.to == name or other.budget is not None:
        raise ValueError(f"arm {name}: budget.to names no arm with a budget of its own making: {budget.to}")
    if not {Stage.SFT, Stage.RL} <= set(other.stages):
        raise ValueError(f"arm {name}: budget.to={budget.to} has no SFT and RL to be equal to")
    if arms[name].stages != (Stage.RL,):
        raise ValueError(f"arm {name}: a budget is for an arm of RL alone, what it buys are completions: stages: [rl]")


def reinforcement(settings: Settings) -> GRPOTask:
    """RL's settings, with what it imitates meanwhile."""
    if settings.imitation is None:
        return settings.rl
    fields = {name: getattr(settings.rl, name) for name in settings.rl.model_fields_set}
    return ImitatingTask(**fields, imitation=settings.imitation)


def with_seed(settings: Any, seed: int) -> Any:
    """A stage's settings for one training run."""
    return settings.model_copy(update={"seed": settings.seed + seed})
