"""The cue split, quotas, and what stands in an SFT response."""

from __future__ import annotations

from typing import Any

import pytest

from seethink.core.item import Verifier, make_item
from seethink.core.rejected import Rejected
from seethink.data.config import AnswerBlock, Quota
from seethink.data.curate import Pool, curate, final_answer, pool_of, sft_response
from seethink.data.row import Row


def row(number: int, trace: str = "<think>I look.</think> It is blue.", source: str = "s", **fields: Any) -> Row:
    content = {"question": f"q{number}", "gold": "blue", "verifier": Verifier.OPEN, "images": (f"hash{number}",)}
    return Row(make_item(source=source, **{**content, **fields}), trace=trace)


def split(rows: list[Row], seed: int = 0, **quotas: Quota) -> dict[str, Pool | Rejected]:
    return curate(rows, quotas=quotas, seed=seed, answer_block=AnswerBlock.GOLD)


@pytest.mark.parametrize(
    "cue", ["wait", "AGAIN", "Double-Check", "hmm", "mistake", "Alternatively", "check", "I should confirm"]
)
def test_any_cue_anywhere_sends_a_trace_to_rl(cue: str) -> None:
    assert pool_of(f"<think>So {cue} it</think> blue") is Pool.RL
    assert pool_of(f"<think>So</think> blue, {cue}") is Pool.RL


def test_cues_are_substrings_as_in_the_paper() -> None:
    assert pool_of("<think>It leans against the wall.</think> blue") is Pool.RL
    assert pool_of("<think>The waiter is tall.</think> blue") is Pool.RL
    assert pool_of("<think>It leans on the wall.</think> blue") is Pool.SFT


def test_every_row_has_one_fate_and_the_sets_share_no_question_about_a_picture() -> None:
    twin = row(1, "<think>wait</think> red", gold="red")
    fate = list(split([row(0), row(1), twin, row(2, "<think>hmm</think> blue")]).values())
    assert [fate[0], fate[1], fate[3]] == [Pool.SFT, Pool.SFT, Pool.RL]
    assert isinstance(fate[2], Rejected) and fate[2].reason == "same picture and question"


def test_quotas_are_filled_exactly_and_by_seed_alone() -> None:
    rows = [row(number) for number in range(40)] + [row(99, source="free")]
    fate = split(rows, s=Quota(sft=7))
    kept = {item_id for item_id, one in fate.items() if one is Pool.SFT}
    assert (
        len(kept) == 8 and sum(isinstance(one, Rejected) and one.reason == "over quota" for one in fate.values()) == 33
    )
    assert split(list(reversed(rows)), s=Quota(sft=7)) == fate
    assert split(rows, seed=1, s=Quota(sft=7)) != fate


def test_quotas_count_the_two_pools_apart() -> None:
    rows = [row(number, "<think>hmm</think> blue" if number % 2 else row(0).trace) for number in range(10)]
    fates = list(split(rows, s=Quota(sft=0, rl=3)).values())
    assert fates.count(Pool.SFT) == 0 and fates.count(Pool.RL) == 3


def test_a_broken_trace_takes_no_place_in_a_quota() -> None:
    rows = [row(number, "<think>an </answer> tag</think> blue") for number in range(5)] + [row(9)]
    assert list(split(rows, s=Quota(sft=1)).values())[-1] is Pool.SFT


@pytest.mark.parametrize(
    ("block", "answer"),
    [
        (AnswerBlock.GOLD, "B"),
        (AnswerBlock.PROSE, "The left one is taller.\n\n**Answer:** B) the left one"),
        (AnswerBlock.FINAL, "B) the left one"),
    ],
)
def test_the_answer_block_is_a_named_choice(block: AnswerBlock, answer: str) -> None:
    trace = "<think>\nI look.\n</think>\n\nThe left one is taller.\n\n**Answer:** B) the left one"
    one = row(0, trace, gold="B", verifier=Verifier.MCQ)
    assert sft_response(one, block) == f"<think>I look.</think><answer>{answer}</answer>"


@pytest.mark.parametrize(
    ("prose", "answer"),
    [
        ("Some words.\n**Answer:** There are 3 objects remaining.  ", "There are 3 objects remaining."),
        ("Words.\n\n**Answer: B) The ratio decreases.**", "B) The ratio decreases."),
        ("Steps.\n\n**Final Answer:**\n\\[\n\\boxed{y = 3}\n\\]", "\\[\n\\boxed{y = 3}\n\\]"),
        ("First.\nThe total comes to **42**.", "42"),
        ("First **1**.\nSo it is blue.", "So it is blue."),
        ("The answer is: 7", "7"),
        ("", ""),
    ],
)
def test_the_final_answer_is_found_as_reasoners_write_it(prose: str, answer: str) -> None:
    assert final_answer(prose) == answer
