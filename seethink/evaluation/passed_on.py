r"""passed_on: what of a response is scored, as the harness's model wrappers hand it on.

``answer``: the content of ``<answer>…</answer>`` if there is exactly one such block, else the whole response, thinking
included (the wrapper of the VLAA-Thinker models). ``whole``: everything. ``boxed``: the content of the last
``\boxed{…}``, else everything (the wrapper of Qwen's models with post-processing). ``after-think``: what follows the
last ``</think>`` (the harness's SPLIT_THINK).
"""

from __future__ import annotations

import re
from enum import StrEnum

from seethink.core.trace import THINK_CLOSE

_BLOCK = re.compile(r"<answer>(.*?)</answer>", re.DOTALL)
_BOX = "\\boxed{"


class PassedOn(StrEnum):
    ANSWER = "answer"
    WHOLE = "whole"
    BOXED = "boxed"
    AFTER_THINK = "after-think"


def passed_on(response: str, how: PassedOn) -> str:
    match how:
        case PassedOn.ANSWER:
            blocks = _BLOCK.findall(response)
            return blocks[0].strip() if len(blocks) == 1 else response
        case PassedOn.WHOLE:
            return response
        case PassedOn.BOXED:
            return _last_box(response)
        case PassedOn.AFTER_THINK:
            return response.rsplit(THINK_CLOSE, 1)[-1].strip() if THINK_CLOSE in response else response


def _last_box(response: str) -> str:
    """As the wrapper counts: without a box from the start on, and up to the end where no brace closes it."""
    rest = response.rpartition(_BOX)[2]
    depth = 1
    for place, sign in enumerate(rest):
        depth += (sign == "{") - (sign == "}")
        if depth == 0:
            return rest[:place]
    return rest or response
