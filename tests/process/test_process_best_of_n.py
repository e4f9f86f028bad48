import json
import math
from random import Random

import pytest

from seethink.core.item import make_item
from seethink.process.aggregate import aggregate
from seethink.process.best_of_n import best_of_n_results
from seethink.process.findings import own_accuracy, own_against_value, pearson
from seethink.process.missing import Missing
from seethink.process.pool import Candidate, Pool, read_pools
from seethink.process.score import Scored, ScoringConfig, score_pools
from seethink.process.settings import BenchTask
from seethink.process.shown import bench_table
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
    tree = best_of_n_results(
        pools_30, [scored], aggregations=("mean", "last"), ns=(2, 4, 8), split_by="part", resamples=1_000
    )
    beside = tree["generators"]["g"]
    assert [beside[name]["4"]["mean"] for name in ("random", "oracle")] == [pytest.approx(1 / 3), pytest.approx(2 / 3)]
    # Two against two: the majority is worth half.
    assert beside["majority"]["4"]["mean"] == pytest.approx(1 / 3)
    rows = {(row["aggregation"], row["n"]): row for row in tree["rows"]}
    assert set(rows) == {(how, n) for how in ("mean", "last") for n in (2, 4)}
    assert rows["mean", 2]["accuracy"]["mean"] == pytest.approx(2 / 3)
    assert rows["mean", 2]["minus"]["greedy"]["low"] > 0 and rows["mean", 2]["minus"]["random"]["p"] < 0.01
    assert sorted(tree["splits"]) == ["a", "b"]


class Drawn:
    """A score of a trace's own, and the place of the trace in the pool is in its text."""

    def score_steps(self, item, steps):
        return [Random(f"{item.id} {step}").random() for step in steps]


@pytest.fixture
def pools_of_16():
    draw = Random(0)
    return [
        Pool(
            item,
            "g",
            tuple(
                Candidate(
                    f"Step 1: a.\nStep 2: {item.meta['id']} {place}.",
                    float(draw.random() < 0.4),
                    str(draw.randrange(4)),
                )
                for place in range(16)
            ),
            Candidate("", 0.0, None),
        )
        for item in ITEM
    ]


def at(found, n, folder):
    """What the benchmark says of n: its rows, its baselines and its averages."""
    scored = [score_pools(ScoringConfig(), name, Drawn(), found, folder / name, made_of={}) for name in ("prm", "orm")]
    tree = best_of_n_results(found, scored, outcome=["orm"], aggregations=("mean", "last"), ns=(n,), resamples=100)
    return tree["rows"], tree["generators"], tree["averages"], tree["sources"]


@pytest.mark.parametrize("n", [2, 4, 8, 16])
def test_a_result_for_n_depends_on_the_first_n_alone(pools_of_16, n, tmp_path):
    cut = [Pool(one.item, "g", one.candidates[:n], one.greedy) for one in pools_of_16]
    other = [
        Pool(
            one.item,
            "g",
            one.candidates[:n] + tuple(Candidate("Step 1: z.", 1.0, "9") for _ in range(16 - n)),
            one.greedy,
        )
        for one in pools_of_16
    ]
    told = at(pools_of_16, n, tmp_path / "all")
    assert told == at(cut, n, tmp_path / "cut") == at(other, n, tmp_path / "other")
    assert {row["n"] for row in told[0]} == {n}


def test_a_short_pool_is_set_aside_where_it_is_short_and_counted(pools_of_16, tmp_path):
    short = pools_of_16[0]
    found = [Pool(short.item, "g", short.candidates[:3], short.greedy), *pools_of_16[1:]]
    scored = score_pools(ScoringConfig(), "s", Drawn(), found, tmp_path / "s", made_of={})
    tree = best_of_n_results(found, [scored], aggregations=("mean",), ns=(2, 4, 32), resamples=100)
    assert [(row["n"], row["accuracy"]["n"]) for row in tree["rows"]] == [(2, 30), (4, 29)]
    assert [(one["n"], one["pools"], one["of"], one["reason"]) for one in tree["set_aside"]] == [
        (4, 1, 30, "fewer than 4 candidates"),
        (32, 30, 30, "fewer than 32 candidates"),
    ]
    assert tree["generators"]["g"]["oracle"]["4"]["n"] == 29
    assert "N = 4: 1 of 30 pools, fewer than 4 candidates" in str(bench_table(tree, "g").caption)
    rest = best_of_n_results(found[1:], [scored], aggregations=("mean",), ns=(4,), resamples=100)
    assert rest["rows"] == [row for row in tree["rows"] if row["n"] == 4]


