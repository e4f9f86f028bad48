"""A planted mismatch is refused, with the difference printed: of a real study in miniature, one control at a time."""

import copy

import pytest

from seethink.core.rejected import InputError
from seethink.study.controls import check_declared, check_matched, compare_controls, explains
from seethink.study.run_records import read_run
from seethink.study.runs import plan_study


@pytest.fixture(scope="module")
def runs(found, config, out):
    """What every run of the miniature recorded, by arm and seed."""
    by_arm = {}
    for run in plan_study(config).runs:
        by_arm.setdefault(run.arm, {})[run.seed] = read_run(run, out)
    return by_arm


@pytest.fixture
def planted(runs):
    """The records with one leaf of one stage of one arm exchanged."""

    def plant(arm, stage, path, value):
        edited = {name: {seed: copy.deepcopy(list(one)) for seed, one in by.items()} for name, by in runs.items()}
        [node] = (manifest for name, manifest in edited[arm][0] if name == stage)
        *branches, leaf = path
        for key in branches:
            node = node[key]
        assert leaf in node
        node[leaf] = value
        return edited

    return plant


def declared(config):
    return {arm: one.declared for arm, one in config.arms.items()}


def test_a_study_is_matched_and_tells_so_in_a_short_table(runs, config):
    controls = compare_controls(runs, declared(config))
    check_matched(controls)
    rows = {row["control"]: row for row in controls.rows}
    assert rows["start"]["matched"] and len(rows) < 40
    other = rows["sft.data.demonstrations"]
    assert not other["matched"] and other["declared"] == "teacher.hesitation"
    assert other["sft"] == other["sft+rl"] != other["sft-hesitant"] and other["rl"] == "-"


@pytest.mark.parametrize(
    ("arm", "stage", "path", "value", "told"),
    [
        ("rl", "rl", ("config", "learning_rate"), 5e-3, "rl.config.learning_rate .*rl has 0.005"),
        ("sft+rl", "rl", ("config", "weights"), {"mcq": 0.5}, "rl.config.weights.*sft.rl has 0.5"),
        ("sft", "sft", ("data", "order"), "0123", "sft.data.order .*sft has 0123"),
        ("rl", "rl", ("data", "prompt"), "0123", "rl.data.prompt .*rl has 0123"),
        ("sft", "evaluation", ("data", "prompt"), "0123", "evaluation.data.prompt .*sft has 0123"),
        ("base", "evaluation", ("config", "temperature"), 0.2, "evaluation.config.temperature .*base has 0.2"),
        ("rl", "rl", ("cost", "completions"), 16.0, "rl.cost.completions .*rl has 16"),
        ("rl", "rl", ("packages", "torch"), "1.0", "rl.packages.torch .*rl has 1.0"),
        ("sft", "sft", ("data", "base"), "0123", "start .*sft has 0123"),
    ],
    ids=lambda value: value[-1] if isinstance(value, tuple) else None,
)
def test_a_planted_mismatch_is_refused_with_both_values(planted, config, arm, stage, path, value, told):
    controls = compare_controls(planted(arm, stage, path, value), declared(config))
    with pytest.raises(InputError, match=rf"the arms are not matched, no comparison is made: .*{told}"):
        check_matched(controls)


def test_a_refusal_says_how_to_declare_the_difference_and_then_it_is_one(planted, config):
    edited = planted("rl", "rl", ("config", "learning_rate"), 5e-3)
    with pytest.raises(InputError, match=r"declare it: arms\..*rl\.changes: \{rl\.learning_rate: "):
        check_matched(compare_controls(edited, declared(config)))
    said = declared(config) | {"rl": {"rl.learning_rate": 5e-3}}
    check_matched(compare_controls(edited, said))


def test_arms_that_declare_the_same_must_agree_in_it(planted, config):
    said = declared(config) | {arm: {"rl.learning_rate": 5e-3} for arm in ("rl", "sft+rl")}
    with pytest.raises(InputError, match="learning_rate"):
        check_matched(compare_controls(planted("rl", "rl", ("config", "learning_rate"), 5e-3), said))


def test_what_was_declared_must_be_what_was_done(runs):
    asked = {"sft": {}, "rl": {"learning_rate": 0.5}, "evaluation": {}}
    with pytest.raises(InputError, match=r"arm rl: rl.learning_rate was .* when it ran, and the study asks for 0.5"):
        check_declared("rl", runs["rl"][0], asked)


def test_a_leaf_that_only_one_arm_recorded_is_a_difference(planted, config):
    edited = planted("rl", "rl", ("config", "clip"), 0.2)
    [node] = (manifest for name, manifest in edited["rl"][0] if name == "rl")
    del node["config"]["clip"]
    with pytest.raises(InputError, match=r"rl.config.clip .*rl has \(not recorded\)"):
        check_matched(compare_controls(edited, declared(config)))


def test_a_difference_may_be_accepted_with_its_reason_which_the_table_tells(planted, config):
    edited = planted("rl", "rl", ("code",), "0.0.1")
    with pytest.raises(InputError, match="accept"):
        check_matched(compare_controls(edited, declared(config)))
    controls = compare_controls(edited, declared(config), {"code": "two sittings"})
    check_matched(controls)
    assert [row["declared"] for row in controls.rows if row["control"] == "rl.code"] == ["two sittings"]


@pytest.mark.parametrize(
    ("control", "path", "follows"),
    [
        ("rl.config.kl", "rl.kl", True),
        ("rl 2.config.kl", "rl.kl", True),
        ("rl.config.weights.mcq", "rl.weights", True),
        ("rl.config.kl", "sft.kl", False),
        ("rl.config.kl", "rl.kl_target", False),
        ("sft.data.demonstrations", "teacher.hesitation", True),
        ("rl.data.items", "teacher.hesitation", False),
        ("sft.data.prompt", "teacher.hesitation", False),
        ("evaluation.data.prompt", "evaluation.prompt", True),
        ("sft.packages.torch", "sft", False),
    ],
)
def test_what_may_follow_from_what(control, path, follows):
    assert explains(control, path) is follows
