"""results.json: the tree, its schema, and the script that checks it."""

import copy
import dataclasses
import importlib.util
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from seethink.analysis.numbers import amount, duration, p_text, signed
from seethink.analysis.results import (
    check_results,
    comparisons,
    find_pair,
    results_of,
    results_schema,
    study_results,
)
from seethink.analysis.terminal import print_comparison
from seethink.analysis.wording import headline
from seethink.core.graded import Decoding
from seethink.core.rejected import InputError

CHECK = Path(__file__).parents[2] / ".ci" / "check_results.py"


def rebuilt(study, **changes):
    given = {"controls": [], "costs": {}, "funnel": [], "seconds": 1.0, "seed": 7, "resamples": 60}
    return study_results(study, **(given | changes))


def test_a_whole_study_is_what_the_schema_says(results):
    check_results(results)
    assert json.loads(json.dumps(results, allow_nan=False)) == results


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("arms", "grpo", "accuracy", "mean"), 1.2),
        (("arms", "grpo", "accuracy", "n"), None),
        (("arms", "grpo", "surprise"), 1),
        (("pairs", 0, "decoding"), "beam"),
        (("controls", 0, "matched"), "yes"),
        (("seconds",), float("nan")),
    ],
)
def test_the_check_names_the_wrong_field(results, path, value):
    broken = copy.deepcopy(results)
    node = broken
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    with pytest.raises(
        InputError, match="JSON does not know" if value != value else str(path[-2 if "surprise" in path else -1])
    ):
        check_results(broken)


def test_the_schema_itself_is_valid():
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(results_schema())


def test_numbers_of_an_arm_are_those_of_its_responses(study, results):
    greedy = [one for one in study["grpo"] if one.decoding is Decoding.GREEDY and one.strict.score is not None]
    arm = results["arms"]["grpo"]
    assert arm["accuracy"]["mean"] == pytest.approx(sum(one.strict.score for one in greedy) / len(greedy), abs=1e-6)
    assert arm["accuracy"]["n"] == len(greedy)
    assert arm["cost"] == {
        "train_tokens": 1.2e6, "train_seconds": 200.0, "steps": 160, "completions": None, "eval_seconds": 12.5,
    }  # fmt: skip
    assert set(arm["by_verifier"]) == {"digit", "mcq", "math", "iou", "open"}
    assert set(arm["by_dimension"]) == {"perception", "cognition"}
    assert set(arm["by_group"]) == {"count", "option", "mean", "locate", "describe"}
    assert list(arm["pass_at_k"]) == list(arm["maj_at_k"]) == ["1", "2", "4"]


def test_strict_and_lenient_differ_by_form(results):
    base = results["arms"]["base"]
    assert base["unparseable_rate"]["mean"] > 0.1
    assert base["lenient"]["mean"] > base["accuracy"]["mean"]


def test_the_base_is_compared_first_and_the_headline_leads(results):
    first = [(pair["a"], pair["b"]) for pair in results["pairs"][:6]]
    assert first == comparisons(["base", "sft", "grpo", "sft_grpo"])
    assert first[:3] == [("sft", "base"), ("grpo", "base"), ("sft_grpo", "base")]
    order = list(dict.fromkeys((pair["decoding"], pair["rule"]) for pair in results["pairs"]))
    assert order == [("greedy", "strict"), ("sampled", "strict"), ("greedy", "lenient"), ("sampled", "lenient")]
    assert len(results["pairs"]) == 24


def test_a_difference_is_a_minus_b(results):
    pair = find_pair(results, "grpo", "base")
    assert pair["difference"] > 0.1
    assert find_pair(results, "base", "grpo") is None


def test_the_arm_named_base_leads_wherever_it_was_given(study):
    found = rebuilt({"grpo": study["grpo"], "base": study["base"]})
    assert found["base"] == "base"
    assert list(found["arms"]) == ["base", "grpo"]


def test_the_same_seed_gives_the_same_tree(study):
    two = {arm: study[arm] for arm in ("base", "grpo")}
    assert rebuilt(two) == rebuilt(two)


def test_an_evaluation_without_draws_is_still_a_study(study):
    greedy = {arm: [one for one in rows if one.decoding is Decoding.GREEDY] for arm, rows in study.items()}
    found = rebuilt(greedy)
    check_results(found)
    assert found["arms"]["base"]["sampled"] == {"mean": None, "low": None, "high": None, "n": 0}
    assert found["arms"]["base"]["pass_at_k"] == {}
    assert {pair["decoding"] for pair in found["pairs"]} == {"greedy"}


def test_one_arm_and_one_item_still_make_results(respond):
    found = rebuilt({"base": [respond()]})
    check_results(found)
    assert found["arms"]["base"]["accuracy"] == {"mean": 1.0, "low": 0.0, "high": 1.0, "n": 1}
    assert headline(found)[0].startswith("base has an accuracy of 100.0 %")


def test_arms_on_different_items_are_refused(study):
    with pytest.raises(InputError, match="did not answer the same items"):
        rebuilt({"base": study["base"], "grpo": study["grpo"][5:]})


