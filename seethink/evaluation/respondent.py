"""Respondent: who answers, a local checkpoint or an endpoint."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import NamedTuple, Protocol

from seethink.core.graded import Decoding
from seethink.core.images import ImageStore
from seethink.evaluation.settings import EvaluationConfig


class Asked(NamedTuple):
    """A question as it is put: its text, and the content hashes of the pictures in front of it."""

    text: str
    images: tuple[str, ...]


class Response(NamedTuple):
    """What came back.

    Attributes:
        text: None where there was no answer; ``why`` says what happened.
        prompt_tokens, completion_tokens: None where nobody counted.
        truncated: it stopped at the token limit.
    """

    decoding: Decoding
    draw: int
    text: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    truncated: bool
    why: str = ""


class Pass(NamedTuple):
    """One way in which every question is asked."""

    decoding: Decoding
    draws: int
    temperature: float


Answered = Generator[list[list[Response]], None, None]
"""For every part its questions' responses, greedy first; closing it early waits for the calls in flight."""

Told = Callable[[int, str], None]
"""Is told of progress: how many questions were answered since, and what they cost so far."""


class Respondent(Protocol):
    """Answers questions, part by part and in order.

    ``identity`` is what decides the answers beside the settings: a table drawn by another one is drawn anew.
    """

    @property
    def identity(self) -> Mapping[str, str]: ...

    def respond(
        self, config: EvaluationConfig, parts: Sequence[Sequence[Asked]], first: int, images: ImageStore, told: Told
    ) -> Answered:
        """Ask every part's questions, in order.

        Args:
            parts: what is left to ask; the number of the first of them is ``first``, and seeds depend on it.

        Raises:
            Stopped: on request, or the budget is spent.
            InputError: nobody can be asked.
        """
        ...


def passes(config: EvaluationConfig) -> list[Pass]:
    """Greedy once, then the sampled draws, where there are any."""
    sampled = [Pass(Decoding.SAMPLED, config.draws, config.temperature)] if config.draws else []
    return [Pass(Decoding.GREEDY, 1, 0.0), *sampled]


def in_parts(asked: Sequence[Asked], size: int) -> list[Sequence[Asked]]:
    return [asked[start : start + size] for start in range(0, len(asked), size)]
