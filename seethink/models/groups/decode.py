"""Sampling G completions per prompt: the prompt is read once, then all its completions are decoded side by side.

The prompts' keys and values are kept once, not once per completion. Letters: R rows of a step, V.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seethink.models.groups.attention import ARGUMENT
from seethink.models.groups.check import Compared, agrees, two_of
from seethink.models.groups.family import bare, evaluating, vision_tokens
from seethink.models.groups.features import Features
from seethink.models.groups.plain import plain_draws, plain_scores
from seethink.models.groups.prefill import Prefilled, prefill
from seethink.models.groups.prefix import Decoding, branch_cache, kept
from seethink.models.groups.prompts import PromptBatch, take
from seethink.models.groups.reading import Reading, Started, prefill_started, refuse_pictures, whole
from seethink.models.groups.stop import Stop, stopped, stopped_mask

CHECKED_TOKENS = 4
"""Tokens that the first use draws to compare their log-probabilities with the plain path's; choice."""


class GroupDraws(NamedTuple):
    """Sampled tokens, right-padded, on the model's device.

    Attributes:
        ids_PGC: int64; the end token is the last of a completion that ended, ``pad`` follows.
        mask_PGC: 1 on sampled tokens, the end token included.
        ended_PG: False where a completion stopped at the limit, or where it was told to.
        logps_PGC: log-probability of each token under the model at this temperature (1 where greedy), as
            ``group_logps`` gives it; 0 behind the end. None unless asked for.
    """

    ids_PGC: Tensor
    mask_PGC: Tensor
    ended_PG: Tensor
    logps_PGC: Tensor | None = None


@torch.no_grad()
def sample_groups(
    model: Any,
    prompts: PromptBatch | Sequence[Started],
    *,
    draws: int,
    end: int,
    pad: int,
    temperature: float = 1.0,
    max_tokens: int = 256,
    seed: int | None = None,
    features: Features | None = None,
    logps: bool = False,
    stop: Stop | None = None,
) -> GroupDraws:
    """``draws`` completions of each prompt from the whole distribution at ``temperature``; 0 is greedy.

    Tokens that stand for pictures are never drawn. No gradient; the model is in eval mode while it samples. A family
    that cannot share its prompts is sampled by transformers' ``generate``, with one message.

    Args:
        model: its weights whole on this device; wrappers are passed by.
        prompts: those that are asked about again and again, with responses begun to them, are given as readings: what
            is known of them is not read again, and what is read stays with them. Draws are the same but for rounding.
        end: the token that ends a completion.
        seed: the draws depend on it, on the prompts and on nothing drawn before; torch's own generator where None.
        features: of ``picture_features(model, prompts)``; computed where None. A reading needs none.
        stop: asked behind every token that ends no completion.

    Raises:
        ValueError: a begun response holds a token that stands for a picture.
    """
    base = bare(model)
    way = "sampling"
    if not isinstance(prompts, PromptBatch):
        way = "begun responses"
        refuse_pictures(base, [one.ids for one in prompts])
    # Greedy completions of one prompt are all the same.
    distinct = draws if temperature > 0 else 1
    with evaluating(base):
        if agrees(model, way, lambda: _compared(base, prompts, end, pad), together=False):
            generator = None if seed is None else torch.Generator(base.device).manual_seed(seed)
            choice = _Choice(vision_tokens(base), temperature, generator)
            told = _read(base, prompts, features)
            drawn = _decode(base, told, distinct, end, pad, max_tokens, choice, logps, stop)
        else:
            drawn = _plain(base, _whole(prompts), distinct, end, pad, temperature, max_tokens, seed, logps, stop)
    if distinct == draws:
        return drawn
    ids_PGC, mask_PGC, ended_PG, logps_PGC = drawn
    return GroupDraws(
        ids_PGC.expand(-1, draws, -1),
        mask_PGC.expand(-1, draws, -1),
        ended_PG.expand(-1, draws),
        None if logps_PGC is None else logps_PGC.expand(-1, draws, -1),
    )


