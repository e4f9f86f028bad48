"""The traces that a report lets its reader browse: which items, and what the page is told of each.

What models wrote is hostile. It leaves here only as JSON with every character escaped that could end the element it is
embedded in; the page shows it as text. Pictures are decoded and encoded anew, never passed on as they came.
"""

from __future__ import annotations

import base64
import io
import json
import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from seethink.analysis.palette import arm_colours
from seethink.analysis.pseudo_reasoning.signs import trace_steps
from seethink.core.graded import Decoding, GradedResponse
from seethink.core.hesitation import hesitates, repeats
from seethink.core.images import check_picture, png_bytes
from seethink.core.rejected import InputError
from seethink.core.trace import last_answer, read_tags, thinking
from seethink.core.verdict import UNDECIDED, Verdict, is_hit

ITEMS = 60
"""Items shown. choice: enough to read for an hour, and a report that still opens at once."""

MAX_SIDE = 448
"""Longest side in pixels of an embedded picture. choice."""

Responses = Sequence[GradedResponse]


@dataclass(frozen=True, slots=True)
class Traces:
    """What a reader may browse: responses with what is known of each.

    Attributes:
        responses: by arm, those of one training run.
        images: encoded bytes of a picture by its hash (``ImageStore.read``).
        truth: of every step of a response (``trace_steps``) whether it is true; None for a step that states nothing, or
            in place of the list where the truth of the item is not known.
        terms: of the reward that the response earns, by name; the strict score of its verifier where None.
    """

    responses: Mapping[str, Responses]
    images: Callable[[str], bytes]
    truth: Callable[[GradedResponse], Sequence[bool | None] | None] | None = None
    terms: Callable[[GradedResponse], Mapping[str, float | None]] | None = None


def choose_items(responses_by_arm: Mapping[str, Responses], count: int = ITEMS, seed: int = 0) -> list[str]:
    """Up to ``count`` item ids: verifiers in equal shares, templates in turn within one, items at random within those.

    What the arms answered plays no part, so that nothing is hand-picked.
    """
    first: dict[str, GradedResponse] = {}
    for responses in responses_by_arm.values():
        for response in responses:
            first.setdefault(response.item_id, response)
    groups: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for item, response in sorted(first.items()):
        groups[response.verifier.value][response.group].append(item)
    rng = random.Random(seed)
    queues = [
        _in_turn([rng.sample(items, len(items)) for _, items in sorted(of.items())]) for _, of in sorted(groups.items())
    ]
    chosen = set(_in_turn(queues)[:count])
    return [item for of in groups.values() for items in of.values() for item in items if item in chosen]


def browser_data(
    traces: Traces, count: int = ITEMS, seed: int = 0, *, arms: Sequence[str] | None = None, shown: Sequence[str] = ()
) -> dict[str, Any]:
    """What the page's script reads: arms with colours, items with every arm's response, pictures as data URIs.

    A picture that cannot be read or decoded is null on the page. A response shown is the greedy one, else the first
    draw; how many of the sampled draws were hits is told beside it.

    Args:
        arms: all arms of the report, whose colours they have; those of ``traces`` where None.
        shown: arms that the page opens with; all where empty.
    """
    responses_by_arm = traces.responses
    colours = arm_colours(arms or list(responses_by_arm))
    by_item: defaultdict[str, defaultdict[str, list[GradedResponse]]] = defaultdict(lambda: defaultdict(list))
    for arm, responses in responses_by_arm.items():
        for response in responses:
            by_item[response.item_id][arm].append(response)
    chosen = choose_items(responses_by_arm, count, seed)
    items = [_item(by_item[item], traces) for item in chosen]
    digests = dict.fromkeys(digest for item in items for digest in item["images"])
    return {
        "arms": [{"name": arm, "colour": colours[arm], "shown": not shown or arm in shown} for arm in responses_by_arm],
        "total": len(by_item),
        "items": items,
        "pictures": {digest: _data_uri(digest, traces.images) for digest in digests},
    }


def script_json(tree: Any) -> str:
    """JSON for a ``<script type="application/json">``: ASCII, and nothing in it can close that element."""
    text = json.dumps(tree, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _item(by_arm: Mapping[str, Responses], traces: Traces) -> dict[str, Any]:
    every = [response for responses in by_arm.values() for response in responses]
    # An arm may have been asked in words.
    any_one = next((response for response in every if response.images), every[0])
    return {
        "id": any_one.item_id,
        "source": any_one.source,
        "group": any_one.group,
        "verifier": any_one.verifier.value,
        "dimension": any_one.dimension.value,
        "question": any_one.question,
        "gold": any_one.gold,
        "images": list(any_one.images),
        "responses": {arm: _response(responses, traces) for arm, responses in by_arm.items()},
    }


def _response(responses: Responses, traces: Traces) -> dict[str, Any]:
    shown = min(responses, key=lambda one: (one.decoding is not Decoding.GREEDY, one.draw))
    draws = [one for one in responses if one.decoding is Decoding.SAMPLED]
    tagged = read_tags(shown.response)
    terms = traces.terms(shown) if traces.terms else {shown.verifier.value: shown.strict.score}
    return {
        "text": shown.response,
        "think": tagged.think if tagged else thinking(shown.response),
        "answer": tagged.answer if tagged else shown.lenient.extracted or last_answer(shown.response),
        "steps": _steps(shown, traces),
        "terms": [[name, value] for name, value in terms.items()],
        "tagged": tagged is not None,
        "decoding": shown.decoding.value,
        "hit": is_hit(shown.strict, shown.verifier),
        "strict": _verdict(shown.strict),
        "lenient": _verdict(shown.lenient),
        "tokens": shown.completion_tokens,
        "truncated": shown.truncated,
        "steps_true": shown.steps_true,
        "steps_false": shown.steps_false,
        "draws": len(draws),
        "draw_hits": sum(is_hit(one.strict, one.verifier) for one in draws),
    }


def _steps(response: GradedResponse, traces: Traces) -> list[dict[str, Any]]:
    """Every step with its truth and its signs."""
    said = trace_steps(response.response)
    truth = traces.truth(response) if traces.truth else None
    if truth is None or len(truth) != len(said):
        truth = [None] * len(said)
    return [
        {"text": text, "truth": true, "hesitant": hesitates(text), "repeated": repeated}
        for text, true, repeated in zip(said, truth, repeats(said), strict=True)
    ]


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "outcome": verdict.outcome.value,
        "score": verdict.score,
        "extracted": verdict.extracted,
        "why": verdict.why,
        "undecided": verdict.outcome in UNDECIDED,
    }


def _data_uri(digest: str, images: Callable[[str], bytes]) -> str | None:
    try:
        data = images(digest)
        check_picture(data, digest)
        with Image.open(io.BytesIO(data)) as picture:
            small = picture.convert("RGB")
    except (InputError, OSError, KeyError, ValueError):
        return None
    small.thumbnail((MAX_SIDE, MAX_SIDE))
    return "data:image/png;base64," + base64.b64encode(png_bytes(small)).decode()


def _in_turn(queues: Sequence[Sequence[str]]) -> list[str]:
    """One of each queue in turn, until all are empty."""
    longest = max((len(queue) for queue in queues), default=0)
    return [queue[turn] for turn in range(longest) for queue in queues if turn < len(queue)]
