"""GRPO that sees each picture once: what replaces TRL's handling of prompts, pictures and passes.

Letters: P prompts of a rollout on this device, G completions of one, B = P · G rows, T tokens.
"""

from __future__ import annotations

import random
from contextlib import AbstractContextManager
from typing import Any

import torch
from accelerate.utils import gather_object
from torch import Tensor

from seethink.core.chat import messages
from seethink.core.images import ImageStore
from seethink.models.groups import Features, PromptBatch, encode_prompts, picture_features, sample_groups, take
from seethink.models.prompt import Prompt
from seethink.training.backends.advantages import OwnAdvantages
from seethink.training.backends.engine import CheckedEngine
from seethink.training.backends.order import PromptOrder
from seethink.training.backends.passes import read_busy_groups, read_groups, tower_is_frozen
from seethink.training.backends.rollouts import (
    PROMPTS,
    Rollout,
    features_together,
    in_micro_batches,
    replaced,
    told_apart,
)


class SharedPrefix(OwnAdvantages):
    """Reads every prompt and every picture once per group: to sample, and in each pass.

    TRL is given token ids and no pictures. What it asks of a model comes through two methods, which answer from the
    groups of the rollout or of the micro-batch at hand.
    """

    vllm_generation: Any
    _buffered_inputs: Any

    def __init__(self, *, images: ImageStore, forbidden: list[int], **named: Any) -> None:
        super().__init__(**named)
        self._images = images
        self._names = list(self._items)
        sharded = self._dist.is_fsdp or self._dist.is_zero3
        self._keeps_features = not sharded and tower_is_frozen(self.model)
        self._features: Features | None = None
        self._prompts: PromptBatch | None = None
        self._idle_P: list[bool] = []
        self._known_BT: Tensor | None = None
        if self.use_vllm:
            self.vllm_generation = CheckedEngine(
                self.vllm_generation,
                image_token=self.model.config.image_token_id,
                merge=self.processing_class.image_processor.merge_size,
                forbidden=forbidden,
            )

    def _whole_model(self) -> AbstractContextManager[Any]:
        """The bare model, its weights whole on this device while open."""
        raise NotImplementedError

    def _get_train_sampler(self, dataset: Any = None) -> PromptOrder:
        prompts, repeats = self._config.rollout, self.num_iterations * self.args.steps_per_generation
        count = len(self.train_dataset if dataset is None else dataset)
        updates = count // prompts * self._config.updates
        return PromptOrder(
            items=count,
            prompts=prompts,
            group=self.num_generations,
            repeats=repeats,
            seed=self.args.seed,
            epoch=lambda: self.state.global_step // updates,
        )

    def _prepare_inputs(self, generation_batch: Any) -> Any:
        if not self.model.training:
            return super()._prepare_inputs(generation_batch)
        parts = self.args.steps_per_generation
        if self._step % (parts * self.num_iterations) == 0 or self._buffered_inputs is None:
            rollout = self._generate_and_score_completions(generation_batch)
            self._buffered_inputs = in_micro_batches(rollout, parts, self._group)
        return self._buffered_inputs[self._step % parts]

    def _generate_and_score_completions(self, inputs: Any) -> Any:
        rollout, used = self._scored(inputs), {row["item_id"] for row in inputs}
        sampled = len(inputs)
        for number in range(self._config.resample):
            dull = _places(~told_apart(rollout["rewards"].view(-1, self._group)))
            others = self._other_prompts(len(dull), used, number)
            if not others:
                break
            # What is logged is of the prompts that were asked for; these were chosen for what they came to.
            kept = {name: list(values) for name, values in self._metrics["train"].items()}
            before = self._features
            fresh = self._scored(others)
            self._metrics["train"].clear()
            self._metrics["train"].update(kept | {"num_tokens": [self.state.num_input_tokens_seen]})
            apart = _places(told_apart(fresh["rewards"].view(-1, self._group)))
            count = min(len(dull), len(apart))
            self._features = features_together(before, self._features) if count else before
            rollout = replaced(rollout, dull[:count], fresh, apart[:count], self._group)
            sampled += len(others)
        if self._config.resample:
            tokens = self.accelerator.gather(rollout["completion_mask"].sum()).sum()
            rollout |= {"num_items_in_batch": tokens}
            dull = _places(~told_apart(rollout["rewards"].view(-1, self._group)))
            self._note("resample/left", len(dull) / len(rollout[PROMPTS]))
        self._note("completions/sampled", sampled * self.accelerator.num_processes)
        return self._weighed(rollout)

    def _scored(self, inputs: Any) -> Rollout:
        self.encode(inputs)
        return super()._scored(inputs) | {PROMPTS: self._prompts}

    def encode(self, inputs: Any) -> None:
        """Read the prompts of a rollout, each once, and take the pictures through a tower that is frozen."""
        items = [self._items[row["item_id"]] for row in inputs[:: self._group]]
        opened = {digest: self._images.open(digest) for item in items for digest in item.images}
        asked = [Prompt(messages(item), [opened[digest] for digest in item.images]) for item in items]
        self._prompts = encode_prompts(self.processing_class, asked)
        self._shown = [prompt.images or None for prompt in asked]
        if self._keeps_features:
            with self.accelerator.autocast():
                self._features = picture_features(self.accelerator.unwrap_model(self.model), self._prompts)

    def _other_prompts(self, wanted: int, used: set[str], number: int) -> list[Any]:
        """Rows of prompts that this step has not seen, as many on every process as the one that wants most of them."""
        used.update(gather_object(sorted(used)))
        count = int(self.accelerator.gather(torch.tensor([wanted], device=self.accelerator.device)).max())
        left = [place for place, name in enumerate(self._names) if name not in used]
        count = min(count, len(left) // self.accelerator.num_processes)
        # By seed and step, so that a resumed run chooses the same.
        random.Random(f"{self.args.seed} {self.state.global_step} {number}").shuffle(left)
        first = self.accelerator.process_index * count
        rows = [self.train_dataset[place] for place in left[first : first + count]]
        used.update(row["item_id"] for row in rows)
        return [row for row in rows for _ in range(self._group)]

    def _generate(self, prompts: Any) -> Any:
        *found, _, tool_images = super()._generate(prompts)
        # With pictures in hand TRL would process them all again, once per completion.
        return (*found, None, tool_images)

    def _tokenize_prompts(self, prompts: Any) -> Any:
        assert self._prompts is not None
        ids = [ids_T.tolist() for ids_T in self._prompts.ids_P for _ in range(self._group)]
        if not self.use_vllm:
            return ids, None, {}
        grids = [[self._prompts.grids[place] for place in places] for places in self._prompts.pictures_P]
        self.vllm_generation.grids = [one for one in grids for _ in range(self._group)]
        return ids, [shown for shown in self._shown for _ in range(self._group)], {}

    def _generate_single_turn(
        self, prompt_ids: Any, images: Any, multimodal_fields: Any, num_generations: int, has_tool_images: bool = False
    ) -> Any:
        if self.use_vllm:
            return super()._generate_single_turn(
                prompt_ids, images, multimodal_fields, num_generations, has_tool_images
            )
        assert self._prompts is not None
        count = len(self._prompts)
        size = max(1, (self._config.sample_batch or count * num_generations) // num_generations)
        completions: list[list[int]] = []
        with (
            self._whole_model() as model,
            torch.no_grad(),
            self.accelerator.autocast(),
        ):
            for start in range(0, count, size):
                part = take(self._prompts, range(start, min(start + size, count)))
                drawn = sample_groups(
                    model,
                    part,
                    draws=num_generations,
                    end=self._tokenizer.eos_token_id,
                    pad=self._tokenizer.pad_token_id,
                    temperature=self.temperature,
                    max_tokens=self.max_completion_length,
                    features=self._features,
                )
                ids_BT, mask_BT = drawn.ids_PGC.flatten(0, 1).cpu(), drawn.mask_PGC.flatten(0, 1).bool().cpu()
                completions += [
                    self._ended(ids_T[mask_T].tolist()) for ids_T, mask_T in zip(ids_BT, mask_BT, strict=True)
                ]
        return completions, None

    def _ended(self, ids: list[int]) -> list[int]:
        """Up to the first end token: a model may declare several, and sampling stops at the tokenizer's."""
        stop = next((place for place, token in enumerate(ids) if token in self.eos_token_ids), len(ids))
        return ids[: stop + 1]

    def _get_per_token_logps_and_entropies(
        self,
        model: Any,
        input_ids: Tensor,
        attention_mask: Tensor,
        logits_to_keep: int,
        batch_size: int | None = None,
        compute_entropy: bool = False,
        **pictures: Any,
    ) -> Any:
        assert self._prompts is not None
        ids_BT, mask_BT = input_ids[:, -logits_to_keep:], attention_mask[:, -logits_to_keep:]
        settings = {"group": self._group, "temperature": self.temperature, "features": self._features}
        with self.accelerator.autocast():
            if any(self._idle_P):
                alone = self.accelerator.num_processes == 1
                found = read_busy_groups(
                    model,
                    self._prompts,
                    ids_BT,
                    mask_BT,
                    idle_P=self._idle_P,
                    known_BT=self._known_BT,
                    alone=alone,
                    **settings,
                )
            else:
                at_once = None if batch_size is None else max(1, batch_size // self._group)
                found = read_groups(
                    model,
                    self._prompts,
                    ids_BT,
                    mask_BT,
                    entropy=compute_entropy,
                    groups_at_once=at_once,
                    **settings,
                )
        return found.logps_BT, found.entropies_BT, None

    def _compute_loss(self, model: Any, inputs: Any) -> Any:
        self._prompts, self._known_BT = inputs[PROMPTS], inputs.get("old_per_token_logps")
        # Any other term of the loss would have a gradient in a group without advantages.
        advantages_only = self.beta == 0 and not self._entropy_bonus_enabled and not self.aux_loss_enabled
        silent_P = (inputs["advantages"].view(-1, self._group) == 0).all(1)
        self._idle_P = silent_P.tolist() if advantages_only else []
        self._note("zero_variance/skipped", sum(self._idle_P) / len(silent_P))
        try:
            return super()._compute_loss(model, inputs)
        finally:
            self._idle_P, self._known_BT = [], None

    def _note(self, name: str, value: float) -> None:
        """Log a number, its mean over all processes."""
        values = self.accelerator.gather(torch.tensor([float(value)], device=self.accelerator.device))
        self._metrics["train" if self.model.training else "eval"][name].append(float(values.mean()))


def _places(chosen_P: Tensor) -> list[int]:
    return [int(place) for place in chosen_P.nonzero().flatten()]
