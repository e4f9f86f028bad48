"""The figures of ViLBench's four findings, by the numbers that are drawn."""

import pytest

pytest.importorskip("matplotlib")

from seethink.analysis import figures
from seethink.core.item import make_item
from seethink.process.best_of_n import best_of_n_results
from seethink.process.pool import Candidate, Pool
from seethink.process.score import ScoringConfig, score_pools

ITEM = [
    make_item(source="t", question=f"{n}?", gold="3", verifier="digit", meta={"id": str(n), "part": "ab"[n % 2]})
    for n in range(30)
]


def pool(item, hits, generator, greedy):
    candidates = tuple(Candidate(f"Step 1: a.\nStep 2: {hit}.", hit, "3" if hit else "4") for hit in hits)
    return Pool(item, generator, candidates, Candidate("", greedy, None))


class Two:
    """Right on items with an even number at its last step, and on those with an odd one at the mean of all."""

    def __init__(self, whole=False):
        self.whole = whole

    def score_steps(self, item, steps):
        right, even = "1.0" in steps[-1], int(item.meta["id"]) % 2 == 0
        last = float(right) if even or self.whole else float(not right)
        return [(2.0 if right else -2.0) if not even else 0.0] * (len(steps) - 1) + [last]


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory):
    """Two generators, of four and of two candidates; two PRMs and two ORMs; parts a and b of even and odd items."""
    found = [pool(item, [0.0, 1.0, 0.0, 1.0], "four", greedy=float(n < 15)) for n, item in enumerate(ITEM)]
    found += [pool(item, [1.0, 0.0], "two", greedy=1.0) for item in ITEM]

    class Never:
        def score_steps(self, item, steps):
            return [float("0.0" in step) for step in steps]

    scorers = {"prm": Two(), "never": Never(), "orm": Two(whole=True), "never-orm": Never()}
    folder = tmp_path_factory.mktemp("scores")
    scored = [score_pools(ScoringConfig(), *one, found, folder / one[0], made_of={}) for one in scorers.items()]
    hows, ns = ("last", "last_2", "mean"), (2, 4, 8)
    outcome = ["orm", "never-orm"]
    return best_of_n_results(found, scored, outcome=outcome, aggregations=hows, ns=ns, split_by="part", resamples=100)


def test_last_n_figure_holds_every_scorer_and_their_mean(benchmark):
    lines = {line.get_label(): line for line in figures.last_n_figure(benchmark, "four").figure.axes[0].get_lines()}
    # One step chooses right on the even half; the mean of two steps on both halves.
    told = {name: (list(line.get_xdata()), list(line.get_ydata())) for name, line in lines.items()}
    assert told == {
        "prm": ([0, 1, 4], [0.5, 1.0, 1.0]),
        "never": ([0, 1, 4], [0.0, 0.0, 0.0]),
        "mean of scorers": ([0, 1, 4], [0.25, 0.5, 0.5]),
    }
    [label] = [figures.last_n_figure(benchmark, "two").figure.axes[0].get_xlabel()]
    assert "2 candidates of two" in label


def columns(drawn):
    """Heights of a figure's columns, from left to right."""
    axes = drawn.figure.axes[0]
    return [round(one.get_height(), 6) for one in sorted(axes.patches, key=lambda one: one.get_x())]


def test_splits_figure_is_of_one_generator_at_its_own_largest_n(benchmark):
    # Per part: greedy, PRM, never, ORM, never as an ORM, the means of both kinds.
    four = figures.splits_figure(benchmark, "four", aggregation="last")
    greedy, right = [8 / 15, 7 / 15], [[1, 0, 1, 0, 0.5, 0.5], [0, 0, 1, 0, 0, 0.5]]
    assert columns(four) == pytest.approx([greedy[0], *right[0], greedy[1], *right[1]], abs=1e-6)
    named = [text.get_text() for text in four.figure.legends[0].get_texts()]
    assert named == ["greedy", "prm", "never", "orm", "never-orm", "PRMs' mean", "ORMs' mean"]
    two = figures.splits_figure(benchmark, "two", aggregation="last")
    assert columns(two)[0] == 1.0 and "among 2 of two" in two.figure.axes[0].get_ylabel()


def test_prm_orm_figure_has_greedy_orm_and_prm_of_every_data_set(benchmark):
    told = benchmark["sources"]["t"]
    # Over both generators, both n and both scorers of a kind: half of the choices of either ORM.
    assert told["orm"] == "whole" and told["aggregations"]["whole"]["mean"] == pytest.approx(0.5)
    assert told["aggregations"]["last"]["mean"] == pytest.approx(0.25) and told["greedy"]["mean"] == pytest.approx(0.75)
    assert told["minus_orm"]["last"]["mean"] == pytest.approx(-0.25) and told["minus_orm"]["last"]["high"] < 0
    assert columns(figures.prm_orm_figure(benchmark, "last")) == [0.75, 0.5, 0.25]


def test_own_accuracy_figure_has_prms_filled_and_orms_hollow():
    told = {"n": 4}
    points = {"prm": [(0.2, 0.3), (0.4, 0.5), (0.8, 0.4)], "orm": [(0.2, 0.6), (0.8, 0.7)]}
    for kind, mine in points.items():
        named = [{"scorer": f"{kind}{own}", "model": str(own), "own": own, "value": value} for own, value in mine]
        told[kind] = {"aggregation": "mean", "points": named, "r": 0.25 if kind == "prm" else None, "p": 0.68}
    drawn = figures.own_against_value_figure(told).figure
    lines = drawn.axes[0].get_lines()
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in lines] == points["prm"] + points["orm"]
    assert [line.get_markerfacecolor() == "#ffffff" for line in lines] == [False] * 3 + [True] * 2
    assert [text.get_text() for text in drawn.legends[0].get_texts()] == ["PRM, r = 0.25 (p = 0.68)", "ORM"]


def test_step_label_figure_has_every_collector():
    def row(collector, tokens, accuracy, threshold):
        return {"steps": 4, "collector": collector, "tokens": tokens, "accuracy": accuracy, "threshold": threshold}

    curves = [
        row("binary", 10, 0.5, 0.2),
        row("binary", 20, 0.9, 0.2),
        row("binary", 30, 0.6, 0),
        row("judge", 0, 0.7, 0.5),
    ]
    [binary, judge] = figures.step_labels_figure(curves).figure.axes[0].get_lines()
    # The best threshold's points; a judge generates nothing and is a level line.
    assert (list(binary.get_xdata()), list(binary.get_ydata())) == ([10, 20], [0.5, 0.9])
    assert list(judge.get_ydata()) == [0.7, 0.7] and judge.get_label() == "judge, no tokens"
