"""Arms: which stages a model goes through. Stages that arms share are run once."""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    SFT = "sft"
    RL = "rl"


ARMS: dict[str, tuple[Stage, ...]] = {
    "base": (),
    "sft": (Stage.SFT,),
    "rl": (Stage.RL,),
    "sft+rl": (Stage.SFT, Stage.RL),
}


def stage_name(stages: tuple[Stage, ...]) -> str:
    """The folder of a chain of stages: ``sft+rl`` starts from what ``sft`` left."""
    return "+".join(stages)


def stages_of(arms: tuple[str, ...]) -> list[tuple[Stage, ...]]:
    """Every chain that the arms need, each after the one it starts from."""
    chains = {ARMS[arm][: length + 1] for arm in arms for length in range(len(ARMS[arm]))}
    return sorted(chains, key=lambda chain: (len(chain), chain))
