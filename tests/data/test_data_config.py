"""The config of the data factory: defaults, secrets, typos."""

from __future__ import annotations

from pathlib import Path

import pytest

from seethink.core.config import config_hash, load_config
from seethink.core.rejected import InputError
from seethink.data.config import ROLES, AnswerBlock, DataConfig
from seethink.data.roles import instructions
from seethink.data.sources import Geometry3kConfig


def test_defaults_are_the_main_texts_models_and_our_labelled_decoding() -> None:
    config = DataConfig()
    assert [config.role(role).model for role in ROLES] == ["gpt-4o", "deepseek-r1", "gpt-3.5-turbo", "gpt-3.5-turbo"]
    assert [tuple(config.role(role).sampling.parameters().values()) for role in ROLES] == [
        (0.2, 1024),
        (0.6, 0.95, 8192),
        (0.0,),
        (0.0, 4),
    ]
    assert config.answer_block is AnswerBlock.GOLD


def test_another_model_keeps_the_roles_decoding(tmp_path: Path) -> None:
    config = load_config(DataConfig, None, ["reasoner.model=my-r1", "reasoner.base_url=http://localhost:8000/v1/"])
    assert (config.reasoner.model, config.reasoner.top_p) == ("my-r1", 0.95)
    assert config.reasoner.base_url == "http://localhost:8000/v1"


def test_sources_are_chosen_by_kind(tmp_path: Path) -> None:
    path = tmp_path / "data.yaml"
    path.write_text("sources: [{kind: geometry3k, path: problems.jsonl}]\nquotas: {geometry3k: {sft: 10}}\n")
    config = load_config(DataConfig, path)
    assert isinstance(config.sources[0], Geometry3kConfig) and config.quotas["geometry3k"].sft == 10
    assert config_hash(config) != config_hash(DataConfig())


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("key_env=sk-live-123", "name of an environment variable"),
        ("base_url=https://me:secret@host/v1", "no user, password or query"),
        ("base_url=https://host/v1?key=secret", "no user, password or query"),
        ("base_url=localhost:8000", "an endpoint is written http"),
        ("verifier.max_tokens=0", "verifier.max_tokens"),
        ("widht=3", "did you mean width"),
        ("answer_block=golden", "answer_block"),
        ("max_completion_tokens=1000", "needs rewriter.max_tokens"),
    ],
)
def test_what_cannot_be_meant_is_refused(override: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        load_config(DataConfig, None, [override])


def test_the_instructions_are_four_texts() -> None:
    texts = {instructions(step) for step in ("caption", "distill", "rewrite", "verify")}
    assert len(texts) == 4 and all(len(text) > 200 for text in texts)
