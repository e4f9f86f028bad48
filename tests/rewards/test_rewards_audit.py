import json

import pytest

from seethink.core.graded import Decoding, GradedResponse, graded_row
from seethink.core.item import Verifier, make_item
from seethink.core.rejected import InputError
from seethink.core.tables import write_part
from seethink.core.trace import write_tags
from seethink.core.verdict import Outcome, correct, graded, undecided, unparseable, wrong
from seethink.rewards import mixed
from seethink.rewards.audit import audit, audit_tree, read_answered
from seethink.rewards.second import formula, math_verify_only, regex_only, second_verifier

MINE = {"gold": "3", "verifier": "digit", "question": "How many?", "source": "mine"}


@pytest.fixture
def written(tmp_path):
    def write(*rows):
        path = tmp_path / "responses.jsonl"
        path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
        return path

    return write


def item(verifier, gold, **fields):
    return make_item(source="test", question="?", gold=gold, verifier=verifier, **fields)


# What is read


def test_a_row_brings_its_item_along(written):
    [one], rejected = read_answered(written({**MINE, "response": "three"}))
    assert (one.item.gold, one.item.source, one.response, one.where) == ("3", "mine", "three", "responses.jsonl:1")
    assert not rejected


def test_a_row_may_name_an_item_by_either_of_its_ids(written):
    known = item("mcq", "B", options=("a cat", "a dog"), meta={"id": "q7"})
    rows = [{"item_id": known.id, "response": "B"}, {"id": "q7", "response": "a dog", "gold": "B", "verifier": "mcq"}]
    answered, _ = read_answered(written(*rows), [known])
    assert [one.item for one in answered] == [known, known]


def test_a_folder_of_an_evaluation_is_read_with_what_it_holds(tmp_path):
    verdict = correct("3")
    row = GradedResponse(
        "test-1", "base", Decoding.GREEDY, 0, "test", "count", Verifier.DIGIT, "How many?", "3", (), "three", 9, 1,
        False, verdict, verdict,
    )  # fmt: skip
    write_part(tmp_path / "responses", 0, [graded_row(row)])
    for folder in (tmp_path, tmp_path / "responses"):
        [one], _ = read_answered(folder)
        assert (one.item.gold, one.item.verifier, one.response) == ("3", Verifier.DIGIT, "three")


def test_bad_rows_are_set_aside_by_line_with_the_remedy(written):
    rows = [
        {**MINE, "response": "3"},
        {"response": "3"},
        {"id": "gone", "response": "3"},
        {**MINE, "response": None},
        {**MINE, "verifier": "count", "response": "3"},
        "{'single': 1}",
    ]
    answered, rejected = read_answered(written(*rows))
    assert len(answered) == 1 and [row.where.split(":")[1] for row in rejected] == ["2", "3", "4", "5", "6"]
    said = ("neither gold nor item_id", "'gone' is not in --data", "a NoneType", "name one of", "Expecting")
    assert all(words in row.detail for words, row in zip(said, rejected, strict=True))


def test_where_nothing_can_be_audited_the_first_reason_is_told(written, tmp_path):
    with pytest.raises(InputError, match=r"no response that can be audited, for one responses\.jsonl:1: neither gold"):
        read_answered(written({"response": "3"}))
    with pytest.raises(InputError, match="holds no table of responses"):
        read_answered(tmp_path)


# Second verifiers


def test_the_lenient_second_finds_what_only_the_format_cost(written):
    rows = [{**MINE, "response": text} for text in ("So it is 3", write_tags("", "3"), write_tags("", "4"), "so 4")]
    answered, rejected = read_answered(written(*rows))
    reward = mixed()
    tree = audit_tree(audit(answered, reward, second_verifier("lenient", reward)), rejected, "strict", "lenient", "f")
    assert tree["table"] == [
        {"source": "mine", "verifier": "digit", "n": 4, "agree": 3, "second": 1, "first": 0, "undecided": 0}
    ]
    [row] = tree["to_read"]
    assert (row["where"], row["side"], row["first"]["outcome"]) == ("responses.jsonl:1", "second", "unparseable")


@pytest.mark.parametrize(
    ("asked", "response", "outcome"),
    [
        (item("mcq", "B"), "I take (B).", Outcome.CORRECT),
        (item("mcq", "a dog", options=("a cat", "a dog")), "A, no, B", Outcome.CORRECT),
        (item("mcq", "B"), "the second", Outcome.UNPARSEABLE),
        (item("digit", "3"), "from 5 to 3", Outcome.CORRECT),
        (item("math", "1000"), "it is 1,000.0", Outcome.CORRECT),
        (item("math", "7"), "it is 1,000", Outcome.WRONG),
        (item("math", r"\frac{1}{2}"), "0.5", Outcome.ERROR),
        (item("iou", "[0, 0, 1, 1]"), "[0, 0, 1, 1]", Outcome.UNSCORED),
        (item("open", "a dog"), "a dog", Outcome.UNSCORED),
    ],
)
def test_the_regular_expression_takes_the_last_letter_or_number(asked, response, outcome):
    assert regex_only([asked], [response])[0].outcome is outcome


@pytest.mark.parametrize(
    ("response", "taken"),
    [
        (r"first \boxed{1}, then \boxed{\frac{1}{2}} it is", r"\frac{1}{2}"),
        ("with $x$ we get $y = 2$.", "y = 2"),
        ("$$2x$$", "2x"),
        ("long\nand at last 7", "and at last 7"),
        (r"open \boxed{3", "3"),
        ("", ""),
    ],
)
def test_math_verify_is_given_the_last_box_or_formula_or_line(response, taken):
    assert formula(response) == taken


def test_math_verify_decides_formulas_and_letters_without_our_reading():
    asked = [item("math", r"$\frac{1}{2}$"), item("math", "2"), item("mcq", "B"), item("open", "x"), item("math", "2")]
    told = math_verify_only(asked, [r"\boxed{0.5}", "$3$", r"\boxed{B}", "x", ""])
    assert [verdict.outcome for verdict in told] == [
        Outcome.CORRECT, Outcome.WRONG, Outcome.CORRECT, Outcome.UNSCORED, Outcome.UNPARSEABLE
    ]  # fmt: skip


def test_another_name_is_refused_with_the_choice():
    with pytest.raises(InputError, match="choose among lenient, math-verify, regex"):
        second_verifier("llm", mixed())


# What is told


def test_verdicts_are_compared_as_yes_or_no_and_undecided_stays_apart(written):
    rows = [{**MINE, "verifier": "iou", "gold": "[0, 0, 1, 1]", "response": str(number)} for number in range(5)]
    answered, _ = read_answered(written(*rows))
    first = [graded(0.6, "b"), graded(0.4, "b"), undecided(Outcome.TIMEOUT, "late"), graded(0.5, "b"), wrong("b")]
    second = [graded(0.9, "b"), graded(0.6, "b"), graded(0.1, "b"), unparseable("no box"), wrong("b")]
    tree = audit_tree(audit(answered, lambda *_: first, lambda *_: second), (), "a", "b", "f")
    assert [row["side"] for row in tree["to_read"]] == ["second", "first", "undecided"]
    assert tree["table"][0]["agree"] == 2
