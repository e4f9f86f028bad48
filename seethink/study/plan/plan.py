"""A plan: what one recipe's trainings take on the hardware it names, and what will go wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from seethink.core.rejected import Rejected
from seethink.models.load import checkpoint_folder
from seethink.models.processor import load_processor
from seethink.models.shape import Shape, model_config, shape
from seethink.models.tokens import SampleTokens, estimated_tokens, picture_rule, picture_tokens, sample_tokens
from seethink.process.prm_config import HeadKind, PRMConfig
from seethink.study.plan.checks import (
    Finding,
    Weight,
    row_findings,
    setting_findings,
    version_findings,
)
from seethink.study.plan.effort import Effort, Sizes, gib, grpo_effort, traces_effort
from seethink.study.plan.expected import Expected
from seethink.study.plan.hardware import GIB, Hardware
from seethink.study.plan.memory import Forward, Memory, sampling_memory, update_memory
from seethink.study.plan.samples import (
    Lengths,
    Samples,
    expected_lengths,
    lengths,
)
from seethink.study.plan.tasks import Settings, Task, recipe_tasks, study_findings, study_tasks
from seethink.study.plan.versions import Installed, installed_version
from seethink.study.recipe import AnyRecipe
from seethink.study.settings import StudyConfig
from seethink.training.grpo import GRPOConfig
from seethink.training.sft import SFTConfig
from seethink.training.skeleton import Parameters, parameters


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """One training.

    Attributes:
        title: "SFT", "GRPO" or "PRM".
        assumed: what was not measured here, in words.
        over: samples that are longer than their budget.
        budget: tokens, None where nothing limits them.
        phases: memory at the height of each phase, by its name.
        capacity: of a device, bytes.
        device_batch: the rows of a forward that the memory is of, and the largest that fits; None where none does.
    """

    title: str
    settings: Settings
    hardware: Hardware
    assumed: tuple[str, ...]
    parameters: Parameters
    lengths: Lengths
    over: int
    budget: int | None
    phases: Mapping[str, Memory]
    capacity: float
    device_batch: int
    fitting_batch: int | None
    effort: Effort

    @property
    def peak(self) -> float:
        return max(memory.total for memory in self.phases.values())


@dataclass(frozen=True, slots=True)
class Plan:
    """The trainings of a recipe and all findings; none of the trainings where the model's sizes are unknown."""

    trainings: list[TrainingPlan] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing was found that would make a launch fail or its hours be for nothing."""
        return all(one.weight is not Weight.STOP for one in self.findings)


class _Model(NamedTuple):
    """What is known of the start: its config, its processor where that is on disk, and its sizes."""

    config: dict[str, Any]
    processor: Any
    shape: Shape


def make_plan(recipe: AnyRecipe, installed: Installed = installed_version) -> Plan:
    """Plan every training of a recipe."""
    plan = Plan()
    study = isinstance(recipe, StudyConfig)
    hardware, expected = recipe.hardware, recipe.expected
    plan.findings.extend(version_findings(hardware, installed))
    if isinstance(recipe, StudyConfig):
        plan.findings.extend(study_findings(recipe))
    name = recipe.base if isinstance(recipe, StudyConfig) else recipe.model
    assumed: list[str] = []
    model = _locate(name, recipe.sizes, plan.findings, assumed)
    if model is None:
        return plan
    if isinstance(recipe, StudyConfig):
        tasks = study_tasks(recipe, plan.findings)
    else:
        tasks = recipe_tasks(recipe, plan.findings)
    for task in tasks:
        processor = model.processor
        if processor is not None and not study:
            processor = load_processor(checkpoint_folder(name), max_pixels=task.settings.max_pixels)
        located = model._replace(processor=processor)
        plan.trainings.append(_training(task, located, hardware, expected, tuple(assumed), plan.findings))
    return plan


def _locate(name: str, sizes: str | None, findings: list[Finding], assumed: list[str]) -> _Model | None:
    folder = checkpoint_folder(name)
    if (folder / "config.json").is_file():
        config = model_config(folder)
        if not any(folder.glob("*.safetensors")):
            findings.append(Finding(Weight.WARN, f"missing: weights in {folder}", "fetch its safetensors"))
        if (folder / "tokenizer.json").is_file():
            return _Model(config, load_processor(folder), shape(config))
        findings.append(Finding(Weight.WARN, f"missing: tokenizer.json in {folder}", "fetch the tokenizer"))
    elif sizes is not None:
        config = model_config(sizes)
        findings.append(Finding(Weight.WARN, f"missing: the model {name}", "fetch it before the launch"))
        assumed.append(f"the model's sizes: those of {sizes}")
    else:
        remedy = "fetch it, correct the path, or name its sizes in the recipe (sizes)"
        findings.append(
            Finding(Weight.STOP, f"missing: the model {name}; without its sizes nothing is planned", remedy)
        )
        return None
    assumed.append("text tokens: 3.5 characters each, there is no tokenizer to ask")
    return _Model(config, None, shape(config))


def _training(
    task: Task,
    model: _Model,
    hardware: Hardware,
    expected: Expected,
    assumed: tuple[str, ...],
    findings: list[Finding],
) -> TrainingPlan:
    settings = task.settings
    counts = _counts(settings, model)
    findings.extend(setting_findings(settings, hardware, sum(counts.trained.values())))
    found, tokens, more = _lengths(task, model, expected, findings)
    budget = settings.max_tokens if isinstance(settings, SFTConfig) else None
    if isinstance(settings, GRPOConfig) and settings.vllm is not None:
        budget = settings.vllm.max_model_tokens
    reserved = settings.max_completion_tokens if isinstance(settings, GRPOConfig) else 0
    over = sum(one.total + reserved > budget for one in tokens) if budget else 0
    if over:
        of = f"{over:,} of {found.samples:,} samples are longer than {budget:,} tokens"
        what = Weight.STOP if over == found.samples else Weight.WARN
        findings.append(Finding(what, f"{of}, and set aside", "raise the budget, or lower max_pixels"))
    share = _share(settings, hardware)
    batch = min(settings.device_batch or share, share)
    phases = _phases(settings, model.shape, counts, hardware, found, batch)
    capacity = hardware.kind.memory * GIB
    fits = _fitting(settings, model.shape, counts, hardware, found, share, capacity)
    mean = Sizes(found.picture.mean + found.prompt.mean, found.completion.mean, found.patches)
    if isinstance(settings, GRPOConfig):
        mean = replace(mean, completion=min(mean.completion, settings.max_completion_tokens))
        effort = grpo_effort(settings, model.shape, counts, hardware, mean)
    else:
        effort = traces_effort(settings, model.shape, counts, hardware, mean, found.samples)
    plan = TrainingPlan(
        title=task.title,
        settings=settings,
        hardware=hardware,
        assumed=(*assumed, *more),
        parameters=counts,
        lengths=found,
        over=over,
        budget=budget,
        phases=phases,
        capacity=capacity,
        device_batch=batch,
        fitting_batch=fits,
        effort=effort,
    )
    if plan.peak > capacity:
        remedy = f"device_batch={fits}" if fits else "adapters (lora), sharding, fewer pixels, or a larger device"
        told = f"{task.title} takes {gib(plan.peak)} of a device's {gib(capacity)}"
        findings.append(Finding(Weight.STOP, told, remedy))
    return plan


def _counts(settings: Settings, model: _Model) -> Parameters:
    """Of the checkpoint, and of a process reward model's linear head beside it."""
    counts, shape = parameters(settings, model.config), model.shape
    if not isinstance(settings, PRMConfig) or settings.head.kind is not HeadKind.LINEAR:
        return counts
    # A head over the vocabulary of its own is not read, and not trained.
    read = settings.lora is not None or shape.tied or not counts.trained["language"]
    language = counts.trained["language"] - (0 if read else shape.vocabulary * shape.hidden)
    head = {"head": shape.hidden + 1}
    return Parameters(counts.whole | head, counts.trained | {"language": language} | head)


