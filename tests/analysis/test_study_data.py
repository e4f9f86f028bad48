"""A study in small tables: told the same from runs and from files, and never brought together with a stranger."""

import dataclasses
import json

import pytest

from seethink.analysis.results import check_results, results_of
from seethink.analysis.study_data import ArmRecord, Run, find_study_data, read_study_data, study_of, write_study_data
from seethink.analysis.study_page import study_page
from seethink.core.rejected import InputError

LOGS = {"rl": [{"step": step, "reward": step / 400, "mixed/digit": 0.5, "note": "x"} for step in range(1, 401)]}


@pytest.fixture(scope="module")
def graded(study):
    arms = {arm: ArmRecord(trained=arm != "base") for arm in study}
    runs = [Run(arm, 3, rows, {"train_tokens": 5.0}, LOGS if arm == "grpo" else {}) for arm, rows in study.items()]
    return study_of("sitting", arms, runs, controls=[{"control": "RL items", "matched": True, "grpo": "a"}], code="1")


def sitting(study, name, *seeds):
    """The runs of these seeds alone. What is not trained is filed under the first of them, as a study does."""
    runs = {
        arm: {seed: found[seed] for seed in seeds} if study.arms[arm].trained else {seeds[0]: found[0]}
        for arm, found in study.runs.items()
    }
    return dataclasses.replace(study, names=(name,), runs=runs)


def written(folder, *studies):
    for number, study in enumerate(studies):
        write_study_data(folder / str(number), study)
    return find_study_data([folder])


def test_tables_tell_the_same_study_as_the_runs(graded, tmp_path):
    read = read_study_data(written(tmp_path, graded))
    assert read == graded
    results = results_of(read, resamples=200)
    assert results == results_of(graded, resamples=200)
    check_results(results)


def test_tables_are_small_text_of_one_row_per_item(graded, tmp_path):
    written(tmp_path, graded)
    table = (tmp_path / "0" / "runs" / "grpo.3.csv").read_text()
    assert len(table.splitlines()) == 61 and len(table) / 60 < 125  # 100 kB hold 800 items
    curve = (tmp_path / "0" / "curves" / "grpo.3.csv").read_text().splitlines()
    assert curve[0] == "stage,step,reward,mixed/digit" and len(curve) == 81
    assert curve[1].startswith("rl,5,0.0075")


def test_sittings_add_seeds(make_study, tmp_path):
    whole = make_study({"base": 0.4, "rl": 0.7, "sft": 0.5}, runs=4)
    read = read_study_data(written(tmp_path, sitting(whole, "a", 0, 1), sitting(whole, "b", 2, 3)))
    assert read.names == ("a", "b")
    assert {arm: list(runs) for arm, runs in read.runs.items()} == {
        "base": [0],
        "rl": [0, 1, 2, 3],
        "sft": [0, 1, 2, 3],
    }
    together, apart = (results_of(one, resamples=100) for one in (read, whole))
    assert together["arms"] == apart["arms"]
    assert together["arms"]["rl"]["recipe"]["low"] < together["arms"]["rl"]["recipe"]["mean"]


def test_the_first_title_of_several_sittings_is_that_of_all(make_study, tmp_path):
    whole = make_study({"base": 0.4, "rl": 0.7}, runs=3)
    titled = dataclasses.replace(sitting(whole, "b", 1), title="Mine")
    other = dataclasses.replace(sitting(whole, "c", 2), title="Theirs")
    assert read_study_data(written(tmp_path, sitting(whole, "a", 0), titled, other)).title == "Mine"


def test_tables_made_before_titles_and_dials_are_read(make_study, tmp_path):
    (folder,) = written(tmp_path, make_study({"rl": 0.7}, runs=1))
    record = json.loads((folder / "study.json").read_text())
    assert record.pop("title") is None and record["arms"]["rl"].pop("dials") == {}
    (folder / "study.json").write_text(json.dumps(record))
    assert read_study_data([folder]).title is None


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"arms": {"rl": ArmRecord(changes={"rl.kl": 0.1})}}, "change rl.kl is - and 0.1"),
        ({"controls": [{"control": "RL settings", "matched": True, "rl": "other"}]}, "RL settings is 5f2c and other"),
        ({"items": ()}, "did not ask the same items"),
    ],
)
def test_a_stranger_is_refused_with_the_difference(make_study, tmp_path, change, complaint):
    one = dataclasses.replace(
        make_study({"rl": 0.7}, runs=2), controls=[{"control": "RL settings", "matched": True, "rl": "5f2c"}]
    )
    if "items" in change:
        change = {"items": (one.items[0]._replace(id="another"), *one.items[1:])}
    other = dataclasses.replace(sitting(one, "b", 1), **change)
    with pytest.raises(InputError, match=complaint):
        read_study_data(written(tmp_path, sitting(one, "a", 0), other))


