import pytest

from seethink.core.verdict import Outcome
from seethink.evaluation.rules import score

FAILURE = "Failed to obtain answer via API."


def row(answer, answer_type="integer", **more):
    kind = "multi_choice" if "answer_option" in more else "free_form"
    common = {"question": "How many?", "question_type": kind, "answer_type": answer_type, "answer": answer}
    return {"choices": "[]", "answer_option": "", "task": "counting", "skills": "['arithmetic']", **common, **more}


def choice(option, choices="['red', 'green', 'blue']"):
    return row("red", "text", choices=choices, answer_option=option)


def hits(rows, predictions, judge, **named):
    return score("mathvista", rows, predictions, judge=judge, **named)


INTEGERS = ["14", " 14 ", "+14", "014", "1_4", "１４"]
NO_INTEGERS = ["14.0", "14.", "1,4", "14 apples", "14%", "14e0"]
FLOATS = ["1.20", "12e-1"]
NO_FLOATS = ["1.2000000001", "1.25", "6/5", "1.2 m", "1.2%"]


@pytest.mark.parametrize(
    ("answer", "kind", "extraction", "hit"),
    [("14", "integer", text, True) for text in INTEGERS]
    + [("14", "integer", text, False) for text in NO_INTEGERS]
    + [("1.2", "float", text, True) for text in FLOATS]
    + [("1.2", "float", text, False) for text in NO_FLOATS],
)
def test_what_int_and_float_convert_and_nothing_else(answer, kind, extraction, hit, judge_saying):
    # A row of text beside it, since a column of numbers alone is read back as numbers.
    rows, predictions = [row(answer, kind), row("7")], ["let me think", "let me think"]

    def judge(request):
        return extraction if request.number == 0 else "seven"

    scored = hits(rows, predictions, judge)
    assert scored.hits == (hit, False)
    by_rules = hits(rows, [extraction, "let me think"], judge_saying("seven"))
    assert by_rules.verdicts[0].judge_calls == (0 if hit else 1)


def test_a_right_0_needs_the_judge(judge_saying):
    scored = hits([row("0"), row("7")], ["0", "none of them"], judge_saying("0"))
    assert scored.hits == (True, False)
    assert [verdict.judge_calls for verdict in scored.verdicts] == [1, 1]


@pytest.mark.parametrize("answer_type", ["list", "text"])
def test_lists_and_free_text_are_never_right(answer_type, judge_saying):
    assert hits([row("[1, 2]", answer_type)], ["[1, 2]"], judge_saying("[1, 2]")).hits == (False,)


def test_any_option_ends_extraction_right_or_wrong(judge_saying):
    scored = hits([choice("B")] * 3, ["(B)", "(A)", "Cannot determine the answer"], judge_saying("B"))
    assert scored.hits == (True, False, False)
    assert scored.judge_calls == 0


def test_the_matcher_reads_the_judges_reply_as_well(judge_saying):
    scored = hits([choice("B")] * 2, ["$B$", "$B$"], judge_saying("The answer is clearly green"))
    assert scored.hits == (False, False)
    assert [verdict.judge_calls for verdict in scored.verdicts] == [1, 1]


def test_five_attempts_ever_warmer_and_then_an_empty_extraction(judge_saying):
    scored = hits([row("14")], ["fourteen"], judge_saying(FAILURE))
    (verdict,) = scored.verdicts
    assert [(call.attempt, call.temperature, call.reply) for call in verdict.calls] == [
        (0, 0.0, None),
        (1, 0.5, None),
        (2, 1.0, None),
        (3, 1.5, None),
        (4, 2.0, None),
    ]
    assert (verdict.hit, verdict.verdict.outcome) == (False, Outcome.ERROR)


def test_a_failed_judge_can_still_hit_where_nan_holds_an_options_text(judge_saying):
    scored = hits([choice("A", "['an', 'other']")], ["no idea"], judge_saying(FAILURE))
    assert scored.verdicts[0].hit is True and scored.verdicts[0].verdict.outcome is Outcome.ERROR
    assert hits([choice("A", "['an', 'other']")], ["?"], judge_saying(FAILURE), storage="none").hits == (False,)


def test_the_second_reply_counts_where_the_first_failed(scripted):
    scored = hits([row("14")], ["fourteen"], scripted([[FAILURE, "14"]]), storage="none")
    assert scored.hits == (True,) and scored.judge_calls == 2


def test_a_column_of_numbers_is_read_back_as_numbers(judge_saying):
    """A small table of bare decimals: 14.7 is no integer as a text, and 14 once it is a number."""
    rows = [row("14"), row("14")]
    assert hits(rows, ["14.7", "14.2"], judge_saying("no number")).hits == (True, True)
    assert hits(rows, ["14.7", "14.2"], judge_saying("no number"), storage="none").hits == (False, False)


def test_figures_by_task_and_skill(judge_saying):
    rows = [
        {**row("14"), "task": "a", "skills": "['x', 'y']"},
        {**row("14"), "task": "b", "skills": "['x']"},
        {**row("14"), "task": "b", "skills": "['y']"},
    ]
    scored = hits(rows, ["14", "thirteen", "14 apples"], judge_saying("14"), storage="none")
    lines = {line["Task&Skill"]: line for line in scored.metrics}
    assert lines["Overall"] == {
        "Task&Skill": "Overall",
        "tot": 3,
        "prefetch": 1,
        "hit": 3,
        "prefetch_rate": pytest.approx(100 / 3),
        "acc": 100.0,
    }
    assert [lines[name]["tot"] for name in ("x", "y", "a", "b")] == [2, 2, 1, 2]
    assert scored.headline == 100.0 and scored.comparable


def test_without_a_judge_settled_rows_are_scored_and_the_figure_says_so():
    scored = hits([choice("B"), choice("B"), row("14")], ["(B)", "(A)", "fourteen"], None)
    assert scored.hits == (True, False, None)
    assert scored.verdicts[2].verdict.outcome is Outcome.UNSCORED
    assert (scored.headline, scored.bounds) == (50.0, (pytest.approx(100 / 3), pytest.approx(200 / 3)))
    assert not scored.comparable and "1 of 3 rows have no verdict" in scored.caveats[0]
