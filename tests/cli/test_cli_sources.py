"""Data sets that have a mapping, several at once, from the command line to a benchmark of chosen items."""

import json
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from seethink.core.tables import read_json, read_rows


def png(colour):
    buffer = BytesIO()
    Image.new("RGB", (56, 56), colour).save(buffer, "PNG")
    return {"bytes": buffer.getvalue(), "path": f"{colour}.png"}


@pytest.fixture
def tables(tmp_path):
    """Three rows of MMStar and two of MathVerse, under the same ids."""
    stars = [
        {"index": number, "question": f"Which of {number}?\nOptions: A: a, B: b", "answer": "B", "image": png(colour)}
        for number, colour in enumerate(("red", "green", "blue"), 1)
    ]
    verses = [
        {
            "sample_index": str(number),
            "problem_version": version,
            "query_wo": f"How long is side {number}?",
            "answer": "B" if number == 1 else "14",
            "image": png("white"),
        }
        for number, version in enumerate(("Text Dominant", "Vision Only"), 1)
    ]
    for name, rows in (("mmstar", stars), ("mathverse", verses)):
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / f"{name}.parquet")
    return ("--data", tmp_path / "mmstar.parquet", "--mapping", "mmstar", "--format", "mapped",
            "--data", tmp_path / "mathverse.parquet", "--mapping", "mathverse")  # fmt: skip


