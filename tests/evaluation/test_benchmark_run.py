"""Asking a benchmark's questions, of a checkpoint or an endpoint, and scoring what comes back."""

import csv
import json

import pytest

from seethink.core.chat import system_prompt
from seethink.core.graded import Decoding
from seethink.core.images import ImageStore
from seethink.core.lock import held
from seethink.core.rejected import InputError, Stopped
from seethink.core.tables import parts, read_manifest, read_rows
from seethink.evaluation.benchmark_run import ask_questions, open_unanswered, read_answered, unanswered
from seethink.evaluation.catalogue import find_entry
from seethink.evaluation.endpoint import EndpointModel
from seethink.evaluation.prompts import system_text
from seethink.evaluation.purse import EndpointConfig, ledger_lines
from seethink.evaluation.scoring import BenchmarkConfig
from seethink.study.benchmarks import (
    BenchmarkFile,
    BenchmarkTask,
    open_questions,
    read_run,
    run_benchmark,
    score_again,
)
from seethink.teachers import Patience

QUICK = Patience(refusals=1, unknowns=0, first_wait=0.01, longest_wait=0.02)


def asked(body):
    """The user's text of a request, and how many pictures stand in front of it."""
    content = body["messages"][-1]["content"]
    if isinstance(content, str):
        return content, 0
    return content[-1]["text"], len(content) - 1


def number(body):
    return int(asked(body)[0].partition("Which one is ")[2].partition("?")[0])


@pytest.fixture
def twelve(ask, tsv, vista):
    return ask("mathvista", tsv(*(vista(index, "AB"[index % 2]) for index in range(12))))


@pytest.fixture
def endpoint(server, tmp_path):
    server.answer = lambda body: f"<think>x</think><answer>{'AB'[number(body) % 2]}</answer>"

    def make(**settings):
        config = EndpointConfig(base_url=server.base_url, **{"timeout": 5, "width": 4, **settings})
        return EndpointModel("m", config, tmp_path / "out" / "ledger", QUICK)

    return make


@pytest.fixture
def draw(twelve, endpoint, tmp_path):
    """Ask the twelve questions, again and again in one folder; responses by number, greedy first."""

    def again(respondent=None, **settings):
        store, out = ImageStore(tmp_path / "out" / "images"), tmp_path / "out" / "run"
        ask_questions(BenchmarkConfig(part=5, **settings), respondent or endpoint(), twelve, store, out)
        return read_answered(twelve, out)

    return again


def test_an_endpoint_is_shown_pictures_first_and_under_the_prompt_that_is_named(draw, server):
    draw(max_tokens=77)
    [body] = [body for body in server.requests if number(body) == 3]
    assert body["messages"][0] == {"role": "system", "content": system_prompt()}
    picture, text = body["messages"][1]["content"]
    assert picture["image_url"]["url"].startswith("data:image/png;base64,") and text["type"] == "text"
    assert (body["temperature"], body["max_tokens"], "seed" in body) == (0, 77, False)
    server.requests.clear()
    draw(prompt="direct")
    assert server.requests[0]["messages"][0]["content"] == system_text("direct") != system_prompt()
    server.requests.clear()
    draw(prompt="none", blind=True)
    assert [len(body["messages"]) for body in server.requests] == [1] * 12
    assert {asked(body)[1] for body in server.requests} == {0}


def test_answers_come_in_the_order_of_the_questions_however_slow_some_are(draw, server, Fault):
    server.fault = lambda body, attempt: Fault(503) if attempt == 1 and number(body) in (0, 7) else None
    found = draw(draws=3)
    assert [(question.number, one.decoding, one.draw) for question, one in found][:4] == [
        (0, Decoding.GREEDY, 0),
        *((0, Decoding.SAMPLED, number) for number in range(3)),
    ]
    assert [question.number for question, one in found if one.decoding is Decoding.GREEDY] == list(range(12))
    assert server.billed == 48 and server.peak <= 4
    seeds = sorted(body.get("seed", 0) for body in server.requests if number(body) == 5 and body["temperature"])
    assert seeds == [0, 1, 2]


