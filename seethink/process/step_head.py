"""Step heads: an image-text model that gives every step of a trace a score between 0 and 1, in one forward pass.

The trace is read as system prompt, pictures, question, and each step with a mark behind it; the score of a step is read
at its mark. Attention is causal, so a step's score depends on nothing behind it. ViLPRM's head is unknown: a linear
unit is the reference's default (8.3, choice), two words of the vocabulary are the other common form.

Letters: B rows, T tokens of the longest row, H the size of a state, V words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from seethink.core.chat import opening
from seethink.core.config import parse_config
from seethink.core.rejected import InputError
from seethink.core.tables import read_json, write_json
from seethink.models.device import borrowed
from seethink.models.groups.family import bare
from seethink.models.load import Checkpoint, load_checkpoint, save_checkpoint
from seethink.models.processor import load_processor
from seethink.process.prm_config import HeadConfig, HeadKind
from seethink.training.lora import load_merged

SETTINGS, WEIGHTS = "step_head.json", "step_head.safetensors"


class Trace(NamedTuple):
    """What is scored: a question, its pictures, and steps."""

    question: str
    images: tuple[Image.Image, ...]
    steps: tuple[str, ...]


class StepBatch(NamedTuple):
    """Model inputs, and by trace and step the token that is its mark; None where it was not read."""

    inputs: dict[str, Tensor]
    marks: list[list[int | None]]


class Read(NamedTuple):
    """What a forward pass says of each step of one trace (log-odds, or scores), and the tokens that it read; NaN where
    a step lies behind them."""

    steps: list[float]
    tokens: int


class StepRewardModel(nn.Module):
    """A writer's body with a score head; ``forward`` gives the log-odds of a good step at every token, B x T, in full
    precision whatever the body's: half of it rounds scores apart that should tie.

    The log-odds are ``slope`` x + ``offset`` of what the head says: 1 and 0 until they are calibrated.
    """

    slope: Tensor
    offset: Tensor

    def __init__(self, writer: Any, head: nn.Linear | None, words: tuple[int, int] | None) -> None:
        super().__init__()
        self.writer = writer
        self.head = head
        self.words = words
        self.register_buffer("slope", torch.ones(()))
        self.register_buffer("offset", torch.zeros(()))

    def forward(self, **inputs: Tensor) -> Tensor:
        states_BTH = bare(self.writer).model(**inputs, use_cache=False).last_hidden_state
        # Without this a training in bfloat16 computes the head in it, whatever it is given.
        with torch.autocast(states_BTH.device.type, enabled=False):
            return self.slope * self._said(states_BTH.float()) + self.offset

    def _said(self, states_BTH: Tensor) -> Tensor:
        if self.head is not None:
            return self.head(states_BTH).squeeze(-1)  # type: ignore[no-any-return]
        assert self.words is not None
        plus, minus = self.words
        weight_VH = bare(self.writer).get_output_embeddings().weight
        return states_BTH @ (weight_VH[plus].float() - weight_VH[minus].float())  # type: ignore[no-any-return]

    def activation_checkpointing_enable(self, **settings: Any) -> None:
        """What transformers' Trainer calls where activations are to be recomputed."""
        bare(self.writer).activation_checkpointing_enable(**settings)


class StepCheckpoint(NamedTuple):
    model: StepRewardModel
    processor: Any
    config: HeadConfig
    folder: Path


def new_step_head(
    base: str | Path, config: HeadConfig, *, seed: int, dtype: str = "float32", max_pixels: int | None = None
) -> StepCheckpoint:
    """``base``, a checkpoint that writes, with a fresh head; the same seed gives the same head."""
    return with_head(load_checkpoint(base, dtype=dtype, max_pixels=max_pixels), config, seed)


def load_step_head(name: str | Path, *, dtype: str = "float32", max_pixels: int | None = None) -> StepCheckpoint:
    """A checkpoint that ``save_step_head`` wrote, or an adapter with a head beside it, added to its base in memory.
    InputError where the folder holds no head."""
    folder = Path(name)
    if not (folder / SETTINGS).is_file():
        raise InputError(
            f"step scorer {folder}: no {SETTINGS} there; give the folder that seethink process train wrote"
        )
    config = parse_config(HeadConfig, read_json(folder / SETTINGS), str(folder / SETTINGS))
    if (folder / "adapter_config.json").is_file():
        processor = load_processor(folder, max_pixels=max_pixels)
        checkpoint = load_merged(folder, dtype=dtype)._replace(processor=processor)
    else:
        checkpoint = load_checkpoint(folder, dtype=dtype, max_pixels=max_pixels)
    found = with_head(checkpoint, config, 0)
    weights = load_file(folder / WEIGHTS) if (folder / WEIGHTS).is_file() else {}
    beside = {name: weights.pop(name) for name in ("slope", "offset") if name in weights}
    try:
        if found.model.head is not None:
            found.model.head.load_state_dict(weights)
        # A head that was saved before there was calibration has neither.
        found.model.load_state_dict(beside, strict=False)
    except RuntimeError:
        raise InputError(f"step scorer {folder}: {WEIGHTS} does not fit the model; save it again whole") from None
    return found


def save_step_head(checkpoint: StepCheckpoint, folder: Path) -> Path:
    """Everything, as a checkpoint that any stock loader reads with the head beside it."""
    save_checkpoint(checkpoint.model.writer, checkpoint.processor, folder)
    return save_head_beside(checkpoint, folder)


