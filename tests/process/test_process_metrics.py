import json
import math
from collections import Counter
from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from seethink.core.images import ImageStore
from seethink.core.item import make_item
from seethink.core.rejected import InputError, Rejected
from seethink.process.calibration import calibration
from seethink.process.construct import QUOTAS, Preference, Variant, build, preferences
from seethink.process.first_error import best_threshold, first_error, first_error_score, step_score
from seethink.process.pool import Candidate, Pool
from seethink.process.probes import PADDING, Probed, probe
from seethink.process.score import Scored
from seethink.process.step_benchmarks import process_bench, visual_process_bench


def test_first_error_f1_is_the_harmonic_mean_of_both_kinds():
    told = first_error_score([1, 2, None, None], [1, 1, None, 0])
    assert (told.wrong, told.sound) == (pytest.approx(1 / 3), 1.0)
    assert told.f1 == pytest.approx(0.5) and (told.n_wrong, told.n_sound) == (3, 1)
    assert math.isnan(first_error_score([None], [None]).f1)


def test_the_first_step_at_or_below_the_threshold_is_the_error():
    assert first_error([0.9, math.nan, 0.5, 0.1], 0.5) == 2
    assert best_threshold([[0.9, 0.2], [0.8, 0.7]], [1, None]) < 0.7


def test_a_judge_that_says_yes_to_everything_is_seen():
    told = step_score([[0.9, 0.9, 0.9]], [[True, False, None]], 0.5)
    assert (told.said_right, told.wrong_f1, told.n) == (1.0, 0.0, 2)


def test_calibration_of_a_known_case():
    told = calibration([0.8] * 10 + [0.2] * 10, [1.0] * 8 + [0.0] * 2 + [0.0] * 8 + [1.0] * 2)
    assert told.error == pytest.approx(0.0) and told.brier == pytest.approx(0.16) and told.n == 20
    assert calibration([1.0, math.nan], [0.0, 1.0]).error == 1.0
    assert calibration([], []).bins == ()


def test_visual_process_bench_records(tmp_path):
    buffer = BytesIO()
    Image.new("RGB", (8, 8), "red").save(buffer, "PNG")
    (tmp_path / "a.png").write_bytes(buffer.getvalue())
    response = {"steps": ["a", "b", "c"], "process_correctness": [1, 0, -1]}
    rows = [
        {"image": ["a.png"], "question": "q", "answer": "1", "response": response, "policy_model": "m"},
        {"image": "../a.png", "question": "q", "answer": "1", "response": response},
        {"image": "a.png", "question": "q", "answer": "1", "response": {"steps": ["a"], "process_correctness": [1, 1]}},
    ]
    file = tmp_path / "test.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    one, *bad = visual_process_bench(file, tmp_path, ImageStore(tmp_path / "store"))
    assert one.truth == (True, None, False) and one.first_error == 2 and len(one.item.images) == 1
    assert all(isinstance(row, Rejected) for row in bad) and "for each of the 1 steps" in bad[1].detail


def test_process_bench_records_know_nothing_behind_the_first_error(tmp_path):
    file = tmp_path / "gsm8k.json"
    row = {"id": "x-0", "generator": "m", "problem": "p", "steps": ["a", "b", "c"], "final_answer_correct": False}
    file.write_text(json.dumps([row | {"label": 1}, row | {"label": -1}, row | {"label": 3}]))
    wrong, sound, bad = process_bench(file)
    assert (wrong.truth, wrong.first_error) == ((True, False, None), 1)
    assert (sound.truth, sound.first_error) == ((True, True, True), None)
    assert isinstance(bad, Rejected)


ITEM = make_item(source="t", question="?", gold="1", verifier="digit")
TRACES = [
    Probed(ITEM, ("I see one.", f"One and {k} is {k + 1}.", "It is one."), 1, "Bad sum.", "1", "20") for k in range(4)
]


class Fair:
    """1 for a step that is true, 0 for a false one, whatever stands around it."""

    def score_steps(self, item, steps):
        return [float("Bad" not in step) for step in steps]


def planted(move):
    """``Fair`` moved, step by step, by what ``move`` makes of the steps up to this one."""

    class Planted(Fair):
        def score_steps(self, item, steps):
            fair = super().score_steps(item, steps)
            return [score + move(steps[: place + 1]) for place, score in enumerate(fair)]

    return Planted()


BIASES = {
    "length": lambda steps: len(steps[-1]) / 200,
    "repetition": lambda steps: 0.3 * (len(set(steps)) < len(steps)),
    "position": lambda steps: 0.1 * len(steps),
    "positive": lambda steps: float("Bad" in steps[-1]),
    "leakage": lambda steps: -0.4 * any("answer is 20" in step for step in steps),
    "answer_pull": lambda steps: 0.5 * ("Bad" in steps[-1] and any("answer is 1." in step for step in steps)),
}


