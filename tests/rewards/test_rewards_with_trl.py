import inspect

import pytest

from seethink.core.item import Verifier, make_item
from seethink.core.rejected import InputError
from seethink.core.trace import write_tags
from seethink.rewards import mixed, trl_reward
from seethink.rewards.shaping import Shaping, Term, in_format
from seethink.rewards.with_trl import completion_text, trl_rewards

COUNT = make_item(source="test", question="how many?", gold="3", verifier="digit")
CHOICE = make_item(source="test", question="which?", gold="B", verifier="mcq")
FREE = make_item(source="test", question="what?", gold="a dog", verifier="open")
ITEMS = {one.id: one for one in (COUNT, CHOICE, FREE)}


def call(reward, keys, completions, **columns):
    """As TRL's trainer calls a reward function: everything by keyword, further columns and hooks among them."""
    more = {"completion_ids": [[1]] * len(keys), "trainer_state": None, "log_extra": print, **columns}
    return reward(prompts=["?"] * len(keys), completions=completions, item_id=keys, **more)


def test_floats_where_decided_and_none_where_nobody_did():
    reward = trl_reward(mixed(), ITEMS, "mixed")
    completions = [write_tags("", "3"), "no tags", write_tags("", "A"), write_tags("", "a dog")]
    assert call(reward, [COUNT.id, COUNT.id, CHOICE.id, FREE.id], completions) == [1.0, 0.0, 0.0, None]


def said(content):
    return {"role": "assistant", "content": content}


@pytest.mark.parametrize(
    "completion",
    [
        write_tags("", "3"),
        [said(write_tags("", "3"))],
        [said([{"type": "text", "text": "<think></think>"}, {"type": "text", "text": "<answer>3</answer>"}])],
        [said("<think></think>"), {"role": "tool", "content": "9"}, said("<answer>3</answer>")],
    ],
)
def test_strings_chats_and_text_parts_are_one_response(completion):
    assert call(trl_reward(mixed(), ITEMS), [COUNT.id], [completion]) == [1.0]


def test_a_message_without_text_is_an_empty_response():
    assert completion_text([{"role": "assistant", "content": None}]) == ""
    assert completion_text([]) == ""


def test_metrics_go_where_the_trainer_wants_them():
    logged = {}
    completions = [write_tags("", "3"), "no tags", write_tags("", "B"), write_tags("", "a dog")]
    keys = [COUNT.id, COUNT.id, CHOICE.id, FREE.id]
    call(trl_reward(mixed(), ITEMS, "seen"), keys, completions, log_metric=logged.__setitem__)
    assert logged == {
        "seen/score": pytest.approx(2 / 3),
        "seen/digit": 0.5,
        "seen/mcq": 1.0,
        "seen/perception": 0.5,
        "seen/cognition": 1.0,
        "seen/unparseable": pytest.approx(1 / 3),
        "seen/undecided": 0.25,
        # Three empty thinkings, and a line without tags.
        "seen/steps": 0.25,
    }


def test_terms_are_columns_of_their_own_and_silent_where_nobody_decided():
    seen = []

    def counted(items, responses):
        seen.append(len(items))
        return mixed()(items, responses)

    shaping = Shaping({Verifier.DIGIT: 2.0}, (Term("format", in_format, 0.1), Term("words", lambda text: 7.0, -1.0)))
    columns, weights = trl_rewards(counted, ITEMS, shaping)
    keys = [COUNT.id, COUNT.id, CHOICE.id, FREE.id]
    completions = [write_tags("", "3"), "no tags", [said(write_tags("", "B"))], write_tags("", "a dog")]
    logged = {}
    given = [call(column, keys, completions, log_metric=logged.__setitem__) for column in columns]
    assert given == [[2.0, 0.0, 1.0, None], [1.0, 0.0, 1.0, None], [7.0, 7.0, 7.0, None]]
    assert [column.__name__ for column in columns] == ["mixed", "format", "words"] and weights == [1.0, 0.1, -1.0]
    # One judging serves all columns, and what is logged of it knows no weight.
    assert seen == [4] and logged["mixed/digit"] == 0.5 and logged["mixed/score"] == pytest.approx(2 / 3)


def test_a_column_that_is_asked_about_another_batch_judges_it():
    columns, _ = trl_rewards(mixed(), ITEMS, Shaping(terms=(Term("format", in_format, 1.0),)))
    call(columns[0], [COUNT.id], [write_tags("", "3")])
    assert call(columns[1], [FREE.id], [write_tags("", "3")]) == [None]


def test_the_trainer_shows_it_under_its_name():
    assert trl_reward(mixed(), ITEMS, "mixed").__name__ == "mixed"
    assert not inspect.iscoroutinefunction(trl_reward(mixed(), ITEMS))


def test_unknown_items_and_a_missing_column_say_what_to_do():
    with pytest.raises(InputError, match="knows no item 'gone'"):
        call(trl_reward(mixed(), ITEMS), ["gone"], ["x"])
    with pytest.raises(InputError, match="column item_id"):
        trl_reward(mixed(), ITEMS)(prompts=["?"], completions=["x"])