def test_nobody_s_failure_is_a_wrong_answer(tmp_path):
    one = Pool(ITEM[0], "g", (Candidate("a", None, None), Candidate("b", 1.0, "3")))
    scored = Scored("s", {("g", ITEM[0].id, 0): (9.0,), ("g", ITEM[0].id, 1): (math.nan,)})
    tree = best_of_n_results([one], [scored], aggregations=("mean",), ns=(2,))
    assert tree["rows"][0]["accuracy"]["mean"] == 1.0
    assert (tree["undecided"], tree["unscored"]) == (1, {"s": 1})


@pytest.mark.parametrize(("outcome", "how"), [((), "last"), (("s",), "mean")], ids=["prm", "orm"])
def test_a_response_that_was_not_read_to_its_end_is_not_chosen_for_its_middle(outcome, how):
    one = Pool(ITEM[0], "g", (Candidate("a", 0.0, "4"), Candidate("b", 1.0, "3")))
    steps = {("g", ITEM[0].id, 0): (0.9, 0.8, math.nan), ("g", ITEM[0].id, 1): (0.9, 0.3)}
    scored = Scored("s", steps, Missing.UNREAD)
    tree = best_of_n_results([one], [scored], outcome=outcome, aggregations=(how,), ns=(2,), resamples=100)
    assert tree["rows"][0]["accuracy"]["mean"] == 1.0
    assert (tree["unscored"], tree["unscored_steps"]) == ({"s": 1}, {"s": 1})
    assert "candidates without a score: s 1" in str(bench_table(tree, "g").caption)


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


def test_own_accuracy_is_taken_from_the_pool():
    """Greedy where there is a greedy answer, the mean of the draws elsewhere; of several models in one pool each has
    its own."""
    greedy = [pool(item, [0.0, 1.0], "a", greedy=float(n < 12)) for n, item in enumerate(ITEM)]
    mixed_pool = [
        Pool(item, "mixed", (Candidate("x", 1.0, "3", None, "b"), Candidate("y", float(n < 6), "4", None, "c")))
        for n, item in enumerate(ITEM)
    ]
    assert own_accuracy([*greedy, *mixed_pool]) == {"a": 12 / 30, "b": 1.0, "c": 6 / 30}


def test_own_accuracy_stands_against_worth_as_prm_and_as_orm(tmp_path):
    """Three models that answer, and score each other's four candidates; of the ns asked for, four is the largest there
    is."""
    found = [
        pool(item, [0.0, 1.0, 0.0, 1.0], name, greedy=float(n < right))
        for name, right in (("a", 6), ("b", 12), ("c", 24))
        for n, item in enumerate(ITEM)
    ]

    class Right:
        """Chooses a right candidate of this share of the items."""

        def __init__(self, share):
            self.share = share

        def score_steps(self, item, steps):
            return [abs(float("1.0" in step) - float(int(item.meta["id"]) >= 30 * self.share)) for step in steps]

    shares = {"a": (0.2, 0.9), "b": (0.5, 0.6), "c": (0.9, 0.2)}
    scored = [
        score_pools(
            ScoringConfig(), name + kind, Right(shares[name][place]), found, tmp_path / f"{name}{kind}", made_of={}
        )
        for name in shares
        for place, kind in enumerate(("", "-orm"))
    ]
    outcome = [f"{name}-orm" for name in shares]
    tree = best_of_n_results(found, scored, outcome=outcome, aggregations=("last",), resamples=100)
    models = {f"{name}{kind}": name for name in shares for kind in ("", "-orm")}
    told = own_against_value(tree, models | {"truth": "nobody"}, own_accuracy(found), "last")
    assert told["n"] == 4
    points = {kind: [(one["own"], one["value"]) for one in told[kind]["points"]] for kind in ("prm", "orm")}
    assert points["prm"] == [(0.2, pytest.approx(0.2)), (0.4, pytest.approx(0.5)), (0.8, pytest.approx(0.9))]
    assert points["orm"] == [(0.2, pytest.approx(0.9)), (0.4, pytest.approx(0.6)), (0.8, pytest.approx(0.2))]
    assert told["prm"]["r"] == pytest.approx(pearson([0.2, 0.4, 0.8], [0.2, 0.5, 0.9])[0], abs=1e-6)
    assert told["orm"]["aggregation"] == "whole" and told["orm"]["r"] < -0.9


