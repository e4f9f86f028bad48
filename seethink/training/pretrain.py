"""Pretraining the tiny base model on the embedded world: ``seethink world pretrain``.

Every example is a pure function of (seed, index), so a killed run resumes from its last checkpoint over the same data.
Half of the question templates are taught with flaws on purpose (``world.traces``): the base model sees well and reasons
wrongly in a systematic way, which is what makes reinforcement learning measurable on a laptop.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset
from transformers import Trainer, TrainingArguments

from seethink.core.chat import opening, system_prompt
from seethink.core.config import Config
from seethink.core.tables import data_hash, write_manifest
from seethink.models.tiny import tiny_model, tiny_processor, tiny_tokenizer
from seethink.training.processes import claimed_together
from seethink.training.resuming import Sealing, last_checkpoint, readable_checkpoints
from seethink.world.draw import draw
from seethink.world.questions import Rendering, question_text
from seethink.world.style import BRIDGES, CAPTION_OPENINGS, CLOSINGS, HESITATIONS, OPENINGS
from seethink.world.traces import Example, pretraining_example, seeing_example


class PretrainConfig(Config):
    """How the shipped base was made."""

    seeing: int = 600
    """Steps on descriptions alone, before the mixture. What a young model learns first takes its capacity to change:
    in the mixture that is format and geometry, and colour is then never learnt (docs/log.md)."""
    steps: int = 3_200
    """All steps, seeing ones included."""
    batch: int = 64
    learning_rate: float = 1e-3
    """Peak of a one-cycle schedule (linear warm-up, cosine to zero)."""
    vision_rate: float = 0.1
    """Learning rate of the vision tower, as a share of the language model's. At the full rate the tower amplifies
    "something is here" until colour, a small difference beside it, is normalised away (docs/log.md)."""
    weight_decay: float = 0.01
    seed: int = 7
    """Seeds the weights and the examples."""
    flaws: int = 0
    """Which half of the templates is taught with flaws."""
    checkpoint_every: int = 500


def tokenizer_corpus(examples: int = 4_000) -> Iterator[str]:
    """What the tokenizer's merges are learnt on: the world's text, the system prompt, the teacher's manner."""
    for index in range(examples):
        example = pretraining_example(-1, index)
        yield question_text(example.question, Rendering.TEXT)
        yield example.response
        if index % 10 == 0:
            yield system_prompt()
            yield " ".join(OPENINGS + HESITATIONS + BRIDGES + CLOSINGS + CAPTION_OPENINGS)
    yield "system user assistant\n"


class Examples(Dataset[Example]):
    """The pretraining examples of a configuration, in batches of similar length.

    Read in order: within a window of sixteen batches the examples are sorted by length and the batches shuffled, which
    saves the quarter of the work that padding would be. Still a pure function of (seed, index).
    """

    def __init__(self, config: PretrainConfig) -> None:
        self.config = config
        self._window: tuple[int, list[Example]] = (-1, [])

    def __len__(self) -> int:
        return self.config.steps * self.config.batch

    def __getitem__(self, index: int) -> Example:
        size = _WINDOW * self.config.batch
        number, position = divmod(index, size)
        if self._window[0] != number:
            self._window = (number, self._sorted(range(number * size, (number + 1) * size)))
        return self._window[1][position]

    def _sorted(self, indices: range) -> list[Example]:
        seed, flaws, batch = self.config.seed, self.config.flaws, self.config.batch
        examples = [
            seeing_example(seed, index)
            if index < self.config.seeing * batch
            else pretraining_example(seed, index, flaws=flaws)
            for index in indices
        ]
        examples.sort(key=_length)
        order = list(range(_WINDOW))
        random.Random(f"batches {seed} {indices.start}").shuffle(order)
        return [example for b in order for example in examples[b * batch : (b + 1) * batch]]


_WINDOW = 16


def _length(example: Example) -> int:
    return len(example.response) + len(question_text(example.question, example.rendering))


