"""What stands between a recipe and its launch, each with a remedy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from seethink.core.item import Item, Verifier
from seethink.core.rejected import InputError, Rejected
from seethink.process.prm_config import PRMConfig
from seethink.rewards.validate import Validation
from seethink.study.plan.hardware import Hardware
from seethink.study.plan.samples import Samples
from seethink.study.plan.versions import Installed, found_broken, found_unsupported, installed_version
from seethink.study.rewards import GRPOTask
from seethink.training.grpo import GRPOConfig
from seethink.training.settings import PolicyConfig
from seethink.training.sft import SFTConfig


class Weight(StrEnum):
    """How much a finding matters."""

    STOP = "stop"
    """The run would fail, or spend its hours for nothing."""
    WARN = "warning"
    NOTE = "note"


class Finding(NamedTuple):
    """Something a person should know before the launch."""

    weight: Weight
    what: str
    remedy: str


def version_findings(hardware: Hardware, installed: Installed = installed_version) -> Iterable[Finding]:
    """Installed packages that break what is planned."""
    for entry, here in found_broken(hardware.sharding, installed):
        yield Finding(Weight.STOP, f"{entry.package} {here}: {entry.reason}, known since {entry.date}", entry.remedy)
    for name, here, asked in found_unsupported(installed):
        yield Finding(Weight.STOP, f"{name} {here} is installed, {asked} is asked for", f"pip install '{name}{asked}'")


def path_findings(missing: Sequence[Path]) -> Iterable[Finding]:
    """Data that are not there; the plan goes on with what is expected of them."""
    for path in missing:
        yield Finding(Weight.WARN, f"missing: {path}", "fetch it, or correct the path, before the launch")


def row_findings(samples: Samples, unusable: Sequence[Rejected]) -> Iterable[Finding]:
    """Rows that could not be read, or that the model cannot take."""
    for rows, told in ((samples.aside, "cannot be read"), (unusable, "cannot be trained on")):
        for reason, count in Counter(row.reason for row in rows).most_common():
            first = next(row for row in rows if row.reason == reason)
            yield Finding(
                Weight.WARN, f"{count:,} rows {told}: {reason}", f"first at {first.where}: {first.detail or reason}"
            )
    if samples.aside and not samples.rows:
        yield Finding(Weight.STOP, "no row can be read", "mend the rows named above")


def gold_findings(validation: Validation, items: Sequence[Item], task: GRPOConfig) -> Iterable[Finding]:
    """Golds that earn nothing, and open items that nobody scores."""
    for reason, count in Counter(row.reason for row in validation.refused).most_common():
        first = next(row for row in validation.refused if row.reason == reason)
        yield Finding(
            Weight.WARN,
            f"{count:,} golds rejected: {reason}",
            f"first: {first.detail[:160]}; seethink reward validate lists them",
        )
    yield from unscored_findings(items, task)
    if len({item.id for item in items}) < task.rollout:
        yield Finding(
            Weight.STOP,
            f"{len(items):,} items are fewer than the {task.rollout:,} prompts of a rollout",
            "lower prompts_per_step or prompts_per_rollout, or give more items",
        )


def unscored_findings(items: Sequence[Item], task: GRPOConfig) -> Iterable[Finding]:
    """Open items that nobody scores."""
    unscored = sum(item.verifier is Verifier.OPEN for item in items)
    named = isinstance(task, GRPOTask) and task.open is not None
    if unscored and not named and not all(item.source.startswith("world-") for item in items):
        yield Finding(
            Weight.WARN,
            f"{unscored:,} of {len(items):,} items are open and nobody scores them: they teach nothing",
            "name a scorer (settings.open, in a study rl.open), or leave them out",
        )


def setting_findings(config: PolicyConfig, hardware: Hardware, trained: int) -> Iterable[Finding]:
    """Settings that do not go together, or not with what is installed."""
    if not trained:
        yield Finding(Weight.STOP, "nothing is trained: every part is frozen", "shorten frozen")
    group = config.group if isinstance(config, GRPOConfig) else 1
    step = config.prompts_per_step * group if isinstance(config, GRPOConfig) else _batch(config)
    if step % (hardware.count * group):
        yield Finding(
            Weight.STOP,
            f"a step of {step} rows cannot be shared out among {hardware.count} devices in groups of {group}",
            "change the rows of a step, or hardware.count",
        )
    elif config.device_batch and (step // hardware.count) % min(config.device_batch, step // hardware.count):
        yield Finding(
            Weight.STOP,
            f"device_batch={config.device_batch} does not divide the {step // hardware.count} rows of a device's step",
            "choose a divisor",
        )
    yield from _installed_findings(config)
    if isinstance(config, GRPOConfig) and config.vllm and config.lora and {"vision", "merger"} & set(config.lora.parts):
        yield Finding(
            Weight.WARN,
            "vLLM ignores adapters of vision and merger with a warning only: it would sample from another model",
            "lora.parts=[language], or sample without vllm",
        )


def _installed_findings(config: PolicyConfig) -> Iterable[Finding]:
    if isinstance(config, GRPOConfig) and config.vllm is not None and find_spec("vllm") is None:
        yield Finding(Weight.WARN, "vllm is not installed here", "pip install vllm, or leave settings.vllm out")
    if config.report_to:
        from seethink.training.backends.arguments import known_trackers

        try:
            known_trackers(config.report_to)
        except InputError as error:
            yield Finding(Weight.STOP, str(error), "install it, or shorten report_to")


def _batch(config: PolicyConfig) -> int:
    assert isinstance(config, SFTConfig | PRMConfig)
    return config.batch