def test_the_findings_in_words(results):
    told = headline(results)
    assert told[0].startswith("grpo has the highest accuracy of 4 arms: ")
    assert (
        told[1].startswith("These checkpoints: grpo is above base by ") and "after Holm's correction over 6" in told[1]
    )
    assert any("points come from keeping to the answer format" in sentence for sentence in told)


def test_one_run_of_an_arm_says_nothing_of_its_recipe(results):
    assert not any("recipe" in sentence for sentence in headline(results))


def test_the_headline_says_the_corrected_p_and_not_that_of_the_pair_alone(study):
    greedy = {arm: [one for one in rows if one.decoding is Decoding.GREEDY] for arm, rows in study.items()}
    found = rebuilt(greedy)
    pair = find_pair(found, "sft_grpo", "base")
    found["arms"]["grpo"]["accuracy"]["mean"] = 0.0  # so that the weaker arm leads
    found["arms"]["sft"]["accuracy"]["mean"] = 0.0
    claimed = next(one for one in found["claims"]["comparisons"] if {one["a"], one["b"]} == {"sft_grpo", "base"})
    claimed["checkpoints"] |= {"p_holm": 0.12, "finding": "no difference shown"}
    told = " ".join(headline(found))
    assert "no difference shown between sft_grpo and base" in told and "p = 0.12 after Holm's correction" in told
    assert p_text(pair["p"]) not in told


@pytest.mark.parametrize(("runs", "few"), [(3, True), (5, False)])
def test_a_recipe_with_fewer_than_five_runs_is_no_headline_and_says_so(make_study, runs, few):
    told = headline(results_of(make_study({"base": 0.6, "sft": 0.3, "rl": 0.85}, runs=runs), resamples=2_000))
    recipes = [sentence for sentence in told if sentence.startswith("This recipe: ")]
    assert recipes and all(("A headline asks for 5 runs" in sentence) == few for sentence in recipes)
    below = [sentence for sentence in told if "below base: sft (p < 0.05 after Holm's" in sentence]
    assert below and below[0].startswith("These checkpoints: ")


def test_arms_that_the_study_does_not_compare_are_not_compared_in_its_headline(make_study):
    whole = dataclasses.replace(make_study({"base": 0.4, "sft": 0.5, "rl": 0.8}, runs=1), compare=[("sft", "base")])
    told = headline(results_of(whole, resamples=50))
    assert "rl and base are none of the comparisons that this study makes." in told


def test_a_tie_is_told_as_one(study):
    told = headline(rebuilt({"base": study["base"], "twin": study["base"]}))
    assert any("no difference shown" in sentence for sentence in told)


def test_numbers_as_people_write_them():
    assert [signed(0.041, 1), signed(-0.041, 1), signed(-0.0001), signed(0.0)] == ["+4.1", "−4.1", "0", "0"]
    assert [p_text(0.0002), p_text(0.031), p_text(0.52), p_text(None)] == ["p < 0.001", "p = 0.031", "p = 0.52", "–"]
    assert [duration(42), duration(600), duration(9_000), amount(1_234_567), amount(52.4), amount(None)] == [
        "42 s", "10 min", "2.5 h", "1.23 M", "52", "–",
    ]  # fmt: skip


def test_the_table_for_a_terminal(results):
    console = Console(width=140, record=True, file=io.StringIO())
    print_comparison(results, console)
    shown = console.export_text()
    assert "sft_grpo − grpo" in shown
    assert f"{100 * results['arms']['grpo']['accuracy']['mean']:.1f} %" in shown


def test_a_hostile_arm_name_is_no_markup_in_a_terminal(study):
    console = Console(width=140, record=True, file=io.StringIO())
    print_comparison(rebuilt({"[red]base[/]": study["base"]}), console)
    assert "[red]base[/]" in console.export_text()


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("check_results", CHECK)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check(script, folder, results, report):
    (folder / "results.json").write_text(json.dumps(results), encoding="utf-8")
    if report is not None:
        (folder / "report.html").write_text(report, encoding="utf-8")
    return script.main([str(folder / "results.json")])


@pytest.mark.parametrize(
    ("report", "complaint"),
    [
        ("<html><p>https://example.org as text</p><svg xmlns='http://www.w3.org/2000/svg'></svg></html>", None),
        (None, "does not exist"),
        ("", "empty"),
        ('<html><img src="https://example.org/x.png"></html>', "not self-contained"),
        ('<html><link rel=stylesheet href="//example.org/x.css"></html>', "not self-contained"),
        ("<html><style>@import 'http://example.org/x.css';</style></html>", "not self-contained"),
        ('<html><p style="background: url(https://example.org/x)"></p></html>', "not self-contained"),
    ],
)
def test_the_script_that_checks_a_finished_study(script, tmp_path, capsys, results, report, complaint):
    assert check(script, tmp_path, results, report) == (0 if complaint is None else 1)
    assert (complaint or "") in capsys.readouterr().err


def test_the_script_complains_of_broken_results(tmp_path, results):
    (tmp_path / "results.json").write_text(json.dumps({**results, "seconds": -1}), encoding="utf-8")
    done = subprocess.run([sys.executable, CHECK, tmp_path / "results.json"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "seconds" in done.stderr
