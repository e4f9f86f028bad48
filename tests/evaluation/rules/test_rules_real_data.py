"""Real responses to real items, end to end; the judge copies what the benchmark's own script read out of them."""

import json
import re

import pytest

from seethink.core.verdict import Outcome
from seethink.evaluation.rules import RULE_SETS, score


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def agreement(hits, theirs):
    return sum(ours == (str(their) == "True") for ours, their in zip(hits, theirs, strict=True)) / len(hits)


@pytest.mark.parametrize("rules", RULE_SETS)
def test_mathvision(rules, real_data):
    items = {one["id"]: one for one in lines(real_data / "mathvision" / "test_subset.jsonl")}
    outputs = lines(real_data / "mathvision" / "model_outputs.jsonl")
    asked = [items[one["id"]] for one in outputs]
    rows = [{**one, "choices": one["options"], "category": one["subject"]} for one in asked]

    def judge(request):
        return str(outputs[request.number]["model_answer"])

    scored = score("mathvision", rows, [one["response"] for one in outputs], judge=judge, rules=rules)
    assert None not in scored.hits and scored.comparable
    assert not any(one.verdict.outcome is Outcome.TIMEOUT for one in scored.verdicts)
    assert {line["Subject"] for line in scored.metrics} == {"Overall"} | {one["subject"] for one in asked}
    assert agreement(scored.hits, [one["correct"] for one in outputs]) > 0.9


@pytest.mark.parametrize("rules", RULE_SETS)
def test_mathvista(rules, real_data):
    items = {one["pid"]: one for one in lines(real_data / "mathvista" / "testmini_subset.jsonl")}
    outputs = lines(real_data / "mathvista" / "model_outputs.jsonl")
    rows = []
    for one in (items[output["pid"]] for output in outputs):
        option = chr(ord("A") + one["choices"].index(one["answer"])) if one["choices"] else ""
        rows.append({**one, **one["metadata"], "question": one["query"], "answer_option": option})

    def judge(request):
        return str(outputs[request.number]["extraction"])

    scored = score("MathVista_MINI", rows, [one["response"] for one in outputs], judge=judge, rules=rules)
    assert None not in scored.hits and scored.comparable
    lost = [row["answer_type"] == "list" for row in rows]
    assert any(lost) and not any(hit for hit, one in zip(scored.hits, lost, strict=True) if one)
    assert agreement(scored.hits, [one["true_false"] for one in outputs]) > 0.8


def test_logicvista(real_data):
    items = {one["id"]: one for one in lines(real_data / "logicvista" / "dataset_subset.jsonl")}
    outputs = lines(real_data / "logicvista" / "model_outputs.jsonl")
    rows = [items[one["id"]] for one in outputs]

    def judge(request):
        return "".join(re.findall(r"\b[A-G]\b", request.prediction)) or "Z"

    scored = score("logicvista", rows, [str(one["answer"]) for one in outputs], judge=judge)
    assert None not in scored.hits and scored.judge_calls == len(rows)
    odd = [hit for hit, row in zip(scored.hits, rows, strict=True) if row["answer"] in ("3", "")]
    assert odd and not any(odd)
    assert 10 < scored.headline < 60
    # One item has no answer at all, at which the harness ends: its own table does not have that row.
    assert "has no text for an answer" in scored.caveats[0]
