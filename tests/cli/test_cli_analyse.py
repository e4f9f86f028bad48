"""seethink analyse, as a user runs it."""

import json

import pytest

from seethink.core.tables import read_json, read_rows, write_rows

TEXT = "<think>I look.\nWait, maybe again.\nThat makes 4.</think><answer>3</answer>"


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")


def said(path, *rows):
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def test_traces_writes_a_table_and_a_page(seethink, tmp_path):
    file = said(tmp_path / "said.jsonl", {"output": TEXT, "gold": "3", "verifier": "digit"}, {"nothing": 1})
    ended = seethink("analyse", "traces", file, "--out", tmp_path / "out")
    assert ended.code == 0 and "1 responses kept, 1 rows set aside" in ended.out
    assert "answers that do not follow from the thinking" in ended.out
    [row] = read_rows(tmp_path / "out" / "table")
    assert (row["right"], row["follows"], row["hesitant"]) == (True, False, 1)
    assert next(read_rows(tmp_path / "out" / "steps"))["text"] == "I look."
    assert "Wait, maybe again." in (tmp_path / "out" / "traces.html").read_text()
    assert read_json(tmp_path / "out" / "summary.json")["traces"] == 1


def test_items_of_the_world_bring_truth(here, tmp_path):
    assert here("world", "items", "--out", tmp_path / "items", "count=3").code == 0
    items = [json.loads(line) for line in (tmp_path / "items" / "items.jsonl").read_text().splitlines()]
    file = said(tmp_path / "said.jsonl", *({"id": item["id"], "response": TEXT} for item in items))
    command = ("analyse", "traces", file, "--data", tmp_path / "items" / "items.jsonl")
    ended = here(*command, "--images", tmp_path / "items" / "images", "--out", tmp_path / "out")
    assert ended.code == 0 and "signs against the truth of steps and answers" in ended.out


def test_survival_asks_for_numbered_steps(here, tmp_path):
    rl = said(tmp_path / "rl.jsonl", {"response": TEXT, "step": 0}, {"response": TEXT, "step": 10})
    sft, base = (said(tmp_path / f"{name}.jsonl", {"response": TEXT}) for name in ("sft", "base"))
    ended = here("analyse", "survival", rl, "--sft", sft, "--base", base, "--out", tmp_path / "s.json")
    assert ended.code == 0 and "what survives of the SFT style" in ended.out
    assert len(read_json(tmp_path / "s.json")) > 0


def test_survival_reads_the_sampled_rows_of_its_poles(here, tmp_path):
    """An evaluation holds greedy rows, too, and the SFT model does not hesitate in them."""
    plain = TEXT.replace("Wait, maybe again.\n", "")
    rl = said(tmp_path / "rl.jsonl", *({"id": n, "response": TEXT, "step": 0} for n in range(8)))

    def evaluation(name, sampled):
        greedy = [{"id": n, "response": plain, "decoding": "greedy"} for n in range(8)]
        drawn = [{"id": n, "response": sampled, "decoding": "sampled"} for n in range(8)]
        return said(tmp_path / f"{name}.jsonl", *greedy, *(drawn if sampled else ()))

    command = ("analyse", "survival", rl, "--base", evaluation("base", plain), "--out", tmp_path / "s.json")
    assert here(*command, "--sft", evaluation("sft", TEXT)).code == 0
    [found] = [row for row in read_json(tmp_path / "s.json") if row["measure"] == "hesitant"]
    assert found["survives"]["mean"] == 1 and found["at_sft"] == found["rate"]
    ended = here(*command, "--sft", evaluation("greedy", None))
    assert ended.code == 2
    assert "greedy.jsonl holds no sampled response, only greedy" in " ".join(ended.err.split())


@pytest.fixture
def arms(tmp_path):
    """Evaluations of two arms, two seeds each, and of a start."""
    verdict = {"score": 1.0, "outcome": "correct", "extracted": "3", "why": ""}
    wrong = verdict | {"score": 0.0, "outcome": "wrong"}

    def evaluation(name, right):
        rows = [
            {
                "item_id": f"i{number}", "arm": name, "decoding": "greedy", "draw": 0, "source": "w", "group": "g",
                "verifier": "digit", "question": "?", "gold": "3", "images": [], "response": "r", "prompt_tokens": 1,
                "completion_tokens": 1, "truncated": False, "strict": verdict if number < right else wrong,
                "lenient": verdict, "steps_true": None, "steps_false": None,
            }
            for number in range(60)
        ]  # fmt: skip
        write_rows(tmp_path / name, rows)
        return tmp_path / name

    return {
        "rl": f"rl={evaluation('rl0', 50)},{evaluation('rl1', 48)}",
        "sft": f"sft={evaluation('sft0', 30)},{evaluation('sft1', 29)}",
        "base": f"base={evaluation('base', 20)}",
    }


def test_compare_makes_both_claims(here, arms, tmp_path):
    out = tmp_path / "claims.json"
    ended = here("analyse", "compare", arms["rl"], arms["sft"], "--given", arms["base"], "--pair", "rl,sft",
                 "--pair", "rl,base", "--out", out)  # fmt: skip
    assert ended.code == 0 and "These checkpoints: rl is above sft by 32.5 points" in ended.out
    assert "This recipe:" in ended.out and "A headline asks for 5 runs" in ended.out
    assert [one["recipe"]["runs"] for one in read_json(out)["comparisons"]] == [[2, 2], [2, 1]]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("rl",), "write it as NAME=FOLDER"),
        (("rl=nowhere",), "nowhere cannot be read"),
    ],
)
def test_compare_says_what_is_missing(here, arguments, told):
    ended = here("analyse", "compare", *arguments)
    assert ended.code == 2 and told in ended.err


def test_compare_needs_verdicts(here, tmp_path):
    file = said(tmp_path / "said.jsonl", {"response": TEXT})
    ended = here("analyse", "compare", f"rl={file}", f"sft={file}")
    assert ended.code == 2 and "holds no verdicts: name the folder of an evaluation" in ended.err
