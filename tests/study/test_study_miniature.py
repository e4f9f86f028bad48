import io

import pytest
from rich.console import Console

from seethink.analysis import check_results
from seethink.core.rejected import InputError
from seethink.core.tables import read_json, read_manifest
from seethink.evaluation.settings import EvaluationConfig
from seethink.models import load
from seethink.models.load import weights_hash
from seethink.study.run import StudyConfig, run_study
from seethink.training.grpo import GRPOConfig
from seethink.training.sft import SFTConfig
from seethink.world.questions import Split
from seethink.world.source import WorldConfig

ARMS = ("base", "sft", "rl", "sft+rl")


@pytest.fixture(scope="session")
def config(tiny):
    return StudyConfig(
        base=str(tiny),
        world=WorldConfig(count=60),
        sft=SFTConfig(steps=2, batch=4, learning_rate=1e-3, max_tokens=800),
        rl=GRPOConfig(completions=8, group=2, prompts_per_step=2, max_completion_tokens=8, kl=0.0, frozen=()),
        heldout=WorldConfig(split=Split.HELDOUT, count=8, seed=0),
        evaluation=EvaluationConfig(draws=2, max_tokens=12, part=4),
    )


@pytest.fixture(scope="session")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("study")


@pytest.fixture(scope="session")
def found(config, out):
    """What a whole study in small found, and what it told the terminal."""
    console = Console(file=io.StringIO(), width=160)
    return run_study(config, out, console), console.file.getvalue()


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
    assert results["controls"] and all(row["matched"] for row in results["controls"])
    [start] = [row for row in results["controls"] if row["control"] == "start"]
    assert {start[arm] for arm in ARMS} == {weights_hash(config.base)}
    after = read_manifest(out / "stages" / "sft+rl")["data"]["base"]
    assert after == weights_hash(out / "stages" / "sft" / "model") != weights_hash(config.base)


def test_sft_and_rl_sets_share_no_item(found, out):
    from seethink.study.data import read_data

    data = read_data(out / "data")
    assert data.sft and data.rl and not {one.item.id for one in data.sft} & {item.id for item in data.rl}


def test_a_second_call_trains_and_draws_nothing(found, config, out, nothing_runs, monkeypatch):
    monkeypatch.setattr(load, "load_checkpoint", lambda *_, **__: pytest.fail("drew again"))
    again = run_study(config, out, Console(file=io.StringIO()))
    assert again["arms"] == found[0]["arms"] and again["pairs"] == found[0]["pairs"]


def test_other_held_out_items_need_no_other_training(found, config, out, tmp_path, nothing_runs):
    import shutil

    shutil.copytree(out, tmp_path / "study")
    other = config.model_copy(update={"heldout": config.heldout.model_copy(update={"seed": 5})})
    results = run_study(other, tmp_path / "study", Console(file=io.StringIO()))
    items = [read_manifest(folder / "evaluation" / "rl")["data"]["items"] for folder in (out, tmp_path / "study")]
    assert items[0] != items[1]
    check_results(results)


def test_an_arm_that_does_not_exist_is_named_before_anything_is_written(config, tmp_path):
    with pytest.raises(InputError, match=r"arms \['rft'\]: choose among base, sft, rl, sft\+rl"):
        run_study(config.model_copy(update={"arms": ("base", "rft")}), tmp_path / "out")
    assert not (tmp_path / "out").exists()