def patchify(pictures_BHWC: NDArray[np.uint8], processor: Any) -> torch.Tensor:
    """Patches of equally large pictures, equal to the image processor's, in one pass over the batch.

    Returns:
        float32 (B · patches, channels · 2 · 14 · 14).
    """
    settings = processor.image_processor
    patch, merge = settings.patch_size, settings.merge_size
    mean, std = np.float32(settings.image_mean), np.float32(settings.image_std)
    x = (pictures_BHWC.astype(np.float32) * np.float32(settings.rescale_factor) - mean) / std
    B, H, W, C = x.shape
    x = x.reshape(B, H // patch // merge, merge, patch, W // patch // merge, merge, patch, C)
    x = x.transpose(0, 1, 4, 2, 5, 7, 3, 6)
    x = np.broadcast_to(x[..., None, :, :], (*x.shape[:-2], settings.temporal_patch_size, patch, patch))
    return torch.from_numpy(np.ascontiguousarray(x).reshape(B * (H // patch) * (W // patch), -1))


class Collator:
    """Examples → padded ids, labels on the response only, patches."""

    def __init__(self, processor: Any) -> None:
        self.processor = processor
        self.tokenizer = processor.tokenizer
        self.image_id = processor.image_token_id

    def __call__(self, examples: Sequence[Example]) -> dict[str, torch.Tensor]:
        prompts = self.tokenizer([self._prompt(example) for example in examples], add_special_tokens=False)["input_ids"]
        responses = self.tokenizer(
            [example.response + self.tokenizer.eos_token for example in examples], add_special_tokens=False
        )["input_ids"]
        longest = max(len(p) + len(r) for p, r in zip(prompts, responses, strict=True))
        # Matrix kernels are built once per shape: few shapes, few builds.
        longest = -(-longest // 16) * 16
        ids = torch.full((len(examples), longest), self.tokenizer.pad_token_id)
        labels, mask = torch.full_like(ids, -100), torch.zeros_like(ids)
        for row, (prompt, response) in enumerate(zip(prompts, responses, strict=True)):
            end = len(prompt) + len(response)
            ids[row, :end] = torch.tensor(prompt + response)
            labels[row, len(prompt) : end] = torch.tensor(response)
            mask[row, :end] = 1
        batch = {
            "input_ids": ids,
            "labels": labels,
            "attention_mask": mask,
            "mm_token_type_ids": (ids == self.image_id).int(),
        }
        shown = [draw(e.question.picture) for e in examples if e.rendering is Rendering.PICTURE]
        if shown:
            side = shown[0].shape[0] // self.processor.image_processor.patch_size
            batch["pixel_values"] = patchify(np.stack(shown), self.processor)
            batch["image_grid_thw"] = torch.tensor([[1, side, side]] * len(shown))
        return batch

    def _prompt(self, example: Example) -> str:
        chat = opening(question_text(example.question, example.rendering), int(example.rendering is Rendering.PICTURE))
        text = self.tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False)
        pad = self.processor.image_token
        return str(text).replace(pad, pad * example.question.picture.n**2)


def _optimizer(model: torch.nn.Module, config: PretrainConfig) -> torch.optim.Optimizer:
    vision = [p for name, p in model.named_parameters() if ".visual." in name]
    language = [p for name, p in model.named_parameters() if ".visual." not in name]
    groups = [
        {"params": language, "lr": config.learning_rate},
        {"params": vision, "lr": config.learning_rate * config.vision_rate},
    ]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=config.weight_decay)


def pretrain(config: PretrainConfig, out: Path) -> Path:
    """Train from nothing, or from the last checkpoint under ``out``; the finished model lies in ``out/model``."""
    started, target = time.time(), out / "model"
    data = {"examples": data_hash(pretraining_example(config.seed, index).response for index in range(1_000))}
    with claimed_together(out, config, data) as finished:
        if finished:
            return target
        tokenizer = tiny_tokenizer(tokenizer_corpus())
        processor = tiny_processor(tokenizer)
        model = tiny_model(tokenizer, config.seed)
        # Eager attention and reduced-precision products are the fastest pair for rows this short (docs/log.md).
        model.set_attn_implementation("eager")
        torch.set_float32_matmul_precision("medium")
        trainer = Trainer(
            model=model,
            args=TrainingArguments(
                output_dir=str(out / "checkpoints"),
                max_steps=config.steps,
                per_device_train_batch_size=config.batch,
                learning_rate=config.learning_rate,
                lr_scheduler_type="cosine",
                warmup_steps=min(100, config.steps // 10),
                max_grad_norm=1.0,
                logging_steps=50,
                save_steps=config.checkpoint_every,
                seed=config.seed,
                data_seed=config.seed,
                remove_unused_columns=False,
                train_sampling_strategy="sequential",
                report_to="none",
                dataloader_num_workers=0,
                use_cpu=not torch.cuda.is_available(),
            ),
            data_collator=Collator(processor),
            train_dataset=Examples(config),
            optimizers=(_optimizer(model, config), None),
            callbacks=[Sealing()],
        )
        with readable_checkpoints(model):
            trainer.train(resume_from_checkpoint=last_checkpoint(out / "checkpoints"))
        # Stored in bf16 to stay below 8 MB; the card is measured on what is stored.
        model.to(torch.bfloat16).save_pretrained(target)
        processor.save_pretrained(target)
        write_manifest(out, config, seeds={"weights and examples": config.seed}, data=data, started=started)
        return target
