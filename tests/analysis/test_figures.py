"""Figures: complete, the same every time, and harmless."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

pytest.importorskip("matplotlib")

from seethink.analysis import figures
from seethink.analysis.palette import REFERENCE, arm_colours

CURVES = {
    "grpo": {
        seed: [
            {
                "step": step,
                "reward": step / 50 + seed / 10,
                "completions/mean_length": 60 - step,
                "mixed/digit": step / 60,
                "mixed/unparseable": 0.2,
            }
            for step in range(40)
        ]
        for seed in (0, 1)
    },
    "sft": {0: [{"step": step, "loss": 1.0} for step in range(40)]},
}


FUNNEL = [
    {"source": "clevr_math", "step": "collect", "entered": 35_000, "kept": 35_000},
    {"source": "clevr_math", "step": "verify", "entered": 34_000, "kept": 28_018},
    {"source": "clevr_math", "step": "curate", "entered": 28_018, "kept": 7_923, "sft": 5_923, "rl": 2_000},
    {"source": "<b>geoqa</b>", "step": "collect", "entered": 6_499, "kept": 6_499},
]

GROWTH = [
    {"axis": axis, "value": value, "ratio": value**0.5, "count": 1.1 * value**0.5}
    for axis, values in (("group", (2, 4, 8, 16)), ("picture", (64, 256)))
    for value in values
]


@pytest.fixture(scope="module")
def drawn(results):
    arms = results["arms"]
    found = {
        "accuracy": figures.accuracy_figure(arms),
        "breakdown": figures.breakdown_figure(arms),
        "differences": figures.differences_figure(results["pairs"], list(arms)),
        "curves": figures.curves_figure(CURVES, list(arms)),
        "funnel": figures.funnel_figure(results["funnel"]),
        "sources": figures.sources_figure(FUNNEL),
        "habits": figures.habits_figure(arms),
        "sharing": figures.sharing_figure(GROWTH),
        "verifier-curves": figures.verifier_curves_figure(CURVES, list(arms)),
    }
    return {name: drawing.svg for name, drawing in found.items()}


def test_every_figure_is_well_formed_and_700_wide(drawn):
    for svg in drawn.values():
        root = ElementTree.fromstring(svg)
        assert root.get("viewBox").startswith("0 0 700 ")
        assert root.get("aria-label")


def test_figures_are_the_same_every_time_and_hold_no_date(results, drawn):
    assert figures.accuracy_figure(results["arms"]).svg == drawn["accuracy"]
    assert not any("metadata" in svg or "20" + "2" in re.sub(r"[\d.]+", "", svg) for svg in drawn.values())


def test_no_two_figures_share_an_id(drawn):
    ids = [found for svg in drawn.values() for found in set(re.findall(r'\bid="([^"]+)"', svg))]
    assert len(ids) == len(set(ids))


def test_a_reference_points_into_its_own_figure(drawn):
    for name, svg in drawn.items():
        references = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', svg))
        assert all(next(filter(None, pair)).startswith(f"{name}-") for pair in references)


def test_an_arm_has_one_colour_everywhere(results, drawn):
    colours = arm_colours(results["arms"])
    assert colours["base"] == REFERENCE
    assert all(colours["grpo"] in drawn[name] for name in ("accuracy", "breakdown", "differences", "curves", "habits"))
    assert len(set(colours.values())) == 4


def test_only_arms_that_were_reinforced_have_a_curve(drawn):
    assert ">grpo<" in drawn["curves"]
    assert ">sft<" not in drawn["curves"]
    assert figures.curves_figure({"sft": CURVES["sft"]}, ["base", "sft"]) is None


def test_arms_that_share_a_training_share_its_line():
    shared = {"grpo": CURVES["grpo"], "grpo+sft": CURVES["grpo"]}
    alone, both = (figures.curves_figure(curves, ["grpo", "grpo+sft"]) for curves in (CURVES, shared))
    assert ">grpo, grpo+sft<" in both.svg and both.svg.count("<path") == alone.svg.count("<path")


def test_the_score_of_readable_answers_is_free_of_weights_and_terms():
    from seethink.analysis.figures.curves import _reward_over_readable, _score_if_readable

    weighted = {"reward": 3.0, "mixed/score": 0.4, "mixed/unparseable": 0.2}
    assert _score_if_readable(weighted) == pytest.approx(0.5) and _reward_over_readable(weighted) is None
    before = {"reward": 0.4, "mixed/unparseable": 0.2}
    assert _score_if_readable(before) is None and _reward_over_readable(before) == pytest.approx(0.5)


def test_a_log_without_scores_is_labelled_by_what_it_has(drawn):
    assert "reward over share of readable answers" in drawn["curves"] and "score, of answers" not in drawn["curves"]
    scored = {"grpo": {0: [row | {"mixed/score": 0.3} for row in CURVES["grpo"][0]]}}
    svg = figures.curves_figure(scored, ["grpo"]).svg
    assert "score, of answers that can be read" in svg and "reward over share" not in svg


def test_the_funnel_tells_counts_and_reasons(drawn):
    assert "700 kept · set aside: wrong answer 150, empty 50" in drawn["funnel"]
    assert figures.funnel_figure([]) is None


def test_every_source_has_its_bar_and_its_numbers(drawn):
    assert "35,000 collected, 28,018 after the pipeline, 5,923 SFT, 2,000 RL" in drawn["sources"]
    assert "&lt;b&gt;geoqa" in drawn["sources"]
    assert figures.sources_figure([]) is None


def test_a_hostile_name_is_text_in_a_figure(results):
    svg = figures.accuracy_figure({"<script>alert(1)</script> $x_1$": results["arms"]["base"]}).svg
    assert "<script" not in svg
    assert "$x_1$" in svg


def test_arms_without_answers_leave_a_gap(results):
    empty = {"mean": None, "low": None, "high": None, "n": 0}
    arm = results["arms"]["base"] | {"accuracy": empty, "sampled": empty, "by_verifier": {}, "by_dimension": {}}
    for svg in (figures.accuracy_figure({"base": arm}), figures.breakdown_figure({"base": arm})):
        ElementTree.fromstring(svg.svg)
