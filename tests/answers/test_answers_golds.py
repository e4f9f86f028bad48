"""Real VLAA-Thinking records: every rule-verified gold scores 1 against itself."""

import json
from pathlib import Path

import pytest

from seethink.answers import check_gold, grade
from seethink.core.item import make_item

RECORDS = Path(__file__).resolve().parents[2].parent / "shared" / "real_data" / "vlaa_thinking" / "examples.jsonl"
VERIFIERS = {"clevr_math": "digit", "geoqa170k": "mcq", "synthesis": "math", "arxivqa": "mcq", "allava": "open"}

pytestmark = pytest.mark.skipif(not RECORDS.exists(), reason="the example records are not here")


def items():
    for line in RECORDS.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        source = record["id"].split("-")[0]
        yield make_item(source=source, question=record["question"], gold=str(record["gt"]), verifier=VERIFIERS[source])


def test_every_source_is_there():
    assert {item.source for item in items()} == set(VERIFIERS)


def test_every_gold_can_be_used():
    assert [check_gold(item) for item in items()] == [None] * len(VERIFIERS)


def test_every_rule_verified_gold_scores_one_against_itself():
    ruled = [item for item in items() if item.verifier != "open"]
    assert [verdict.score for verdict in grade(ruled, [item.gold for item in ruled])] == [1.0] * len(ruled)


def test_the_worked_solution_stands_for_its_last_line():
    (item,) = [item for item in items() if item.source == "synthesis"]
    assert [v.score for v in grade([item] * 3, ["y = 5 sin(5x)", r"\boxed{y = -5 \sin(-5x)}", "a = -5"])] == [
        1.0,
        1.0,
        0.0,
    ]


def test_an_empty_gold_is_set_aside():
    rejected = check_gold(make_item(source="s", question="?", gold=" ", verifier="open"))
    assert rejected is not None and rejected.reason == "no gold"