def _lengths(
    task: Task, model: _Model, expected: Expected, findings: list[Finding]
) -> tuple[Lengths, list[SampleTokens], tuple[str, ...]]:
    """Spreads, the single counts where there are any, and what had to be assumed."""
    vision, settings = model.shape.vision, task.settings
    if task.samples is None or not task.samples.rows:
        findings.extend(row_findings(task.samples or Samples(), ()))
        pictures = (
            model.processor.image_processor
            if model.processor is not None
            else picture_rule(vision.patch, vision.merge, settings.max_pixels)
        )
        each = picture_tokens(pictures, expected.width, expected.height)
        imitated = isinstance(settings, SFTConfig)
        what = "a completion" if not imitated else "a trace" if expected.trace else "a trace, as long as a completion,"
        told = f"samples: {expected.samples:,} of {expected.pictures} pictures {expected.width} x {expected.height}, "
        told += f"a prompt of {expected.prompt} and {what} of {expected.response(imitated=imitated):,} tokens"
        return expected_lengths(expected, each, vision.merge, imitated=imitated), [], (told,)
    counted = list(_counted(task.samples, model, settings))
    unusable = [one for one in counted if isinstance(one, Rejected)]
    findings.extend(row_findings(task.samples, unusable))
    tokens = [one for one in counted if not isinstance(one, Rejected)]
    said = any(response is not None for _, response in task.samples.rows)
    assumed = () if said else (f"completions of {expected.completion} tokens on the average",)
    return lengths(tokens, vision.merge, None if said else expected.completion), tokens, assumed


