import math

from rich.console import Console

from seethink.core.item import Verifier, make_item
from seethink.core.rejected import Rejected
from seethink.rewards.validate import validate, validation_table


def item(verifier, gold, source="mine", **fields):
    return make_item(source=source, question=f"{verifier}?", gold=gold, verifier=verifier, **fields)


GOOD = [item("digit", "3"), item("mcq", "B"), item("math", r"\frac{1}{2}"), item("iou", "[0.1, 0.2, 0.7, 0.5]")]


class Scores:
    def __init__(self, **table):
        self.table = table

    def score(self, items, answers):
        return [self.table[answer] for answer in answers]


def test_golds_that_the_reward_pays_for_are_accepted_by_source_and_verifier():
    found = validate([*GOOD, item("digit", "4", "other")])
    assert found.clean and not found.refused
    assert [(row.source, row.verifier, row.accepted) for row in found.golds] == [
        *[("mine", verifier, 1) for verifier in ("digit", "iou", "math", "mcq")],
        ("other", Verifier.DIGIT, 1),
    ]


def test_a_gold_that_earns_nothing_is_refused_with_its_id():
    bad = [item("digit", "3 or 4"), item("mcq", "none"), item("digit", "3</answer>")]
    found = validate([GOOD[0], *bad])
    assert [row.where for row in found.refused] == [one.id for one in bad] and not found.clean
    assert [(row.accepted, row.set_aside) for row in found.golds] == [
        (1, {"gold its verifier rejects": 2}),
        (0, {"gold its verifier rejects": 1}),
    ]


def test_the_reference_of_an_open_item_must_have_a_finite_score():
    items = [item("open", gold) for gold in ("good", "bad", "worse")]
    found = validate(items, scorer=Scores(good=1.0, bad=math.nan, worse=math.inf))
    [row] = found.golds
    assert (row.accepted, row.unchecked, row.set_aside) == (1, 0, {"S(gold) is not finite": 2})
    assert "S(gold) is nan for 'bad'" in found.refused[0].detail


def test_without_a_scorer_open_golds_are_counted_as_unchecked():
    found = validate([item("open", "a dog")])
    assert found.clean and (found.golds[0].accepted, found.golds[0].unchecked) == (0, 1)


def test_a_scorer_that_fails_says_so_and_the_other_batches_go_on(monkeypatch):
    monkeypatch.setattr("seethink.rewards.validate.SCORED_AT_ONCE", 1)
    found = validate([item("open", "good"), item("open", "unknown")], scorer=Scores(good=1.0))
    assert (found.golds[0].accepted, found.golds[0].set_aside) == (1, {"the scorer failed": 1})


def test_rows_that_never_became_items_are_counted_by_file():
    found = validate(GOOD[:1], [Rejected("no gold", "", "mine.jsonl:3"), Rejected("no gold", "", "mine.jsonl:9")])
    assert (found.golds[-1].source, found.golds[-1].verifier) == ("mine.jsonl", None)
    assert found.golds[-1].set_aside == {"no gold": 2} and not found.refused


def test_the_table_counts_and_prints_no_markup():
    console = Console(record=True, width=120)
    console.print(validation_table(validate([item("digit", "many", "[red]x[/]"), item("open", "a")]).golds))
    told = " ".join(console.export_text().split())
    assert "[red]x[/] │ digit │ 1 │ 1 │ gold" in told and "not checked without a scorer: 1" in told
