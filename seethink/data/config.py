"""DataConfig: what a run of the data factory does, and with which teachers."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator, model_validator

from seethink.core.config import Config
from seethink.data.curation.band import Band
from seethink.data.curation.leakage import LeakageConfig
from seethink.data.curation.split import BY_CUES, SplitConfig
from seethink.data.per_source import SourceSettings
from seethink.data.sources import SourceConfig, source_settings
from seethink.teachers.address import Address, KeyVariable
from seethink.teachers.gate import Budget
from seethink.teachers.pace import PerMinute
from seethink.teachers.request import Sampling, Transport

ROLES = ("captioner", "reasoner", "rewriter", "verifier")

_OURS = frozenset({"model", "messages", "seed", "n", "stream", "temperature", "top_p", "max_tokens"})
"""Fields of a request that are decided elsewhere, or that would change the form of the answer."""


class AnswerBlock(StrEnum):
    """What goes between the answer tags of an SFT response.

    The paper's distilled responses are a think block followed by prose and carry no answer tags; the released SFT file
    has them, and how its blocks were filled is not told. The default is GOLD: the row was kept because its answer
    agrees with the gold, and the gold says it in the form that the item's verifier reads, so SFT teaches the very
    answer format that RL rewards afterwards. PROSE would teach the verifier's reader to fail on whole sentences, FINAL
    inherits the reasoner's many spellings. choice.
    """

    GOLD = "gold"
    """The item's gold."""
    PROSE = "prose"
    """All text after the think block, as the reasoner wrote it."""
    FINAL = "final"
    """What the prose marks as its answer, or what its last line has in bold, or its last line."""


class RoleConfig(Config):
    """One teacher."""

    model: str = Field(min_length=1)
    """Model name, sent as it stands."""
    base_url: Address | None = None
    """Address of this role's endpoint; that of the whole config where None."""
    key_env: KeyVariable | None = None
    """Environment variable holding the key for ``base_url``. A role without its own address uses the config's key; one
    with its own address never does, a key is not shown to another host."""
    temperature: float | None = Field(default=None, ge=0)
    top_p: float | None = Field(default=None, gt=0, le=1)
    max_tokens: int | None = Field(default=None, ge=1)
    prompt: Path | None = None
    """File with this role's instructions; those of ``prompts/`` where None."""
    context: bool = False
    """Send the item's extra context along."""
    extra: dict[str, Any] = Field(default_factory=dict)
    """Further fields of the request body, sent as they are: reasoning_effort, response_format, max_completion_tokens
    for models that refuse max_tokens (then ``max_tokens: null``)."""
    revision: str = ""
    """Which weights answer to ``model``, where the name does not say it. Not sent; other weights are asked anew."""
    transport: Transport = Transport.CALLS
    """How its requests travel."""

    @field_validator("extra")
    @classmethod
    def _nothing_of_ours(cls, extra: dict[str, Any]) -> dict[str, Any]:
        if ours := sorted(extra.keys() & _OURS):
            raise ValueError(f"{', '.join(ours)} cannot be set here: a field of its own or the run decides it")
        return extra

    @property
    def sampling(self) -> Sampling:
        return Sampling(self.temperature, self.top_p, self.max_tokens, self.extra)


class CaptionerConfig(RoleConfig):
    """Sees one picture at a time."""

    model: str = Field(default="gpt-4o", min_length=1)
    temperature: float | None = Field(default=0.2, ge=0)
    max_tokens: int | None = Field(default=1024, ge=1)


class ReasonerConfig(RoleConfig):
    """Text only: it is sent the caption, never the picture and never the gold."""

    model: str = Field(default="deepseek-r1", min_length=1)
    temperature: float | None = Field(default=0.6, ge=0)
    top_p: float | None = Field(default=0.95, gt=0, le=1)
    max_tokens: int | None = Field(default=8192, ge=1)
    context: bool = True


class RewriterConfig(RoleConfig):
    """Sees the reasoner's response."""

    model: str = Field(default="gpt-3.5-turbo", min_length=1)
    temperature: float | None = Field(default=0.0, ge=0)

    @field_validator("context")
    @classmethod
    def _text_alone(cls, context: bool) -> bool:
        if context:
            raise ValueError("the rewriter is sent the text that it has to give back, and nothing else")
        return context


class VerifierConfig(RoleConfig):
    """Sees gold and answer, says Yes or No."""

    model: str = Field(default="gpt-3.5-turbo", min_length=1)
    temperature: float | None = Field(default=0.0, ge=0)
    max_tokens: int | None = Field(default=4, ge=1)


class Quota(Config):
    """How many rows of one source the two sets take; None takes all."""

    sft: int | None = Field(default=None, ge=0)
    rl: int | None = Field(default=None, ge=0)