def _counted(samples: Samples, model: _Model, settings: Settings) -> Iterator[Any]:
    if model.processor is not None:
        return sample_tokens(model.processor, samples.rows, samples.images)
    vision = model.shape.vision
    return estimated_tokens(
        samples.rows, samples.images, patch=vision.patch, merge=vision.merge, max_pixels=settings.max_pixels
    )


def _share(settings: Settings, hardware: Hardware) -> int:
    """Rows of a step on one device."""
    if isinstance(settings, GRPOConfig):
        return max(settings.group, settings.prompts_per_step * settings.group // hardware.count)
    return max(1, settings.batch // hardware.count)


def _phases(
    settings: Settings, shape: Shape, counts: Parameters, hardware: Hardware, found: Lengths, batch: int
) -> dict[str, Memory]:
    prompt = int(found.picture.largest + found.prompt.largest)
    patches = int(found.picture.largest * shape.vision.merge**2)
    if isinstance(settings, SFTConfig):
        longest = min(int(found.total.largest), settings.max_tokens)
        forward = Forward(batch * longest, batch * int(found.completion.largest), batch * patches)
        return {"update": update_memory(settings, shape, counts, hardware, forward)}
    if isinstance(settings, PRMConfig):
        longest = prompt + min(int(found.completion.largest), settings.head.max_tokens)
        forward = Forward(batch * longest, 0, batch * patches)
        return {"update": update_memory(settings, shape, counts, hardware, forward)}
    completion, groups = settings.max_completion_tokens, max(1, batch // settings.group)
    scored = batch * completion
    if settings.shared_prefix:
        tokens = groups * (prompt + settings.group * completion)
        forward = Forward(tokens, scored, groups * patches, groups, settings.group, prompt, completion)
    else:
        forward = Forward(batch * (prompt + completion), scored, batch * patches)
    rows = settings.rollout * settings.group // hardware.count
    at_once = max(1, min(settings.sample_batch or rows, rows) // settings.group)
    return {
        "sampling": sampling_memory(settings, shape, counts, hardware, at_once, prompt, completion),
        "update": update_memory(settings, shape, counts, hardware, forward),
    }


def _fitting(
    settings: Settings,
    shape: Shape,
    counts: Parameters,
    hardware: Hardware,
    found: Lengths,
    share: int,
    capacity: float,
) -> int | None:
    """The largest ``device_batch`` that the memory allows; None where not even the smallest does."""
    unit = settings.group if isinstance(settings, GRPOConfig) else 1
    allowed = [rows for rows in range(unit, share + 1, unit) if share % rows == 0]
    for rows in reversed(allowed):
        phases = _phases(settings, shape, counts, hardware, found, rows)
        if max(memory.total for memory in phases.values()) <= capacity:
            return rows
    return None
