"""Any file of responses: read, diagnosed, summarised, shown."""

import json

import pytest
from rich.console import Console

from seethink.analysis.pseudo_reasoning import by_group, diagnose, qualities, read_traces, summarise, survival
from seethink.analysis.pseudo_reasoning.against_truth import ratio
from seethink.analysis.pseudo_reasoning.page import write_traces_page
from seethink.analysis.pseudo_reasoning.told import diagnosis_tree, measures_table, qualities_table, survival_table
from seethink.core.graded import graded_row
from seethink.core.rejected import InputError
from seethink.core.tables import write_rows
from seethink.core.verdict import wrong

EVIL = "<script>alert(1)</script> [red]x[/] \x1b[2J"
TEXT = "<think>I look.\nWait, maybe again.\nThat makes 3.</think><answer>3</answer>"


@pytest.fixture
def read(tmp_path):
    def of(*rows, **how):
        path = tmp_path / "said.jsonl"
        path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
        return read_traces(path, **how)

    return of


@pytest.mark.parametrize(
    "row",
    [
        {"response": "R"},
        {"output": "R", "prompt": "P", "answer": "3"},
        {"generated_text": ["R"]},
        {"completion": [{"role": "assistant", "content": "R"}]},
        {
            "messages": [
                {"role": "user", "content": "Q"},
                {"role": "assistant", "content": [{"type": "text", "text": "R"}]},
            ]
        },
        {"conversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "R"}]},
        {"choices": [{"message": {"role": "assistant", "content": "R"}}]},
        {"question": "Q", "gt": "3", "ds_answer": "R", "caption": "C"},
    ],
)
def test_the_response_is_found_under_its_usual_names(read, row):
    rows, rejected = read(row)
    assert ([one.response for one in rows], rejected) == (["R"], [])


def test_thinking_given_apart_is_put_into_its_tags(read):
    [row], _ = read({"choices": [{"message": {"content": "3", "reasoning_content": "I count."}}]})
    assert row.response == "<think>I count.</think>\n3"


def test_several_draws_of_a_row_are_several_traces(read):
    rows, _ = read({"outputs": ["one", "two"], "id": 7, "answer": "3"})
    assert [(row.response, row.item, row.asked.gold) for row in rows] == [("one", "7", "3"), ("two", "7", "3")]


def test_bad_rows_are_set_aside_with_a_reason(read):
    rows, rejected = read({"response": TEXT}, "{oops", {"question": "Q"}, {"response": TEXT, "step_truth": [True]})
    assert len(rows) == 1
    assert [one.reason for one in rejected] == ["not JSON", "unusable row", "unusable row"]
    assert "field step_truth has 1 values and 3 steps need 3" in rejected[2].detail
    with pytest.raises(InputError, match=r"no field holds a response.*name one with --field"):
        read({"question": "Q"})


def test_rows_group_by_arm_or_by_the_column_asked_for(read):
    rows, _ = read({"response": "a", "arm": "sft", "step": 2}, {"response": "b", "arm": "rl", "step": 10}, by="step")
    assert list(by_group(diagnose(rows))) == ["2", "10"]
    assert read({"response": "a", "arm": "sft"})[0][0].group == "sft"
    with pytest.raises(InputError, match="no field epoch to group by"):
        read({"response": "a"}, by="epoch")


def test_an_evaluation_is_read_from_its_folder(respond, tmp_path):
    write_rows(tmp_path / "responses", [graded_row(respond("x", arm="sft")), graded_row(respond("y", wrong("4")))])
    rows, _ = read_traces(tmp_path)
    assert [(row.item, row.group, row.right, row.tokens) for row in rows] == [
        ("x", "sft", True, 20),
        ("y", "base", False, 20),
    ]


def test_a_gold_says_which_answers_are_right(read):
    rows, _ = read({"response": TEXT, "gold": "3", "verifier": "digit"}, {"response": TEXT, "gold": "4"})
    assert [one.right for one in diagnose(rows)] == [True, False]


def test_a_summary_counts_cues_reflections_and_turns(read):
    truth = [True, None, False]
    rows, _ = read({"response": TEXT, "step_truth": truth, "gold_logprobs": [-2, -2, -2, 0]})
    found = summarise(diagnose(rows), resamples=50)
    assert found["measures"]["hesitant"]["mean"] == pytest.approx(1 / 3)
    assert found["measures"]["false_steps"]["mean"] == 0.5
    assert found["measures"]["uninformative"]["mean"] == pytest.approx(2 / 3)
    assert (found["curation_cues"]["wait"], found["consequences"]["goes on"]) == (1, 1)


def test_precision_and_recall_by_hand(read):
    doubt, slip, plain = "Wait.", "7 minus 2 is 4.", "I look."
    responses = [(f"<think>{a}\n{b}</think>3", truth) for a, b, truth in (
        (doubt, slip, [None, False]), (doubt, plain, [None, True]), (plain, "So 3.", [True, False]))]  # fmt: skip
    rows, _ = read(*({"response": text, "step_truth": truth, "id": text} for text, truth in responses))
    found = {(one.sign, one.target.value): one for one in qualities(diagnose(rows), resamples=50)}
    slips = found["miscalculates", "the step is false"]
    assert (slips.marked, slips.so, slips.both, slips.cases) == (1, 2, 1, 6)
    assert (slips.precision.mean, slips.recall.mean, slips.prevalence) == (1.0, 0.5, pytest.approx(1 / 3))
    assert found["hesitant", "the step claims nothing"].recall.mean == 1.0
    assert found["hesitant", "the trace has a false step"].precision.mean == 0.5
    assert ("tells nothing of the gold", "the step is false") not in found


def test_a_share_over_items_has_an_interval_that_knows_of_items():
    import numpy as np

    found = ratio(np.array([9.0, 0.0, 0.0]), np.array([10.0, 1.0, 1.0]), resamples=500)
    assert found.mean == 0.75 and found.low < 0.3
    certain = ratio(np.array([5.0, 5.0]), np.array([5.0, 5.0]))
    assert (certain.mean, certain.high) == (1.0, 1.0) and certain.low == pytest.approx(0.025**0.5)
    assert ratio(np.zeros(3), np.zeros(3)).mean is None


def traces(read, text, count):
    return diagnose(read(*({"response": text, "id": number} for number in range(count)))[0])


def test_survival_lies_between_the_poles(read):
    doubting, plain = "<think>Wait.\nI look.</think>3", "<think>I look.\nSo 3.</think>3"
    sft, base = traces(read, doubting, 20), traces(read, plain, 20)
    half = traces(read, doubting, 10) + traces(read, plain, 10)
    found = survival({"20": half, "0": sft, "40": base}, sft, base, resamples=200)
    hesitant = [one for one in found if one.measure == "hesitant"]
    assert [(one.step, one.survives.mean) for one in hesitant] == [(0, 1.0), (20, 0.5), (40, 0.0)]
    words = [one for one in found if one.measure == "repeated"]
    assert all(one.survives is None for one in words)
    console = Console(record=True, width=160)
    console.print(survival_table(found))
    assert "no style to survive" in console.export_text()
    with pytest.raises(InputError, match="steps of RL are numbers"):
        survival({"late": half}, sft, base)


def test_the_page_is_inert_and_complete(read, tmp_path):
    text = f"<think>{EVIL}\nWait.\n7 minus 2 is 4.</think><answer>{EVIL}</answer>"
    rows, rejected = read(
        {"response": text, "question": EVIL, "gold": EVIL, "arm": EVIL, "step_truth": [None, None, False]}, "{"
    )
    tree = diagnosis_tree(diagnose(rows), rejected, EVIL)
    write_traces_page(tmp_path / "traces.html", tree)
    page = (tmp_path / "traces.html").read_text()
    assert "<script" not in page and "default-src 'none'" in page and page.count("</style>") == 1
    assert "miscalculates" in page and "not JSON: 1" in page and "&lt;script&gt;" in page
    console = Console(record=True, width=200)
    console.print(measures_table(tree), qualities_table(tree))
    shown = console.export_text()
    assert "[red]x[/]" in shown and "\x1b" not in shown


def test_long_traces_are_cut_on_the_page_and_say_so(read, tmp_path):
    rows, _ = read({"response": "<think>" + "\n".join(["word " * 100] * 200) + "</think>3"})
    write_traces_page(tmp_path / "traces.html", diagnosis_tree(diagnose(rows), [], "f"))
    assert "more steps are left out" in (tmp_path / "traces.html").read_text()


def test_the_five_real_traces(real_data):
    rows, rejected = read_traces(real_data / "vlaa_thinking" / "examples.jsonl")
    found = diagnose(rows)
    assert (len(rows), rejected) == (5, [])
    assert [bool(one.curation_cues) for one in found] == [True, True, False, False, False]
    assert [one.concluded.follows for one in found] == [True, True, None, True, None]
    changes = [one.consequence.value for one in found[1].reflections].count("changes its mind")
    assert (changes, len(found[1].reflections)) == (2, 16)
