from pathlib import Path

import pytest

from seethink.core.images import ImageStore
from seethink.core.item import RULE_VERIFIERS, Verifier
from seethink.core.rejected import InputError
from seethink.world.questions import (
    TEMPLATES,
    Rendering,
    Split,
    as_item,
    drawn,
    flawed_templates,
    question,
    question_text,
    split_of,
)
from seethink.world.source import WorldConfig, WorldSource


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_question_is_a_pure_function_of_seed_and_index(level: int) -> None:
    assert question(3, 11, level=level) == question(3, 11, level=level)
    assert len({question_text(question(3, index, level=level)) for index in range(40)}) > 10


def test_every_verifier_and_both_domains_have_templates_and_half_of_each_verifier_is_flawed() -> None:
    for verifier in Verifier:
        names = {name for name, template in TEMPLATES.items() if template.verifier is verifier}
        assert len(names & flawed_templates()) * 2 == len(names)
    for verifier in RULE_VERIFIERS:
        assert len({t.domain for t in TEMPLATES.values() if t.verifier is verifier}) == 2


@pytest.mark.parametrize("name", sorted(TEMPLATES))
@pytest.mark.parametrize("level", [1, 2, 3])
def test_the_wrong_way_never_reaches_the_right_answer(name: str, level: int) -> None:
    asked = [question(5, index, level=level, templates=[name]) for index in range(60)]
    assert all(one.derive(right=True).answer != one.derive(right=False).answer for one in asked)


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_a_question_can_be_read_back_from_its_text(name: str) -> None:
    asked = question(1, 2, templates=[name])
    assert TEMPLATES[name].read(question_text(asked)) == asked.words
    assert [n for n, t in TEMPLATES.items() if n != name and t.read(question_text(asked)) is not None] == []


def test_splits_never_share_a_picture() -> None:
    pictures = {split: {drawn(question(9, i, split=split)).tobytes() for i in range(300)} for split in Split}
    assert not pictures[Split.TRAIN] & pictures[Split.HELDOUT]
    assert not pictures[Split.VALIDATION] & (pictures[Split.TRAIN] | pictures[Split.HELDOUT])
    assert all(split_of(question(9, 0, split=split).picture) is split for split in Split)


def test_a_level_outside_the_world_is_named() -> None:
    with pytest.raises(InputError, match="level 9"):
        question(0, 0, level=9)


def test_a_text_twin_asks_the_same_without_a_picture(tmp_path: Path) -> None:
    asked, store = question(2, 4), ImageStore(tmp_path)
    shown, told = as_item(asked, store), as_item(asked, store, Rendering.TEXT)
    assert shown.images and not told.images
    assert told.question.endswith(shown.question) and told.gold == shown.gold


def test_a_source_yields_different_items_and_grows_at_the_end(tmp_path: Path) -> None:
    few, more = (list(WorldSource(WorldConfig(count=n)).items(ImageStore(tmp_path))) for n in (20, 30))
    assert len({item.id for item in more}) == 30  # type: ignore[union-attr]
    assert more[:20] == few


def test_a_world_too_small_for_the_count_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="different items of 5000"):
        list(WorldSource(WorldConfig(count=5000, templates=("parabola",))).items(ImageStore(tmp_path)))
