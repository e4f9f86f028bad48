"""Registered claims: read as they were written, and judged by the tables alone."""

from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from seethink.analysis.registered import Registration, Verdict, judge_claims, load_registration
from seethink.analysis.registered.doses import dose_rows
from seethink.analysis.registered.judge import slope_weights
from seethink.analysis.registered.told import verdict_sentence, verdicts_table
from seethink.core.rejected import InputError

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "recipes" / "study" / "claims.yaml"

LEVELS = {0.0: "sft-0", 0.5: "sft", 1.0: "sft-1"}
DOSE = {"name": "h", "dial": "teacher.hesitation", "series": {"sft": LEVELS, "sft+rl": {0.0: "late-0", 1.0: "late-1"}}}
GAP = {
    "kind": "difference", "name": "gap", "family": "gap", "statement": "SFT then RL ends below RL alone.",
    "quantity": "accuracy", "a": "sft+rl", "b": "rl", "direction": "falls", "smallest": 0.05,
}  # fmt: skip
PLANTED = {
    "kind": "slope", "name": "planted", "family": "planted", "statement": "It plants.", "quantity": "hesitation_rate",
    "dose": "h", "series": "sft", "direction": "rises", "smallest": 0.1,
}  # fmt: skip
SURVIVES = {
    "kind": "survival", "name": "survives", "family": "survives", "statement": "It survives.",
    "quantity": "hesitation_rate", "dose": "h", "planted": "sft", "later": "sft+rl", "direction": "rises",
    "smallest": 0.25,
}  # fmt: skip


def registration(*claims, **more):
    return Registration.model_validate(
        {"title": "t", "primary": claims[0]["name"], "claims": claims, "doses": [DOSE], **more}
    )


def judged(study, *claims, **more):
    return judge_claims(registration(*claims, **more), study)


@pytest.mark.parametrize(
    ("rl", "both", "runs", "verdict", "why"),
    [
        (0.8, 0.5, 5, Verdict.SUPPORTED, "no smaller than the smallest effect"),
        (0.6, 0.8, 5, Verdict.REFUTED, "other direction"),
        (0.8, 0.5, 2, Verdict.OPEN, "2 training runs, the registration asks for 3"),
        (0.62, 0.6, 3, Verdict.OPEN, "neither zero nor an effect of interest is excluded"),
    ],
)  # fmt: skip
def test_a_gap_is_supported_refuted_or_left_open(make_study, rl, both, runs, verdict, why):
    row = judged(make_study({"rl": rl, "sft+rl": both}, runs=runs), GAP)[0]
    assert row["verdict"] == verdict
    assert why in row["why"]
    assert row["headline"] == (runs == 5)


def test_no_effect_is_refuted_where_one_of_interest_is_excluded(make_study):
    row = judged(make_study({"rl": 0.6, "sft+rl": 0.6}, runs=8), GAP | {"smallest": 0.25})[0]
    assert (row["verdict"], row["why"]) == ("refuted", "an effect as large as the smallest is excluded")


def test_an_effect_that_is_there_but_too_small_is_open(make_study):
    study = make_study({"rl": 0.8, "sft+rl": 0.55}, runs=5)
    slightly_more = -1.1 * judged(study, GAP)[0]["mean"]
    row = judged(study, GAP | {"smallest": slightly_more})[0]
    assert row["p"] < 0.05 and row["verdict"] == "open" and "may be smaller than matters" in row["why"]


def test_a_slope_is_the_change_over_the_levels(make_study):
    arms = dict.fromkeys(("sft-0", "sft", "sft-1"), 0.5)
    row = judged(make_study(arms, {"sft-0": 0.1, "sft": 0.3, "sft-1": 0.5}), PLANTED)[0]
    assert row["mean"] == pytest.approx(0.4, abs=0.02) and row["verdict"] == "supported"
    assert slope_weights({0.0: "a", 0.1: "b", 0.3: "c"}) == pytest.approx(
        dict(zip("abc", 0.3 * np.array([-4, -1, 5]) / 30 / ((16 + 1 + 25) / 900), strict=True))
    )


@pytest.mark.parametrize(
    ("planted", "later", "verdict"),
    [(0.6, 0.4, "supported"), (0.6, 0.05, "refuted"), (0.05, 0.05, "open")],
)
def test_what_was_planted_survives_or_not(make_study, planted, later, verdict):
    arms = dict.fromkeys((*LEVELS.values(), "late-0", "late-1"), 0.5)
    says = {"sft-0": 0.05, "sft": (planted + 0.05) / 2, "sft-1": planted, "late-0": 0.05, "late-1": later}
    row = judged(make_study(arms, says), SURVIVES, least_runs=3)[0]
    assert row["verdict"] == verdict
    assert ("nothing could survive" in row["why"]) == (planted == 0.05)


