"""Each adapter, called as the source named in its docstring calls it."""

import asyncio
import dataclasses
import importlib.util
import inspect
import logging
from functools import partial

import numpy as np
import pytest

from seethink.core.item import make_item
from seethink.core.rejected import InputError
from seethink.core.trace import write_tags
from seethink.rewards import easyr1_reward, ground_truth, mixed, read_ground_truth, swift_orm, verl_reward

COUNT = make_item(source="test", question="how many?", gold="3", verifier="digit", meta={"n": 1})
CHOICE = make_item(source="test", question="which?", gold="B", verifier="mcq", options=("a cat", "a dog"))
BOX = make_item(source="test", question="where?", gold="[0, 0, 10, 10]", verifier="iou", size=(20, 20))
FREE = make_item(source="test", question="what?", gold="a dog", verifier="open", images=("ab",))
WHOLE = make_item(
    source="test", question="how far?", gold="2.5", verifier="math", images=("ab",), options=("2", "2.5"), size=(4, 3),
    tolerance="1%", context="a map", meta={"id": "q1"},
)  # fmt: skip
ITEMS = (COUNT, CHOICE, BOX, FREE)


class LongOnly:
    """Scores answers of two words or more, and has no opinion on others."""

    def score(self, items, answers):
        return [float(len(answer)) if " " in answer else float("nan") for answer in answers]


def as_loaded(path, name):
    """A function of a file, loaded the way verl's and EasyR1's configuration of a path does it."""
    spec = importlib.util.spec_from_file_location("custom_module", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name), module


# The item in the data


@pytest.mark.parametrize("item", [*ITEMS, WHOLE], ids=lambda item: item.verifier)
def test_an_item_comes_back_as_it_went(item):
    assert read_ground_truth(ground_truth(item)) == item


def test_no_field_of_an_item_is_forgotten():
    assert all(getattr(WHOLE, field.name) for field in dataclasses.fields(WHOLE))


def test_a_hand_written_ground_truth_needs_gold_and_verifier_only():
    item = read_ground_truth('{"gold": 3, "verifier": "digit"}')
    assert (item.gold, item.verifier, item.options, item.size) == ("3", "digit", (), None)


def test_columns_of_structs_come_with_arrays_and_empty_fields():
    columns = {"gold": np.array([0, 0, 10, 10]), "verifier": "iou", "size": np.array([20, 20]), "options": None}
    item = read_ground_truth(columns | {"images": np.array([], dtype=object)})
    assert (item.gold, item.size, item.images) == ("[0, 0, 10, 10]", (20, 20), ())


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("3", "give a JSON object"),
        ("three", "it is not JSON"),
        ('{"verifier": "digit"}', "field gold is missing"),
        ('{"gold": "3"}', "name one of digit, mcq, math, iou, open"),
        ('{"gold": "3", "verifier": ["digit"]}', "name one of digit"),
        ('{"gold": "B", "verifier": "mcq", "options": "ab"}', "lists of texts"),
        ('{"gold": "B", "verifier": "mcq", "size": [1]}', "cannot be used"),
        ("[" * 100_000, "it is not JSON"),
        (None, "give a JSON object"),
    ],
)
def test_a_ground_truth_that_cannot_be_used_is_named(value, said):
    with pytest.raises(InputError, match=f"ground truth .*{said}"):
        read_ground_truth(value)


# verl


def verl_call(compute_score, item, response, **more):
    """As ``NaiveRewardManager.run_single`` does: in the loop's executor, all by keyword, a float or a dict back."""

    async def run_single():
        assert not inspect.iscoroutinefunction(compute_score)
        return await asyncio.get_running_loop().run_in_executor(
            None,
            lambda: compute_score(
                data_source=item.source,
                solution_str=response,
                ground_truth=ground_truth(item),
                extra_info={"num_turns": None, "rollout_reward_scores": {}},
                **more,
            ),
        )

    result = asyncio.run(run_single())
    return result["score"], {key: result[key] for key in result}


def test_verl_gets_a_score_and_the_same_keys_for_every_response():
    compute_score = verl_reward(mixed())
    told = [
        verl_call(compute_score, COUNT, write_tags("", "3")),
        verl_call(compute_score, COUNT, "3"),
        verl_call(compute_score, CHOICE, write_tags("", "A")),
        verl_call(compute_score, BOX, write_tags("", "[0, 0, 10, 5]")),
    ]
    assert [score for score, _ in told] == [1.0, 0.0, 0.0, 0.5]
    assert [extra["unparseable"] for _, extra in told] == [0.0, 1.0, 0.0, 0.0]
    assert {tuple(extra) for _, extra in told} == {("score", "unparseable", "undecided")}
    assert {type(value) for _, extra in told for value in extra.values()} == {float}


def test_verl_is_told_where_nobody_decided():
    score, extra = verl_call(verl_reward(mixed()), FREE, write_tags("", "a cat"))
    assert score == 0.0 and extra["undecided"] == 1.0


def test_verl_loads_the_file_or_the_module_and_adds_its_keywords(checkout):
    compute_score, _ = as_loaded(checkout / "seethink/rewards/with_verl.py", "compute_score")
    more = {"reward_router_address": "localhost:1", "reward_model_tokenizer": None}
    assert verl_call(partial(compute_score, method="strict"), COUNT, write_tags("", "3"), **more)[0] == 1.0
    assert importlib.import_module("seethink.rewards.with_verl").compute_score


# EasyR1


def easyr1_call(compute_score, asked):
    """As ``BatchFunctionRewardManager.compute_reward`` does, metrics reduced to the mean of every key."""
    ground_truths = np.array([ground_truth(item) for item, _ in asked], dtype=object)
    inputs = [
        {"response": response, "response_length": len(response), "ground_truth": ground_truths[i]}
        for i, (_, response) in enumerate(asked)
    ]
    scores = compute_score(inputs)
    return [score["overall"] for score in scores], {key: np.mean([one[key] for one in scores]) for key in scores[0]}


def test_easyr1_gets_one_dict_of_floats_per_response():
    asked = [(COUNT, write_tags("", "3")), (CHOICE, "B"), (BOX, write_tags("", "0 0 10 5"))]
    overall, metrics = easyr1_call(easyr1_reward(mixed()), asked)
    assert overall == [1.0, 0.0, 0.5]
    assert metrics == {"overall": 0.5, "format": pytest.approx(2 / 3), "undecided": 0.0}


def test_easyr1_gets_the_groups_mean_where_nobody_decided_and_zero_where_nobody_decided_on_any():
    answers = [(FREE, write_tags("", "a very big dog")), (FREE, write_tags("", "dog")), (FREE, "a dog")]
    overall, metrics = easyr1_call(easyr1_reward(mixed(LongOnly())), [*answers, (COUNT, write_tags("", "3"))])
    assert overall[1] == pytest.approx(overall[0] / 2) and overall[2:] == [0.0, 1.0]
    assert metrics["undecided"] == 0.25
    assert easyr1_call(easyr1_reward(mixed()), answers[:2]) == ([0.0, 0.0], {"overall": 0, "format": 1, "undecided": 1})


def test_easyr1_loads_the_file_and_takes_it_for_a_batch_reward(checkout):
    compute_score, module = as_loaded(checkout / "seethink/rewards/with_easyr1.py", "compute_score")
    assert getattr(module, "REWARD_TYPE", "batch") == "batch" and module.REWARD_NAME
    assert easyr1_call(partial(compute_score, format_weight=0.1), [(COUNT, write_tags("", "3"))])[0] == [1.0]


# ms-swift


def swift_call(registered, asked):
    """As ``GRPOTrainer`` makes an entry of ``orms`` and ``compute_rewards_per_func`` calls it; None becomes NaN."""
    assert set(inspect.signature(registered.__init__).parameters) <= {"self", "args", "kwargs"}
    columns = {
        "messages": [[{"role": "assistant", "content": response}] for _, response in asked],
        "solution": [ground_truth(item) for item, _ in asked],
        "images": [[b"png"] for _ in asked],
    }
    output = registered()([response for _, response in asked], trainer_state=None, **columns)
    return [float("nan") if reward is None else reward for reward in output]


def test_swift_gets_a_float_per_completion():
    asked = [(COUNT, write_tags("", "3")), (CHOICE, "B"), (BOX, write_tags("", "0 0 10 5"))]
    assert swift_call(swift_orm(mixed()), asked) == [1.0, 0.0, 0.5]
    assert type(swift_orm(mixed())()).__name__ == "SeethinkORM"


def test_swift_gets_the_groups_mean_where_nobody_decided_and_a_warning(caplog):
    asked = [(FREE, write_tags("", "a very big dog")), (FREE, write_tags("", "dog"))]
    with caplog.at_level(logging.WARNING):
        decided, filled = swift_call(swift_orm(mixed(LongOnly())), asked)
    assert filled == decided > 0 and "1 of 2 completions undecided" in caplog.text
    assert np.isnan(swift_call(swift_orm(mixed()), asked)).all()


def test_swift_without_the_column_says_which():
    with pytest.raises(InputError, match="column solution"):
        swift_orm(mixed())()(["x"], messages=[[]])
