import pytest

from seethink.core.verdict import Outcome
from seethink.evaluation.rules import score
from seethink.evaluation.rules.wemath import concept_digest

FAILURE = "Failed to obtain answer via API"


def row(problem, key, answer="A", concept="a concept of nobody's"):
    options = {"A": "one cm", "B": "two cm", "C": "three cm", "D": "four cm"}
    return {"ID": problem, "key": key, "question": "Which?", "answer": answer, "knowledge concept": concept, **options}


def problem(name, steps, multi, length=2):
    """Rows and predictions of a problem whose verdicts are given."""
    keys = [f"{length}steps_{step}" for step in range(1, length + 1)] + [f"{length}steps_multi"]
    return [(row(name, key), "A" if right else "B") for key, right in zip(keys, [*steps, multi], strict=True)]


def scored(*problems, judge=None, **named):
    pairs = [pair for one in problems for pair in one]
    return score("WeMath", [row for row, _ in pairs], [prediction for _, prediction in pairs], judge=judge, **named)


COUNTED = {
    "CM": "CompleteMastery",
    "RM": "RoteMemorization",
    "IG": "InadequateGeneralization",
    "IK": "InsufficientKnowledge",
}


@pytest.mark.parametrize(
    ("steps", "multi", "strict", "loose"),
    [
        ([True, True], True, "CM", "CM"),
        ([True, True], False, "IG", "IG"),
        ([True, False], True, "RM", "CM"),
        ([False, True], False, "IK", "IK"),
        ([False, False], True, "RM", "RM"),
        ([False, False], False, "IK", "IK"),
        ([True, True, True], True, "CM", "CM"),
        ([True, True, False], True, "RM", "CM"),
        ([True, True, True], False, "IG", "IG"),
        ([False, False, False], True, "RM", "RM"),
    ],
)
def test_the_four_classes(steps, multi, strict, loose):
    (line,) = scored(problem("p", steps, multi, len(steps))).metrics
    for manner, name in (("Strict", strict), ("Loose", loose)):
        counts = {short: str(line[f"{long} ({manner})"]).split("(")[1] for short, long in COUNTED.items()}
        assert [short for short, count in counts.items() if count == "1)"] == [name]


def test_the_worked_example_of_525_problems():
    """94 CM, 229 RM (44 of them with no step right), 62 IG and 140 IK."""
    shapes = [([True, True], True)] * 94 + [([True, False], True)] * 185 + [([False, False], True)] * 44
    shapes += [([True, True], False)] * 62 + [([False, True], False)] * 140
    result = scored(*(problem(f"p{n}", steps, multi) for n, (steps, multi) in enumerate(shapes)))
    (line,) = result.metrics
    assert (line["Score (Strict)"], line["Score (Loose)"]) == ("23.81%", "59.05%")
    assert line["RoteMemorization (Strict)"] == "70.90% (229)"
    assert line["RoteMemorization (Loose)"] == "13.62% (44)"
    assert result.headline == 23.81 and result.comparable


def test_525_is_a_constant():
    assert scored(problem("p", [False, False], False)).headline == 99.81


def test_a_missing_multi_step_row_is_in_no_class_and_a_missing_step_matters_only_if_the_others_do_not_tell():
    whole = problem("other", [True, True], True)
    assert scored(problem("p", [False, False], False)[:2], whole).headline == 100.0
    assert scored(problem("p", [False, False], False)[::2], whole).headline == 99.81
    assert scored(problem("p", [True, True], False)[::2], whole).headline == 100.0


def test_a_repeated_id_multiplies_rows():
    twice = [pair for pair in problem("p", [True, True], True) for _ in range(2)]
    (line,) = scored(twice).metrics
    assert line["CompleteMastery (Strict)"] == "1.52% (8)"


def test_steps_and_domains(real_data):
    import json

    nodes = json.loads((real_data / "wemath" / "knowledge_structure_nodes.json").read_text(encoding="utf-8"))
    concepts = {node["root2"]: node["full node"].split("_")[-1] for node in nodes}
    direction, position = concepts["Direction"], concepts["Position"]
    pairs = problem("p", [True, False], True) + problem("q", [True, True], False)
    for place, concept in ((0, direction), (1, position), (3, direction), (4, position)):
        pairs[place][0]["knowledge concept"] = concept
    (line,) = scored(pairs).metrics
    assert (line["One-step(S1)"], line["Two-step(S2)"], line["Three-step(S3)"]) == ("75.00%", "50.00%", "nan%")
    assert (line["Direction"], line["Position"], line["Route Map"]) == ("100.00%", "50.00%", "nan%")
    assert len({concept_digest(node["full node"].split("_")[-1]) for node in nodes}) == len(nodes) == 67


def test_no_problem_in_cm_or_rm_divides_by_zero_there():
    result = scored(problem("p", [True, True], False))
    assert result.metrics[0]["RoteMemorization (Strict)"] == "nan% (0)"
    assert "no problem is in CM or RM" in result.caveats[0]


def test_three_attempts_all_at_temperature_0_and_then_a_random_option():
    seen = []

    def judge(request):
        seen.append((request.attempt, request.temperature))
        return [FAILURE, "either of them", FAILURE][request.attempt]

    pairs = [(row("p", "2steps_1"), "no idea")]
    result = scored(pairs, judge=judge)
    assert seen == [(0, 0.0), (1, 0.0), (2, 0.0)]
    assert result.verdicts[0].verdict.outcome is Outcome.UNSCORED and result.hits == (None,)
    drawn = scored(pairs, judge=judge, seed=3).verdicts[0]
    assert drawn.verdict.outcome is Outcome.ERROR and drawn.verdict.extracted in "ABCDZ"
    assert scored(pairs, judge=judge, seed=3).verdicts[0] == drawn
    letters = {scored(pairs, judge=judge, seed=seed).verdicts[0].verdict.extracted for seed in range(60)}
    assert letters == set("ABCDZ")


def test_a_reply_that_the_matcher_reads_ends_the_attempts(scripted):
    result = scored([(row("p", "2steps_1"), "no idea")], judge=scripted([["hm", "one cm"]]))
    assert result.hits == (True,) and result.judge_calls == 2


def test_options_that_are_missing_are_none(judge_saying):
    short = {**row("p", "2steps_1", answer="D"), "C": None, "D": ""}
    assert score("wemath", [short], ["(D)"], judge=judge_saying("D")).hits == (None,)


def test_without_a_judge_an_undecided_problem_is_no_gift():
    undecided = [(one, "no idea") for one, _ in problem("q", [True, True], True)]
    result = scored(problem("p", [False, False], False), undecided)
    assert result.headline == round(100 * 523 / 524, 2)
    assert result.bounds == (99.62, 99.81) and not result.comparable
