import json

import pytest

DIGIT = {"question": "How many?", "gold": "3", "verifier": "digit", "source": "mine"}


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    """A terminal in which no cell of a table is broken."""
    monkeypatch.setenv("COLUMNS", "200")


def responses(folder, *texts, **fields):
    path = folder / "responses.jsonl"
    path.write_text("\n".join(json.dumps({**DIGIT, **fields, "response": text}) for text in texts))
    return path


def test_an_audit_shows_what_the_reward_missed_and_writes_a_page(seethink, tmp_path):
    file = responses(tmp_path, "So it is 3", "<think></think><answer>3</answer>", "4", source="[red]mine[/]")
    ended = seethink("reward", "audit", file, "--second", "regex", "--out", tmp_path / "page.html")
    assert ended.code == 0 and "strict beside regex" in ended.out and "[red]mine[/]" in ended.out
    assert "responses.jsonl:1 · digit · only regex says right" in ended.out
    assert "So it is 3" in (tmp_path / "page.html").read_text()


def test_an_audit_joins_responses_with_the_items_they_name(seethink, write, images, tmp_path):
    items = write(tmp_path / "items.jsonl", {"id": "q1"})
    (tmp_path / "said.jsonl").write_text('{"id": "q1", "response": "three"}\n{"id": "q2", "response": "three"}\n')
    command = ("reward", "audit", tmp_path / "said.jsonl", "--data", items, "--images", images)
    ended = seethink(*command, "--out", tmp_path / "page.html")
    assert ended.code == 0 and "said.jsonl:2: unusable response (item 'q2' is not in --data" in ended.out
    assert "only lenient says right" in ended.out


def test_an_unknown_second_verifier_is_named(seethink, tmp_path):
    ended = seethink("reward", "audit", responses(tmp_path, "3"), "--second", "llm", "--out", tmp_path / "page.html")
    assert ended.code == 2 and "no second verifier 'llm': choose among" in ended.err
    assert not (tmp_path / "page.html").exists()


def test_validation_shows_sources_and_what_was_set_aside(seethink, write, images, tmp_path):
    rows = [{}, {"gold": "many"}, {"source": "other", "verifier": "open", "gold": "a dog"}]
    ended = seethink("reward", "validate", "--data", write(tmp_path / "mine.jsonl", *rows), "--images", images)
    assert ended.code == 1 and "Golds by source" in ended.out
    assert "mine.jsonl │ – │ 1 │ 1 │ gold does not fit its verifier: 1" in ended.out
    assert "other │ open │ 1 │ 0 │ not checked without a scorer: 1" in ended.out


def test_a_scorer_of_open_answers_is_named_like_everywhere(seethink, write, images, tmp_path):
    data = write(tmp_path / "mine.jsonl", {"verifier": "open", "gold": "a dog"})
    ended = seethink("reward", "validate", "--data", data, "--images", images, "open.kind=nobody")
    assert ended.code == 2 and "open" in ended.err and "scored" in ended.err
