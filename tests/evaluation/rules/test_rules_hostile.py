import time

import pytest

from seethink.evaluation.rules import RULE_SETS, STORAGES, score
from seethink.evaluation.rules.equality import shared_equality

HOSTILE = [
    "__import__('os').system('touch pwned')",
    "().__class__.__bases__[0].__subclasses__()",
    "x" * 1_000_000,
    "9" * 1_000_000,
    "(" * 200_000,
    "{" * 200_000 + '"short answer"' + "}" * 200_000,
    '{"short answer":' + "[" * 100_000,
    r"\boxed{" * 20_000,
    "\\" * 100_000,
    "A " * 100_000,
    "nan",
    "NaN",
    "inf",
    "1e999",
    "\ud800",
    "A\udfff",
    "\x00B",
    "=HYPERLINK(A1)",
    "@SUM(1+1)",
    "+cmd|' /C calc'!A0",
    "<r><t>A</t></r>",
    "9**9**9**9",
    r"9^{9^{9^{9}}}",
    "",
    " ",
    "\n" * 50_000,
    None,
]


@pytest.fixture(autouse=True)
def impatient_workers(monkeypatch):
    """The harness's 30 seconds for each of them would make a long test, and unequal is what they come to."""
    shared_equality().matches([("1+1", "3")])
    monkeypatch.setattr(shared_equality().pool, "deadline", 1.5)


def rows_of(benchmark, count):
    place = {"question": "?", "index": 0, "qid": 0, "varid": 1}
    kinds = {
        "mathvista": {
            "question_type": "free_form",
            "answer_type": "integer",
            "choices": "[]",
            "answer": "14",
            "answer_option": "",
        },
        "mathvision": {"choices": "[]", "answer": "60"},
        "mathverse": {"question_for_eval": "?", "answer": "D", "problem_version": "Vision Only"},
        "dynamath": {"answer": "4", "answer_type": "float"},
        "wemath": {"key": "2steps_1", "answer": "A", "A": "one", "B": "two"},
        "logicvista": {"answer": "A", "skill": "['spatial']"},
    }
    return [place | kinds[benchmark] | {"index": n, "qid": n, "ID": f"p{n}"} for n in range(count)]


KNOWN = {"mathvista": "14", "mathvision": "60.0", "mathverse": "D", "dynamath": "4", "wemath": "(A)", "logicvista": "A"}


@pytest.mark.parametrize("benchmark", KNOWN)
@pytest.mark.parametrize("rules", RULE_SETS)
def test_hostile_predictions_and_replies_change_no_other_row(benchmark, rules, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = rows_of(benchmark, len(HOSTILE) + 2)
    predictions = [KNOWN[benchmark], *HOSTILE, "so be it"]
    good = {number: text for number, text in enumerate(predictions) if number in (0, len(predictions) - 1)}

    def judge(request):
        if request.stage.value == "verdict":
            return "1"
        return good.get(request.number, predictions[request.number]) if request.number else "14"

    # In MATH-V every long text costs its workers a second, so they are read whole and once.
    for storage in STORAGES if benchmark != "mathvision" else ["none"]:
        scored = score(benchmark, rows, predictions, judge=judge, rules=rules, storage=storage)
        assert len(scored.verdicts) == len(rows)
        alone = score(benchmark, [rows[0], rows[-1]], [predictions[0], predictions[-1]], judge=judge, rules=rules)
        assert scored.hits[0] == alone.hits[0] and scored.hits[-1] == alone.hits[-1]
    assert list(tmp_path.iterdir()) == []


def test_a_prediction_that_no_file_takes_is_named():
    scored = score("wemath", rows_of("wemath", 2), ["(A)", "A\udfff"])
    assert scored.hits[0] is True
    assert "half a surrogate pair; the first: row 1" in scored.caveats[-1]


def test_long_texts_are_read_in_time():
    begun = time.monotonic()
    score("mathvista", rows_of("mathvista", 20), ["and so on " * 100_000] * 20, storage="none")
    score("wemath", rows_of("wemath", 20), ["and so on " * 100_000] * 20, storage="none")
    assert time.monotonic() - begun < 30
