"""What a study may say of two arms."""

import json
import random
from importlib.resources import files

import jsonschema
import pytest
from rich.console import Console

from seethink.analysis.budgets import Budget, Spent, shared_budgets
from seethink.analysis.claims import compare_arms
from seethink.analysis.claims_told import claims_table, sentences
from seethink.analysis.family import holm
from seethink.analysis.score_matrix import ArmRuns
from seethink.core.rejected import InputError
from seethink.core.verdict import correct, wrong


@pytest.fixture
def arm(respond):
    """An arm of ``runs`` runs on 120 items, each right with ``skill``."""

    def make(name, skill, runs=5, trained=True):
        rng = random.Random(name)
        found = {
            seed: [
                respond(f"i{item}", correct("3") if rng.random() < skill else wrong("4"), arm=name)
                for item in range(120)
            ]
            for seed in range(runs)
        }
        return ArmRuns(name, found, trained)

    return make


def told(*arms, **more):
    pairs = [(one.name, arms[0].name) for one in arms[1:]]
    return compare_arms({one.name: one for one in arms}, pairs, resamples=500, **more)


def test_holm_by_hand():
    assert holm({"a": 0.01, "b": 0.04, "c": None, "d": 0.03}) == {"a": 0.03, "b": 0.06, "c": None, "d": 0.06}
    assert holm({"a": 0.9, "b": 0.8}) == {"a": 1.0, "b": 1.0}


def test_a_clear_difference_is_claimed_of_checkpoints_and_recipe(arm):
    found = told(arm("sft", 0.3), arm("rl", 0.8))["comparisons"][0]
    assert (found["checkpoints"]["finding"], found["recipe"]["finding"]) == ("above", "above")
    assert found["recipe"]["headline"] and found["recipe"]["runs"] == [5, 5]


def test_equal_arms_are_never_called_equal(arm):
    tree = told(arm("sft", 0.5), arm("rl", 0.5))
    text = sentences(tree)[1]
    assert "no difference shown between rl and sft" in text
    assert "would have been found in 80% of repetitions" in text and "equal" not in text


def test_one_run_each_speaks_of_checkpoints_only(arm):
    found = told(arm("sft", 0.3, runs=1), arm("rl", 0.8, runs=1))
    assert found["comparisons"][0]["checkpoints"]["finding"] == "above"
    assert found["comparisons"][0]["recipe"]["finding"] == "not tested"
    assert "one run of a trained arm says nothing of its recipe" in sentences(found)[1]
    assert found["family"] == {"checkpoints": 1, "recipe": 0}


def test_the_interval_of_a_sentence_is_that_of_the_lead_that_it_tells(arm):
    found = told(arm("high", 0.8), arm("low", 0.3))
    assert found["comparisons"][0]["checkpoints"]["mean"] < 0
    for one in sentences(found):
        assert "high is above low by" in one and "95 % interval +" in one and "−" not in one


def test_three_runs_are_no_headline(arm):
    found = told(arm("base", 0.3, runs=1, trained=False), arm("rl", 0.8, runs=3))
    assert not found["comparisons"][0]["recipe"]["headline"]
    assert "A headline asks for 5 runs" in sentences(found)[1]


def test_more_comparisons_make_each_harder(arm):
    arms = [arm(name, 0.5) for name in ("base", "a", "b", "c")]
    one, three = told(*arms[:2])["comparisons"][0], told(*arms)["comparisons"][0]
    assert three["recipe"]["p"] == one["recipe"]["p"]
    assert three["recipe"]["p_holm"] >= one["recipe"]["p_holm"]
    assert three["recipe"]["detectable_holm"] > one["recipe"]["detectable_holm"] == one["recipe"]["detectable"]


def test_a_comparison_says_which_budget_it_shares(arm):
    spent = {"rl": Spent(5_120, 700_000), "sft+rl": Spent(5_120, 900_000)}
    found = told(arm("sft+rl", 0.4), arm("rl", 0.8), spent=spent)
    assert found["comparisons"][0]["budgets"]["equal"] == ("equal RL budget",)
    assert "equal RL budget" in sentences(found)[0]


def test_budgets_are_equal_within_five_percent():
    assert shared_budgets(Spent(100, 1_000), Spent(100, 1_040)).equal == (Budget.RL, Budget.TOKENS)
    assert shared_budgets(Spent(0, 1_000), Spent(0, 1_000)).equal == (Budget.TOKENS,)
    assert shared_budgets(Spent(100, 700), Spent(130, 900)).equal == ()


def test_an_arm_nobody_evaluated_is_named(arm):
    with pytest.raises(InputError, match="arms rl are compared and have no responses"):
        compare_arms({"sft": arm("sft", 0.5)}, [("rl", "sft")])


def test_the_table_says_what_was_found(arm):
    console = Console(record=True, width=200)
    console.print(claims_table(told(arm("[b]sft", 0.3), arm("rl", 0.8))))
    text = console.export_text()
    assert "rl − [b]sft" in text and "above" in text and "5 and 5" in text


@pytest.mark.parametrize("runs", [1, 2, 5])
def test_the_tree_is_plain_json_of_the_schema(arm, runs):
    schema = json.loads(files("seethink.analysis").joinpath("claims.schema.json").read_text())
    spent = {"rl": Spent(5_120, 7e5), "base": Spent(0, 0)}
    tree = told(arm("base", 0.3, runs=1, trained=False), arm("rl", 0.6, runs=runs), spent=spent)
    jsonschema.validate(json.loads(json.dumps(tree, allow_nan=False)), schema)
