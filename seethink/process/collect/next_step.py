"""The next step of a started response: what of a continuation is new, and when it is whole."""

from __future__ import annotations

from seethink.core.trace import THINK_CLOSE, Step
from seethink.process.steps import Splitting, split


def new_steps(started: str, text: str, how: Splitting) -> tuple[Step, ...]:
    """The steps that begin in ``text``, with their offsets into ``started + text``."""
    steps = split(started + text, how, answer=False)
    return tuple(step for step in steps if step.start >= len(started))


def another_begun(started: str, text: str, how: Splitting) -> bool:
    """Whether a second new step has begun, so that the first is whole.

    What may yet become the end of the thinking is no step: a last step is proposed with the answer that follows it.
    """
    fresh = new_steps(started, text, how)
    if len(fresh) < 2:
        return False
    following = (started + text)[fresh[1].start :]
    return not THINK_CLOSE.startswith(following)
