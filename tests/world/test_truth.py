from pathlib import Path

import numpy as np
import pytest

from seethink.core.images import ImageStore
from seethink.core.item import Item, Verifier
from seethink.world.grammar import describe, facts, read_claim, read_picture, stated_facts
from seethink.world.questions import TEMPLATES, as_item, drawn, question
from seethink.world.see import see
from seethink.world.traces import TAGLESS, WRONG_WAY, pretraining_example, steps, true_steps
from seethink.world.truth import WorldTruth


@pytest.mark.parametrize("level", [1, 2, 3])
def test_seeing_is_the_inverse_of_drawing(level: int) -> None:
    for index in range(100):
        asked = question(4, index, level=level)
        assert see(drawn(asked)) == asked.picture


def test_pixels_the_world_never_draws_are_not_seen() -> None:
    assert see(np.zeros((84, 84, 3), np.uint8)) is None
    assert see(np.zeros((50, 84, 3), np.uint8)) is None


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_description_reads_back_to_its_picture(level: int) -> None:
    for index in range(100):
        picture = question(6, index, level=level).picture
        assert read_picture(describe(picture), picture.n) == picture
        assert stated_facts(describe(picture)) == frozenset(facts(picture))


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_true_steps_are_true_and_the_wrong_way_states_something_false(name: str, tmp_path: Path) -> None:
    truth, store = WorldTruth(), ImageStore(tmp_path)
    for index in range(20):
        asked = question(8, index, templates=[name])
        item = as_item(asked, store)
        assert all(read_claim(step) for step in true_steps(asked))
        assert truth.step_truth(item, true_steps(asked)) == [True] * len(true_steps(asked))
        assert False in truth.step_truth(item, steps(asked.picture, asked.derive(right=False)))


def test_a_filler_states_nothing(tmp_path: Path) -> None:
    item = as_item(question(1, 1), ImageStore(tmp_path))
    assert WorldTruth().step_truth(item, ["Wait, let me look again."]) == [None]


def open_item(tmp_path: Path) -> tuple[Item, tuple[str, ...]]:
    asked = question(1, 1, templates=["describe_scene"])
    return as_item(asked, ImageStore(tmp_path)), facts(asked.picture)


def test_an_open_answer_is_worth_its_true_facts_minus_its_false_ones(tmp_path: Path) -> None:
    item, stated = open_item(tmp_path)
    truth = WorldTruth()
    answers = [", ".join(stated), stated[0], f"{stated[0]}, {stated[0]}", f"{stated[0]}, z9 red circle", "nothing"]
    assert item.verifier is Verifier.OPEN and item.gold == stated[0]
    assert truth.score([item] * 5, answers) == [len(stated), 1, 1, 0, 0]
    assert truth.share([item] * 5, answers) == [1, 1 / len(stated), 1 / len(stated), 0, 0]


def test_pretraining_traces_err_as_often_as_they_say() -> None:
    examples = [pretraining_example(1, index) for index in range(3000)]
    flawed = [e for e in examples if e.question.template.name in {"count_shape", "parabola", "locate_bar"}]
    right = sum(e.question.derive(right=True).plan in e.response for e in flawed) / len(flawed)
    tagless = sum(not e.response.startswith("<think>") or "</think><answer>" not in e.response for e in examples)
    assert abs(1 - right - WRONG_WAY) < 0.06
    assert abs(tagless / len(examples) - TAGLESS) < 0.03
