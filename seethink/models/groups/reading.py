"""What a model has read of a prompt and of responses begun to it, kept so that none of their tokens is read again.

A tree search, a binary search, step labels ask about one prompt many times, each time behind another beginning of a
response, and most beginnings start as an earlier one did. A beginning is read from where it parts from all that is
known. Only the token behind which completions start goes through the model again where it is known: its logits are
needed, and they are not kept.

Letters: P started prompts of a batch, L tokens of the longest, T tokens read anew, N tokens of a pass, V.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seethink.models.groups.layout import Group, Packed, positions_of
from seethink.models.groups.prefill import Prefilled, read_packed
from seethink.models.groups.prefix import Prefix, piece_of
from seethink.models.groups.prompts import PromptBatch, join

Pieces = tuple[Tensor, ...]
"""Keys and values of tokens in a row, layers x 2 x heads x tokens x size each: views of what was read once."""


class _Path(NamedTuple):
    """A begun response that was read; ``pieces`` are those of the prompt and of it."""

    ids: tuple[int, ...]
    pieces: Pieces


class Reading:
    """One prompt, and keys and values of all that a model has read of it and of responses begun to it.

    It fills while ``sample_groups`` reads. Valid for one model, until its weights change.

    Args:
        prompt: a batch of one, without a begun response.
    """

    def __init__(self, prompt: PromptBatch) -> None:
        if len(prompt) != 1:
            raise ValueError(f"a reading is of one prompt, not of {len(prompt)}")
        self.prompt = join([prompt])
        self._paths: list[_Path] = []
        self._positions_3T: Tensor | None = None

    @property
    def tokens(self) -> int:
        """Of the prompt, its pictures' included."""
        return len(self.prompt.ids_P[0])

    def positions(self, base: Any, count: int) -> Tensor:
        """Rotary positions of the prompt and of ``count`` tokens behind it."""
        if self._positions_3T is None:
            [self._positions_3T] = positions_of(base, self.prompt)
        behind_T = self._positions_3T.max() + 1 + torch.arange(count)
        return torch.cat([self._positions_3T, behind_T.expand(3, -1)], dim=1)

    def known(self, ids: tuple[int, ...]) -> tuple[int, Pieces]:
        """How many tokens of the prompt and of a response begun with ``ids`` are known, and their pieces."""
        if not self._paths:
            return 0, ()
        shared, path = max(((_shared(path.ids, ids), path) for path in self._paths), key=lambda one: one[0])
        return self.tokens + shared, _until(path.pieces, self.tokens + shared)

    def keep(self, ids: tuple[int, ...], pieces: Pieces) -> None:
        """``pieces`` are those of the prompt and of ``ids``."""
        if self.known(ids)[0] < self.tokens + len(ids):
            parting = [path for path in self._paths if path.ids != ids[: len(path.ids)]]
            self._paths = [*parting, _Path(ids, pieces)]


class Started(NamedTuple):
    """A prompt and the token ids of a response begun to it; completions go on from there."""

    reading: Reading
    ids: tuple[int, ...] = ()

    @property
    def tokens(self) -> int:
        return self.reading.tokens + len(self.ids)

    @property
    def whole_T(self) -> Tensor:
        return torch.cat([self.reading.prompt.ids_P[0], torch.tensor(self.ids, dtype=torch.long)])


def refuse_pictures(base: Any, texts: Sequence[Sequence[int]]) -> None:
    """ValueError where a token of a text would ask for a picture."""
    marks = {getattr(base.config, name, None) for name in ("image_token_id", "video_token_id")}
    if any(not marks.isdisjoint(ids) for ids in texts):
        raise ValueError("a begun response holds a token that stands for a picture")


def whole(started: Sequence[Started]) -> PromptBatch:
    """Each as one prompt, as the plain path reads it."""
    return replace(join([one.reading.prompt for one in started]), ids_P=tuple(one.whole_T for one in started))


def prefill_started(base: Any, started: Sequence[Started]) -> Prefilled:
    """The cache that decoding starts from, of prompts and begun responses of which only the unknown is read."""
    logits = read_started(base, started)
    following = [int(one.reading.positions(base, len(one.ids)).max()) + 1 for one in started]
    return Prefilled(_prefix(started), torch.stack(logits), torch.tensor(following, device=base.device))