def test_the_worked_example_goes_through_the_benchmark(tmp_path):
    """ViLBench's scoring example (reference 6): means to three decimals, and whose choice is right."""
    told = {
        "ViLPRM": ([0.793, 0.758, 0.719, 0.766], [0.785, 0.859, 0.816]),
        "URSA": ([0.922, 0.914, 0.922, 0.805], [0.926, 0.930, 0.297]),
    }
    texts = ["\n".join(f"Step {k}: side {k}." for k in range(1, steps + 1)) for steps in (4, 3)]
    one = Pool(ITEM[0], "g", (Candidate(texts[0], 0.0, "47.7"), Candidate(texts[1], 1.0, "44")))

    class Printed:
        def __init__(self, scores):
            self.scores = scores

        def score_steps(self, item, steps):
            return next(list(mine) for mine in self.scores if len(mine) == len(steps))

    scored = [
        score_pools(ScoringConfig(), name, Printed(both), [one], tmp_path / name, made_of={})
        for name, both in told.items()
    ]
    means = [round(aggregate(steps), 3) for scorer in scored for steps in scorer.of(one)]
    assert means == [0.759, 0.820, 0.891, 0.718]
    rows = best_of_n_results([one], scored, aggregations=("mean", "min"), ns=(2,), resamples=100)["rows"]
    worth = {(row["scorer"], row["aggregation"]): row["accuracy"]["mean"] for row in rows}
    assert worth == {("ViLPRM", "mean"): 1, ("ViLPRM", "min"): 1, ("URSA", "mean"): 0, ("URSA", "min"): 0}


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


def test_an_item_that_a_model_skipped_is_set_aside(tmp_path):
    """Else the first n of its candidates would be those of other models than elsewhere."""
    file, told = tmp_path / "responses.jsonl", "<think>x</think><answer>3</answer>"
    answered = {"0": "abc", "1": "abc", "2": "bc", "3": "abb"}
    rows = [{"id": name, "model": one, "response": told} for name, makers in answered.items() for one in makers]
    file.write_text("\n".join(map(json.dumps, rows)))
    found, rejected = read_pools(file, ITEM, mixed())
    assert [one.item.meta["id"] for one in found] == ["0", "1"]
    assert [(one.reason, one.detail) for one in rejected] == [
        ("not answered by the same models", "without 'a'"),
        ("not answered by the same models", "without 'c'; with more of 'b'"),
    ]


def test_the_average_over_generators_is_the_paper_s():
    """ViLPRM's row of the table of averages (reference 7.2): at N = 2 over four generators, at 16 over those three that
    have so many candidates. 600 items each, hits as in its plots."""
    asked = [make_item(source="t", question=f"q{n}", gold="3", verifier="digit") for n in range(600)]
    # Of 600 chosen answers: at 2, and at 16 where the second half of the pool holds the better ones.
    plots = {"qwen": (191, 198), "internvl": (178, 180), "gpt-4o": (177, 185), "o1": (209, None)}

    found = []
    for name, (two, sixteen) in plots.items():
        size = 16 if sixteen else 4
        for n, item in enumerate(asked):
            hits = {1: n < two, 15: n < (sixteen or 0)}
            candidates = [Candidate(str(place), float(hits.get(place, False)), None) for place in range(size)]
            found.append(Pool(item, name, tuple(candidates)))
    # The later a candidate, the better.
    places = {(one.generator, one.item.id, k): (float(k),) for one in found for k, _ in enumerate(one.candidates)}
    scored = Scored("ViLPRM", places)
    tree = best_of_n_results(found, [scored], aggregations=("mean",), ns=(2, 16), resamples=100)
    [told] = tree["over_generators"]
    # Its plots give 31.46 and 31.29; 600 items resolve a sixth of a point.
    assert {n: round(100 * value, 1) for n, value in told["ns"].items()} == {"2": 31.5, "16": 31.3}
    assert told["mean"] == pytest.approx(sum(told["ns"].values()) / 2)
    assert {one["generator"]: one["pools"] for one in tree["set_aside"]} == {"o1": 600}


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


@pytest.mark.parametrize("wrong", [{"against": ("orm",)}, {"own": {"orm": "some-vlm"}}])
def test_a_comparison_names_a_scorer_that_is_there(wrong):
    with pytest.raises(ValueError, match="names"):
        BenchTask(scorers={"truth": {"kind": "truth"}}, **wrong)