class DataConfig(Config):
    """The data factory. Model names are those of the paper's main text; its decoding is unpublished: choice."""

    sources: tuple[SourceConfig, ...] = ()
    """Where a run started from the command line takes its items; a caller of ``run_pipeline`` hands them in instead."""
    base_url: Address = "https://api.openai.com/v1"
    """OpenAI-compatible endpoint for every role that names none of its own."""
    key_env: KeyVariable | None = None
    """Environment variable holding the API key; None for servers that want none. The key itself stands nowhere."""
    captioner: CaptionerConfig = CaptionerConfig()
    reasoner: ReasonerConfig = ReasonerConfig()
    rewriter: RewriterConfig = RewriterConfig()
    verifier: VerifierConfig = VerifierConfig()
    per_source: dict[str, SourceSettings] = Field(default_factory=dict)
    """What single sources do otherwise, by name. Sources with a mapping bring settings; what stands here wins."""

    width: int = Field(default=64, ge=1)
    """Most calls in flight."""
    timeout: float = Field(default=600.0, gt=0)
    """Seconds one attempt may take; long, for a timeout may be billed without an answer."""
    max_calls: int | None = Field(default=None, ge=0)
    """Calls one run may pay for."""
    max_completion_tokens: int | None = Field(default=None, ge=0)
    """Completion tokens one run may pay for; every role then needs its own ``max_tokens``."""
    max_cost: float | None = Field(default=None, ge=0)
    """Money one run may pay, in the currency of the prices; every role then needs ``max_tokens`` and a price."""
    prices: Path | None = None
    """YAML laid over the published prices."""
    requests_per_minute: int | None = Field(default=None, ge=1)
    """To one endpoint with one key."""
    tokens_per_minute: int | None = Field(default=None, ge=1)
    """Prompt and completion, to one endpoint with one key."""
    part_rows: int = Field(default=1_000, ge=1)
    """Rows of one sealed part."""

    one_question_per_picture: bool = False
    """Keep the first question of every picture only. The paper keeps "only unique images", which can also mean that a
    picture is stored once; two questions about one picture are two items here: choice."""
    quotas: dict[str, Quota] = Field(default_factory=dict)
    """Rows per source in the final sets, drawn uniformly with ``seed``; the paper's sampling is unpublished: choice."""
    split: SplitConfig = BY_CUES
    """Which pool a row belongs to."""
    bands: tuple[Band, ...] = ()
    """Measured values that rows must have to be kept."""
    leakage: LeakageConfig = LeakageConfig()
    """Benchmarks and held-out sets that nothing may be trained on."""
    answer_block: AnswerBlock = AnswerBlock.GOLD
    seed: int = 0

    @model_validator(mode="after")
    def _roles_can_be_asked(self) -> DataConfig:
        for source in ("", *self.per_source):
            for name in ROLES:
                where = f"per_source.{source}.{name}" if source else name
                try:
                    role = self.role(name, source)
                except ValidationError as error:
                    raise ValueError(f"{where}: {error.errors()[0]['msg']}") from None
                if role.sampling.limit is None:
                    for budget in ("max_completion_tokens", "max_cost"):
                        if getattr(self, budget) is not None:
                            raise ValueError(f"{budget} needs {where}.max_tokens")
        return self

    @property
    def budget(self) -> Budget:
        return Budget(self.max_calls, self.max_completion_tokens, self.max_cost)

    @property
    def limits(self) -> PerMinute:
        return PerMinute(self.requests_per_minute, self.tokens_per_minute)

    def source(self, name: str) -> SourceSettings:
        return self.per_source.get(name, SourceSettings())

    def with_sources(self) -> DataConfig:
        """The config with the settings that its sources' mappings bring; what it says of a source itself wins."""
        settings: dict[str, SourceSettings] = {}
        for config in self.sources:
            settings |= source_settings(config)
        for name, own in self.per_source.items():
            below = settings.get(name, SourceSettings()).model_dump(exclude_unset=True)
            above = own.model_dump(exclude_unset=True)
            changes = {role: below.get(role, {}) | above.get(role, {}) for role in ROLES if role in below | above}
            settings[name] = SourceSettings.model_validate(below | above | changes)
        return self.model_copy(update={"per_source": settings})

    def role(self, name: str, source: str = "") -> RoleConfig:
        """The role as it is asked about rows of ``source``."""
        roles: dict[str, RoleConfig] = {
            "captioner": self.captioner,
            "reasoner": self.reasoner,
            "rewriter": self.rewriter,
            "verifier": self.verifier,
        }
        change = self.source(source).change(name).model_dump(exclude_unset=True)
        if "base_url" in change:
            # The key of another address stays with it.
            change.setdefault("key_env", None)
        return type(roles[name]).model_validate({**roles[name].model_dump(), **change})