def test_seeds_may_differ_and_a_value_of_each_run_too(make_study, tmp_path):
    one = make_study({"rl": 0.7}, runs=2)
    rows = [
        {"control": "RL seed", "matched": True, "rl": "0"},
        {"control": "w", "matched": True, "per_run": True, "rl": "a"},
    ]
    other = [row | {"rl": "1"} for row in rows]
    folders = written(
        tmp_path,
        dataclasses.replace(sitting(one, "a", 0), controls=rows),
        dataclasses.replace(sitting(one, "b", 1), controls=other),
    )
    assert list(read_study_data(folders).runs["rl"]) == [0, 1]


def test_a_measured_row_of_two_sittings_stays_a_finding_and_an_empty_one_goes(make_study, tmp_path):
    one = make_study({"rl": 0.7, "sft": 0.5}, runs=2)

    def rows(finding, value):
        return [
            {"control": "pass@8", "matched": None, "measured": finding, "rl": value, "sft": "2 %"},
            {"control": "evaluation cost", "matched": True, "rl": "{}", "sft": "{}"},
        ]

    sittings = zip(("a", "b"), (0, 1), (rows("not told apart", "3 %"), rows("told apart in rl", "9 %")), strict=True)
    studies = [dataclasses.replace(sitting(one, name, seed), controls=found) for name, seed, found in sittings]
    joined = read_study_data(written(tmp_path, *studies))
    [row] = joined.controls
    assert row["matched"] is None and row["measured"] == "not told apart; told apart in rl" and row["rl"] == "3 %"
    results = results_of(joined, resamples=50)
    check_results(results)
    assert "measured: not told apart; told apart in rl" in study_page(results, [])
    assert "◇" not in study_page(results, []).split("## Controls")[1]


def test_what_explains_a_difference_in_two_sittings_is_kept_once(make_study, tmp_path):
    one = make_study({"rl": 0.7, "sft": 0.5}, runs=3)
    row = {"control": "rl.code", "matched": False, "rl": "a, b", "sft": "a", "per_run": True}
    whys = ("run late; on two machines", "run late; on two machines", "another reason")
    studies = [
        dataclasses.replace(sitting(one, name, seed), controls=[row | {"declared": why}])
        for seed, (name, why) in enumerate(zip("abc", whys, strict=True))
    ]
    [joined] = read_study_data(written(tmp_path, *studies)).controls
    assert joined["declared"] == "run late; on two machines; another reason"


def test_a_seed_that_was_run_twice_must_have_come_out_the_same(make_study, tmp_path):
    one, other = make_study({"rl": 0.7}, runs=1), make_study({"rl": 0.7}, runs=1, seed=1)
    assert len(read_study_data(written(tmp_path / "same", one, one)).runs["rl"]) == 1
    with pytest.raises(InputError, match="seed 0 was run twice with different outcomes"):
        read_study_data(written(tmp_path / "other", one, other))


def test_an_edited_table_is_noticed(make_study, tmp_path):
    (folder,) = written(tmp_path, make_study({"rl": 0.7}, runs=1))
    table = folder / "runs" / "rl.0.csv"
    table.write_text(table.read_text().replace("\n0,0", "\n0,1", 1).replace("\n0,1", "\n0,0", 1) + " ")
    with pytest.raises(InputError, match=r"rl.0.csv is not as the study wrote it"):
        read_study_data([folder])


@pytest.mark.parametrize("name", ["../outside.csv", "/etc/passwd"])
def test_a_record_cannot_name_files_outside(make_study, tmp_path, name):
    (folder,) = written(tmp_path, make_study({"rl": 0.7}, runs=1))
    record = json.loads((folder / "study.json").read_text())
    record["runs"][0]["table"] = name
    (folder / "study.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match="leaves the folder"):
        read_study_data([folder])


def test_hostile_names_of_arms_become_harmless_names_of_files(make_study, tmp_path):
    study = make_study({"../a": 0.5, "..\\a": 0.5, "A/b c": 0.5}, runs=1)
    (folder,) = written(tmp_path, study)
    assert sorted(path.name for path in (folder / "runs").iterdir()) == ["A_b_c.0.csv", "_a.0.csv", "_a_2.0.csv"]
    assert list(read_study_data([folder]).runs) == list(study.runs)


def test_what_is_no_study_says_so(tmp_path, respond):
    with pytest.raises(InputError, match=r"no study.json there"):
        find_study_data([tmp_path])
    with pytest.raises(InputError, match="two runs with seed 0"):
        study_of("x", {"a": ArmRecord()}, [Run("a", 0, [respond()])] * 2)
    with pytest.raises(InputError, match="not trained and has 2 runs"):
        study_of("x", {"a": ArmRecord(trained=False)}, [Run("a", seed, [respond()]) for seed in (0, 1)])
    with pytest.raises(InputError, match="did not answer the same items"):
        study_of("x", {"a": ArmRecord()}, [Run("a", 0, [respond("i")]), Run("a", 1, [respond("j")])])
