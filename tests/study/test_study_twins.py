"""A question and its text twin are one item, domains are told apart, and what cannot be compared is refused at once."""

import io

import pytest
from rich.console import Console

from seethink.analysis import check_results
from seethink.core.config import parse_config
from seethink.core.images import ImageStore
from seethink.core.rejected import InputError
from seethink.data import DataConfig
from seethink.data.curation import RandomSplit
from seethink.study.data import build_world_data, read_data
from seethink.study.heldout import heldout_items
from seethink.study.run import run_study
from seethink.study.settings import StudyConfig
from seethink.study.twins import compared_ids
from seethink.world.oracle import Dials
from seethink.world.questions import Rendering, Split
from seethink.world.source import WorldConfig

HELDOUT = WorldConfig(split=Split.HELDOUT, count=40, seed=0)
WORDS = HELDOUT.model_copy(update={"rendering": Rendering.TEXT})


def test_a_text_twin_is_compared_under_the_question_that_it_words(tmp_path):
    images = ImageStore(tmp_path)
    ids = compared_ids(WORDS, images)
    shown = {item.id: item for item in heldout_items(HELDOUT, images)}
    asked = heldout_items(WORDS, images)
    assert set(ids) == {item.id for item in asked} and list(ids.values()) == list(shown)
    for item in asked:
        twin = shown[ids[item.id]]
        assert item.question.endswith(twin.question) and item.gold == twin.gold and twin.images and not item.images
    assert compared_ids(HELDOUT, images) == {}


def test_the_world_in_words_can_be_taught_and_reinforced(tmp_path):
    """The reasoner reads in the question what it otherwise reads in the caption."""
    kept = {}
    for rendering in Rendering:
        world = WorldConfig(count=60, rendering=rendering)
        data = DataConfig(split=RandomSplit())
        teacher = Dials(wrong_steps=0, caption_errors=0)
        build_world_data(world, teacher, data, ImageStore(tmp_path / "images"), tmp_path / rendering)
        sets = read_data(tmp_path / rendering)
        items = [*(one.item for one in sets.sft), *sets.rl]
        kept[rendering] = {item.meta["index"] for item in items}
        assert all(bool(item.images) == (rendering is Rendering.PICTURE) for item in items)
    assert kept["text"] == kept["picture"] and len(kept["text"]) == 60


BENCHMARK = {"kind": "benchmarks", "tables": {"mathvista": {"table": "m.tsv"}}}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"changes": {"heldout.domain": "scenes"}}, r"base and a would answer other questions \(heldout.domain "),
        ({"changes": {"heldout.count": 8}}, "heldout.count differs"),
        ({"changes": {"heldout": BENCHMARK}}, "would answer other questions"),
        ({"changes": {"heldout.rendering": "text", "pictures.evaluation": "blank"}}, "rendering: text shows none"),
    ],
)  # fmt: skip
def test_arms_that_answer_other_questions_are_refused_before_anything_is_planned(fields, told):
    with pytest.raises(InputError, match=told):
        parse_config(StudyConfig, {"arms": {"base": [], "a": fields}}, "the study")


def test_a_benchmark_is_asked_with_its_own_pictures():
    arms = {"base": [], "a": {"changes": {"pictures.evaluation": "blank"}}}
    with pytest.raises(InputError, match=r"arm a: pictures\.evaluation: blank: a benchmark"):
        parse_config(StudyConfig, {"arms": arms, "heldout": BENCHMARK}, "the study")
    arms["a"] = {"changes": {"evaluation.blind": True}}
    parse_config(StudyConfig, {"arms": arms, "heldout": BENCHMARK}, "the study")


def test_a_study_of_twins_domains_and_missing_pictures_runs_to_its_end(config, tmp_path):
    words = {"heldout.rendering": "text"}
    arms = {
        "base": [],
        "base-words": {"changes": words},
        "withheld": {"changes": {"evaluation.blind": True}},
        "blank": {"changes": {"pictures.evaluation": "blank"}},
        "rl": ["rl"],
        "rl-words": {"stages": ["rl"], "changes": words | {"world.rendering": "text"}},
        "rl-scenes": {"stages": ["rl"], "changes": {"world.domain": "scenes"}},
        "rl-blank": {"stages": ["rl"], "changes": {"pictures.training": "blank"}},
    }
    compare = [["rl-words", "base-words"], ["rl-words", "rl"], ["rl-scenes", "base"]]
    fields = ("base", "world", "rl", "data", "heldout", "evaluation", "accept")
    study = StudyConfig.model_validate(
        {name: getattr(config, name) for name in fields} | {"arms": arms, "compare": compare}
    )
    results = run_study(study, tmp_path / "twins", Console(file=io.StringIO()))
    check_results(results)
    for a, b in compare:
        pair = next(pair for pair in results["pairs"] if (pair["a"], pair["b"]) == (a, b))
        assert pair["n"] == 8 and pair["left_out"] == 0
    domains = {item.source for item in heldout_items(study.heldout, ImageStore(tmp_path / "images"))}
    assert domains == {"world-scenes", "world-charts"}
    for arm in results["arms"].values():
        assert set(arm["by_source"]) == domains
        assert sum(part["accuracy"]["n"] for part in arm["by_source"].values()) == 8
    told = {(row["a"], row["b"], row["part"]): row["difference"]["n"] for row in results["subsets"]}
    assert sum(told["rl-scenes", "base", domain] for domain in domains) == 8
    assert [(row["own"], row["other"], row["training"], row["evaluation"]) for row in results["vision"]] == [
        ("base", "withheld", "own", "none"),
        ("base", "blank", "own", "blank"),
        ("rl", "rl-blank", "blank", "own"),
    ]
    report = (tmp_path / "twins" / "report.html").read_text()
    assert '<section id="vision">' in report and "By source" in report
