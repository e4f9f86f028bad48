"""What a finished run says of itself is believed where it holds together, and refused where it was changed since."""

import io
import json
import shutil

import pytest
from rich.console import Console

from seethink.core.config import parse_config
from seethink.core.rejected import InputError
from seethink.core.tables import manifest_seal, read_json, read_rows, table_hash, write_json, write_rows
from seethink.study.recorded import read_recorded
from seethink.study.run import run_study
from seethink.study.runs import plan_study
from seethink.study.settings import StudyConfig


@pytest.fixture
def copied(found, out, tmp_path):
    """The miniature's stages, to be spoilt."""
    shutil.copytree(out, tmp_path / "study")
    return tmp_path / "study"


def edit(folder, change, *, seal=False):
    path = folder / "manifest.json"
    manifest = read_json(path)
    change(manifest)
    if seal:
        manifest["seal"] = manifest_seal(manifest)
    write_json(path, manifest)


def trained(study, chain, seed=0):
    """The folder of a chain's last stage; of two teachers', the shared one's, which RL went on from."""
    found = list(study.glob(f"stages/{chain}-s{seed}-*"))
    if chain == "sft":
        start = read_json(trained(study, "sft+rl", seed) / "manifest.json")["data"]["base"]
        found = [folder for folder in found if read_json(folder / "manifest.json")["model"] == start]
    [folder] = found
    return folder


@pytest.mark.parametrize("seal", [False, True])
def test_an_edited_manifest_is_refused_even_where_its_seal_was_made_anew(copied, seal):
    folder = trained(copied, "rl")
    edit(folder, lambda manifest: manifest["config"].update(learning_rate=0.5), seal=seal)
    with pytest.raises(InputError, match=r"manifest.json: .*(seal is broken|not the hash of config).*edited"):
        read_recorded(folder)


def test_an_edited_cost_is_refused(copied):
    folder = trained(copied, "rl")
    edit(folder, lambda manifest: manifest["cost"].update(completions=1.0))
    with pytest.raises(InputError, match="its seal is broken"):
        read_recorded(folder)


def test_a_manifest_that_its_own_signature_contradicts_is_refused(copied):
    folder = trained(copied, "rl")
    edit(folder, lambda manifest: manifest["data"].update(items="0123"), seal=True)
    with pytest.raises(InputError, match="name different settings or data"):
        read_recorded(folder)


def test_exchanged_weights_are_refused(copied):
    ours, theirs = (trained(copied, chain) / "model" / "model.safetensors" for chain in ("rl", "sft"))
    shutil.copyfile(theirs, ours)
    with pytest.raises(InputError, match="exchanged after training"):
        read_recorded(trained(copied, "rl"), weights=True)


def test_an_edited_stage_stops_the_study(copied, config):
    edit(trained(copied, "rl"), lambda manifest: manifest["cost"].update(completions=1.0))
    with pytest.raises(InputError, match="its seal is broken"):
        run_study(config, copied, Console(file=io.StringIO()))


def asked(study):
    return next(study.glob("evaluation/rl-s0-*"))


def flip(folder):
    """Make every answer of an evaluation right, leaving its manifest as it is."""
    rows = [row | {"strict": row["strict"] | {"score": 1.0}} for row in read_rows(folder)]
    write_rows(folder, rows)


def test_edited_rows_of_an_evaluation_stop_the_study(copied, config):
    assert read_json(asked(copied) / "manifest.json")["table"] == table_hash(asked(copied))
    flip(asked(copied))
    with pytest.raises(InputError, match=r"rl-s0-.*its rows have hash .* they were changed afterwards"):
        run_study(config, copied, Console(file=io.StringIO()))


def test_rows_of_an_evaluation_made_before_their_hash_was_recorded_are_taken_as_they_are(copied, config):
    edit(asked(copied), lambda manifest: manifest.pop("table"), seal=True)
    results = run_study(config, copied, Console(file=io.StringIO()))
    assert not any("table" in row["control"] for row in results["controls"])


