import io

import pytest
from rich.console import Console

from seethink.analysis import check_results
from seethink.core.tables import read_json, read_manifest
from seethink.models import load
from seethink.models.load import weights_hash
from seethink.study.run import run_study
from seethink.study.runs import plan_study
from seethink.study.stages import folder_of

ARMS = ("base", "sft", "rl", "sft+rl", "sft-hesitant")


@pytest.fixture
def nothing_runs(monkeypatch):
    for name in ("run_sft", "run_grpo"):
        monkeypatch.setattr(f"seethink.training.backends.with_trl.{name}", lambda *_: pytest.fail("trained again"))


def test_a_study_ends_with_results_a_report_and_a_table(found, out):
    results, told = found
    check_results(read_json(out / "results.json"))
    assert set(results["arms"]) == set(ARMS) and all(results["arms"][arm]["accuracy"]["n"] == 8 for arm in ARMS)
    assert {(pair["a"], pair["b"]) for pair in results["pairs"]} >= {
        ("rl", "base"),
        ("sft", "base"),
        ("sft+rl", "base"),
    }
    report = (out / "report.html").read_text()
    assert report.rstrip().endswith("</html>") and all(arm in report and arm in told for arm in ARMS)


def test_the_arms_of_a_study_are_matched_and_start_from_one_base(found, config, out):
    results, _ = found
    assert {row["declared"] for row in results["controls"] if row["matched"] is False} == {"teacher.hesitation"}
    assert not any("{}" in map(str, row.values()) for row in results["controls"])
    [start] = [row for row in results["controls"] if row["control"] == "start"]
    assert {start[arm] for arm in ARMS} == {weights_hash(config.base)}
    chain = next(run.trainings for run in plan_study(config).runs if run.arm == "sft+rl")
    sft, both = (folder_of(training, out) for training in chain)
    assert read_manifest(both)["data"]["base"] == weights_hash(sft / "model") != weights_hash(config.base)


def test_the_controls_tell_how_hard_the_items_of_every_arm_are(found):
    rows = {row["control"]: row for row in found[0]["controls"]}
    asked, apart = rows["base pass rate of rl items"], rows["base pass rate, rl minus sft items"]
    assert asked["base"] == "-" and "items" in asked["rl"] and asked["rl"] == asked["sft+rl"].split(";")[0]
    # The random base gets everything wrong: no set is harder than another.
    assert apart["sft+rl"].startswith("0.0") and apart["measured"] == "not told apart" and apart["rl"] == "-"


def test_sft_and_rl_sets_share_no_item(found, out):
    from seethink.study.data import read_data

    runs = [read_data(path.parent.parent) for path in out.glob("data/*/funnel/manifest.json")]
    assert len(runs) == 2
    for a in runs:
        for b in runs:
            # Whoever teaches: what one arm imitates, no arm is asked.
            assert a.sft and b.rl and not {one.item.id for one in a.sft} & {item.id for item in b.rl}


def test_a_second_call_trains_and_draws_nothing(found, config, out, nothing_runs, monkeypatch):
    monkeypatch.setattr(load, "load_checkpoint", lambda *_, **__: pytest.fail("drew again"))
    again = run_study(config, out, Console(file=io.StringIO()))
    assert again["arms"] == found[0]["arms"] and again["pairs"] == found[0]["pairs"]


def test_other_held_out_items_need_no_other_training(found, config, out, tmp_path, nothing_runs):
    import shutil

    shutil.copytree(out, tmp_path / "study")
    other = config.model_copy(update={"heldout": config.heldout.model_copy(update={"seed": 5})})
    results = run_study(other, tmp_path / "study", Console(file=io.StringIO()))
    asked = {read_manifest(path)["data"]["items"] for path in (tmp_path / "study").glob("evaluation/rl-*")}
    assert len(asked) == 2
    check_results(results)


def test_every_training_run_is_told_by_itself_and_the_claims_are_made_over_the_family(found):
    results, _ = found
    assert set(results["arms"]["rl"]["seeds"]) == {"0", "1"} and set(results["arms"]["base"]["seeds"]) == {"0"}
    assert results["family"] == [["sft+rl", "rl"], ["rl", "base"]]
    told = {(one["a"], one["b"]): one for one in results["claims"]["comparisons"]}
    assert told["sft+rl", "rl"]["recipe"]["runs"] == [2, 2] and told["rl", "base"]["recipe"]["runs"] == [2, 1]
    assert told["sft+rl", "rl"]["budgets"]["equal"] == ["equal RL budget"]