def test_nothing_is_paid_for_twice(draw, server, tmp_path):
    first = draw(draws=2)
    for path in parts(tmp_path / "out" / "run" / "responses")[1:]:
        path.unlink()
    (tmp_path / "out" / "run" / "responses" / "manifest.json").unlink()
    assert draw(draws=2) == first and server.billed == 36
    assert draw(draws=2, max_tokens=99) and server.billed == 72
    assert "72 answers" in ledger_lines(tmp_path / "out" / "ledger")[0]


def test_a_question_that_is_refused_is_counted_and_asked_again_on_request(draw, server, Fault, twelve, tmp_path):
    server.fault = lambda body, attempt: Fault(400) if number(body) == 7 else None
    found = draw()
    assert unanswered(found) == 1 and found[7][1].text is None and "400" in found[7][1].why
    server.fault = lambda body, attempt: None
    assert unanswered(draw()) == 1
    assert open_unanswered(tmp_path / "out" / "run") == 1
    assert unanswered(draw()) == 0 and server.billed == 12


def test_a_spent_budget_stops_the_run_and_keeps_what_was_bought(draw, endpoint, server):
    with pytest.raises(Stopped, match="budget"):
        draw(endpoint(max_calls=7))
    assert server.billed == 7
    assert unanswered(draw()) == 0 and server.billed == 12


def test_an_endpoint_that_cannot_be_asked_is_named(draw, endpoint, server, Fault):
    with pytest.raises(InputError, match="NO_SUCH_KEY is empty"):
        endpoint(key_env="NO_SUCH_KEY")
    with pytest.raises(InputError, match="max_cost needs a price of m"):
        endpoint(max_cost=1.0)
    server.fault = lambda body, attempt: Fault(404)
    with pytest.raises(InputError, match="has no model 'm'"):
        draw()


# Scored


@pytest.fixture
def run(server, tsv, vista, tmp_path, endpoint):
    """One condition of the whole command, without its printing."""
    table = tsv(*(vista(index, "AB"[index % 2]) for index in range(12)))

    def condition(**settings):
        out = tmp_path / "runs"
        questions, images = open_questions(BenchmarkFile(find_entry("mathvista"), table), out)
        asked_at = {"base_url": server.base_url, "timeout": 5}
        task = BenchmarkTask.model_validate({"endpoint": asked_at, **settings})
        return run_benchmark(task, "m", "mine", questions, images, out), out / "MathVista_MINI"

    return condition


def test_a_run_has_every_figure_with_its_interval_and_what_it_was_made_of(run, server):
    server.answer = lambda body: f"<think>x</think><answer>{'AB'[number(body) % 2 if number(body) else 1]}</answer>"
    results, folder = run(draws=2)
    told = json.loads((folder / "thinking" / "results.json").read_text())
    assert told == json.loads(json.dumps(results))
    headline = told["headline"]
    assert headline["value"] == pytest.approx(100 * 11 / 12) and headline["low"] < 100 * 11 / 12 < headline["high"]
    assert headline["n"] == 12 and told["judge"] is None and told["rules"] == "2026-08"
    assert told["caveats"] == ["12 of the benchmark's 1000 rows"]
    for rule in ("harness", "lenient", "strict"):
        assert told["accuracy"]["greedy"][rule]["mean"] == pytest.approx(11 / 12, abs=1e-5)
        assert told["pass_at_k"][rule]["2"]["n"] == told["maj_at_k"][rule]["2"]["n"] == 12
    assert told["rates"]["greedy"]["unparseable"] | {"mean": 0.0} == told["rates"]["greedy"]["unparseable"]
    assert told["agreement"]["greedy"]["both right"] == 11 and told["figures"]["greedy"]["task: counting"]["n"] == 12
    manifest = read_manifest(folder / "thinking")
    assert manifest["rules"] == "2026-08" and manifest["data"]["questions"] == told["table"]
    assert len(read_run(folder / "thinking").graded) == 36


def test_two_commands_in_one_folder_do_not_mix(run, tmp_path):
    folder = tmp_path / "runs" / "MathVista_MINI" / "thinking"
    with held(folder / "run.lock"), pytest.raises(InputError, match="is in use by another run"):
        run()


