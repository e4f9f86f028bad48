"""The real responses to real items, end to end; the judge copies the answer that the benchmark's own script extracted."""

import json

from seethink.core.verdict import Outcome
from seethink.evaluation.rules import RULE_SETS, score


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_mathvision(real_data):
    items = {one["id"]: one for one in lines(real_data / "mathvision" / "test_subset.jsonl")}
    outputs = lines(real_data / "mathvision" / "model_outputs.jsonl")
    rows = [
        {
            "question": items[one["id"]]["question"],
            "choices": str(items[one["id"]]["options"]),
            "answer": items[one["id"]]["answer"],
            "category": items[one["id"]]["subject"],
        }
        for one in outputs
    ]
    for rules in RULE_SETS:
        scored = score(
            "mathvision",
            rows,
            [one["response"] for one in outputs],
            judge=lambda request: str(outputs[request.number]["model_answer"]),
            rules=rules,
        )
        assert None not in scored.hits and scored.comparable
        assert not any(one.verdict.outcome is Outcome.TIMEOUT for one in scored.verdicts)
        # The benchmark's own script judged the same responses; it reads more forms as equal.
        theirs = [str(one["correct"]) == "True" for one in outputs]
        agreeing = sum(ours == their for ours, their in zip(scored.hits, theirs, strict=True))
        assert agreeing / len(outputs) > 0.9
