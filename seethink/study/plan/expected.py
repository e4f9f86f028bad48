"""Expected: what a recipe's author takes for granted while neither model nor data are on disk."""

from __future__ import annotations

from pydantic import Field

from seethink.core.config import Config


class Expected(Config):
    """What a sample is taken to be where the model or the data are not on disk yet. The planner's only."""

    samples: int = Field(default=10_000, ge=1)
    pictures: int = Field(default=1, ge=0)
    width: int = Field(default=640, ge=1)
    height: int = Field(default=480, ge=1)
    """Of a picture, in pixels."""
    prompt: int = Field(default=250, ge=1)
    """Tokens of system prompt, question and template."""
    completion: int = Field(default=300, ge=1)
    """Tokens of a response that is sampled, on the average."""
    trace: int | None = Field(default=None, ge=1)
    """Tokens of a response that is imitated, on the average; a teacher's traces can be several times as long as what
    the model samples. As long as ``completion`` where None, which the plan then says that it assumes."""

    def response(self, *, imitated: bool) -> int:
        """Tokens of a response of this kind."""
        return self.trace if imitated and self.trace is not None else self.completion
