"""Arm: what one training regime does otherwise than the study's shared settings. Data; nothing here runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from seethink.core.config import Config
from seethink.core.rejected import InputError


class Stage(StrEnum):
    SFT = "sft"
    RL = "rl"


UNTRAINED = "base"
"""The chain without stages, where chains are given by name."""


class Budget(Config):
    """How much RL an arm gets beside the shared settings' completions."""

    equal: Literal["rl", "total"] = "total"
    """``rl``: the shared completions, as the paper has it. ``total``: as many more as the other arm's SFT took tokens,
    so that both are trained on equally many."""
    to: str
    """The other arm."""


class Arm(Config):
    """One regime."""

    stages: tuple[Stage, ...] = ()
    """What the start goes through, in this order; none for the start itself."""
    start: str | None = None
    """Checkpoint to start from; the study's ``base`` where None."""
    changes: dict[str, Any] = Field(default_factory=dict)
    """Shared settings that are others in this arm, by dotted name: ``rl.kl``, ``teacher.hesitation``. What is not named
    here is held equal, and shown to be."""
    budget: Budget | None = None
    lends: bool = False
    """Only its trainings are run, since another arm's budget refers to them: it is not evaluated, and not compared.
    What choosing some arms of a study makes of those that it leaves out and needs."""
    imported: tuple[tuple[Path, ...], ...] = Field(default=(), alias="import")
    """In place of running it here: output folders of finished trainings, in the order of the chain. A list of such
    chains, ``[[a/sft, a/rl], [b/sft, b/rl]]``, gives one for every seed."""

    @field_validator("imported", mode="before")
    @classmethod
    def _chains(cls, given: Any) -> Any:
        if isinstance(given, str | Path):
            return [[given]]
        if not isinstance(given, Sequence) or not any(_is_chain(one) for one in given):
            return [given] if given else ()
        return given

    @model_validator(mode="after")
    def _makes_sense(self) -> Arm:
        if self.imported and self.stages:
            raise ValueError("an imported arm has no stages here: its manifests say what it went through")
        if len({len(chain) for chain in self.imported}) > 1:
            told = ", ".join(str(len(chain)) for chain in self.imported)
            raise ValueError(f"the imported chains of an arm are equally long, and these have {told} trainings")
        if self.budget is not None and Stage.RL not in self.stages:
            raise ValueError("a budget says how much RL an arm gets, and this one has none")
        return self

    @property
    def trained(self) -> bool:
        return bool(self.stages or self.imported)

    @property
    def declared(self) -> dict[str, Any]:
        """Everything that this arm says it does otherwise, by dotted name."""
        more: dict[str, Any] = {} if self.start is None else {"start": self.start}
        if self.budget is not None:
            more["budget"] = self.budget.model_dump(mode="json")
        return self.changes | more


def _is_chain(given: Any) -> bool:
    return isinstance(given, Sequence) and not isinstance(given, str)


def read_arms(given: Any) -> Any:
    """Arms as a YAML has them, as a mapping from name to arm.

    A list names chains: ``[base, rl, sft+rl]``. A mapping gives each arm whole or, short, its stages alone.

    Raises ValueError, for pydantic to tell, where a chain has a stage that there is not.
    """
    if isinstance(given, str):
        given = [given]
    if isinstance(given, Sequence):
        return {str(name): _chain(str(name)) for name in given}
    if not isinstance(given, Mapping):
        return given
    return {name: _one(arm) for name, arm in given.items()}


def _one(arm: Any) -> Any:
    if arm is None:
        return Arm()
    if isinstance(arm, str):
        return _chain(arm)
    return {"stages": arm} if isinstance(arm, Sequence) else arm


def _chain(name: str) -> Arm:
    if name == UNTRAINED:
        return Arm()
    stages = name.split("+")
    if unknown := [stage for stage in stages if stage not in list(Stage)]:
        known = ", ".join(Stage)
        raise ValueError(f"no stage is called {unknown[0]!r}: a chain is {UNTRAINED}, or stages joined by + ({known})")
    return Arm(stages=tuple(map(Stage, stages)))


def chain_name(stages: Sequence[Stage]) -> str:
    """``sft+rl``, and ``base`` without stages."""
    return "+".join(stages) or UNTRAINED


def chosen_arms(arms: Mapping[str, Arm], names: Sequence[str]) -> dict[str, Arm]:
    """Some of the arms, in their own order, and those that a budget of one of them follows from, which then only lend:
    the arm that it is equal to, and the same arm without a budget, which tells the price.

    InputError names an arm that there is not.
    """
    if unknown := [name for name in names if name not in arms]:
        raise InputError(f"arms {unknown}: choose among {', '.join(arms)}")
    needed = set[str]()
    for name in names:
        arm = arms[name]
        if arm.budget and arm.budget.equal == "total":
            plain = arm.model_copy(update={"budget": None})
            needed |= {arm.budget.to, *(other for other, one in arms.items() if one == plain)}
    return {
        name: arm if name in names and not arm.lends else arm.model_copy(update={"lends": name not in names})
        for name, arm in arms.items()
        if name in needed or name in names
    }
