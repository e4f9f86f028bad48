"""``seethink eval``: benchmarks from the command line, with a scripted endpoint as model and judge."""

import base64
import csv
import json

import pytest


@pytest.fixture
def endpoint(server):
    """One endpoint for the model and for its judge."""
    server.answer = lambda body: "B" if body["model"] == "judge" else "I choose the second of them"
    return server


@pytest.fixture
def table(images, tmp_path):
    """A LogicVista table of three rows."""
    shown = base64.b64encode((images / "good.png").read_bytes()).decode()
    with (tmp_path / "logic.tsv").open("w", newline="") as file:
        writer = csv.writer(file, delimiter="\t")
        writer.writerow(["index", "question", "answer", "skill", "image"])
        writer.writerows(
            [number, f"Which? {number}", "B" if number else "A", "['deductive']", shown] for number in range(3)
        )
    return tmp_path / "logic.tsv"


@pytest.fixture
def run(here, endpoint, table, tmp_path):
    def with_model(model, *more):
        told = ["eval", "run", "logicvista", "--table", table, "--model", model, "--out", tmp_path / model]
        return here(*told, "--base-url", endpoint.base_url, *more)

    return with_model


def test_a_run_prints_its_headline_with_its_caveats_and_what_was_paid(run, endpoint, tmp_path):
    ended = run("m", "--judge", "judge", "--judge-url", endpoint.base_url, "--prompt", "thinking", "--prompt", "direct")
    assert ended.code == 0, ended.err
    assert "66.7 %*" in ended.out and "3 of the benchmark's 447 rows" in ended.out
    assert "judge: 3 answers" in ended.out and "m: 6 answers" in ended.out
    for prompt in ("thinking", "direct"):
        told = json.loads((tmp_path / "m" / "LogicVista" / prompt / "results.json").read_text())
        assert (told["prompt"], told["headline"]["value"], told["judge"]["judge"]) == (
            prompt,
            pytest.approx(200 / 3),
            "judge",
        )
    assert (tmp_path / "m" / "LogicVista" / "direct" / "m_LogicVista.xlsx").exists()


def test_blind_is_a_second_condition(run, tmp_path):
    assert run("m", "--blind").code == 0
    found = sorted(path.parent.name for path in tmp_path.rglob("results.json"))
    assert found == ["thinking", "thinking-blind"]


def test_two_runs_are_compared_and_tabled_beside_the_published_rows(run, here, endpoint, tmp_path, monkeypatch):
    judge = ("--judge", "judge", "--judge-url", endpoint.base_url)
    for model in ("one", "two"):
        run(model, *judge)
    folders = [tmp_path / model / "LogicVista" / "thinking" for model in ("one", "two")]
    ended = here("eval", "compare", *folders, "--out", tmp_path / "cmp")
    assert ended.code == 0 and "one (thinking) minus two (thinking)" in ended.out
    assert json.loads((tmp_path / "cmp" / "compare.json").read_text())["rows"]["greedy"]["harness"]["equal"] == 3
    monkeypatch.setenv("COLUMNS", "140")
    ended = here("eval", "table", tmp_path / "one", tmp_path / "two", "--out", tmp_path / "table.tsv")
    assert ended.code == 0 and "VLAA-Thinker-Qwen2.5-7B" in ended.out
    assert len((tmp_path / "table.tsv").read_text().splitlines()) == 1 + 14 + 2
    assert here("eval", "table").code == 0


def test_predictions_are_scored_and_a_run_again_under_other_rules(run, here, endpoint, table, tmp_path):
    run("m")
    file = tmp_path / "m" / "LogicVista" / "thinking" / "m_LogicVista.xlsx"
    told = ("--judge", "judge", "--judge-url", endpoint.base_url)
    ended = here("eval", "score", "logicvista", "--table", table, "--predictions", file, "--out", tmp_path / "s", *told)
    assert ended.code == 0 and "66.7 %*" in ended.out, ended.err
    ended = here("eval", "score", "--run", file.parent, "--rules", "2025-04", *told)
    assert ended.code == 0 and "rules 2025-04" in ended.out and "66.7 %*" in ended.out
    ended = here("eval", "score", "logicvista")
    assert ended.code == 2 and "what is scored?" in ended.err


def test_fingerprints_of_a_benchmark_find_its_question_among_training_rows(here, table, images, tmp_path):
    from seethink.data.curation.leakage import read_fingerprints

    assert here("eval", "fingerprint", "logicvista", "--table", table, "--out", tmp_path / "f").code == 0
    found = read_fingerprints(tmp_path / "f")
    assert [(one.benchmark, one.item_id, one.words) for one in found] == [("LogicVista", str(n), 2) for n in range(3)]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (("run", "nosuch", "--table", "x.tsv"), "no benchmark 'nosuch': choose among mathvista"),
        (("run", "wemath", "--table", "gone.tsv"), "gone.tsv cannot be read"),
        (("run", "wemath", "--table", "x.tsv", "drwas=1"), "did you mean draws?"),
        (("compare", "gone", "gone"), "holds no finished benchmark run"),
        (("table", "gone"), "gone is no folder"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(here, told, said):
    ended = here("eval", *told)
    assert ended.code == 2 and said in " ".join(ended.err.split())


def test_items_of_ones_own_need_no_command_s_name(here):
    assert "--data" in here("eval", "items", "--help").out
    assert "Missing option" in here("eval", "draws=1").err and "run" in here("eval", "--help").out
