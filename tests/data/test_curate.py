"""The cue split, quotas, and what stands in an SFT response."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from seethink.core.item import Verifier, make_item
from seethink.core.rejected import InputError, Rejected
from seethink.core.tables import MANIFEST, read_rows, write_manifest, write_rows
from seethink.data.config import AnswerBlock, Quota
from seethink.data.curate import curate
from seethink.data.curation.band import Band
from seethink.data.curation.pool import Pool
from seethink.data.curation.response import final_answer, sft_response
from seethink.data.curation.split import BY_CUES, BandSplit, CueSplit, pool_of
from seethink.data.row import Row


def row(number: int, trace: str = "<think>I look.</think> It is blue.", source: str = "s", **fields: Any) -> Row:
    content = {"question": f"q{number}", "gold": "blue", "verifier": Verifier.OPEN, "images": (f"hash{number}",)}
    return Row(make_item(source=source, **{**content, **fields}), trace=trace)


def split(
    rows: list[Row], seed: int = 0, rule: CueSplit | BandSplit = BY_CUES, bands: tuple[Band, ...] = (), **quotas: Quota
) -> dict[str, Pool | Rejected]:
    return curate(rows, quotas=quotas, seed=seed, answer_block=AnswerBlock.GOLD, split=rule, bands=bands)


def reasons(fate: dict[str, Pool | Rejected]) -> list[str]:
    return [one.reason if isinstance(one, Rejected) else one.value for one in fate.values()]


@pytest.fixture
def rates(tmp_path: Path) -> Path:
    """A measurement of rows 0 to 4: rates 0, 0.25, 0.5, 1 and none."""
    values = [0.0, 0.25, 0.5, 1.0, None]
    write_rows(tmp_path, [{"item_id": row(n).item.id, "pass_rate": value} for n, value in enumerate(values)])
    write_manifest(tmp_path, Quota(), seeds={}, data={}, started=0.0)
    return tmp_path


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


def test_cues_are_matched_as_words_where_asked() -> None:
    assert pool_of("<think>The waiter is tall.</think> blue", whole_words=True) is Pool.SFT
    rows = [row(0, "<think>It leans against the wall.</think> blue"), row(1, "<think>Wait.</think> blue")]
    assert list(split(rows, rule=CueSplit(whole_words=True)).values()) == [Pool.SFT, Pool.RL]


def test_a_row_without_a_trace_is_for_rl_alone() -> None:
    assert list(split([row(0, "")]).values()) == [Pool.RL]


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


def test_the_same_question_in_other_spelling_is_a_twin() -> None:
    rows = [row(0), row(1, question="  Q0 ?", images=("hash0",)), row(2, question="Q0?")]
    assert reasons(split(rows)) == ["sft", "same picture and question", "sft"]


def test_a_band_of_pass_rates_splits_instead_of_cues(rates: Path) -> None:
    """Sometimes right: RL. Always or never: to imitate, where there is a trace."""
    rows = [row(n) for n in range(6)] + [row(0, "", images=("other",), question="q7")]
    fate = reasons(split(rows, rule=BandSplit(table=rates)))
    assert fate == ["sft", "rl", "rl", "sft", "value not measured", "value not measured", "value not measured"]
    assert reasons(split([row(0, "")], rule=BandSplit(table=rates))) == ["value outside the band"]


def test_a_band_keeps_rows_of_the_pools_that_it_holds_for(rates: Path) -> None:
    rows = [row(n, "<think>hmm</think> blue") for n in range(5)]
    band = Band(table=rates, column="pass_rate", low=0.2, high=0.8)
    off, gone = "value outside the band", "value not measured"
    assert reasons(split(rows, bands=(band,))) == [off, "rl", "rl", off, gone]
    lax = band.model_copy(update={"unmeasured": True})
    assert reasons(split(rows, bands=(lax,)))[-1] == "rl"
    sft_only = band.model_copy(update={"pools": (Pool.SFT,)})
    assert reasons(split(rows, bands=(sft_only,))) == ["rl"] * 5


def test_another_split_of_a_finished_run_asks_nobody(run: Any, items: Any, teachers: Any, tmp_path: Path) -> None:
    made = items(3)
    before, billed = run(made), teachers.billed
    write_rows(tmp_path / "rates", [{"item_id": item.id, "pass_rate": n / 2} for n, item in enumerate(made)])
    write_manifest(tmp_path / "rates", Quota(), seeds={}, data={"model": "m"}, started=0.0)
    after = run(made, split={"kind": "band", "table": str(tmp_path / "rates")})
    assert (before.sft, before.rl, after.sft, after.rl) == (3, 0, 2, 1) and teachers.billed == billed
    [chosen] = read_rows(after.out / "rl")
    assert chosen["id"] == made[1].id


def test_bands_come_before_quotas(rates: Path) -> None:
    band = Band(table=rates, column="pass_rate", low=0.2)
    fate = reasons(split([row(n) for n in range(4)], bands=(band,), s=Quota(sft=2)))
    assert fate.count("sft") == 2 and fate.count("over quota") == 1


def test_a_band_over_what_is_no_measurement_says_what_is_missing(rates: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no column rate beside item_id, only item_id, pass_rate"):
        split([row(0)], bands=(Band(table=rates, column="rate", low=0.0),))
    (rates / MANIFEST).unlink()
    with pytest.raises(InputError, match="no finished measurement"):
        split([row(0)], rule=BandSplit(table=rates))
    with pytest.raises(ValueError, match="give low, high, or both"):
        Band(table=rates, column="x")


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
