"""A local checkpoint as a completer: the policy whose steps are labelled goes on with them itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from seethink.core.chat import messages
from seethink.core.config import Config
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.protocols import Reward
from seethink.core.verdict import UNDECIDED, is_hit
from seethink.process.collect.completer import Completion, Proposal
from seethink.process.steps import Splitting, split

if TYPE_CHECKING:
    from seethink.models.load import Checkpoint
    from seethink.models.sampling import Draw, Prompt


class PolicyConfig(Config):
    """How a checkpoint goes on with a response."""

    kind: Literal["policy"] = "policy"
    model: str = Field(default="base", min_length=1)
    temperature: float = Field(default=0.7, gt=0)
    """choice (reference 8.2)."""
    max_tokens: int = Field(default=256, ge=1)
    """Of a completion."""
    step_tokens: int = Field(default=256, ge=1)
    """Of one proposed step."""
    splitting: Splitting = Splitting.AUTO
    """Where a proposed step ends."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    max_pixels: int | None = Field(default=None, ge=1)


class Policy:
    """Completer of a checkpoint in memory; ``reward`` decides the finished responses."""

    def __init__(self, config: PolicyConfig, checkpoint: Checkpoint, images: ImageStore, reward: Reward) -> None:
        self.config, self.checkpoint, self.images, self.reward = config, checkpoint, images, reward
        self._lengths: dict[str, int] = {}

    def complete(self, item: Item, started: str, count: int, seed: int) -> list[Completion]:
        draws = self._draw(item, started, count, seed, self.config.max_tokens)
        outcomes = self._right(item, [started + draw.text for draw in draws])
        return [
            Completion(draw.text, right, draw.completion_tokens) for draw, right in zip(draws, outcomes, strict=True)
        ]

    def propose(self, item: Item, started: str, count: int, seed: int) -> list[Proposal]:
        """Next steps: the first new step of ``count`` completions, cut where it ends."""
        found = []
        before = len(split(started, self.config.splitting, answer=False))
        for draw in self._draw(item, started, count, seed, self.config.step_tokens):
            whole = started + draw.text
            fresh = split(whole, self.config.splitting, answer=False)[before:]
            ends = not draw.truncated and len(fresh) <= 1
            if not ends and not fresh:
                continue
            text = draw.text if ends else whole[len(started) : fresh[0].end]
            right = self._right(item, [whole])[0] if ends else None
            found.append(Proposal(text, ends, right, draw.completion_tokens))
        return found

    def prompt_tokens(self, item: Item, started: str) -> int:
        from seethink.process.collect.continuing import continue_responses

        if item.id not in self._lengths:
            [[one]] = continue_responses(self.checkpoint, [self._prompt(item)], [""], max_tokens=1)
            self._lengths[item.id] = one.prompt_tokens
        tokenizer = self.checkpoint.processor.tokenizer
        return self._lengths[item.id] + len(tokenizer(started, add_special_tokens=False)["input_ids"])

    def _right(self, item: Item, responses: list[str]) -> list[bool | None]:
        verdicts = self.reward([item] * len(responses), responses)
        return [None if one.outcome in UNDECIDED else is_hit(one, item.verifier) for one in verdicts]

    def _draw(self, item: Item, started: str, count: int, seed: int, limit: int) -> list[Draw]:
        from seethink.process.collect.continuing import continue_responses

        [draws] = continue_responses(
            self.checkpoint,
            [self._prompt(item)],
            [started],
            draws=count,
            temperature=self.config.temperature,
            max_tokens=limit,
            seed=seed % 2**63,
        )
        return draws

    def _prompt(self, item: Item) -> Prompt:
        from seethink.models.sampling import Prompt

        return Prompt(messages(item), [self.images.open(digest) for digest in item.images])
