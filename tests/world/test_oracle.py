import base64
import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from seethink.core.cues import has_cue
from seethink.core.images import png_bytes
from seethink.core.trace import line_steps
from seethink.world.grammar import describe, stated_facts
from seethink.world.oracle import CAPTIONER, REASONER, REWRITER, VERIFIER, Dials, reply, serving
from seethink.world.questions import Question, as_item, drawn, question, question_text
from seethink.world.truth import WorldTruth

FAULTLESS = Dials(hesitation=0, wrong_steps=0, caption_errors=0)


def caption_request(asked: Question) -> list[dict[str, Any]]:
    from PIL import Image

    data = base64.b64encode(png_bytes(Image.fromarray(drawn(asked)))).decode()
    return [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}]}]


def reason(asked: Question, dials: Dials, caption: str | None = None) -> str:
    caption = caption or reply(CAPTIONER, caption_request(asked), dials)
    text = f"Description:\n{caption}\n\nQuestion:\n{question_text(asked)}"
    return reply(REASONER, [{"role": "user", "content": text}], dials)


def test_a_faultless_teacher_is_right_on_everything() -> None:
    for index in range(150):
        asked = question(2, index)
        assert reason(asked, FAULTLESS).rstrip().endswith(f"{asked.derive(right=True).answer}.")


def test_the_reasoner_believes_its_caption_and_nothing_else() -> None:
    asked = question(2, 0, templates=["read_chart"])
    told = reason(asked, FAULTLESS, "The picture is 3 cells wide. The picture shows bars red 1, blue 2, green 3.")
    assert "red 1, blue 2, green 3" in told and describe(asked.picture) not in told


def test_the_hesitation_dial_sets_the_share_of_traces_with_cues() -> None:
    asked = [question(3, index) for index in range(200)]
    assert not any(has_cue(reason(one, FAULTLESS)) for one in asked)
    assert all(has_cue(reason(one, Dials(hesitation=1, wrong_steps=0, caption_errors=0))) for one in asked)


def test_the_wrong_step_dial_plants_false_steps(tmp_path: Path) -> None:
    from seethink.core.images import ImageStore

    store, truth = ImageStore(tmp_path), WorldTruth()
    asked = [question(4, index) for index in range(100)]
    dials = Dials(hesitation=0, wrong_steps=1, caption_errors=0)

    def false_steps(dials: Dials) -> int:
        return sum(
            False in truth.step_truth(as_item(one, store), [s.text for s in line_steps(reason(one, dials))])
            for one in asked
        )

    assert false_steps(FAULTLESS) == 0
    assert false_steps(dials) > 80


def test_the_caption_dial_gets_a_fact_wrong() -> None:
    asked = [question(5, index) for index in range(60)]
    captions = [reply(CAPTIONER, caption_request(one), Dials(caption_errors=1)) for one in asked]
    assert sum(stated_facts(describe(o.picture)) != stated_facts(c) for o, c in zip(asked, captions, strict=True)) > 50


def test_the_verifier_says_yes_to_the_gold_and_no_to_another_answer() -> None:
    def verdict(gold: str, answer: str) -> str:
        text = f"Ground truth:\n{gold}\n\nAnswer:\n{answer}"
        return reply(VERIFIER, [{"role": "user", "content": text}], FAULTLESS)

    assert verdict("3", "So the answer is 3.") == "Yes"
    assert verdict("3", "So the answer is 4.") == "No"
    assert verdict("a1 red circle", "So the answer is a1 red circle, b2 blue square.") == "Yes"


def test_the_rewriter_drops_talk_of_the_description() -> None:
    text = "The answer that the description supports is 3."
    assert "description" not in reply(REWRITER, [{"role": "user", "content": text}], FAULTLESS)


def test_the_server_answers_over_http_and_names_a_bad_request() -> None:
    with serving(FAULTLESS) as url:

        def post(body: dict[str, Any]) -> Any:
            request = urllib.request.Request(
                f"{url}/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
            )
            with urllib.request.urlopen(request) as response:
                return json.load(response)

        answer = post({"model": CAPTIONER, "messages": caption_request(question(1, 1))})
        assert "cells wide" in answer["choices"][0]["message"]["content"]
        with pytest.raises(urllib.error.HTTPError, match="400"):
            post({"model": "nobody", "messages": [{"role": "user", "content": "hello"}]})