@pytest.fixture
def responses(tmp_path):
    """To each item a wrong response and then a right one."""
    golds = {"mmstar": ("B", "B", "B"), "mathverse": ("B", "14")}
    rows = [
        {
            "source": source,
            "id": str(number),
            "model": model,
            "response": f"<think>\nA {word} look.\n\nA {word} end.\n</think>\n<answer>{answer}</answer>",
        }
        for source, answers in golds.items()
        for number, gold in enumerate(answers, 1)
        for model, word, answer in (("a", "bad", "C"), ("b", "good", gold))
    ]
    (tmp_path / "mixed.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return ("--responses", tmp_path / "mixed.jsonl")


@pytest.fixture
def judge(server):
    """A model that rates steps as they deserve, and whole responses the other way round and lower."""

    def rating(body):
        told = body["messages"][-1]["content"][-1]["text"]
        good, bad = (1, 3) if "response" in json.loads(told) else (5, 1)
        return str(good if "good" in told else bad)

    server.answer = rating
    one = {"kind": "judged", "model": "judge", "base_url": server.base_url}
    return f"pairs={json.dumps({'judge': {'steps': one, 'response': one | {'rated': 'response'}}})}"


def test_a_benchmark_is_chosen_out_of_two_data_sets_by_quotas(here, tables, responses, judge, tmp_path):
    construct = ("process", "construct", *tables, *responses, judge, "ns=[2]")
    ended = here(*construct, "--out", tmp_path / "chosen", "quotas={mmstar: 2, mathverse: 1}")
    assert ended.code == 0 and "3 items chosen" in ended.out, ended.err
    chosen = [json.loads(line) for line in (tmp_path / "chosen" / "items.jsonl").read_text().splitlines()]
    assert [row["source"] for row in chosen] == ["mmstar", "mmstar", "mathverse"]
    told = {row["item_id"]: row["indicator"] for row in read_rows(tmp_path / "chosen" / "preferences")}
    assert len(told) == 5 and set(told.values()) == {1.0}

    scores = here(*construct, "--out", tmp_path / "scores", "quotas={mmstar: 2}", "variant=scores")
    assert scores.code == 0 and "2 items chosen" in scores.out, scores.err

    refused = here(*construct, "--out", tmp_path / "refused", "quotas={mmstar: 2, mathverse: 3}")
    assert refused.code == 2 and "mathverse has 2 of 3" in refused.err and "mmstar" not in refused.err
    assert not (tmp_path / "refused" / "items.jsonl").exists()


def test_the_chosen_items_are_items_like_any_other(here, tables, responses, judge, tmp_path):
    """Under the same content ids, and still found by the responses that chose them."""
    made = tmp_path / "chosen"
    here(
        "process", "construct", *tables, *responses, judge, "ns=[2]", "--out", made, "quotas={mmstar: 1, mathverse: 2}"
    )
    steps = json.loads(judge.removeprefix("pairs="))["judge"]["steps"]
    bench = ("process", "bench", "--data", made / "items.jsonl", "--images", made / "images", *responses)
    ended = here(*bench, f"scorers={json.dumps({'prm': steps})}", "ns=[2]", "aggregations=[mean]", "split_by=source",
                 "--out", tmp_path / "bench")  # fmt: skip
    assert ended.code == 0, ended.err
    told = read_json(tmp_path / "bench" / "results.json")
    [row] = told["rows"]
    assert told["items"] == 3 and row["accuracy"]["mean"] == 1.0 and row["minus"]["random"]["mean"] == 0.5
    assert {name: part["items"] for name, part in told["splits"].items()} == {"mathverse": 2, "mmstar": 1}
    chosen = set(read_json(made / "results.json")["chosen"])
    assert {row["item_id"] for row in read_rows(tmp_path / "bench" / "scores" / "prm")} == chosen


def test_text_and_vision_dominant_items_are_told_apart(here, tables, responses, judge, tmp_path):
    steps = json.loads(judge.removeprefix("pairs="))["judge"]["steps"]
    bench = ("process", "bench", *tables, *responses, f"scorers={json.dumps({'prm': steps})}", "ns=[2]")
    ended = here(*bench, "--out", tmp_path / "split", "split_by=problem_version")
    assert ended.code == 0, ended.err
    assert set(read_json(tmp_path / "split" / "results.json")["splits"]) == {"Text Dominant", "Vision Only"}
    refused = here(*bench, "--out", tmp_path / "refused", "split_by=version")
    assert refused.code == 2 and "no item has 'version'" in refused.err and "problem_version" in refused.err
    assert not (tmp_path / "refused" / "scores").exists()


def test_a_model_answers_mapped_data_sets_and_nothing_is_chosen_that_prefers_no_steps(here, tables, tiny, tmp_path):
    ended = here("eval", *tables, "--model", tiny, "--out", tmp_path / "pool", "draws=2", "max_tokens=8")
    assert ended.code == 0, ended.err
    assert {row["source"] for row in read_rows(tmp_path / "pool" / "responses")} == {"mmstar", "mathverse"}
    one = {"kind": "untrained", "model": str(tiny), "head": "linear"}
    pairs = f"pairs={json.dumps({'tiny': {'steps': one, 'response': one}})}"
    refused = here("process", "construct", *tables, "--responses", tmp_path / "pool", pairs, "ns=[2]",
                   "--out", tmp_path / "chosen", "quotas={mmstar: 1, mathverse: 1}")  # fmt: skip
    assert refused.code == 2 and "mmstar has 0 of 1" in refused.err and "mathverse has 0 of 1" in refused.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--format", "mapped"), "--format mapped and --mapping belong together"),
        (("--mapping", "mmstar"), "--format mapped and --mapping belong together"),
        (("--format", "mapped", "--mapping", "mmstar", "--mapping", "geoqa170k", "--mapping", "vilbench"), "3 times"),
        (("--format", "mapped", "--mapping", "mmmstar"), "give the path of a .yaml file, or one of clevr_math"),
        (("--images", "a", "--images", "b", "--images", "c"), "--images is given 3 times and --data 2"),
    ],
)
def test_options_that_do_not_fit_the_files_are_refused(here, tables, tmp_path, options, said):
    files = [part for part in tables if str(part).endswith(".parquet")]
    ended = here("reward", "validate", "--data", files[0], "--data", files[1], *options)
    assert ended.code == 2 and said in ended.err


def test_a_mapping_of_ones_own_is_named_by_its_file(here, tmp_path):
    own = "source: mine\nformat: 'format seen: here'\nverifier: digit\npicture: photo\nquestion: asked\ngold: told\n"
    (tmp_path / "mine.yaml").write_text(own)
    (tmp_path / "one.png").write_bytes(png("red")["bytes"])
    (tmp_path / "mine.jsonl").write_text(json.dumps({"photo": "one.png", "asked": "How many?", "told": 3}))
    ended = here("reward", "validate", "--data", tmp_path / "mine.jsonl", "--images", tmp_path, "--format", "mapped",
                 "--mapping", tmp_path / "mine.yaml")  # fmt: skip
    assert ended.code == 0 and "1 items, every rule-verified gold scores 1" in ended.out, ended.err
