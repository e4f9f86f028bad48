"""A local checkpoint as a completer: the policy whose steps are labelled goes on with them itself."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from seethink.core.chat import messages
from seethink.core.config import Config
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.protocols import Reward
from seethink.core.verdict import UNDECIDED, is_hit
from seethink.process.collect.completer import Completion, Proposal, Start
from seethink.process.collect.next_step import another_begun, new_steps
from seethink.process.steps import Splitting

if TYPE_CHECKING:
    from seethink.models.groups import Reading
    from seethink.models.load import Checkpoint
    from seethink.models.sampling import Draw


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
    """Where a proposed step ends, and its sampling; ``auto`` cannot tell at once and pays for all ``step_tokens``."""
    batch: int = Field(default=128, ge=1)
    """Completions decoded at a time."""
    remember: int = Field(default=16, ge=1)
    """Items of which all that was read is kept, the one asked about longest ago forgotten first: as many as a part of a
    collection has solutions. choice. The cost is a cache entry per token of prompt, picture and begun responses."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    max_pixels: int | None = Field(default=None, ge=1)


class Policy:
    """Completer of a checkpoint in memory; ``reward`` decides the finished responses.

    The weights must not change while it is in use: it keeps what the model has read of an item, and asked about the
    item again, with a response begun as before, it reads only what is new.
    """

    def __init__(self, config: PolicyConfig, checkpoint: Checkpoint, images: ImageStore, reward: Reward) -> None:
        self.config, self.checkpoint, self.images, self.reward = config, checkpoint, images, reward
        self._readings: OrderedDict[str, Reading] = OrderedDict()

    def complete(self, starts: Sequence[Start], count: int, seed: int) -> list[list[Completion]]:
        drawn = self._draw(starts, count, seed, self.config.max_tokens)
        flat = [(start, draw) for start, draws in zip(starts, drawn, strict=True) for draw in draws]
        outcomes = self._right([start.item for start, _ in flat], [start.text + draw.text for start, draw in flat])
        found = iter(
            Completion(draw.text, right, draw.completion_tokens)
            for (_, draw), right in zip(flat, outcomes, strict=True)
        )
        return [[next(found) for _ in draws] for draws in drawn]

    def propose(self, starts: Sequence[Start], count: int, seed: int) -> list[list[Proposal]]:
        """Next steps: the first new step of ``count`` completions, cut where it ends."""
        stop = None if self.config.splitting is Splitting.AUTO else self._ended
        drawn = self._draw(starts, count, seed, self.config.step_tokens, stop)
        return [self._proposals(*start, draws) for start, draws in zip(starts, drawn, strict=True)]

    def _proposals(self, item: Item, started: str, draws: list[Draw]) -> list[Proposal]:
        found = []
        for draw in draws:
            whole = started + draw.text
            fresh = new_steps(started, draw.text, self.config.splitting)
            ends = not draw.truncated and len(fresh) <= 1
            cut = fresh[0].end if fresh else len(started)
            text = draw.text if ends else whole[len(started) : cut]
            right = self._right([item], [whole])[0] if ends else None
            found.append(Proposal(text, ends, right, draw.completion_tokens))
        return found

    def _ended(self, started: str, text: str) -> bool:
        return another_begun(started, text, self.config.splitting)

    def prompt_tokens(self, item: Item, started: str) -> int:
        from seethink.models.groups import started_ids

        return self._reading(item).tokens + len(started_ids(self.checkpoint.processor.tokenizer, started))

    def _right(self, items: list[Item], responses: list[str]) -> list[bool | None]:
        verdicts = self.reward(items, responses)
        return [
            None if one.outcome in UNDECIDED else is_hit(one, item.verifier)
            for one, item in zip(verdicts, items, strict=True)
        ]

    def _draw(
        self,
        starts: Sequence[Start],
        count: int,
        seed: int,
        limit: int,
        stop: Callable[[str, str], bool] | None = None,
    ) -> list[list[Draw]]:
        from seethink.models.sampling import sample_started

        drawn = sample_started(
            self.checkpoint,
            ((self._reading(start.item), start.text) for start in starts),
            draws=count,
            temperature=self.config.temperature,
            max_tokens=limit,
            batch=self.config.batch,
            seed=seed,
            stop=stop,
        )
        return list(drawn)

    def _reading(self, item: Item) -> Reading:
        from seethink.models.groups import Reading, encode_prompts
        from seethink.models.prompt import Prompt

        if item.id not in self._readings:
            shown = [self.images.open(digest) for digest in item.images]
            self._readings[item.id] = Reading(
                encode_prompts(self.checkpoint.processor, [Prompt(messages(item), shown)])
            )
        self._readings.move_to_end(item.id)
        while len(self._readings) > self.config.remember:
            self._readings.popitem(last=False)
        return self._readings[item.id]


def open_policy(config: PolicyConfig, images: ImageStore, reward: Reward) -> Policy:
    """The checkpoint of the config, loaded, on this process's accelerator."""
    from seethink.models.device import own_device
    from seethink.models.load import load_checkpoint

    checkpoint = load_checkpoint(config.model, dtype=config.dtype, max_pixels=config.max_pixels)
    checkpoint.model.to(own_device())
    return Policy(config, checkpoint, images, reward)


def policy_hash(config: PolicyConfig) -> str:
    """Of the settings and the weights: what completions depend on."""
    from seethink.core.config import config_hash
    from seethink.models.load import weights_hash

    return f"{config_hash(config)} {weights_hash(config.model)}"