def test_claims_of_a_family_are_corrected_together(make_study):
    study = make_study({"rl": 0.62, "sft+rl": 0.55, "rl-long": 0.61}, runs=3)
    other = GAP | {"name": "longer", "b": "rl-long"}
    alone, together = judged(study, GAP)[0], judged(study, GAP, other)[0]
    apart = judged(study, GAP, other | {"family": "another"})[0]
    assert alone["p_holm"] == apart["p_holm"] == alone["p"] < together["p_holm"]
    assert together["family_size"] == 2


def test_arms_that_never_ran_leave_a_claim_open(make_study):
    row = judged(make_study({"rl": 0.6}), GAP)[0]
    assert row["verdict"] == "open" and row["why"] == "not tested: no runs of sft+rl"
    assert row["mean"] is None and "no runs of sft+rl" in verdict_sentence(row)


def test_an_arm_at_another_level_than_registered_is_refused(make_study):
    arms = dict.fromkeys(LEVELS.values(), 0.5)
    with pytest.raises(InputError, match=r"sft-1 has teacher.hesitation=0.9; the registration counts it as 1"):
        judged(make_study(arms, changes={"sft-1": {"teacher.hesitation": 0.9}}), PLANTED)
    with pytest.raises(InputError, match=r"differ in more than teacher.hesitation"):
        judged(make_study(arms, changes={"sft-1": {"teacher.hesitation": 1.0, "sft.steps": 9}}), PLANTED)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"claims": [PLANTED | {"dose": "x"}]}, "there is no dose x"),
        ({"claims": [PLANTED | {"series": "x"}]}, "has no series x"),
        ({"claims": [PLANTED, PLANTED]}, "registered twice"),
        ({"primary": "x"}, "primary claim x"),
        ({"doses": [DOSE | {"series": {"sft": {0.0: "a"}}}]}, "two levels or more"),
    ],
)
def test_a_registration_that_is_not_whole_is_refused(change, complaint):
    tree = {"title": "t", "primary": "planted", "claims": [PLANTED], "doses": [DOSE]}
    with pytest.raises(ValueError, match=complaint):
        Registration.model_validate(tree | change)


def test_the_words_say_what_a_reader_needs_to_doubt_it(make_study):
    rows = judged(make_study({"rl": 0.8, "sft+rl": 0.5}, runs=3), GAP)
    text = verdict_sentence(rows[0])
    for part in ("Supported", "sft+rl − rl", "95 % interval −", "3 training runs", "falls by 5 points", "Too few runs"):
        assert part in text
    console = Console(record=True, width=160)
    console.print(verdicts_table(rows))
    assert "✓ supported" in console.export_text()


def test_a_dose_has_a_point_per_level_with_its_runs(make_study):
    rows = dose_rows(registration(PLANTED), make_study(dict.fromkeys(LEVELS.values(), 0.5), {"sft-1": 0.5}))
    assert [(row["decoding"], row["registered"]) for row in rows] == [("greedy", True), ("sampled", False)]
    for row in rows:
        assert [point["level"] for point in row["points"]] == [0.0, 0.5, 1.0]
        assert all(len(point["runs"]) == 3 and point["low"] < point["mean"] < point["high"] for point in row["points"])


def test_the_shipped_registration_and_its_page_say_the_same():
    shipped = load_registration(SHIPPED)
    page = (ROOT / "docs" / "study" / "claims.md").read_text(encoding="utf-8")
    assert len(shipped.claims) == 11 and shipped.primary == "worse_than_rl"
    for claim in shipped.claims:
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{claim.name}` |")]
        assert claim.direction in row or claim.kind == "survival"
        assert "a quarter" in row if claim.kind == "survival" else f"| {100 * claim.smallest:g} points |" in row
    for dose in shipped.doses:
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{dose.dial}` |")]
        for level in dose.series["sft"]:
            assert f"{level:g}" in row.replace("**", "")


@pytest.mark.slow
def test_a_true_null_is_supported_or_refuted_no_more_often_than_it_should(make_study):
    rows = [judged(make_study({"rl": 0.6, "sft+rl": 0.6}, runs=3, seed=seed), GAP)[0] for seed in range(200)]
    assert sum(row["p"] < 0.05 for row in rows) <= 18
    assert sum(row["verdict"] == "supported" for row in rows) <= 12
