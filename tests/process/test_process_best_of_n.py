import math

import pytest

from seethink.core.item import make_item
from seethink.process.best_of_n import best_of_n_results, over_generators, own_against_value, pearson
from seethink.process.pool import Candidate, Pool, read_pools
from seethink.process.score import Scored, ScoringConfig, score_pools
from seethink.process.settings import BenchTask
from seethink.rewards import mixed

ITEM = [
    make_item(source="t", question=f"{n}?", gold="3", verifier="digit", meta={"id": str(n), "part": "ab"[n % 2]})
    for n in range(30)
]


def pool(item, hits, generator="g", greedy=0.0):
    candidates = tuple(Candidate(f"Step 1: a.\nStep 2: {hit}.", hit, "3" if hit else "4") for hit in hits)
    return Pool(item, generator, candidates, Candidate("", greedy, None))


class SecondStep:
    """1 for a right candidate's last step, 0 for a wrong one's; keeps count of the traces it was asked for."""

    asked = 0

    def score_steps(self, item, steps):
        self.asked += 1
        return [0.5 for _ in steps[:-1]] + [float("1.0" in steps[-1])]


@pytest.fixture
def pools_30():
    return [pool(item, [0.0, 1.0, 0.0, 1.0] if n % 3 else [0.0] * 4) for n, item in enumerate(ITEM)]


def test_the_matrix_has_every_baseline_and_difference(pools_30, tmp_path):
    scored = score_pools(ScoringConfig(), "perfect", SecondStep(), pools_30, tmp_path / "scores", made_of={})
    tree = best_of_n_results(pools_30, [scored], aggregations=("mean", "last"), ns=(2, 4, 8), split_by="part")
    beside = tree["generators"]["g"]
    assert [beside[name]["4"]["mean"] for name in ("random", "oracle")] == [pytest.approx(1 / 3), pytest.approx(2 / 3)]
    # Two against two: the majority is worth half.
    assert beside["majority"]["4"]["mean"] == pytest.approx(1 / 3)
    rows = {(row["aggregation"], row["n"]): row for row in tree["rows"]}
    assert set(rows) == {(how, n) for how in ("mean", "last") for n in (2, 4)}
    assert rows["mean", 2]["accuracy"]["mean"] == pytest.approx(2 / 3)
    assert rows["mean", 2]["minus"]["greedy"]["low"] > 0 and rows["mean", 2]["minus"]["random"]["p"] < 0.01
    assert sorted(tree["splits"]) == ["a", "b"]


def test_a_result_for_two_does_not_change_with_what_comes_third(pools_30, tmp_path):
    wide = [pool(one.item, [*(c.hit for c in one.candidates[:2]), 1.0, 1.0]) for one in pools_30]
    told = []
    for number, these in enumerate((pools_30, wide)):
        scored = score_pools(ScoringConfig(), "p", SecondStep(), these, tmp_path / str(number), made_of={})
        told.append(best_of_n_results(these, [scored], aggregations=("mean",), ns=(2,))["rows"])
    assert told[0] == told[1]


def test_nobody_s_failure_is_a_wrong_answer(tmp_path):
    one = Pool(ITEM[0], "g", (Candidate("a", None, None), Candidate("b", 1.0, "3")))
    scored = Scored("s", {("g", ITEM[0].id, 0): (9.0,), ("g", ITEM[0].id, 1): (math.nan,)})
    tree = best_of_n_results([one], [scored], aggregations=("mean",), ns=(2,))
    assert tree["rows"][0]["accuracy"]["mean"] == 1.0
    assert (tree["undecided"], tree["unscored"]) == (1, {"s": 1})


def test_a_killed_scoring_goes_on_and_a_finished_one_is_read(pools_30, tmp_path):
    class Dies(SecondStep):
        def score_steps(self, item, steps):
            if self.asked == 20:
                raise KeyboardInterrupt
            return super().score_steps(item, steps)

    settings = ScoringConfig(part=20)
    with pytest.raises(KeyboardInterrupt):
        score_pools(settings, "s", Dies(), pools_30, tmp_path / "s", made_of={})
    rest = SecondStep()
    found = score_pools(settings, "s", rest, pools_30, tmp_path / "s", made_of={})
    # Fifty different traces, sixteen of them in the two sealed parts.
    assert rest.asked == 50 - 16 and len(found.steps) == 120
    again = SecondStep()
    assert score_pools(settings, "s", again, pools_30, tmp_path / "s", made_of={}) == found and again.asked == 0


def test_pearson_of_a_constant_is_not_a_number():
    assert all(map(math.isnan, pearson([1.0, 1.0, 1.0], [1.0, 2.0, 3.0])))
    assert pearson([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])[0] == pytest.approx(1.0)


def test_own_accuracy_against_value_keeps_scorers_that_answer(pools_30, tmp_path):
    scored = score_pools(ScoringConfig(), "p", SecondStep(), pools_30, tmp_path / "s", made_of={})
    tree = best_of_n_results(pools_30, [scored], aggregations=("mean",), ns=(2,))
    told = own_against_value(tree, {"p": 0.4, "other": 0.5}, 2, "mean")
    assert [point["scorer"] for point in told["points"]] == ["p"] and told["r"] is None


def test_the_paper_s_table_is_a_mean_over_generators_then_over_n():
    two, sixteen = (31.83, 29.67, 29.50, 34.83), (33.0, 30.0, 30.87)
    assert [round(sum(row) / len(row), 1) for row in (two, sixteen)] == [31.5, 31.3]


def test_pools_of_other_models_stand_in_the_order_of_their_makers(tmp_path):
    file = tmp_path / "responses.jsonl"
    file.write_text(
        '{"id": "0", "model": "b", "response": "<think>x</think><answer>3</answer>"}\n'
        '{"id": "0", "model": "a", "response": "<think>x</think><answer>4</answer>"}\n'
        '{"id": "zzz", "model": "a", "response": "4"}\n'
    )
    found, rejected = read_pools(file, ITEM, mixed())
    assert [(one.maker, one.hit) for one in found[0].candidates] == [("a", 0.0), ("b", 1.0)]
    assert rejected[0].reason == "unknown item"


def test_the_average_over_generators_is_the_paper_s():
    """Its plots' values of ViLPRM at N = 4 over generators that have four, and at 16 over those that have sixteen."""

    def row(n, value):
        return {"scorer": "ViLPRM", "aggregation": "mean", "n": n, "accuracy": {"mean": value}}

    rows = [
        *(row(2, value) for value in (31.83, 29.67, 29.50, 34.83)),
        *(row(16, value) for value in (33.0, 30.0, 30.87)),
    ]
    [told] = over_generators(rows)
    assert {n: round(value, 1) for n, value in told["ns"].items()} == {"2": 31.5, "16": 31.3}
    assert told["mean"] == pytest.approx((31.4575 + 31.29) / 2)


def test_two_candidates_decide_the_result_for_two(pools_30, tmp_path):
    shorter = [Pool(one.item, one.generator, one.candidates[:2], one.greedy) for one in pools_30]
    told = []
    for number, pools in enumerate((pools_30, shorter)):
        scored = score_pools(ScoringConfig(), "s", SecondStep(), pools, tmp_path / str(number), made_of={})
        told.append([row for row in best_of_n_results(pools, [scored])["rows"] if row["n"] == 2])
    assert told[0] == told[1]


def test_scorers_are_compared_item_by_item(pools_30, tmp_path):
    class Blind(SecondStep):
        def score_steps(self, item, steps):
            return [0.5 for _ in steps]

    scored = [
        score_pools(ScoringConfig(), name, scorer, pools_30, tmp_path / name, made_of={})
        for name, scorer in (("perfect", SecondStep()), ("orm", Blind()))
    ]
    tree = best_of_n_results(pools_30, scored, outcome=["orm"], against=["orm"], aggregations=("last",), ns=(4,))
    [ours] = [row for row in tree["rows"] if row["scorer"] == "perfect"]
    # Two of three items have right candidates, never the first; votes of equal weight are split there.
    assert ours["minus"]["orm"]["mean"] == pytest.approx(2 / 3) and ours["minus"]["orm"]["low"] > 0
    assert ours["vote_minus"]["orm"]["mean"] == pytest.approx(1 / 3)


def test_a_comparison_names_a_scorer_that_is_there():
    with pytest.raises(ValueError, match="against names"):
        BenchTask(scorers={"truth": {"kind": "truth"}}, against=("orm",))
