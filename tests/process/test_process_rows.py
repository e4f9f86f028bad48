"""Labels as rows, written and read again."""

import json
from typing import ClassVar

import pytest

from seethink.core.images import ImageStore
from seethink.core.rejected import Rejected
from seethink.process.collect.collect import CollectionConfig, collect
from seethink.process.collect.completer import Completion, Cost
from seethink.process.collect.labels import Labelled, LabelRow, Process, solution
from seethink.process.collect.monte_carlo import BinaryConfig, BinarySearch
from seethink.process.collect.release import AGAIN, BEYOND, NO_RIGHT, NO_WRONG, release
from seethink.process.collect.rows import cut_together, labelled_traces, paths, read_rows_file, write_rows_file
from seethink.process.collect.simulated import SimulatedSolver
from seethink.process.collect.tree import TreeConfig, TreeSearch
from seethink.process.steps import Splitting
from seethink.world.chains import chain, chain_item


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return ImageStore(tmp_path_factory.mktemp("chains"))


def labels_of(collector, solutions, out):
    return collect(CollectionConfig(), collector, solutions, out / "labels", part=4, made_of={})


def test_rows_are_written_and_read_in_the_released_form(store, tmp_path):
    item = chain_item(chain(0, 0, 4), store)
    text = "<think>\nOne and one.\nThat is 3.\nSo 3.\n</think><answer>3</answer>"
    wrong = solution(item, text, False, Splitting.LINES)
    rows = labels_of(BinarySearch(BinaryConfig(rollouts=1), SimulatedSolver(error=0.04)), [wrong], tmp_path)
    written = release(rows, store, tmp_path).rows
    assert write_rows_file(tmp_path / "rows.jsonl", written) == 4
    assert set(json.loads((tmp_path / "rows.jsonl").read_text().splitlines()[0])) == {
        "image_path", "question", "process", "value",
    }  # fmt: skip
    back = list(read_rows_file(tmp_path / "rows.jsonl"))
    traces, rejected = labelled_traces(back, tmp_path, ImageStore(tmp_path / "store"), Splitting.LINES)
    # All rows of one solution are prefixes of the longest: one trace, every value once.
    assert not rejected and len(traces) == 1 and None not in traces[0].values
    assert traces[0].steps[:-1] == wrong.steps and traces[0].values[-1] == 0.0


class Rising:
    """Labels that tell their places."""

    identity: ClassVar = {}

    def label(self, solutions):
        return [
            Labelled(one, tuple(k / 100 for k in range(len(one.steps))), None, Cost(), decided=False)
            for one in solutions
        ]


RESPONSES = {
    "paragraphs": "<think>\nA is 3. B is 4.\n\nThe answer is their sum.\n\nThat is 7.\n</think><answer>7</answer>",
    "numbered": "<think>\nStep 1: I look. A is 3.\n\nStep 2: B is 4.\n\nYes.\nStep 3: 7.\n</think><answer>7</answer>",
    "untagged": "Step 1: I look. A is 3.\nStep 2: B is 4. The rest is 0.\nStep 3: That is 7.\n\nThe answer is 7.",
    "lines": "<think>\nA is 3.\nThe answer is near; B is 4.\nThat is 7.\n</think><answer>7</answer>",
    "one step": "<think>Step 1: A is 3. B is 4. That is 7.</think><answer>7</answer>",
    "unfinished": "<think>\nA is 3. B is 4.\n\nThe answer is their sum",
}


def read_back(texts, how, store, tmp_path):
    """Solutions of a question each, and the traces that are read from their labels' rows."""
    items = [chain_item(chain(0, index, 4), store) for index, _ in enumerate(texts)]
    solutions = [solution(item, text, True, how) for item, text in zip(items, texts, strict=True)]
    write_rows_file(tmp_path / "rows.jsonl", release(labels_of(Rising(), solutions, tmp_path), store, tmp_path).rows)
    rows = list(read_rows_file(tmp_path / "rows.jsonl"))
    # The released file is in no order.
    traces, rejected = labelled_traces(rows[::-1], tmp_path, ImageStore(tmp_path / "store"), how)
    assert not rejected
    return solutions, traces


@pytest.mark.parametrize("how", Splitting)
@pytest.mark.parametrize("text", RESPONSES.values(), ids=RESPONSES)
def test_a_trace_read_back_is_the_one_that_was_labelled(text, how, store, tmp_path):
    [made], [trace] = read_back([text], how, store, tmp_path)
    places = tuple(k / 100 for k in range(len(made.steps)))
    tagged = "</think>" in text
    assert trace.steps == (*made.steps, "<answer>7</answer>") if tagged else made.steps
    # Without tags the last step is the whole response, which is right.
    assert trace.values == ((*places, 1.0) if tagged else (*places[:-1], 1.0))


