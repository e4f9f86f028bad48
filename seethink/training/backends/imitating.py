"""GRPO with a term that imitates; what of it is a formula stands in ``training.imitation``.

Letters: P prompts, G completions of one, T tokens.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.utils.rnn import pad_sequence

from seethink.core.chat import messages
from seethink.core.rejected import InputError
from seethink.models.groups import encode_prompts, group_logps
from seethink.models.prompt import Prompt
from seethink.training.backends.rollouts import Rollout
from seethink.training.backends.shared_prefix import SharedPrefix
from seethink.training.imitation import Imitated, drawn, imitation_loss
from seethink.training.samples import Demonstration


class Imitating(SharedPrefix):
    """Adds ``weight`` times the imitation loss to the loss of every micro-batch."""

    def __init__(self, *, imitated: Imitated, **named: Any) -> None:
        super().__init__(**named)
        self._imitation, self._demonstrations = imitated
        self._shown_by_id = {one.item.id: one for one in self._demonstrations}
        self._places = {name: place for place, name in enumerate(self._names)}
        if self._imitation.when == "failed" and (self._dist.is_fsdp or self._dist.is_zero3):
            raise InputError("imitation.when=failed needs whole models: sharded ones would wait for each other")
        known = self._shown_by_id.keys() & self._places.keys()
        if self._imitation.when == "failed" and not known:
            raise InputError(
                "imitation.when=failed: none of RL's items has a demonstration; let traces.rows hold them (rl, or both)"
            )

    def _scored(self, inputs: Any) -> Rollout:
        places = [self._places[row["item_id"]] for row in inputs]
        return super()._scored(inputs) | {"places": torch.tensor(places, device=self.accelerator.device)}

    def _compute_loss(self, model: Any, inputs: Any) -> Any:
        loss = super()._compute_loss(model, inputs)
        chosen, of = self._chosen(inputs) if self.model.training else ([], 1)
        term, tokens = torch.zeros((), device=self.accelerator.device), 0
        if chosen:
            term, tokens = self._term(model, chosen, of)
        accumulation = self.current_gradient_accumulation_steps
        self._note("imitation/loss", float(term.detach()))
        self._note("imitation/rows", len(chosen) * accumulation)
        self._note("imitation/tokens", tokens * accumulation)
        return loss + self._imitation.weight * term / accumulation

    def _chosen(self, inputs: Any) -> tuple[list[Demonstration], int]:
        """The demonstrations of this micro-batch, and the prompts that their mean is over."""
        if self._imitation.when == "failed":
            rewards_PG = inputs["rewards"].view(-1, self._group)
            failed_P = torch.where(rewards_PG.isnan(), -torch.inf, rewards_PG).amax(1)
            names = [self._names[place] for place in inputs["places"][:: self._group].tolist()]
            # Where nobody decided there is no failure to mend.
            lost = [name for name, best in zip(names, failed_P.tolist(), strict=True) if -torch.inf < best <= 0]
            return [self._shown_by_id[name] for name in lost if name in self._shown_by_id], len(names)
        accumulation, processes = self.current_gradient_accumulation_steps, self.accelerator.num_processes
        share, left = divmod(self._imitation.batch, accumulation * processes)
        if left or not share:
            raise InputError(
                f"imitation.batch={self._imitation.batch} cannot be shared out among {processes} processes of "
                f"{accumulation} forwards a step: choose a multiple of {accumulation * processes}"
            )
        micro = self.state.global_step * accumulation + self._step % accumulation
        first = (micro * processes + self.accelerator.process_index) * share
        rows = drawn(len(self._demonstrations), first, share, self.args.seed)
        return [self._demonstrations[row] for row in rows], share

    def _term(self, model: Any, chosen: list[Demonstration], of: int) -> tuple[torch.Tensor, int]:
        """The term, and the tokens that it was trained on, prompts included as SFT counts them."""
        asked = [
            Prompt(messages(one.item), [self._images.open(digest) for digest in one.item.images]) for one in chosen
        ]
        encoded = encode_prompts(self.processing_class, asked)
        told = [[*self._tokens(one.response), self._tokenizer.eos_token_id] for one in chosen]
        ids_PT = pad_sequence([torch.tensor(ids) for ids in told], batch_first=True)
        mask_PT = pad_sequence([torch.ones(len(ids), dtype=torch.long) for ids in told], batch_first=True)
        device = self.accelerator.device
        ids_PT, mask_PT = ids_PT.to(device), mask_PT.to(device)
        with self.accelerator.autocast():
            logps_PT = group_logps(model, encoded, ids_PT[:, None], mask_PT[:, None]).logps_PGC[:, 0]
        tokens = sum(map(len, encoded.ids_P)) + sum(map(len, told))
        return imitation_loss(logps_PT, mask_PT, of), tokens

    def _tokens(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids
