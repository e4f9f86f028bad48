import json
import math
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
from seethink.process.probes import Probed, probe
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


class Longer:
    """Pays for every character of a step and sees nothing else."""

    def score_steps(self, item, steps):
        return [float(len(step)) for step in steps]


class Blind:
    def score_steps(self, item, steps):
        return [1.0 for _ in steps]


ITEM = make_item(source="t", question="?", gold="1", verifier="digit")


def test_probes_see_what_moves_a_scorer():
    traces = [
        Probed(ITEM, ("a long first step", "b", "c"), 1, "another b", "<answer>1</answer>", "<answer>20</answer>")
    ] * 4
    longer, blind = probe(Longer(), traces), probe(Blind(), traces)
    assert longer.length.mean > 0 and longer.positive.mean == 1.0
    assert blind.length.mean == blind.leakage.mean == blind.answer_pull.mean == 0.0
    assert blind.position is None and blind.positive.mean == 1.0


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


def test_scorers_that_agree_prefer_nothing_and_no_quota_is_filled():
    found = [pool("a", "mmstar", [0.0, 1.0])]
    same = scored(found, [0.0, 1.0])
    told = preferences(found, {"m": (same, same)}, ns=(2,))
    assert told[0].indicator == 0.0
    with pytest.raises(InputError, match="mmstar has 0 of 150"):
        build(told)


def test_quotas_and_ties():
    assert sum(QUOTAS.values()) == 600
    told = [Preference("b", "s", 0.5, 0.2), Preference("a", "s", 0.5, 0.2), Preference("c", "s", 0.5, 0.1)]
    assert build(told, {"s": 2}) == ["c", "a"]


def test_the_released_counts_add_up():
    questions, rows = (3093, 8063, 957, 2044, 2769), (25829, 31406, 1425, 9241, 5659)
    assert (sum(questions), sum(rows)) == (16926, 73560)
