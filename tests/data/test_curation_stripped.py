"""Responses without their hesitating and repeating steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from seethink.core.item import Item, make_item
from seethink.core.rejected import InputError, Rejected
from seethink.core.tables import read_manifest, read_rows
from seethink.core.trace import write_tags
from seethink.data.curation.stripped import StripConfig, Stripped, strip_steps, write_stripped


def item(verifier: str = "digit", gold: str = "3", **fields: Any) -> Item:
    return make_item(source="s", question="How many?", gold=gold, verifier=verifier, **fields)


def thought(*steps: str, answer: str = "3") -> str:
    return write_tags("\n".join(steps), answer)


def test_hesitating_and_repeating_steps_go_and_the_others_stay_as_they_are() -> None:
    response = thought("I count the circles.", "Wait, maybe one more.", "i count  THE circles.", "", "So three.")
    found = strip_steps(item(), response)
    assert found == Stripped(thought("I count the circles.", "", "So three."), steps=4, hesitant=1, repeated=1)


def test_a_response_without_either_is_left_as_it_is() -> None:
    response = thought("I count the circles.", "", "", "So three.")
    assert strip_steps(item(), response) == Stripped(response, 2, 0, 0)


@pytest.mark.parametrize(
    ("one", "response", "reason"),
    [
        (item(), thought("Hmm, perhaps three."), "only hesitation"),
        (item(), thought("So four.", "Wait, actually it is 3."), "conclusion was hesitant"),
        (item(), thought("Maybe.", "So three.", answer="4"), "answer does not verify"),
        (item(), "no tags", "trace breaks the tag grammar"),
        (item("mcq", "B"), thought("Not (A).", "Perhaps (B).", answer="B"), "conclusion was hesitant"),
        (item("open", "a dog"), thought("An animal.", "Maybe a dog.", answer="a dog"), "conclusion was hesitant"),
    ],
)
def test_what_would_no_longer_say_why_is_set_aside(one: Item, response: str, reason: str) -> None:
    found = strip_steps(one, response)
    assert isinstance(found, Rejected) and found.reason == reason


@pytest.mark.parametrize(
    ("one", "response"),
    [
        (item(), thought("Two and one.", "Hmm, 3?", "That makes three.")),
        (item("mcq", "A", options=("a car", "a bus")), thought("It is a car.", "Perhaps (A).", answer="A")),
        (item("mcq", "A"), thought("I see it.", "Maybe I look again.", answer="A")),
        (item("math", "\\frac{1}{2}"), thought("So \\frac{1}{ 2 }.", "Not sure.", answer="\\frac{1}{2}")),
        (item("open", "blue"), thought("It is blue.", "Maybe.", answer="Some prose that says blue.")),
    ],
)
def test_what_still_says_why_is_kept(one: Item, response: str) -> None:
    found = strip_steps(one, response)
    assert isinstance(found, Stripped) and found.hesitant == 1


def hesitant(asked: str) -> str:
    number = asked.rsplit("What is ", 1)[-1].split("?")[0]
    steps = [f"I look at {number}.", "Wait, maybe not.", "It is blue."] if number != "1" else ["Hmm."]
    return "<think>\n" + "\n".join(steps) + "\n</think>\n\nBlue."


def test_both_sets_hold_the_same_items_and_the_counts_add_up(run: Any, items: Any, teachers: Any) -> None:
    teachers.says["think"] = hesitant
    out: Path = run(items(4)).out
    counts = write_stripped(StripConfig(rows="rl"), out)
    stripped, whole = (list(read_rows(out / f"rl_{name}")) for name in ("stripped", "unstripped"))
    assert [row["id"] for row in stripped] == [row["id"] for row in whole] and len(stripped) == 3
    assert not any("Wait" in row["response"] for row in stripped) and all("Wait" in row["response"] for row in whole)
    told = {"rows": 3, "changed": 3, "steps": 9, "hesitant": 3, "repeated": 0, "only hesitation": 1}
    assert {name: counts.get(name, 0) for name in told} == told and counts["words"] == counts["words_left"] + 9
    assert (read_manifest(out / "rl_stripped") or {})["counts"] == counts
    assert [one["reason"] for one in read_rows(out / "strip" / "rejected")] == ["only hesitation"]


def test_a_set_without_traces_says_so(run: Any, items: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no finished set: run seethink data build"):
        write_stripped(StripConfig(), tmp_path)
    out = run(items(2)).out
    with pytest.raises(InputError, match="no trace of rl is left"):
        write_stripped(StripConfig(rows="rl"), out)
    assert write_stripped(StripConfig(), out)["changed"] == 0
