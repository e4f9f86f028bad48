"""Registered claims count arms by their level on a dial: the study's own settings say where an arm stands."""

import dataclasses
import io

import pytest
from rich.console import Console

from seethink.analysis import judge_claims, load_registration, read_study_data
from seethink.core.config import parse_config
from seethink.core.rejected import InputError
from seethink.study.dials import dials_of, registered_claims
from seethink.study.dry_run import print_plan
from seethink.study.recipe import load_recipe
from seethink.study.run import run_study
from seethink.study.settings import StudyConfig

CLAIMS = """
title: t
primary: planted
doses: [{name: h, dial: teacher.hesitation, series: {sft: {0.2: sft, 1: sft-hesitant}}}]
claims:
  - {kind: slope, name: planted, family: f, statement: It plants., quantity: hesitation_rate, dose: h, series: sft,
     direction: rises, smallest: 0.1}
"""


@pytest.fixture
def study(tmp_path):
    (tmp_path / "claims.yaml").write_text(CLAIMS)

    def made(**fields):
        arms = {"sft": ["sft"], "sft-hesitant": {"stages": ["sft"], "changes": {"teacher.hesitation": 1.0}}}
        return parse_config(StudyConfig, {"arms": arms, "claims": str(tmp_path / "claims.yaml")} | fields, "the study")

    return made


def test_the_causal_experiment_is_the_one_that_was_registered(checkout):
    config = load_recipe(checkout / "recipes" / "study" / "causal.yaml")
    claims = checkout / "recipes" / "study" / "claims.yaml"
    registration = registered_claims(config.model_copy(update={"claims": claims}))
    assert {dose.name for dose in registration.doses} == {"hesitation", "wrong_steps", "caption_errors"}
    other = load_recipe(checkout / "recipes" / "study" / "causal.yaml", ["teacher.wrong_steps=0.2", f"claims={claims}"])
    with pytest.raises(InputError, match=r"counts arm sft as teacher.wrong_steps=0.1, and the study has it at 0.2"):
        registered_claims(other)


def test_a_centre_at_another_level_stops_the_study_before_anything_is_made(study, tmp_path):
    wrong, quiet = study(teacher={"hesitation": 0.5}), Console(file=io.StringIO())
    told = r"claims.yaml: dose h counts arm sft as teacher.hesitation=0.2, and the study has it at 0.5"
    with pytest.raises(InputError, match=told):
        run_study(wrong, tmp_path / "out", quiet)
    with pytest.raises(InputError, match=told):
        print_plan(wrong, tmp_path / "study.yaml", [], tmp_path / "out", tmp_path / "out", quiet)
    assert not (tmp_path / "out").exists()
    assert registered_claims(study(teacher={"hesitation": 0.2})) is not None


def test_a_dial_that_is_no_setting_is_named(study, tmp_path):
    (tmp_path / "claims.yaml").write_text(CLAIMS.replace("teacher.hesitation", "teacher.hesitates"))
    with pytest.raises(InputError, match=r"dose h turns teacher.hesitates, which is no number among the settings"):
        registered_claims(study())


def test_every_arm_is_told_with_its_level_of_what_any_arm_turns(study):
    config = study(
        teacher={"hesitation": 0.2},
        arms={"sft": ["sft"], "a": {"stages": ["sft"], "changes": {"sft.steps": 9, "traces.form": "format"}}},
    )
    found = dials_of(config, registered_claims(config), ["sft", "a"])
    assert found["a"] == {"sft.steps": 9, "teacher.hesitation": 0.2}
    assert found["sft"].keys() == {"teacher.hesitation"} | ({"sft.steps"} if config.sft.steps else set())


def test_the_tables_alone_know_the_centre(found, out, config, tmp_path):
    tables = read_study_data([out / "tables"])
    centre = config.teacher.hesitation
    assert tables.arms["sft"].dials == {"teacher.hesitation": centre}
    assert tables.arms["sft-hesitant"].dials == {"teacher.hesitation": 1.0}
    (tmp_path / "claims.yaml").write_text(CLAIMS.replace("0.2: sft", f"{centre + 0.1:g}: sft"))
    registration = load_registration(tmp_path / "claims.yaml")
    with pytest.raises(InputError, match=rf"arm sft has teacher.hesitation={centre}; the registration counts it"):
        judge_claims(registration, tables)
    # Tables made before the levels were kept are read, and taken at the registration's word.
    old = {arm: record.model_copy(update={"dials": {}}) for arm, record in tables.arms.items()}
    assert judge_claims(registration, dataclasses.replace(tables, arms=old))
