import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seethink.core.trace import write_tags
from seethink.process.steps import Splitting, pieces, prefixes, split

NUMBERED = (
    "Let us see.\n**Step 1:** Look at the side. It is 10.\nStep 2. Add 12.\n### Step 3: Double it.\nFinal answer: 44"
)


@pytest.mark.parametrize("how", Splitting)
@given(text=st.text(alphabet="aB .\n\r\t1:Step<think></think><answer>é😀", max_size=80))
def test_joined_pieces_are_the_text_and_offsets_are_the_steps(how, text):
    steps = split(text, how)
    assert "".join(pieces(text, steps)) == text
    assert all(step.text == text[step.start : step.end] and step.text.strip() == step.text != "" for step in steps)
    assert all(one.end <= other.start for one, other in pairwise(steps))


def test_numbered_steps_keep_the_opening_and_the_final_answer():
    steps = [step.text for step in split(NUMBERED)]
    assert [step[:6] for step in steps] == ["Let us", "Step 2", "### St"]
    assert steps[-1].endswith("Final answer: 44")


def test_one_numbered_step_stays_one_and_a_tag_hides_no_number():
    assert len(split("<think>Step 1: I look. It is 10.\nSo it stands.</think><answer>10</answer>")) == 2
    told = split("<think>Step 1: a.\nStep 2: b.\nStep 3: c.</think>")
    assert [step.text for step in told] == ["Step 1: a.", "Step 2: b.", "Step 3: c."]


def test_a_thinking_that_goes_on_has_no_closing_line():
    assert len(split("<think>\nOne.\nThe answer lies in between.", Splitting.LINES)) == 2


def test_a_response_that_forgot_to_close_its_thinking_is_told_from_one_that_did():
    closed, open_ = (f"<think>\nOne.\nIt is 1.\n{tag}<answer>1</answer>" for tag in ("</think>\n", ""))
    assert [step.text for step in split(closed, Splitting.LINES)] == ["One.", "It is 1.", "<answer>1</answer>"]
    assert [step.text for step in split(open_, Splitting.LINES)] == ["One.", "It is 1.\n<answer>1</answer>"]


def test_what_follows_the_thinking_is_a_step_of_its_own_or_none():
    text = write_tags("I see a1 red circle.\nThat makes 1.", "1")
    whole, bare = split(text, Splitting.LINES), split(text, Splitting.LINES, answer=False)
    assert [step.text for step in whole] == ["I see a1 red circle.", "That makes 1.", "<answer>1</answer>"]
    assert whole[:2] == bare


def test_a_closing_line_that_states_the_answer_joins_the_step_before():
    assert [step.text for step in split("One.\n\nTwo.\n\nThe answer is 3.")] == ["One.", "Two.\n\nThe answer is 3."]


def test_a_decimal_and_an_abbreviation_end_no_sentence():
    assert len(split("It is 0.5 cm in Fig. 3 here. That is all.", Splitting.SENTENCES)) == 2


def test_prefixes_end_with_their_steps():
    text = "A b.\n\nC d.\n\n"
    assert prefixes(text, split(text)) == ("A b.", "A b.\n\nC d.")


def test_real_traces_are_cut_at_their_paragraphs_and_come_back_whole(real_data):
    lines = (real_data / "vlaa_thinking" / "examples.jsonl").read_text().splitlines()
    traces = [json.loads(line)["ds_answer"] for line in lines]
    for trace in traces:
        steps = split(trace)
        assert "".join(pieces(trace, steps)) == trace
        # Every paragraph of the thinking, and the answer behind it.
        thinking = trace.partition("</think>")[0].removeprefix("<think>")
        paragraphs = [part for part in thinking.replace("\n  \n", "\n\n").split("\n\n") if part.strip()]
        assert len(steps) >= 3
        assert len(steps) == len(paragraphs) + 1


def test_clauses_are_cut_whatever_the_layout():
    parts = ["It is 0.5 cm in Fig. 3 here.", "that is wrong;", "So is this.", "And 这是三。", "那是四。"]
    for text in (
        "\n".join(parts),
        " ".join(parts),
        "It is 0.5 cm in Fig. 3 here. that is wrong;So is this.And 这是三。那是四。",
    ):
        assert [step.text for step in split(text, Splitting.CLAUSES)] == parts
