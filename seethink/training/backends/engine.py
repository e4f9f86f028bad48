"""Whether the sampling engine reads a prompt as the trainer does.

An engine beside the trainer has a processor of its own. Where it resizes a picture otherwise, its prompt has another
number of picture tokens: the run crashes hours later, or learns from positions that nobody sampled at.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from seethink.core.rejected import InputError

Grid = tuple[int, int, int]


def picture_runs(ids: Sequence[int], image_token: int) -> list[int]:
    """Lengths of the runs of picture tokens, one per picture."""
    return [len(list(run)) for token, run in groupby(ids) if token == image_token]


def check_lengths(who: str, found: Sequence[int], wanted: Sequence[int]) -> None:
    """InputError unless a prompt's pictures have the number of tokens they should."""
    if list(found) != list(wanted):
        raise InputError(
            f"{who} gives a prompt's pictures {list(found)} tokens where {list(wanted)} are called for: start the "
            "engine from the same checkpoint folder, and with the same max_pixels (vLLM: --mm-processor-kwargs)"
        )


def check_prompt(
    ours: Sequence[int], theirs: Sequence[int], grids: Sequence[Grid], image_token: int, merge: int
) -> None:
    """InputError unless the engine read the trainer's token ids, with a run of the right length for every picture.

    Args:
        grids: of the prompt's pictures, in patches: time, height, width.
        merge: patches that become one token, along each side.
    """
    wanted = [time * height * width // merge**2 for time, height, width in grids]
    check_lengths("the trainer", picture_runs(ours, image_token), wanted)
    check_lengths("the engine", picture_runs(theirs, image_token), wanted)
    if list(ours) != list(theirs):
        place = next((i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), len(ours))
        raise InputError(
            f"the engine reads another prompt than the trainer, from token {place} on ({len(theirs)} tokens against "
            f"{len(ours)}): start it from the same checkpoint folder"
        )


def check_completion(ids: Sequence[int], forbidden: Sequence[int]) -> None:
    """InputError where a token that stands for a picture was sampled: the picture it asks for is not there."""
    if found := set(ids) & set(forbidden):
        raise InputError(
            f"the engine sampled the picture tokens {sorted(found)}: it must honour logit_bias; see the version of vLLM"
        )


class CheckedEngine:
    """TRL's vLLM engine, every answer of which is checked before anything is learnt from it.

    A colocated engine tells the prompt that it read, which is compared whole. A server is given the trainer's token ids
    beside pictures it has processed itself: there the pictures' lengths are compared.

    Attributes:
        grids: of the pictures of each prompt that is asked about next, one entry per row.
    """

    def __init__(self, engine: Any, *, image_token: int, merge: int, forbidden: Sequence[int]) -> None:
        self._engine, self._image_token, self._merge, self._forbidden = engine, image_token, merge, forbidden
        self.grids: list[list[Grid]] = []
        place = engine._place_features

        def placed(features: Any, prompt_ids: list[int]) -> Any:
            if features is not None:
                lengths = [one["length"] for one in features["mm_placeholders"]["image"]]
                check_lengths("the engine", lengths, picture_runs(prompt_ids, image_token))
            return place(features, prompt_ids)

        engine._place_features = placed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def generate(self, prompts: list[list[int]], **named: Any) -> Any:
        answer = self._engine.generate(prompts=prompts, **named)
        for ours, theirs, grids in zip(prompts, answer[0], self.grids, strict=True):
            check_prompt(ours, theirs, grids, self._image_token, self._merge)
        for completion in answer[1]:
            check_completion(completion, self._forbidden)
        return answer