def test_a_fair_scorer_is_moved_by_no_probe():
    told = probe(Fair(), TRACES)
    moved = (told.length, told.repetition, told.positive, told.leakage, told.answer_pull)
    assert [one.mean for one in moved] == [0.0] * 5 and told.position is None


@pytest.mark.parametrize(
    ("bias", "size"),
    [("length", len(PADDING) / 200), ("repetition", 0.2), ("position", 1.0), ("positive", 1.0), ("leakage", 0.4),
     ("answer_pull", 0.5)],
)  # fmt: skip
def test_a_planted_bias_is_caught_by_its_probe(bias, size):
    """Repetition moves two of three steps: what stands in front of it is not moved."""
    found = getattr(probe(planted(BIASES[bias]), TRACES), bias)
    assert (found if bias == "position" else found.mean) == pytest.approx(size)


def test_a_false_step_that_cannot_be_read_leaves_its_probe():
    class Reads(Fair):
        def score_steps(self, item, steps):
            return [math.nan if "Bad" in step else 1.0 for step in steps]

    assert probe(Reads(), TRACES).positive.n == 0


def test_length_and_repetition_are_told_apart():
    longer, twice = (probe(planted(BIASES[name]), TRACES) for name in ("length", "repetition"))
    assert longer.repetition.mean == twice.length.mean == 0.0


def pool(name, source, hits):
    item = make_item(source=source, question=name, gold="1", verifier="digit")
    return Pool(item, "g", tuple(Candidate(f"{place}", hit, None) for place, hit in enumerate(hits)))


def scored(found, scores):
    return Scored("s", {("g", one.item.id, place): (value,) for one in found for place, value in enumerate(scores)})


def test_items_where_steps_choose_better_are_preferred():
    found = [pool("a", "mmstar", [0.0, 1.0]), pool("b", "mmstar", [1.0, 0.0])]
    steps, whole = scored(found, [0.0, 1.0]), scored(found, [1.0, 0.5])
    told = preferences(found, {"m": (steps, whole)}, ns=(2,))
    assert [one.indicator for one in told] == [1.0, -1.0]
    assert build(told, {"mmstar": 1}) == [found[0].item.id]
    assert [one.indicator for one in preferences(found, {"m": (steps, whole)}, variant=Variant.SCORES)] == [-0.25] * 2


def test_an_item_that_two_generators_answered_is_one_item():
    found = [pool("a", "x", [0.0, 1.0]), pool("b", "x", [0.0, 1.0])]
    found += [replace(one, generator="h") for one in found]
    # Of a the steps choose better whoever answered, of b for the second generator alone.
    better, worse = ((0.0,), (1.0,)), ((1.0,), (0.0,))
    ways = [(better, worse), (worse, worse), (better, worse), (better, worse)]
    steps, whole = (
        Scored(
            "s",
            {
                (one.generator, one.item.id, k): way[kind][k]
                for one, way in zip(found, ways, strict=True)
                for k in (0, 1)
            },
        )
        for kind in (0, 1)
    )
    told = preferences(found, {"m": (steps, whole)}, ns=(2,))
    assert [(one.item_id, one.indicator) for one in told] == [(found[0].item.id, 1.0), (found[1].item.id, 0.5)]
    assert build(told, {"x": 2}) == [found[0].item.id, found[1].item.id]


def test_scorers_that_agree_prefer_nothing_and_no_quota_is_filled():
    found = [pool("a", "mmstar", [0.0, 1.0])]
    same = scored(found, [0.0, 1.0])
    told = preferences(found, {"m": (same, same)}, ns=(2,))
    assert told[0].indicator == 0.0
    with pytest.raises(InputError, match="mmstar has 0 of 150"):
        build(told)


def test_quotas_and_ties():
    plenty = [Preference(f"{source} {k}", source, 0.5, 0.2) for source in QUOTAS for k in range(160)]
    chosen = build(plenty)
    assert len(chosen) == 600
    assert Counter(name.split()[0] for name in chosen) == {
        "mmstar": 150, "mathvista": 150, "mathverse": 100, "mmmu_pro": 100, "realworldqa": 100,
    }  # fmt: skip
    told = [Preference("b", "s", 0.5, 0.2), Preference("a", "s", 0.5, 0.2), Preference("c", "s", 0.5, 0.1)]
    assert build(told, {"s": 2}) == ["c", "a"]
