"""Score heads: an image-text model that gives one number for a question and an answer (a reward model, an ORM).

transformers has image-text sequence classifiers for some families (Gemma 3, Qwen3.5) and none for Qwen2-VL and
Qwen2.5-VL; those two get here what the others have there: a linear layer over the last token's state.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification, AutoProcessor, PreTrainedModel
from transformers.modeling_layers import GenericForSequenceClassification
from transformers.models.auto.modeling_auto import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES
from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import Qwen2_5_VLPreTrainedModel
from transformers.models.qwen2_vl.modeling_qwen2_vl import Qwen2VLPreTrainedModel

from seethink.core.item import Item
from seethink.core.rejected import InputError
from seethink.models.device import borrowed
from seethink.models.load import (
    Checkpoint,
    check_tokenizer,
    checkpoint_folder,
    load_checkpoint,
    load_weights,
    read_config,
)
from seethink.models.processor import load_processor
from seethink.models.prompt import Prompt


class Qwen2_5_VLForSequenceClassification(GenericForSequenceClassification, Qwen2_5_VLPreTrainedModel):  # type: ignore[misc]
    """Qwen2.5-VL with a linear head on the state of the last token that is no padding."""


class Qwen2VLForSequenceClassification(GenericForSequenceClassification, Qwen2VLPreTrainedModel):  # type: ignore[misc]
    """The same over Qwen2-VL."""


OURS: dict[str, type[PreTrainedModel]] = {
    "qwen2_5_vl": Qwen2_5_VLForSequenceClassification,
    "qwen2_vl": Qwen2VLForSequenceClassification,
}

_QWEN_LIKE = (*OURS, "qwen3_5")
"""Families whose own processor would ask for torchvision, and which ours serves."""


def load_scorer(name: str | Path, *, dtype: str = "float32", max_pixels: int | None = None) -> Checkpoint:
    """An image-text sequence classifier on the CPU, ready to score.

    Raises:
        InputError: the folder holds no such classifier (a model without a head, a family that reads no pictures, one
            that brings code of its own), or its weights do not fit its config.
    """
    folder, config = checkpoint_folder(name), read_config(name)
    family = str(config.get("model_type"))
    if family not in OURS and family not in MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES:
        raise InputError(
            f"scorer {folder}: transformers has no sequence classifier of model_type {family!r}, and code that comes "
            f"with weights is not run; take one of {', '.join(OURS)}, gemma3, qwen3_5, or ask a judge (kind: judged)"
        )
    if not any(str(one).endswith("ForSequenceClassification") for one in config.get("architectures") or ()):
        raise InputError(
            f"scorer {folder}: {config.get('architectures')} has no score head; give a sequence classifier, such as "
            "seethink world scorer trains"
        )
    kind = OURS.get(family, AutoModelForSequenceClassification)
    model = load_weights(kind, folder, dtype)
    if family in _QWEN_LIKE:
        processor: Any = load_processor(folder, max_pixels=max_pixels)
    else:
        processor = _other_processor(folder, max_pixels)
    return _checked(model, processor, folder)


def new_scorer(base: str | Path, *, seed: int, max_pixels: int | None = None) -> Checkpoint:
    """``base``, a checkpoint that writes, with a fresh head of one score in the place of its vocabulary; for training.

    The same seed gives the same head.
    """
    writer, processor, folder = load_checkpoint(base, max_pixels=max_pixels)
    config = writer.config
    config.num_labels = 1
    with torch.device("meta"):
        model = OURS[config.model_type](config)
    # The writer's body as it was loaded: its checkpoint has names that only the writer's class can read.
    model.model = writer.model
    torch.manual_seed(seed)
    model.score = torch.nn.Linear(config.get_text_config().hidden_size, 1, bias=False)
    torch.nn.init.normal_(model.score.weight, std=config.get_text_config().initializer_range)
    return _checked(model, processor, folder)


def conversation(question: str, answer: str, pictures: int) -> list[dict[str, Any]]:
    """What a scorer reads: the user's turn, pictures first, and the answer as the assistant's.

    No system prompt: ours asks for thinking, and it is the bare answer that is judged. choice.
    """
    shown: list[dict[str, str]] = [{"type": "image"} for _ in range(pictures)]
    return [
        {"role": "user", "content": [*shown, {"type": "text", "text": question}]},
        {"role": "assistant", "content": [{"type": "text", "text": answer}]},
    ]


def as_prompt(item: Item, answer: str, images: Sequence[Any]) -> Prompt:
    return Prompt(conversation(item.question, answer, len(images)), list(images))


def encode(processor: Any, prompts: Sequence[Prompt]) -> Any:
    """One padded batch of model inputs. Tokens with a meaning of their own are taken out of the answers."""
    control = [str(token) for token in processor.tokenizer.added_tokens_decoder.values() if token.special]
    texts = [
        processor.apply_chat_template(_tame(prompt.messages, control), tokenize=False, add_generation_prompt=False)
        for prompt in prompts
    ]
    pictures = [picture for prompt in prompts for picture in prompt.images]
    nested = [list(prompt.images) for prompt in prompts]
    images = (pictures if _flat(processor) else nested) if pictures else None
    return processor(text=texts, images=images, padding=True, return_tensors="pt")


@torch.no_grad()
def score(
    checkpoint: Checkpoint,
    prompts: Sequence[Prompt],
    *,
    batch: int = 8,
    device: str = "cpu",
    label: int | None = None,
) -> list[float]:
    """One number per prompt, higher is better; on ``device`` for as long as it takes, on the CPU before and after.

    Args:
        batch: rows per forward. Rows of like length share one, so a score depends on its batch by rounding only.
        label: which class means a good answer, for heads of several; the score is then its log-odds.
    """
    model = checkpoint.model.eval()
    by_length = sorted(range(len(prompts)), key=lambda place: len(str(prompts[place].messages)))
    scores: dict[int, float] = {}
    with borrowed(model, device):
        for start in range(0, len(by_length), batch):
            places = by_length[start : start + batch]
            inputs = encode(checkpoint.processor, [prompts[place] for place in places]).to(device)
            for name, value in inputs.items():
                if torch.is_floating_point(value):
                    inputs[name] = value.to(model.dtype)
            logits_BL = model(**inputs).logits.float().cpu()
            scores.update(zip(places, _log_odds(logits_BL, label).tolist(), strict=True))
    return [scores[place] for place in range(len(prompts))]


def _log_odds(logits_BL: torch.Tensor, label: int | None) -> torch.Tensor:
    labels = logits_BL.shape[1]
    if labels == 1:
        return logits_BL[:, 0]
    if label is None or not 0 <= label < labels:
        raise InputError(f"the scorer tells {labels} classes apart: name the good one as label, 0 to {labels - 1}")
    others = [other for other in range(labels) if other != label]
    return logits_BL[:, label] - logits_BL[:, others].logsumexp(1)


def _checked(model: PreTrainedModel, processor: Any, folder: Path) -> Checkpoint:
    check_tokenizer(model, processor, folder)
    text = model.config.get_text_config()
    if text.pad_token_id is None:
        # The head reads the last token that is no padding, and has to know what padding is.
        text.pad_token_id = processor.tokenizer.pad_token_id
    text.use_cache = False
    return Checkpoint(model, processor, folder)


def _other_processor(folder: Path, max_pixels: int | None) -> Any:
    if max_pixels is not None:
        raise InputError(f"scorer {folder}: max_pixels is for {', '.join(_QWEN_LIKE)}; leave it out")
    try:
        processor = AutoProcessor.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, ImportError) as error:
        raise InputError(f"scorer {folder}: its processor cannot be loaded ({str(error).splitlines()[0]})") from None
    if getattr(processor, "image_processor", None) is None:
        raise InputError(f"scorer {folder} reads no pictures: take an image-text classifier")
    return processor


def _flat(processor: Any) -> bool:
    """Whether the pictures of a batch are handed over in one list, the Qwen families' way, or one list per text."""
    return hasattr(processor.image_processor, "merge_size")


def _tame(messages: Sequence[dict[str, Any]], control: Sequence[str]) -> list[dict[str, Any]]:
    """The same conversation, the assistant's text without control tokens: an answer that spells them would pose as
    further turns, or ask for pictures that are not there."""
    *asked, said = messages
    [part] = said["content"]
    text = part["text"]
    for token in control:
        # A blank, so that what is left on both sides cannot grow together into another one.
        text = text.replace(token, " ")
    return [*asked, {**said, "content": [{**part, "text": text}]}]
