"""What one source does otherwise than the run: what it brings, whom it asks, and how."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from seethink.core.config import parse_config
from seethink.core.images import ImageStore
from seethink.core.item import Item, make_item
from seethink.core.rejected import InputError
from seethink.core.tables import read_json, read_rows
from seethink.data.config import DataConfig
from seethink.data.roles import instructions

TRACE = "<think>I see it.</think> It is blue."


@pytest.fixture
def pair(images: ImageStore, items: Any) -> Any:
    """``pair(meta)``: an item of source "own" that brings ``meta``, and one of source "usual"."""

    def make(context: str = "", **meta: Any) -> list[Item]:
        [usual] = items(1, "usual")
        own = make_item(
            source="own",
            question="Which?",
            gold="blue",
            verifier="open",
            images=usual.images,
            context=context,
            meta=meta,
        )
        return [own, usual]

    return make


def asked(teachers: Any) -> dict[str, int]:
    return {role: len(teachers.texts(role)) for role in ("see", "think", "edit", "judge")}


def test_a_caption_that_is_brought_is_not_bought(run: Any, pair: Any, teachers: Any) -> None:
    summary = run(pair(caption="A blue square."), per_source={"own": {"captions": "brought"}})
    assert summary.sft == 2 and asked(teachers)["see"] == 1
    assert "Description:\nA blue square.\n\nQuestion:\nWhich?" in teachers.texts("think")


def test_a_caption_that_was_promised_and_is_missing_sets_its_row_aside(run: Any, pair: Any) -> None:
    summary = run(pair(), per_source={"own": {"captions": "brought"}})
    assert [row["reason"] for row in read_rows(summary.out / "caption" / "rejected")] == ["no caption brought"]
    assert summary.sft == 1


def test_a_source_that_needs_no_captions_sends_its_context_alone(run: Any, pair: Any, teachers: Any) -> None:
    run(pair("y passes (1, 2)."), per_source={"own": {"captions": "none"}})
    assert asked(teachers)["see"] == 1 and "Further facts:\ny passes (1, 2).\n\nQuestion:\nWhich?" in teachers.texts(
        "think"
    )


def test_an_rl_only_source_costs_nothing_and_has_no_trace(run: Any, pair: Any, teachers: Any) -> None:
    summary = run(pair(), per_source={"own": {"reasoning": "none"}})
    assert asked(teachers) == {"see": 1, "think": 1, "edit": 1, "judge": 1} and (summary.sft, summary.rl) == (1, 1)
    assert [row["source"] for row in read_rows(summary.out / "rl")] == ["own"]


@pytest.mark.parametrize(
    ("reasoning", "calls"),
    [
        ("brought", {"see": 1, "think": 1, "edit": 2, "judge": 2}),
        ("as_is", {"see": 1, "think": 1, "edit": 1, "judge": 1}),
    ],
)
def test_reasoning_that_is_brought_is_rewritten_and_verified_unless_taken_as_it_is(
    run: Any, pair: Any, teachers: Any, reasoning: str, calls: dict[str, int]
) -> None:
    summary = run(pair(ds_answer=TRACE), per_source={"own": {"reasoning": reasoning}})
    assert asked(teachers) == calls
    [own] = [row for row in read_rows(summary.out / "sft") if row["source"] == "own"]
    assert own["response"] == "<think>I see it.</think><answer>blue</answer>"


@pytest.mark.parametrize("brings", [{}, {"ds_answer": "no block"}, {"ds_answer": "<think>only</think>"}])
def test_reasoning_without_a_think_block_and_an_answer_is_none(run: Any, pair: Any, brings: dict[str, str]) -> None:
    summary = run(pair(**brings), per_source={"own": {"reasoning": "as_is"}})
    assert [row["reason"] for row in read_rows(summary.out / "distill" / "rejected")] == ["no reasoning brought"]


def test_one_source_may_have_its_own_model_decoding_and_instructions(
    run: Any, pair: Any, teachers: Any, tmp_path: Path
) -> None:
    prompt = tmp_path / "strict.txt"
    prompt.write_text("Judge very strictly.\n")
    teachers.says["other"] = teachers.says["judge"]
    own = {"verifier": {"model": "other", "temperature": 0.5, "prompt": str(prompt)}}
    summary = run(pair(), per_source={"own": own})
    [sent] = [body for body in teachers.requests if body["model"] == "other"]
    assert (sent["temperature"], sent["messages"][0]["content"]) == (0.5, "Judge very strictly.")
    [usual] = [body for body in teachers.requests if body["model"] == "judge"]
    assert (usual["temperature"], usual["messages"][0]["content"]) == (0.0, instructions("verify"))
    recipe = read_json(summary.out / "verify" / "recipe.json")
    name = hashlib.sha256(b"Judge very strictly.").hexdigest()[:12]
    assert recipe["sources"]["own"]["instructions"] == name and recipe["model"] == "judge"
    assert (summary.out / "prompts" / f"{name}.txt").read_text() == "Judge very strictly.\n"


def test_editing_one_sources_instructions_pays_for_its_calls_only(
    run: Any, pair: Any, teachers: Any, tmp_path: Path
) -> None:
    prompt = tmp_path / "own.txt"
    per_source = {"own": {"reasoner": {"prompt": str(prompt)}}}
    prompt.write_text("Think.")
    run(pair(), per_source=per_source)
    before = asked(teachers)
    prompt.write_text("Think hard.")
    run(pair(), per_source=per_source)
    assert asked(teachers) == before | {"think": before["think"] + 1}


def test_context_goes_where_the_config_sends_it(run: Any, pair: Any, teachers: Any) -> None:
    run(
        pair("A map of Bonn."),
        captioner={"model": "see", "context": True},
        verifier={"model": "judge", "context": True},
    )
    assert sorted(teachers.texts("see")) == ["", "Further facts:\nA map of Bonn."]
    assert (
        "Further facts:\nA map of Bonn.\n\nGround truth:\nblue\n\nAnswer to grade:\nThe answer is blue."
        in teachers.texts("judge")
    )


def test_a_key_does_not_follow_a_source_to_another_host() -> None:
    config = DataConfig.model_validate(
        {
            "reasoner": {"base_url": "http://a/v1", "key_env": "KEY_A"},
            "per_source": {"x": {"reasoner": {"base_url": "http://b/v1"}}, "y": {"reasoner": {"max_tokens": 9}}},
        }
    )
    assert (config.role("reasoner", "x").base_url, config.role("reasoner", "x").key_env) == ("http://b/v1", None)
    assert (config.role("reasoner", "y").key_env, config.role("reasoner", "y").max_tokens) == ("KEY_A", 9)
    assert config.role("reasoner", "z") == config.role("reasoner")


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        ({"per_source": {"x": {"rewriter": {"context": True}}}}, "per_source.x.rewriter: .*nothing else"),
        ({"rewriter": {"context": True}}, "nothing else"),
        ({"per_source": {"x": {"captions": "bought"}}}, "captions"),
        ({"per_source": {"x": {"verifier": {"base_url": "http://me:key@b/v1"}}}}, "no user, password or query"),
        ({"per_source": {"x": {"verifyer": {}}}}, "did you mean verifier"),
        (
            {
                "max_completion_tokens": 9,
                "rewriter": {"max_tokens": 9},
                "per_source": {"x": {"verifier": {"max_tokens": None}}},
            },
            "needs per_source.x.verifier.max_tokens",
        ),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(tree: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        parse_config(DataConfig, tree, "config")


def test_a_prompt_file_that_is_not_there_stops_the_run(run: Any, pair: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"verifier\.prompt .*gone\.txt cannot be read"):
        run(pair(), verifier={"model": "judge", "prompt": str(tmp_path / "gone.txt")})


def test_a_mapping_brings_settings_and_the_config_wins() -> None:
    sources = [{"kind": "mapped", "mapping": name, "path": "x"} for name in ("math_puma", "geoqa170k", "allava_laion")]
    own = {"geoqa170k": {"reasoning": "asked"}, "allava_laion": {"reasoner": {"max_tokens": 99}}}
    config = DataConfig.model_validate({"sources": sources, "per_source": own}).with_sources()
    assert config.source("math_puma").captions.value == "none" and "gpl" in config.source("math_puma").licence
    assert config.source("geoqa170k").reasoning.value == "asked"
    assert config.source("allava_laion").captions.value == "brought"
    assert config.role("reasoner", "allava_laion").max_tokens == 99
