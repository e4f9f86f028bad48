"""How likely the gold answer is before the first step of a trace and after each: what a step told of the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from seethink.core.trace import ANSWER_CLOSE, ANSWER_OPEN, THINK_CLOSE, THINK_OPEN, line_steps, thinking

if TYPE_CHECKING:
    from seethink.models.load import Checkpoint
    from seethink.models.prompt import Prompt


def gold_logprobs(
    checkpoint: Checkpoint,
    prompts: Sequence[Prompt],
    responses: Sequence[str],
    golds: Sequence[str],
    *,
    batch: int = 16,
) -> list[list[float]]:
    """log p(gold | prompt, first k steps, thinking closed), in nats, for k = 0 … K of every response.

    The gold stands in the answer block, its closing tag and the end of the turn included. The model is told to stop
    thinking after step k, so that the difference of two neighbours is the gain by one step.

    Prompt, picture and trace are read once, and behind each step only the turn to the answer and the gold.

    Args:
        batch: traces that are read side by side.
    """
    from seethink.models.groups import Reading, Started, encode_prompts, logps_behind, started_ids

    tokenizer = checkpoint.processor.tokenizer
    found: list[list[float]] = []
    for first in range(0, len(responses), batch):
        asked, told, counts = [], [], []
        for prompt, response, gold in zip(
            *(part[first : first + batch] for part in (prompts, responses, golds)), strict=True
        ):
            reading = Reading(encode_prompts(checkpoint.processor, [prompt]))
            befores = started(response)
            asked += [Started(reading, tuple(started_ids(tokenizer, before))) for before in befores]
            told += [[*started_ids(tokenizer, f"{gold}{ANSWER_CLOSE}"), tokenizer.eos_token_id]] * len(befores)
            counts.append(len(befores))
        sums = iter([float(logps_C.double().sum()) for logps_C in logps_behind(checkpoint.model, asked, told)])
        found += [[next(sums) for _ in range(count)] for count in counts]
    return found


def started(response: str) -> list[str]:
    """A response cut after each of its steps and led to its answer block; the first has no step."""
    think = thinking(response)
    ends = [0, *(step.end for step in line_steps(think))]
    return [f"{THINK_OPEN}{think[:end]}{THINK_CLOSE}{ANSWER_OPEN}" for end in ends]
