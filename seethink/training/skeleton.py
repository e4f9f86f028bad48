"""Which parameters a training would train, before there are weights to train."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from seethink.training.settings import PolicyConfig


class Parameters(NamedTuple):
    """Parameters by part (vision, merger, language): of the model itself, and trained, adapters included."""

    whole: dict[str, int]
    trained: dict[str, int]


def parameters(config: PolicyConfig, model_config: Mapping[str, Any]) -> Parameters:
    """Count them the way training chooses them. InputError names a part that no model has."""
    from peft import get_peft_model

    from seethink.models.load import freeze
    from seethink.models.shape import skeleton
    from seethink.training.lora import adapter_config, trained_by_part

    model = skeleton(model_config)
    whole = freeze(model, ())
    if config.lora is None:
        return Parameters(whole, freeze(model, config.frozen))
    adapted = get_peft_model(model, adapter_config(model, config.lora), low_cpu_mem_usage=True)
    return Parameters(whole, trained_by_part(adapted))
