"""Tables of ablations hold what the paper's hold: the start, the shared setting, and the arms that turn it."""

import pytest

from seethink.analysis.ablations import Place, ablations, main_arms
from seethink.analysis.report import render_report
from seethink.analysis.results import results_of
from seethink.analysis.study_page import study_page
from seethink.study.recipe import load_recipe

RL, SFT, BOTH = (("rl",), ("sft",), ("sft", "rl"))


def tree(arms, family=(), doses=()):
    """As much of results.json as says which arms belong together; arms as (stages, changes)."""
    told = {name: {"stages": list(stages), "changes": changes} for name, (stages, changes) in arms.items()}
    return {"arms": told, "family": [list(pair) for pair in family], "doses": list(doses)}


def planned(path):
    config = load_recipe(path)
    arms = {name: ([stage.value for stage in arm.stages], arm.declared) for name, arm in config.arms.items()}
    return tree(arms, config.compare)


def shown(results):
    return {table.paths: [row.arm for row in table.rows] for table in ablations(results)}


def test_table_5_of_the_paper_has_its_seven_rows(checkout):
    tables = shown(planned(checkout / "recipes" / "study" / "axes.yaml"))
    assert tables["items.verifiers",] == [
        "base", "rl", "rl-without-digit", "rl-without-math", "rl-without-mcq", "rl-without-iou", "rl-rules"
    ]  # fmt: skip


def test_the_rows_of_table_6_stand_against_what_they_depart_from(checkout):
    tables = shown(planned(checkout / "recipes" / "study" / "axes.yaml"))
    assert tables["rl.minimum_learning_rate", "rl.warmup"] == ["base", "rl", "rl-to-zero", "rl-lr1", "rl-lr2"]
    assert tables["rl.kl", "rl.kl_target"] == ["base", "rl-lr2", "rl-kl1", "rl-kl2"]
    assert sum("rl-kl1" in arms for arms in tables.values()) == 1
    assert not any("rl-interleaved" in arms for arms in tables.values())


def test_another_chain_or_one_more_setting_is_no_ablation():
    arms = {"base": ((), {}), "rl": (RL, {}), "a": (RL, {"x": 1}), "b": (BOTH, {"x": 2}), "c": (RL, {"x": 3, "y": 1})}
    assert shown(tree(arms)) == {}
    assert shown(tree(arms | {"d": (RL, {"x": 2})})) == {("x",): ["base", "rl", "a", "d"]}


def test_without_the_shared_setting_the_table_has_what_there_is():
    arms = {
        "base": ((), {}),
        "few": (BOTH, {"n": 5, "steps": 1, "z": 0}),
        "more": (BOTH, {"n": 10, "steps": 2, "z": 0}),
    }
    [table] = ablations(tree(arms))
    assert table.paths == ("n", "steps") and table.reference is None and table.turned == ["few", "more"]


def test_the_start_of_a_table_starts_and_is_asked_as_its_arms_are():
    words = {"heldout.rendering": "text"}
    arms = {"base": ((), {}), "base-words": ((), words), "rl": (RL, words)}
    arms |= {f"kl-{kl}": (RL, words | {"rl.kl": kl}) for kl in (1, 2)}
    [table] = ablations(tree(arms))
    assert [(row.arm, row.place) for row in table.rows][:2] == [
        ("base-words", Place.START), ("rl", Place.REFERENCE)
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["qwen2.5-vl-3b", "qwen2.5-vl-3b_lora"])
def test_what_the_papers_study_compares_is_in_its_main_figures(checkout, name):
    results = planned(checkout / "recipes" / "sft_vs_rl" / f"{name}.yaml")
    assert set(main_arms(results)) >= {arm for pair in results["family"] for arm in pair}
    assert [arm for arm in results["arms"] if arm not in main_arms(results)] == []


def test_arms_that_turn_a_setting_stand_aside_unless_the_study_compares_them():
    arms = {"base": ((), {}), "rl": (RL, {}), "a": (RL, {"rl.kl": 1}), "b": (RL, {"rl.kl": 2})}
    assert main_arms(tree(arms, [("rl", "base")])) == ["base", "rl"]
    assert main_arms(tree(arms, [("rl", "base"), ("a", "rl")])) == ["base", "rl", "a"]


def test_the_numbers_of_a_table_are_those_of_its_arms(make_study):
    accuracy = {"base": 0.4, "rl": 0.75, "rl-a": 0.6, "rl-b": 0.7}
    changes = {"rl-a": {"rl.kl": 0.1}, "rl-b": {"rl.kl": 0.2}}
    study = make_study(accuracy, runs=2, changes=changes)
    results = results_of(study, resamples=50)
    page = study_page(results, [])
    lines = page[page.index("## Ablations") :].split("\n\n")[1].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    means = {arm: f"{100 * results['arms'][arm]['accuracy']['mean']:.1f}" for arm in accuracy}
    assert [[row[0].replace("\\", ""), row[1], row[2].split()[0]] for row in cells] == [
        ["base", "not trained", means["base"]],
        ["rl", "as shared", means["rl"]],
        ["rl-a", "0.1", means["rl-a"]],
        ["rl-b", "0.2", means["rl-b"]],
    ]
    report = render_report(results, study)
    table = report[report.index('<section id="ablations">') :].split("</section>")[0]
    assert [table.count(f">{text}<") for text in ("not trained", "as shared", "0.1", "0.2")] == [1, 1, 1, 1]
    assert all(means[arm] in table for arm in accuracy)