def test_the_prompt_is_a_condition_and_blind_answers_are_counted_apart(run, server):
    """A base that answers well when asked directly, and badly when made to think, shows both."""

    def answer(body):
        right, shown = "AB"[number(body) % 2], asked(body)[1]
        if body["messages"][0]["content"] == system_text("direct"):
            return right
        return f"<think>x</think><answer>{right if shown and number(body) < 4 else 'A'}</answer>"

    server.answer = answer
    told = {name: run(**settings)[0] for name, settings in CONDITIONS.items()}
    shares = {name: one["accuracy"]["greedy"]["lenient"]["mean"] for name, one in told.items()}
    assert shares == {"direct": 1.0, "thinking": pytest.approx(8 / 12, abs=1e-5), "blind": 0.5}
    assert told["direct"]["rates"]["greedy"]["outside the tags"]["mean"] == 1.0
    assert "asked without the pictures" in told["blind"]["caveats"]
    assert [told[name]["headline"]["value"] for name in CONDITIONS] == [100.0, pytest.approx(200 / 3), 50.0]


CONDITIONS = {"direct": {"prompt": "direct"}, "thinking": {}, "blind": {"blind": True}}


def test_rows_on_which_the_harness_and_we_differ_are_listed(run, server):
    """The harness reads the a of "about" as option A; to us the sentence names none."""
    server.answer = lambda body: "the correct answer is about right" if number(body) == 0 else "AB"[number(body) % 2]
    _, folder = run(prompt="none")
    with (folder / "none" / "differences.tsv").open(newline="") as file:
        [told] = csv.DictReader(file, delimiter="\t")
    assert (told["item"], told["agreement"], told["harness read"]) == ("mathvista-0", "only the harness", "A")


def test_a_run_is_scored_again_by_other_rules_and_asks_nobody(run, server):
    server.answer = lambda body: "B" + " because it is larger than the rest of them" * 3
    first, folder = run(prompt="none")
    billed = server.billed
    task = BenchmarkTask.model_validate({"scoring": {"rules": "2025-04"}})
    second = score_again(task.scoring, None, folder / "none", folder.parent / "ledger")
    assert server.billed == billed
    assert first["headline"]["value"] is None and second["headline"]["value"] == 50.0
    assert (first["rates"]["greedy"]["unscored by the harness"]["mean"], second["rules"]) == (1.0, "2025-04")


# A checkpoint


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "file", "folder", "rows"),
    [
        ("mathvista", "testmini_subset.jsonl", "images", 5),
        ("mathvision", "test_subset.jsonl", "images", 109),
        ("dynamath", "variants_subset.jsonl", ".", 130),
        ("wemath", "testmini_subset.jsonl", "images", 74),
        ("logicvista", "dataset_subset.jsonl", "images", 91),
    ],
)
def test_the_tiny_model_runs_every_extract_that_has_pictures(tiny, real_data, tmp_path, name, file, folder, rows):
    base = real_data / name
    questions, images = open_questions(BenchmarkFile(find_entry(name), base / file, base / folder), tmp_path)
    task = BenchmarkTask(max_tokens=4, max_pixels=3136, batch=16, part=32)
    results = run_benchmark(task, str(tiny), "tiny", questions, images, tmp_path)
    assert results["rows"] == rows and results["unanswered"] == 0
    assert results["rates"]["greedy"]["truncated"]["mean"] > 0.5
    run_folder = tmp_path / questions.entry.name / "thinking"
    assert len(list(read_rows(run_folder / "graded"))) == rows
    assert (run_folder / f"tiny_{questions.entry.name}.xlsx").exists()


def test_a_checkpoint_goes_on_where_it_was_killed_and_draws_the_same(tiny, twelve, tmp_path):
    store, out = ImageStore(tmp_path / "out" / "images"), tmp_path / "local"
    config = BenchmarkConfig(part=5, draws=1, max_tokens=6, max_pixels=3136)
    ask_questions(config, tiny, twelve, store, out)
    first = read_answered(twelve, out)
    (out / "responses" / "manifest.json").unlink()
    for path in parts(out / "responses")[1:]:
        path.unlink()
    ask_questions(config, tiny, twelve, store, out)
    assert read_answered(twelve, out) == first and len(first) == 24
    assert read_manifest(out / "responses")["resumed_parts"] == 1