def imported(config, study, chain, arms=(), seeds=(0,), **changes):
    """The miniature with an arm taken from finished runs instead of computed ones."""
    chains = [[str(trained(study, one, seed)) for one in chain] for seed in seeds]
    finished = {"import": chains if len(chains) > 1 else chains[0], "changes": changes}
    fields = config.model_dump(exclude_unset=True, exclude={"arms", "compare", "seeds"})
    kept = {name: config.arms[name] for name in arms}
    return StudyConfig.model_validate(
        {**{name: getattr(config, name) for name in fields}, "arms": {**kept, "theirs": finished}, "seeds": seeds}
    )


def test_a_finished_run_can_be_an_arm_and_ends_as_the_one_it_is(found, out, config, copied):
    study = imported(config, out, ["sft", "sft+rl"], ["base", "rl"])
    results = run_study(study, copied, Console(file=io.StringIO()))
    ours, theirs = found[0]["arms"]["sft+rl"]["seeds"]["0"], results["arms"]["theirs"]["seeds"]["0"]
    assert theirs["accuracy"] == ours["accuracy"] and theirs["cost"]["steps"] == ours["cost"]["steps"]


def test_an_arm_of_several_finished_runs_has_a_seed_for_each(found, out, config, copied):
    study = imported(config, out, ["sft", "sft+rl"], ["base", "rl"], seeds=(0, 1))
    results = run_study(study, copied, Console(file=io.StringIO()))
    ours, theirs = found[0]["arms"]["sft+rl"], results["arms"]["theirs"]
    assert theirs["accuracy"] == ours["accuracy"] and theirs["recipe"] == ours["recipe"]
    assert set(theirs["seeds"]) == {"0", "1"} and theirs["stages"] == ["sft", "rl"]


def test_finished_runs_alone_are_a_study_without_a_funnel(found, out, config, copied):
    results = run_study(imported(config, out, ["rl"]), copied, Console(file=io.StringIO()))
    assert list(results["arms"]) == ["theirs"] and results["funnel"] == []


def test_imported_chains_are_equally_long_and_each_has_a_seed_of_the_study(found, out, config):
    rl, both = str(trained(out, "rl")), [str(trained(out, one)) for one in ("sft", "sft+rl")]
    for chains, told in (
        ([[rl], both], "equally long, and these have 1, 2 trainings"),
        ([[rl], [rl]], "were trained with one seed, 0"),
        ([[str(trained(out, "rl", 1))]], r"was trained with seed 1, and the study runs \[0\]"),
    ):
        with pytest.raises(InputError, match=told):
            plan_study(parse_config(StudyConfig, {"arms": {"theirs": {"import": chains}}}, "the study"))


def test_an_imported_arm_that_differs_undeclared_is_refused_with_the_difference(found, out, config, copied, tmp_path):
    other = config.model_copy(update={"rl": config.rl.model_copy(update={"learning_rate": 5e-3}), "seeds": (0,)})
    run_study(other.only(["rl"]), tmp_path / "other", Console(file=io.StringIO()))
    quiet = Console(file=io.StringIO())
    study = imported(config, tmp_path / "other", ["rl"], ["base", "rl"])
    with pytest.raises(
        InputError, match=r"rl.config.learning_rate .*rl has 1e-06, theirs has 0.005.*arms.theirs.changes"
    ):
        run_study(study, copied, quiet)
    said = imported(config, tmp_path / "other", ["rl"], ["base", "rl"], **{"rl.learning_rate": 5e-3})
    rows = run_study(said, copied, quiet)["controls"]
    assert [row["declared"] for row in rows if row["control"] == "rl.config.learning_rate"] == ["rl.learning_rate"]


def test_imported_stages_must_be_one_chain(out, found, config, copied):
    with pytest.raises(InputError, match="they are not one chain"):
        run_study(imported(config, out, ["rl", "sft+rl"], ["base"]), copied, Console(file=io.StringIO()))


def test_an_unfinished_run_cannot_be_imported(tmp_path, config):
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "recipe.json").write_text(json.dumps({}))
    arm = {"import": str(tmp_path / "half")}
    with pytest.raises(InputError, match="is not finished"):
        run_study(StudyConfig.model_validate({"arms": {"theirs": arm}}), tmp_path / "out", Console(file=io.StringIO()))
