"""The audit's page and terminal form: complete, self-contained, inert."""

import re

import pytest
from rich.console import Console

from seethink.analysis.audit import print_audit, verdict_text, write_audit

EVIL = "<script>alert(1)</script> [red]x[/] \x1b[2J & </style>"


def row(number, side="second", text=EVIL):
    verdict = {"score": 0.0, "outcome": "wrong", "extracted": text, "why": text}
    fields = dict.fromkeys(("where", "id", "source", "verifier", "question", "gold", "response"), text)
    return fields | {"where": f"f.jsonl:{number}", "side": side, "first": verdict, "second": verdict}


def tree(*rows):
    counts = {"source": EVIL, "verifier": "digit", "n": 9, "agree": 7, "second": 1, "first": 1, "undecided": 0}
    return {
        "file": EVIL, "first": "strict", "second": "lenient", "responses": 9, "set_aside": {"unusable response": 2},
        "table": [counts], "to_read": list(rows),
    }  # fmt: skip


@pytest.fixture
def page(tmp_path):
    def write(*rows, **more):
        write_audit(tmp_path / "audit.html", tree(*rows), **more)
        return (tmp_path / "audit.html").read_text()

    return write


def test_the_page_holds_every_row_and_every_count(page):
    text = page(row(1), row(2, "first"), row(3, "undecided"))
    assert [text.count(f"f.jsonl:{number}") for number in (1, 2, 3)] == [1, 1, 1]
    assert "only lenient says right" in text and "Set aside, unusable response: 2." in text


def test_nothing_a_model_wrote_becomes_markup_and_nothing_is_fetched(page):
    text = page(row(1))
    assert "<script" not in text and text.count("</style>") == 1
    assert "default-src 'none'" in text and not re.search(r"(?:src|href|url)\s*[=(]", text.split("</style>")[1])


def test_long_lists_and_long_responses_are_cut_and_say_so(page):
    text = page(row(1, text="a" * 30_000), row(2), rows=1)
    assert "The first 1 of 2." in text and "its last 20000 of 30000 characters" in text and "f.jsonl:2" not in text


def test_where_nothing_differs_the_page_says_that(page):
    assert "the two agree everywhere" in page()


def test_the_terminal_shows_text_and_no_control():
    console = Console(record=True, width=100, force_terminal=False)
    print_audit(tree(row(1), row(2)), console, rows=1)
    told = console.export_text()
    assert "[red]x[/]" in told and "\x1b" not in told and "1 more to read are on the page" in told


def test_a_verdict_is_one_line():
    verdict = {"score": 0.5, "outcome": "graded", "extracted": None, "why": "half"}
    assert verdict_text(verdict) == "graded 0.50 (half)"
    assert verdict_text(verdict | {"outcome": "wrong", "extracted": "4"}) == "wrong, read '4' (half)"