def save_head_beside(checkpoint: StepCheckpoint, folder: Path) -> Path:
    """The head alone, beside weights or an adapter that lie in ``folder``."""
    model = checkpoint.model
    head = {} if model.head is None else model.head.state_dict()
    kept = {**head, "slope": model.slope, "offset": model.offset}
    save_file({name: value.cpu().contiguous() for name, value in kept.items()}, folder / WEIGHTS)
    write_json(folder / SETTINGS, checkpoint.config.model_dump(mode="json"))
    return folder


def encode(checkpoint: StepCheckpoint, traces: Sequence[Trace]) -> StepBatch:
    """One padded batch. Steps and marks are tokenised one by one, so that a step's tokens are the same whatever
    follows; a control token inside a step is read as plain text."""
    processor, config = checkpoint.processor, checkpoint.config
    tokenizer = processor.tokenizer
    texts = [
        processor.apply_chat_template(
            opening(trace.question, len(trace.images)), add_generation_prompt=True, tokenize=False
        )
        for trace in traces
    ]
    pictures = [picture for trace in traces for picture in trace.images]
    asked = processor(text=texts, images=pictures or None, padding=True, return_tensors="pt")
    width = asked["input_ids"].shape[1]
    told, marks = [], []
    for trace in traces:
        ids, places = list[int](), list[int | None]()
        for step in trace.steps:
            ids += _plain_ids(tokenizer, step) + _plain_ids(tokenizer, config.mark)
            places.append(width + len(ids) - 1 if len(ids) <= config.max_tokens else None)
        told.append(ids[: config.max_tokens])
        marks.append(places)
    longest = max(map(len, told))
    behind_BT = torch.tensor([ids + [tokenizer.pad_token_id] * (longest - len(ids)) for ids in told], dtype=torch.long)
    mask_BT = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids in told], dtype=torch.long)
    added = {
        "input_ids": behind_BT.view(len(told), longest),
        "attention_mask": mask_BT.view(len(told), longest),
        # 0 marks text; without the types a Qwen2.5-VL silently counts positions in one dimension.
        "mm_token_type_ids": torch.zeros(len(told), longest, dtype=torch.long),
    }
    inputs = {**asked} | {
        name: torch.cat([asked[name], extra.to(asked[name].dtype)], dim=1)
        for name, extra in added.items()
        if name in asked
    }
    return StepBatch(inputs, marks)


def score_traces(
    checkpoint: StepCheckpoint, traces: Sequence[Trace], *, batch: int = 16, device: str = "cpu"
) -> list[Read]:
    """The score of every step, in (0, 1); NaN where the trace was too long to be read that far.

    Args:
        batch: rows per forward. Rows of like length share one, so a score depends on its batch by rounding only.
    """
    found = _read(checkpoint, traces, batch, device)
    return [Read(torch.tensor(one.steps).sigmoid().tolist(), one.tokens) for one in found]


def step_logits(
    checkpoint: StepCheckpoint, traces: Sequence[Trace], *, batch: int = 16, device: str = "cpu"
) -> list[list[float]]:
    """The same as log-odds."""
    return [one.steps for one in _read(checkpoint, traces, batch, device)]


@torch.no_grad()
def _read(checkpoint: StepCheckpoint, traces: Sequence[Trace], batch: int, device: str) -> list[Read]:
    model = checkpoint.model.eval()
    read = {place: Read([], 0) for place, trace in enumerate(traces) if not trace.steps}
    asked = sorted(
        (place for place, trace in enumerate(traces) if trace.steps),
        key=lambda place: sum(map(len, traces[place].steps)),
    )
    with borrowed(model, device):
        for start in range(0, len(asked), batch):
            places = asked[start : start + batch]
            found = encode(checkpoint, [traces[place] for place in places])
            inputs = {name: _as_weights(value, model).to(device) for name, value in found.inputs.items()}
            logits_BT = model(**inputs).cpu()
            lengths_B = found.inputs["attention_mask"].sum(dim=1).tolist()
            for row, place in enumerate(places):
                logits = [math.nan if mark is None else float(logits_BT[row, mark]) for mark in found.marks[row]]
                read[place] = Read(logits, lengths_B[row])
    return [read[place] for place in range(len(traces))]


def _as_weights(value: Tensor, model: StepRewardModel) -> Tensor:
    return value.to(model.writer.dtype) if torch.is_floating_point(value) else value


def with_head(checkpoint: Checkpoint, config: HeadConfig, seed: int) -> StepCheckpoint:
    """A writer in memory with a fresh head."""
    model, processor, folder = checkpoint
    text = model.config.get_text_config()
    if config.kind is HeadKind.TOKENS:
        words = (_word(processor.tokenizer, config.plus), _word(processor.tokenizer, config.minus))
        return StepCheckpoint(StepRewardModel(model, None, words), processor, config, folder)
    head = nn.Linear(text.hidden_size, 1)
    generator = torch.Generator().manual_seed(seed)
    nn.init.normal_(head.weight, std=text.initializer_range, generator=generator)
    nn.init.zeros_(head.bias)
    return StepCheckpoint(StepRewardModel(model, head, None), processor, config, folder)


def _word(tokenizer: Any, word: str) -> int:
    ids = _plain_ids(tokenizer, word)
    if len(ids) != 1:
        raise InputError(f"the word {word!r} of a tokens head is {len(ids)} tokens here: choose one that is one token")
    return ids[0]


def _plain_ids(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"])
