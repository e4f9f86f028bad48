"""What each step sends, keeps and sets aside, over real HTTP."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from seethink.core.images import ImageStore
from seethink.core.item import make_item
from seethink.core.rejected import Rejected
from seethink.core.tables import read_manifest, read_rows
from seethink.core.trace import read_tags
from seethink.data.funnel import UNREAD
from seethink.data.rewrite import word_gap
from seethink.data.row import think_block
from seethink.data.verify import verdict
from seethink.teachers.picture import picture_as_sent


def reasons(out: Path, step: str) -> Counter[str]:
    return Counter(row["reason"] for row in read_rows(out / step / "rejected"))


def test_items_become_sft_rows_with_tags(run: Any, items: Any) -> None:
    summary = run(items(3))
    rows = list(read_rows(summary.out / "sft"))
    assert (summary.sft, summary.rl, summary.rejected) == (3, 0, 0)
    assert [row["response"] for row in rows] == [
        f"<think>I look at it.</think><answer>gold-{number}</answer>" for number in range(3)
    ]
    assert read_manifest(summary.out / "sft")["rows"] == 3  # type: ignore[index]


def test_every_role_is_sent_its_own_payload_and_nothing_else(run: Any, items: Any, teachers: Any) -> None:
    run(items(1, context="There are two balls."))
    assert teachers.texts("see") == [""]
    assert teachers.texts("think") == [
        "Description:\na plain picture\n\nFurther facts:\nThere are two balls.\n\nQuestion:\nWhat is 0?"
    ]
    assert teachers.texts("edit") == ["<think>\nI look at it.\n</think>\n\nThe answer is blue."]
    assert teachers.texts("judge") == ["Ground truth:\ngold-0\n\nAnswer to grade:\nThe answer is blue."]
    assert all([m["role"] for m in body["messages"]] == ["system", "user"] for body in teachers.requests)


def test_the_reasoner_sees_neither_picture_nor_gold(run: Any, items: Any, teachers: Any) -> None:
    run(items(2))
    sent = [str(body) for body in teachers.requests if body["model"] == "think"]
    assert sent and not any("image_url" in text or "gold-" in text for text in sent)


def test_a_picture_is_captioned_once_whatever_is_asked_of_it(run: Any, items: Any, teachers: Any) -> None:
    [first] = items(1)
    others = [
        make_item(source="s", question=f"And {n}?", gold="g", verifier="open", images=first.images) for n in range(4)
    ]
    run([first, *others])
    assert len(teachers.texts("see")) == 1 and len(teachers.texts("think")) == 5


def test_several_pictures_are_captioned_apart_and_no_picture_needs_no_caption(
    run: Any, items: Any, teachers: Any
) -> None:
    one, two = items(2)
    both = make_item(source="s", question="Both?", gold="g", verifier="open", images=one.images + two.images)
    bare = make_item(source="s", question="Bare?", gold="g", verifier="open")
    run([both, bare])
    assert len(teachers.texts("see")) == 2
    assert sorted(teachers.texts("think")) == [
        "Description:\nPicture 1: a plain picture\n\nPicture 2: a plain picture\n\nQuestion:\nBoth?",
        "Question:\nBare?",
    ]


def test_formats_that_not_every_endpoint_reads_are_sent_as_png(images: ImageStore) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (3, 3)).save(buffer, "WEBP")
    sent = picture_as_sent(images, images.add(buffer.getvalue()))
    assert sent.mime == "image/png" and sent.data.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("step", "role", "says", "reason"),
    [
        ("caption", "see", " \n", "empty caption"),
        ("distill", "think", "no thinking at all", "no think block"),
        ("distill", "think", "<think>a</think> x <think>b</think> y", "no think block"),
        ("distill", "think", "thinking</think> answer", "no think block"),
        ("distill", "think", "<think>only thinking</think>  ", "no answer after the think block"),
        ("rewrite", "edit", "<think>" + "word " * 30 + "</think> x", "rewrite gap"),
        ("rewrite", "edit", "I look at it. The answer is blue.", "rewrite broke the think block"),
        ("verify", "judge", "No.", "wrong answer"),
        ("verify", "judge", "Hard to say", "verifier gave no verdict"),
    ],
)
def test_a_row_that_goes_no_further_says_why(
    run: Any, items: Any, teachers: Any, step: str, role: str, says: str, reason: str
) -> None:
    teachers.says[role] = lambda asked: says
    summary = run(items(2))
    assert reasons(summary.out, step) == {reason: 2}
    assert (summary.sft, summary.rl, summary.rejected) == (0, 0, 2)


def test_truncated_reasoning_is_set_aside(run: Any, items: Any, teachers: Any) -> None:
    teachers.finish_reason = lambda body: "length" if body["model"] == "think" else "stop"
    assert reasons(run(items(1)).out, "distill") == {"reasoning truncated": 1}


def test_a_picture_that_left_the_store_is_set_aside(run: Any, items: Any, images: ImageStore) -> None:
    asked = items(2)
    images.path(asked[0].images[0]).unlink()
    assert reasons(run(asked).out, "caption") == {"unreadable picture": 1}


@pytest.mark.parametrize(("gap", "kept"), [(15, True), (16, False), (-15, True), (-16, False)])
def test_a_gap_of_15_words_is_kept_and_16_dropped(run: Any, items: Any, teachers: Any, gap: int, kept: bool) -> None:
    long, words = 40, 40 + gap
    teachers.says["think"] = lambda asked: "<think>\n" + "w " * long + "\n</think>\nblue"
    teachers.says["edit"] = lambda asked: "<think>\n" + "w " * words + "\n</think>\nblue"
    summary = run(items(1))
    assert summary.sft == kept
    assert reasons(summary.out, "rewrite") == ({} if kept else {"rewrite gap": 1})


def test_words_are_what_stands_between_white_space() -> None:
    assert word_gap("a  b\nc", "a b\tc d") == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [("Yes", True), ("yes.", True), ("**No**", False), (" NO, it is not", False), ("Yesterday", None), ("", None)],
)
def test_the_verdict_is_the_first_word(text: str, said: bool | None) -> None:
    assert verdict(text) is said


def test_a_think_block_is_read_strictly() -> None:
    assert think_block("<think> a </think> b ") == ("a", "b")
    assert think_block("</think> b <think>") is None


def test_what_a_teacher_refuses_is_set_aside_and_asked_again_on_request(
    run: Any, items: Any, teachers: Any, Fault: Any
) -> None:
    asked = items(6)
    teachers.fault = lambda body, attempt: (
        Fault(400) if body["model"] == "think" and "What is 3?" in str(body) else None
    )
    summary = run(asked, part_rows=2)
    assert (summary.sft, summary.unanswered) == (5, 1)
    teachers.fault = lambda body, attempt: None
    paid = teachers.billed
    assert run(asked, part_rows=2).sft == 5
    mended = run(asked, part_rows=2, retry_unanswered=True)
    assert (mended.sft, mended.unanswered) == (6, 0)
    # Reasoner and verifier; the rewriter is asked to rewrite a text that it rewrote before.
    assert teachers.billed == teachers.distinct == paid + 2


def test_the_funnel_counts_every_row_by_source_and_reason(run: Any, items: Any, teachers: Any) -> None:
    teachers.says["judge"] = lambda asked: "No" if "gold-1\n" in asked else "Yes"
    broken = Rejected("no question", "field question", "file:3")
    known = broken._replace(source="second")
    first, second = items(3, "first"), items(2, "second")
    summary = run([*first, first[0], broken, *second, known])
    found = {(row.source, row.step): row for row in summary.funnel}
    assert found["first", "collect"].rejected == {"duplicate item": 1}
    assert found[UNREAD, "collect"].rejected == {"no question": 1}
    assert (found["second", "collect"].entered, found["second", "collect"].rejected) == (3, {"no question": 1})
    assert found["first", "verify"].rejected == {"wrong answer": 1}
    assert (found["first", "curate"].entered, found["first", "curate"].sft) == (2, 2)
    assert all(row.entered == row.kept + sum(row.rejected.values()) for row in summary.funnel)
    assert len(list(read_rows(summary.out / "funnel"))) == len(summary.funnel)


def test_no_items_make_empty_sets(run: Any) -> None:
    summary = run([])
    assert (summary.sft, summary.rl, summary.funnel) == (0, 0, ())


def test_one_question_per_picture_on_request(run: Any, items: Any) -> None:
    [first] = items(1)
    second = make_item(source="s", question="And?", gold="g", verifier="open", images=first.images)
    assert run([first, second]).sft == 2
    summary = run([first, second], one_question_per_picture=True)
    assert summary.sft == 1 and reasons(summary.out, "collect") == {"picture already used": 1}


def test_every_response_of_the_sft_set_obeys_the_tag_grammar(run: Any, items: Any, teachers: Any) -> None:
    teachers.says["think"] = lambda asked: "<think>I <answer>look</answer></think> so <answer>blue</answer>"
    assert reasons(run(items(1)).out, "curate") == {"trace breaks the tag grammar": 1}
    teachers.says["think"] = lambda asked: "<think>I look.</think> so <answer>blue</answer>"
    summary = run(items(2, context="another request"), answer_block="prose")
    assert [read_tags(row["response"]) for row in read_rows(summary.out / "sft")] == [("I look.", "so blue")] * 2
