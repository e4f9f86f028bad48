"""A model's sizes, read from its config.json alone: no weights are loaded, and none need be there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from transformers import CONFIG_MAPPING, AutoModelForImageTextToText

from seethink.core.rejected import InputError


@dataclass(frozen=True, slots=True)
class Vision:
    """The tower: ``inner`` is its MLP's width, ``gated`` whether that has three matrices or two; in ``wide`` of its
    layers a patch attends to the whole picture, in the others to a window."""

    layers: int
    wide: int
    heads: int
    hidden: int
    inner: int
    gated: bool
    patch: int
    merge: int
    temporal: int
    channels: int


@dataclass(frozen=True, slots=True)
class Shape:
    """A vision-language model's sizes; ``inner`` is the width of the language model's gated MLP."""

    family: str
    layers: int
    hidden: int
    inner: int
    heads: int
    key_heads: int
    head_size: int
    vocabulary: int
    tied: bool
    vision: Vision


def known_sizes() -> list[str]:
    """Names of the models whose sizes come with the package."""
    return sorted(Path(str(path)).stem for path in files("seethink.models").joinpath("sizes").iterdir())


def model_config(name: str | Path) -> dict[str, Any]:
    """A config.json as a mapping: one that comes with the package, by name, or the file or folder at a path.

    Raises:
        InputError: there is none, or it is not JSON.
    """
    if str(name) in known_sizes():
        text = files("seethink.models").joinpath("sizes", f"{name}.json").read_text(encoding="utf-8")
        return dict(json.loads(text))
    path = Path(name)
    path = path / "config.json" if path.is_dir() else path
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise InputError(f"{path} is no config.json: name one, or one of {', '.join(known_sizes())}") from None
    except ValueError as error:
        raise InputError(f"{path} is not JSON ({error})") from None
    if not isinstance(found, dict) or found.get("model_type") not in CONFIG_MAPPING:
        raise InputError(f"{path}: model_type names no model that transformers knows")
    return found


def skeleton(config: Mapping[str, Any]) -> Any:
    """The model with every parameter in its place and shape, and no memory behind them."""
    with torch.device("meta"):
        model = AutoModelForImageTextToText.from_config(_parsed(config))
    model.tie_weights()
    return model


def shape(config: Mapping[str, Any]) -> Shape:
    """Sizes of a Qwen2-VL, Qwen2.5-VL or Qwen3-VL. InputError for another family."""
    parsed = _parsed(config)
    text, vision = getattr(parsed, "text_config", None), getattr(parsed, "vision_config", None)
    if text is None or vision is None or not hasattr(vision, "spatial_merge_size"):
        raise InputError(f"model_type {parsed.model_type!r}: the planner knows no vision-language model of that kind")
    # Qwen2-VL names the tower's width embed_dim, and the width that comes out of it hidden_size.
    width = getattr(vision, "embed_dim", None) or vision.hidden_size
    ratio = getattr(vision, "mlp_ratio", None)
    return Shape(
        family=parsed.model_type,
        layers=text.num_hidden_layers,
        hidden=text.hidden_size,
        inner=text.intermediate_size,
        heads=text.num_attention_heads,
        key_heads=text.num_key_value_heads,
        head_size=getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads,
        vocabulary=text.vocab_size,
        tied=bool(parsed.tie_word_embeddings),
        vision=Vision(
            layers=vision.depth,
            wide=len(getattr(vision, "fullatt_block_indexes", range(vision.depth))),
            heads=vision.num_heads,
            hidden=width,
            inner=int(width * ratio) if ratio else vision.intermediate_size,
            gated=parsed.model_type == "qwen2_5_vl",
            patch=vision.patch_size,
            merge=vision.spatial_merge_size,
            temporal=vision.temporal_patch_size,
            channels=vision.in_channels,
        ),
    )


def _parsed(config: Mapping[str, Any]) -> Any:
    return CONFIG_MAPPING[config["model_type"]].from_dict(dict(config))
