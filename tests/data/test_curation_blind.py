"""Chance, its correction, and a teacher that is asked without the picture."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from seethink.core.item import Item, Verifier, make_item
from seethink.data.curation.blind import blind_scores, chances, corrected, option_count
from seethink.data.curation.guesses import ask_blind

_numbers = itertools.count()


def item(verifier: str, gold: str, source: str = "s", question: str = "Which?", **fields: Any) -> Item:
    return make_item(
        source=source, question=question, gold=gold, verifier=verifier, images=(f"h{next(_numbers)}",), **fields
    )


@pytest.mark.parametrize(
    ("accuracy", "chance", "expected"), [(0.25, 0.25, 0), (1, 0.25, 1), (0.5, 0.25, 1 / 3), (0, 0.5, -1)]
)
def test_a_guesser_is_corrected_to_nothing(accuracy: float, chance: float, expected: float) -> None:
    assert corrected(accuracy, chance) == pytest.approx(expected)


def test_chance_of_a_choice_is_one_of_its_options_wherever_they_stand() -> None:
    listed = item("mcq", "A", options=("a", "b", "c"))
    spelt = item("mcq", "B", question="Which?\nChoices:\nA: 1\nB: 2\nC: 3\nD: 4\nE: 5")
    drawn = [item("mcq", gold, source="drawn") for gold in "ABD"]
    found = chances([listed, spelt, *drawn])
    assert [found[one.id] for one in (listed, spelt, *drawn)] == [1 / 3, 1 / 5, 1 / 4, 1 / 4, 1 / 4]
    assert option_count(drawn[0]) is None


def test_chance_of_the_others_is_that_another_item_of_their_source_has_the_commonest_gold() -> None:
    digits = [item("digit", gold) for gold in ("2", "2", "2", "5", "7")]
    alone = item("digit", "4", source="other")
    found = chances([*digits, alone])
    assert {found[one.id] for one in digits} == {2 / 4} and found[alone.id] == 0


def test_chance_of_a_box_is_what_the_median_box_hits() -> None:
    boxes = [item("iou", json.dumps(gold)) for gold in ([0, 0, 0.5, 0.5], [0.02, 0, 0.5, 0.5], [0.8, 0.8, 0.9, 0.9])]
    pixels = item("iou", "[0, 0, 50, 52]", size=(100, 100))
    assert set(chances([*boxes, pixels]).values()) == {2 / 3}


def test_visual_dependence_is_what_chance_and_sight_leave() -> None:
    items = [item("mcq", "A", options=("a", "b")) for _ in range(4)]
    hits = [[True] * 4, [True, True, True, False], [True, False, False, False]]
    scores = blind_scores(items, {one.id: hit for one, hit in zip(items, hits, strict=False)})
    assert [one.visual_dependence for one in scores] == [0.0, 0.5, 1.0, None]
    assert [(one.draws, one.hits, one.blind_accuracy) for one in scores][1:] == [
        (4, 3, 0.75),
        (4, 1, 0.25),
        (0, 0, None),
    ]


def test_a_gold_that_never_changes_says_nothing_of_sight() -> None:
    items = [item("digit", "2") for _ in range(3)]
    assert [one.visual_dependence for one in blind_scores(items, {items[0].id: [True]})] == [None] * 3


def test_a_teacher_is_asked_k_times_without_picture_context_or_gold_and_paid_once(
    teachers: Any, images: Any, items: Any, settings: Any, tmp_path: Path
) -> None:
    asked = items(3, gold="2", verifier="digit", context="secret scene")
    answers = itertools.cycle(["<answer>2</answer>", "I guess <answer>5</answer>"])
    teachers.says["think"] = lambda question: next(answers)
    found = [ask_blind(asked, settings(width=1), 2, images, tmp_path / "out") for _ in range(2)]
    assert teachers.billed == 6 and found[0].hits == found[1].hits == {one.id: [True, False] for one in asked}
    for body in teachers.requests:
        told = json.dumps(body)
        assert "image_url" not in told and "secret scene" not in told and "not shown it" in told
        assert body["messages"][-1]["content"] in {one.question for one in asked}
    another = ask_blind(asked, settings(width=1), 3, images, tmp_path / "more", ledger=tmp_path / "out" / "ledger")
    assert teachers.billed == 9 and all(len(hits) == 3 for hits in another.hits.values())


def test_open_answers_are_decided_by_the_verifier_and_others_by_rule(
    teachers: Any, images: Any, items: Any, settings: Any, tmp_path: Path
) -> None:
    said = {"gold-0": "Yes", "gold-1": "No", "gold-2": "Hard to say"}
    teachers.says["think"] = lambda question: "no tags, just blue"
    teachers.says["judge"] = lambda asked: next(word for gold, word in said.items() if gold in asked)
    asked = items(3)
    found = ask_blind(asked, settings(), 1, images, tmp_path / "out")
    assert [found.hits[one.id] for one in asked] == [[True], [False], []]
    assert all("just blue" in text for text in teachers.texts("judge"))


def test_an_item_without_an_answer_is_counted_and_left_open(
    teachers: Any, images: Any, items: Any, settings: Any, tmp_path: Path, Fault: Any
) -> None:
    asked = items(3, gold="2", verifier="digit")
    teachers.fault = lambda body, attempt: Fault(400) if "What is 1?" in json.dumps(body) else None
    teachers.says["think"] = lambda question: "<answer>2</answer>"
    found = ask_blind(asked, settings(), 2, images, tmp_path / "out")
    assert found.aside == {"teacher refuses the request": 1} and asked[1].id not in found.hits
    [left] = [one for one in blind_scores(asked, found.hits) if one.item_id == asked[1].id]
    assert left.draws == 0 and left.visual_dependence is None and left.verifier is Verifier.DIGIT
