"""Log-probabilities of texts behind begun responses: prompt and beginnings are read once, whoever shares them.

Letters: P begun responses, C tokens of the longest text, N tokens of a pass, V.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from seethink.models.groups.check import Compared, agrees, two_of
from seethink.models.groups.family import bare, evaluating
from seethink.models.groups.layout import Group, Packed
from seethink.models.groups.plain import plain_scores
from seethink.models.groups.prefill import read_packed
from seethink.models.groups.prompts import join
from seethink.models.groups.reading import Reading, Started, read_started, refuse_pictures, whole


@torch.no_grad()
def logps_behind(model: Any, started: Sequence[Started], told: Sequence[Sequence[int]]) -> list[Tensor]:
    """Log-probability of every token of ``told[p]`` behind ``started[p]``, float32 on the CPU.

    Each text is one that nothing follows: its tokens are read for this and not remembered; what it stands behind is. A
    family that cannot share its prompts has one row per text, with one message.

    Args:
        told: token ids, at least one each.

    Raises:
        ValueError: a text holds a token that stands for a picture.
    """
    base = bare(model)
    refuse_pictures(base, [*(one.ids for one in started), *told])
    texts = [torch.tensor(list(ids), dtype=torch.long) for ids in told]
    with evaluating(base):
        if agrees(model, "texts behind begun responses", lambda: _compared(base, started, texts), together=False):
            return _shared(base, started, texts)
        return _plain(base, started, texts)


def _shared(base: Any, started: Sequence[Started], texts: Sequence[Tensor]) -> list[Tensor]:
    first = read_started(base, started)
    # The last token of a text predicts nothing that is asked.
    ids = [text_C[:-1] for text_C in texts]
    groups: list[Group] = []
    positions = []
    for one, ids_T in zip(started, ids, strict=True):
        if len(ids_T):
            past = one.reading.known(one.ids)[1]
            groups.append(Group(groups[-1].end if groups else 0, len(ids_T), 0, 0, None, None, past))
            positions.append(one.reading.positions(base, len(one.ids) + len(ids_T))[:, one.tokens :])
    behind: list[Tensor] = [first[0].new_zeros(0, len(first[0])) for _ in ids]
    if groups:
        ids_N = torch.cat(ids)
        _, logits_NV = read_packed(
            base,
            ids_N[None].to(base.device),
            torch.cat(positions, dim=1)[:, None].to(base.device),
            Packed(tuple(groups)),
            list(range(len(ids_N))),
            join([]),
        )
        behind = list(logits_NV.split([len(ids_T) for ids_T in ids]))
    found = []
    for place, text_C in enumerate(texts):
        logits_CV = torch.cat([first[place][None], behind[place]]).float()
        found.append(logits_CV.log_softmax(-1).gather(1, text_C[:, None].to(base.device))[:, 0].cpu())
    return found


def _plain(base: Any, started: Sequence[Started], texts: Sequence[Tensor], padding: int = 0) -> list[Tensor]:
    lengths = [len(text_C) for text_C in texts]
    ids_PGC = torch.nn.utils.rnn.pad_sequence(list(texts), batch_first=True)[:, None]
    asked: dict[str, Any] = {"temperature": 1.0, "entropy": False, "padding": padding}
    scores_PGC2 = plain_scores(base, whole(started), ids_PGC, [[length] for length in lengths], **asked)
    return [scores_PGC2[place, 0, :length, 0].cpu() for place, length in enumerate(lengths)]


def _compared(base: Any, started: Sequence[Started], texts: Sequence[Tensor]) -> Compared:
    """Of the first and the last, one of them with pictures where there is one."""
    places = two_of([one.reading.prompt.pictures_P[0] for one in started])
    anew = [Started(Reading(started[place].reading.prompt), started[place].ids) for place in places]
    few = [texts[place] for place in places]
    ways = _shared(base, anew, few), _plain(base, anew, few), _plain(base, anew, few, padding=8)
    return Compared(*(torch.cat(one) for one in ways))
