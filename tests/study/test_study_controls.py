import copy

import pytest

from seethink.core.rejected import InputError
from seethink.study.arms import ARMS
from seethink.study.controls import check_matched, controls_table

SFT = {
    "data": {"base": "b", "demonstrations": "d"},
    "config_hash": "s",
    "cost": {"steps": 64.0},
    "seeds": {"training": 0},
}
RL = {
    "data": {"base": "b", "items": "i"},
    "config_hash": "r",
    "cost": {"completions": 15360.0},
    "seeds": {"training": 0},
}
EVALUATION = {"data": {"items": "h", "prompt": "p", "model": "b"}, "config_hash": "e", "seeds": {"sampling": 0}}


@pytest.fixture
def recorded():
    """What the stages and evaluations of a matched study recorded of themselves."""
    stages = {"sft": SFT, "rl": RL, "sft+rl": RL | {"data": {"base": "after sft", "items": "i"}}}
    evaluations = dict.fromkeys(ARMS, EVALUATION)
    return tuple({name: copy.deepcopy(one) for name, one in recorded.items()} for recorded in (stages, evaluations))


def table(recorded):
    return {row["control"]: row for row in controls_table(tuple(ARMS), {"system prompt": "p"}, *recorded)}


def test_equal_records_are_matched_and_an_arm_is_not_held_to_stages_it_lacks(recorded):
    rows = table(recorded)
    check_matched(list(rows.values()))
    assert rows["RL completions"] == {
        "control": "RL completions",
        "base": "-",
        "sft": "-",
        "rl": "15360",
        "sft+rl": "15360",
        "matched": True,
    }
    assert rows["SFT data"]["sft"] == rows["SFT data"]["sft+rl"] == "d" and rows["SFT data"]["rl"] == "-"


def test_every_arm_starts_from_one_base_however_long_its_chain(recorded):
    assert {table(recorded)["start"][arm] for arm in ARMS} == {"b"}


@pytest.mark.parametrize(
    ("where", "path", "control"),
    [
        ("rl", ("data", "items"), "RL items"),
        ("rl", ("config_hash",), "RL settings"),
        ("sft+rl", ("cost", "completions"), "RL completions"),
        ("sft+rl", ("seeds", "training"), "RL seed"),
        ("rl", ("data", "base"), "start"),
        ("sft", ("data", "base"), "start"),
    ],
)
def test_a_stage_that_differs_is_refused_by_name(recorded, where, path, control):
    node = recorded[0][where]
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = "edited"
    rows = table(recorded)
    assert [name for name, row in rows.items() if not row["matched"]] == [control]
    with pytest.raises(InputError, match=f"not matched, no comparison is made: {control}: .*edited"):
        check_matched(list(rows.values()))


@pytest.mark.parametrize(
    ("path", "control"),
    [
        (("data", "items"), "evaluation items"),
        (("data", "prompt"), "evaluation prompt"),
        (("config_hash",), "evaluation settings"),
        (("seeds", "sampling"), "evaluation seed"),
    ],
)
@pytest.mark.parametrize("arm", list(ARMS))
def test_an_evaluation_that_differs_is_refused_by_name(recorded, arm, path, control):
    node = recorded[1][arm]
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = "edited"
    with pytest.raises(InputError, match=f"{control}: .*edited"):
        check_matched(list(table(recorded).values()))