def read_started(base: Any, started: Sequence[Started]) -> list[Tensor]:
    """Read what is not known yet of the prompts and their begun responses, each token once, whoever shares it; the
    logits behind each, V.

    Of responses that part behind tokens nobody has read, one is read with those tokens and the others in a later pass.
    """
    logits: dict[int, Tensor] = {}
    # A response that another begins with is read in passing.
    waiting = sorted(range(len(started)), key=lambda place: -started[place].tokens)
    while waiting:
        tails, waiting = _next_pass(started, waiting)
        logits |= _read(base, started, tails)
    return [logits[place] for place in range(len(started))]


class _Tail(NamedTuple):
    """What a pass reads of one started prompt: all behind its ``known`` first tokens, whose pieces are ``past``.

    ``places`` in the batch are those that end in it.
    """

    started: Started
    known: int
    past: Pieces
    places: list[int]


def _next_pass(started: Sequence[Started], waiting: Sequence[int]) -> tuple[list[_Tail], list[int]]:
    """Tails that have no unknown token in common, and the places that wait for a later pass."""
    tails: list[_Tail] = []
    later = []
    for place in waiting:
        reading, ids = one = started[place]
        known, past = reading.known(ids)
        # The last token is read even where it is known.
        known = min(known, one.tokens - 1)
        beside = [
            (tail, reading.tokens + _shared(tail.started.ids, ids)) for tail in tails if tail.started.reading is reading
        ]
        within = [tail for tail, shared in beside if tail.known < one.tokens == shared]
        if within:
            within[0].places.append(place)
        elif any(shared > max(known, tail.known) for tail, shared in beside):
            later.append(place)
        else:
            tails.append(_Tail(one, known, _until(past, known), [place]))
    return tails, later


def _read(base: Any, started: Sequence[Started], tails: Sequence[_Tail]) -> dict[int, Tensor]:
    """One pass over all tails: their keys and values go to the readings, logits come back by place."""
    ids = [tail.started.whole_T[tail.known :] for tail in tails]
    positions = [tail.started.reading.positions(base, len(tail.started.ids))[:, tail.known :] for tail in tails]
    groups: list[Group] = []
    lasts: dict[int, int] = {}
    for tail, ids_T in zip(tails, ids, strict=True):
        start = groups[-1].end if groups else 0
        groups.append(Group(start, len(ids_T), 0, 0, None, None, tail.past))
        lasts |= {place: start + started[place].tokens - 1 - tail.known for place in tail.places}
    cache, logits_MV = read_packed(
        base,
        torch.cat(ids)[None].to(base.device),
        torch.cat(positions, dim=1)[:, None].to(base.device),
        Packed(tuple(groups)),
        list(lasts.values()),
        join([tail.started.reading.prompt for tail in tails if not tail.known]),
    )
    for tail, group in zip(tails, groups, strict=True):
        tail.started.reading.keep(tail.started.ids, (*tail.past, piece_of(cache, group.start, group.end)))
    return dict(zip(lasts, logits_MV, strict=True))


def _prefix(started: Sequence[Started]) -> Prefix:
    """Keys and values of all that stands in front of the completions."""
    found = [one.reading.known(one.ids)[1] for one in started]
    lengths_P = torch.tensor([one.tokens for one in started])
    layers, _, heads, _, size = found[0][0].shape
    room = found[0][0].new_zeros(layers, 2, len(started), heads, int(lengths_P.max()), size)
    for place, pieces in enumerate(found):
        room[:, :, place, :, : started[place].tokens] = torch.cat(pieces, dim=3)
    mask_PL = torch.arange(room.shape[4])[None] < lengths_P[:, None]
    keys, values = room.unbind(1)
    return Prefix(tuple(keys), tuple(values), None if bool(mask_PL.all()) else mask_PL.to(room.device))


def _shared(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    """Tokens that both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (mine, theirs) in pairs if mine != theirs), min(len(one), len(other)))


def _until(pieces: Pieces, count: int) -> Pieces:
    """Those of the first ``count`` tokens."""
    found = []
    for piece in pieces:
        if count <= 0:
            break
        found.append(piece[:, :, :, :count])
        count -= piece.shape[3]
    return tuple(found)