@pytest.mark.parametrize("how", Splitting)
def test_real_traces_read_back_are_those_that_were_labelled(how, real_data, store, tmp_path):
    lines = (real_data / "vlaa_thinking" / "examples.jsonl").read_text().splitlines()
    texts = [json.loads(line)["ds_answer"] for line in lines]
    solutions, traces = read_back(texts, how, store, tmp_path)
    found = {trace.steps[:-1]: trace.values for trace in traces}
    assert found == {one.steps: (*(k / 100 for k in range(len(one.steps))), 1.0) for one in solutions}


def test_released_rows_of_a_question_are_cut_as_their_longest(tmp_path):
    first, second, other = "Step 1: I look. A is 3.", "Step 2: So it is. 7.", "Step 2: No. It is 8."
    told = {first: 0.5, f"{first}\n{second}": 0.8, f"{first}\n{other}": 0.2, "Step 1: I guess. It is 9.": 0.0}
    assert list(paths({cut: told[text] for text, cut in cut_together(told, Splitting.AUTO).items()})) == [
        ((first, second), (0.5, 0.8)),
        ((first, other), (None, 0.2)),
        (("Step 1: I guess. It is 9.",), (0.0,)),
    ]
    # One that ends within a step has what it has of it.
    assert cut_together(["A is 3.\n\nB is 4. C", "A is 3.\n\nB is 4"], Splitting.AUTO)["A is 3.\n\nB is 4"] == (
        "A is 3.",
        "B is 4",
    )


def three_ways(store, texts=("good 0.", "bad 0.", "bad 1.")):
    """Solutions of one question, the first right."""
    item = chain_item(chain(0, 0, 4), store)
    return [
        solution(item, f"<think>\n{text}\nSo it is.\n</think><answer>x</answer>", place == 0, Splitting.LINES)
        for place, text in enumerate(texts)
    ]


def test_a_question_s_trees_release_their_most_visited_rows_and_count_the_others(store, two_first_steps, tmp_path):
    rows = labels_of(TreeSearch(TreeConfig(weight=1, iterations=64), two_first_steps()), three_ways(store), tmp_path)
    told = release(rows, store, tmp_path, most=12)
    labelled = [Process(*one) for row in rows for one in json.loads(row["processes"])]
    assert len(told.rows) == 12 == len({one.process for one in told.rows})
    assert all(round(one.value, 1) == one.value for one in told.rows)
    # The whole responses are rows as well, and nothing is lost.
    assert told.reasons[AGAIN] + told.reasons[BEYOND] == len(labelled) + 3 - 12
    most = dict(sorted(((one.text, one.ends) for one in labelled), key=lambda one: one[1]))
    kept = {row.process for row in told.rows}
    assert min(most[text] for text in most if text in kept) >= max(most[text] for text in most if text not in kept)


@pytest.mark.parametrize(("sure", "reason"), [(True, NO_WRONG), (False, NO_RIGHT)])
def test_a_tree_without_both_outcomes_releases_nothing_and_is_counted(sure, reason, store, two_first_steps, tmp_path):
    one_sided = [made for made in three_ways(store) if made.right is sure]

    class Sure(two_first_steps):
        def complete(self, starts, count, seed):
            return [[Completion("</think><answer>x</answer>", sure, 3)] * count for _ in starts]

    rows = labels_of(TreeSearch(TreeConfig(weight=1), Sure()), one_sided, tmp_path)
    told = release(rows, store, tmp_path, most=12)
    assert told.rows == [] and told.reasons == {reason: len(one_sided)} and rows[0]["labels"] > 0


def test_bad_rows_are_set_aside(tmp_path):
    file = tmp_path / "rows.json"
    file.write_text(json.dumps([{"image_path": "a", "question": "q", "process": "p", "value": 2}]))
    assert isinstance(next(iter(read_rows_file(file))), Rejected)
    row = LabelRow("../a.png", "q", "p", 1.0)
    assert labelled_traces([row], tmp_path, ImageStore(tmp_path / "s"))[1][0].reason == "picture cannot be used"


def test_a_shared_beginning_is_learnt_once():
    labelled = {("a",): 0.5, ("a", "b"): 0.2, ("a", "c"): 0.9}
    told = list(paths(labelled))
    assert told == [(("a", "b"), (0.5, 0.2)), (("a", "c"), (None, 0.9))]