class _Choice(NamedTuple):
    forbidden: list[int]
    temperature: float
    generator: torch.Generator | None

    def of(self, logits_RV: Tensor, each: int = 1) -> Tensor:
        """Tokens drawn from each row, R x each."""
        allowed_RV = logits_RV.float().index_fill(1, torch.tensor(self.forbidden, device=logits_RV.device), -torch.inf)
        if self.temperature == 0:
            return allowed_RV.argmax(1, keepdim=True).expand(-1, each)
        probabilities_RV = (allowed_RV / self.temperature).softmax(-1)
        return torch.multinomial(probabilities_RV, each, replacement=True, generator=self.generator)

    def logps(self, logits_RV: Tensor, tokens_RE: Tensor) -> Tensor:
        return (logits_RV.float() / (self.temperature or 1.0)).log_softmax(-1).gather(1, tokens_RE)


def _decode(
    base: Any,
    told: Prefilled,
    draws: int,
    end: int,
    pad: int,
    max_tokens: int,
    choice: _Choice,
    logps: bool,
    stop: Stop | None = None,
) -> GroupDraws:
    prefix, logits_PV, following_P = told
    rows, device = len(logits_PV) * draws, base.device
    ids_RC = torch.full((rows, max_tokens), pad, device=device)
    logps_RC = torch.zeros(rows, max_tokens, device=device)
    lengths_R = torch.zeros(rows, dtype=torch.long, device=device)
    ended_R = torch.zeros(rows, dtype=torch.bool, device=device)

    # Rows of a step, by the completion they write; a filling row writes none.
    row_R = torch.arange(rows, device=device)
    live_R = torch.ones(rows, dtype=torch.bool, device=device)
    following_R = following_P.repeat_interleave(draws)
    cache, layout = branch_cache(len(prefix.keys)), Decoding(prefix, draws)
    tokens_R = choice.of(logits_PV, draws).flatten()
    told_R = choice.logps(logits_PV, tokens_R.view(-1, draws)).flatten() if logps else None
    for step in range(max_tokens):
        writing = row_R[live_R]
        ids_RC[writing, step] = tokens_R[live_R]
        lengths_R[writing] = step + 1
        if told_R is not None:
            logps_RC[writing, step] = told_R[live_R]
        ended = live_R & (tokens_R == end)
        ended_R[row_R[ended]] = True
        live_R = live_R & ~ended
        if stop is not None:
            live_R = live_R & ~stopped(stop, row_R // draws, ids_RC[row_R, : step + 1], live_R)
        left = int(live_R.sum())
        if not left or step + 1 == max_tokens:
            break
        # A row that has ended costs as much as one that writes. choice: drop them when half are idle.
        if 2 * left <= len(row_R) and (places := _fewer(live_R, layout.branches)) is not None:
            places_P, places_R, filled_R, branches = places
            row_R, tokens_R, following_R = row_R[places_R], tokens_R[places_R], following_R[places_R]
            live_R = filled_R
            cache.batch_select_indices(places_R)
            layout = Decoding(kept(layout.prefix, places_P), branches)
        logits_RV = base(
            input_ids=tokens_R[:, None],
            attention_mask=None,
            position_ids=(following_R + step).expand(3, -1)[..., None],
            past_key_values=cache,
            use_cache=True,
            **{ARGUMENT: layout},
        ).logits[:, -1]
        tokens_R1 = choice.of(logits_RV)
        told_R = choice.logps(logits_RV, tokens_R1).flatten() if logps else None
        tokens_R = tokens_R1.flatten()
    longest = int(lengths_R.max())
    within_1C = torch.arange(longest, device=device)[None]
    mask_RC = (within_1C < lengths_R[:, None]).long()
    shape = (len(logits_PV), draws)
    return GroupDraws(
        ids_RC[:, :longest].unflatten(0, shape),
        mask_RC.unflatten(0, shape),
        ended_R.unflatten(0, shape),
        logps_RC[:, :longest].unflatten(0, shape) if logps else None,
    )


def _fewer(live_R: Tensor, branches: int) -> tuple[Tensor, Tensor, Tensor, int] | None:
    """Places of the prompts and rows to go on with, which of those rows write, and how many a prompt now has.

    Every prompt needs as many rows as the one with most, so some stay idle; None where that saves nothing.
    """
    live_PG = live_R.view(-1, branches)
    counts_P = live_PG.sum(1)
    places_P = counts_P.nonzero().squeeze(1)
    most = int(counts_P.max())
    if 2 * len(places_P) * most > len(live_R):
        return None
    # Live rows first, in their order.
    order_PG = (~live_PG).sort(dim=1, stable=True).indices[places_P, :most]
    return (
        places_P,
        (places_P[:, None] * branches + order_PG).flatten(),
        live_PG[places_P].gather(1, order_PG).flatten(),
        most,
    )


def _plain(
    base: Any,
    prompts: PromptBatch,
    draws: int,
    end: int,
    pad: int,
    temperature: float,
    max_tokens: int,
    seed: int | None,
    logps: bool,
    stop: Stop | None,
) -> GroupDraws:
    with torch.random.fork_rng(enabled=seed is not None):
        if seed is not None:
            torch.manual_seed(seed)
        ids_PGC = plain_draws(
            base, prompts, draws=draws, end=end, pad=pad, temperature=temperature, max_tokens=max_tokens, stop=stop
        )
    ended_PGC = ids_PGC == end
    # Everything up to the first end token, that one included.
    mask_PGC = (ended_PGC.long().cumsum(-1) - ended_PGC.long() == 0).long()
    if stop is not None:
        mask_PGC = stopped_mask(stop, ids_PGC, mask_PGC)
        ended_PGC = ended_PGC & mask_PGC.bool()
    told = None
    if logps:
        lengths = mask_PGC.sum(-1).tolist()
        asked: dict[str, Any] = {"temperature": temperature or 1.0, "entropy": False}
        told = plain_scores(base, prompts, ids_PGC.cpu(), lengths, **asked)[..., 0]
    return GroupDraws(ids_PGC, mask_PGC, ended_PGC.any(-1), told)


def _read(base: Any, prompts: PromptBatch | Sequence[Started], features: Features | None) -> Prefilled:
    return prefill(base, prompts, features) if isinstance(prompts, PromptBatch) else prefill_started(base, prompts)


def _whole(prompts: PromptBatch | Sequence[Started]) -> PromptBatch:
    return prompts if isinstance(prompts, PromptBatch) else whole(prompts)


def _compared(base: Any, prompts: PromptBatch | Sequence[Started], end: int, pad: int) -> Compared:
    """Two draws of at most two prompts, one with pictures where there is one."""
    every = _whole(prompts)
    places = two_of(every.pictures_P)
    few = take(every, places)
    anew: PromptBatch | list[Started] = few
    if not isinstance(prompts, PromptBatch):
        # Read in two parts, so that the second stands on what is remembered of the first.
        anew = [Started(Reading(prompts[place].reading.prompt), prompts[place].ids) for place in places]
        _read(base, [one._replace(ids=one.ids[: len(one.ids) // 2]) for one in anew], None)
    told = _read(base, anew, None)
    choice = _Choice(vision_tokens(base), 1.0, torch.Generator(base.device).manual_seed(0))
    drawn = _decode(base, told, 2, end, pad, CHECKED_TOKENS, choice, True)
    assert drawn.logps_PGC is not None
    mask_PGC, ids, lengths = drawn.mask_PGC.bool().cpu(), drawn.ids_PGC.cpu(), drawn.mask_PGC.sum(-1).tolist()
    asked: dict[str, Any] = {"temperature": 1.0, "entropy": False}
    return Compared(
        drawn.logps_PGC.cpu()[mask_PGC],
        plain_scores(base, few, ids, lengths, **asked)[..., 0].cpu()[mask_PGC],
        plain_scores(base, few, ids, lengths, **asked, padding=8)[..., 0].cpu()[mask_PGC],
    )
