"""DataConfig: what a run of the data factory does, and with which teachers."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, model_validator

from seethink.core.config import Config
from seethink.data.sources import SourceConfig
from seethink.teachers.address import Address, KeyVariable
from seethink.teachers.request import Sampling

ROLES = ("captioner", "reasoner", "rewriter", "verifier")


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

    @property
    def sampling(self) -> Sampling:
        return Sampling(self.temperature, self.top_p, self.max_tokens)


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


class RewriterConfig(RoleConfig):
    """Sees the reasoner's response."""

    model: str = Field(default="gpt-3.5-turbo", min_length=1)
    temperature: float | None = Field(default=0.0, ge=0)


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

    width: int = Field(default=64, ge=1)
    """Most calls in flight."""
    timeout: float = Field(default=600.0, gt=0)
    """Seconds one attempt may take; long, for a timeout may be billed without an answer."""
    max_calls: int | None = Field(default=None, ge=0)
    """Calls one run may pay for."""
    max_completion_tokens: int | None = Field(default=None, ge=0)
    """Completion tokens one run may pay for; every role then needs its own ``max_tokens``."""
    part_rows: int = Field(default=1_000, ge=1)
    """Rows of one sealed part."""

    one_question_per_picture: bool = False
    """Keep the first question of every picture only. The paper keeps "only unique images", which can also mean that a
    picture is stored once; two questions about one picture are two items here: choice."""
    quotas: dict[str, Quota] = Field(default_factory=dict)
    """Rows per source in the final sets, drawn uniformly with ``seed``; the paper's sampling is unpublished: choice."""
    answer_block: AnswerBlock = AnswerBlock.GOLD
    seed: int = 0

    @model_validator(mode="after")
    def _budget_needs_limits(self) -> DataConfig:
        if self.max_completion_tokens is not None:
            for role in ROLES:
                if self.role(role).max_tokens is None:
                    raise ValueError(f"max_completion_tokens needs {role}.max_tokens")
        return self

    def role(self, name: str) -> RoleConfig:
        roles = {
            "captioner": self.captioner,
            "reasoner": self.reasoner,
            "rewriter": self.rewriter,
            "verifier": self.verifier,
        }
        return roles[name]
