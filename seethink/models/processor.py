"""Processors without torchvision: text and pictures only.

The stock Qwen2.5-VL processor insists on a video processor, whose import needs torchvision; a CPU build of torch beside
the default torchvision wheel breaks even the import of the model classes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer, PreTrainedTokenizerBase
from transformers.models.qwen2_5_vl.processing_qwen2_5_vl import Qwen2_5_VLProcessor
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from seethink.core.rejected import InputError
from seethink.core.tables import write_json

PICTURES, VIDEOS = "preprocessor_config.json", "video_preprocessor_config.json"

STOCK = {"qwen2_vl": "Qwen2VLProcessor", "qwen2_5_vl": "Qwen2_5_VLProcessor", "qwen3_vl": "Qwen3VLProcessor"}
"""The class of the library's own that reads a family's files."""


class ImageTextProcessor(Qwen2_5_VLProcessor):  # type: ignore[misc]
    """Qwen2-VL and Qwen2.5-VL inputs from text and pictures."""

    stock = STOCK["qwen2_5_vl"]
    """Under which class it is saved."""

    # ProcessorMixin learns its parts from the names of these parameters, so the signature itself is what drops video.
    def __init__(self, image_processor: Any = None, tokenizer: Any = None, chat_template: str | None = None) -> None:
        super().__init__(image_processor, tokenizer, None, chat_template=chat_template)

    def check_argument_for_proper_class(self, argument_name: str, argument: Any) -> Any:
        if argument_name == "video_processor":
            return None
        return super().check_argument_for_proper_class(argument_name, argument)

    @classmethod
    def get_attributes(cls) -> list[str]:
        return ["image_processor", "tokenizer"]

    def save_pretrained(self, folder: Path | str, **_: Any) -> None:
        """Write the files that the family's own checkpoints have, so that stock ``AutoProcessor`` reads them: it knows
        neither this class nor what it leaves out."""
        self.tokenizer._set_processor_class(self.stock)
        self.tokenizer.save_pretrained(folder)
        names = ("image_mean", "image_std", "patch_size", "temporal_patch_size", "merge_size")
        shared = {"processor_class": self.stock} | {name: getattr(self.image_processor, name) for name in names}
        size = dict(self.image_processor.size)
        write_json(Path(folder) / PICTURES, {"image_processor_type": "Qwen2VLImageProcessor", "size": size, **shared})
        write_json(Path(folder) / VIDEOS, {"video_processor_type": "Qwen2VLVideoProcessor", **shared})


def build_processor(
    tokenizer: PreTrainedTokenizerBase, image_processor: Any = None, *, max_pixels: int | None = None
) -> ImageTextProcessor:
    """A processor around a tokenizer that carries its chat template; padding is on the left, as GRPO needs it.

    With right padding TRL's 3-D positions do not match the padded rows and the step fails.
    """
    pictures = image_processor or Qwen2VLImageProcessorPil()
    if max_pixels is not None:
        pictures.size = {**dict(pictures.size), "longest_edge": max_pixels}
    tokenizer.padding_side = "left"
    return ImageTextProcessor(pictures, tokenizer, chat_template=tokenizer.chat_template)


def load_processor(folder: Path, *, max_pixels: int | None = None) -> ImageTextProcessor:
    """The processor saved beside a checkpoint.

    Args:
        max_pixels: shrink larger pictures to at most this area; the checkpoint's own bound where None.
    """
    if not (Path(folder) / "tokenizer.json").is_file():
        raise InputError(f"checkpoint {folder}: no tokenizer.json there; save the tokenizer beside the weights")
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    if tokenizer.chat_template is None:
        raise InputError(f"checkpoint {folder} has no chat template: add chat_template.jinja to it")
    saved = Path(folder) / PICTURES
    if not saved.exists():
        saved = Path(folder) / "processor_config.json"
    settings = json.loads(saved.read_text(encoding="utf-8")) if saved.exists() else {}
    settings = settings.get("image_processor", settings)
    known = {
        key: settings[key] for key in ("size", "image_mean", "image_std", "patch_size", "merge_size") if key in settings
    }
    processor = build_processor(tokenizer, Qwen2VLImageProcessorPil(**known), max_pixels=max_pixels)
    processor.stock = STOCK.get(_family(folder), ImageTextProcessor.stock)
    return processor


def _family(folder: Path) -> str:
    config = Path(folder) / "config.json"
    return str(json.loads(config.read_text(encoding="utf-8")).get("model_type")) if config.is_file() else ""
