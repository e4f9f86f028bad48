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
    batch: int = 8,
) -> list[list[float]]:
    """log p(gold | prompt, first k steps, thinking closed), in nats, for k = 0 … K of every response.

    The gold stands in the answer block, its closing tag and the end of the turn included. The model is told to stop
    thinking after step k, so that the difference of two neighbours is the gain by one step.

    This is the only place that computes it. Every prefix is a row of its own, so a trace of K steps costs K + 1 forward
    passes over its prompt.

    Args:
        batch: rows of one forward pass.
    """
    from seethink.models.logprobs import likelihoods

    befores = [started(response) for response in responses]
    rows = [(trace, before) for trace, prefixes in enumerate(befores) for before in prefixes]
    found = likelihoods(
        checkpoint,
        [prompts[trace] for trace, _ in rows],
        [f"{golds[trace]}{ANSWER_CLOSE}" for trace, _ in rows],
        given=[before for _, before in rows],
        batch=batch,
    )
    by_trace: list[list[float]] = [[] for _ in responses]
    for (trace, _), one in zip(rows, found, strict=True):
        by_trace[trace].append(-one.nll * one.tokens)
    return by_trace


def started(response: str) -> list[str]:
    """A response cut after each of its steps and led to its answer block; the first has no step."""
    think = thinking(response)
    ends = [0, *(step.end for step in line_steps(think))]
    return [f"{THINK_OPEN}{think[:end]}{THINK_CLOSE}{ANSWER_OPEN}" for end in ends]
