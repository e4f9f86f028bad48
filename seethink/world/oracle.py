"""The oracle teacher: a small OpenAI-compatible server on loopback that plays the four roles of the data factory.

It is a teacher with limits, on purpose. The captioner sees the picture and nothing else; the reasoner sees only the
caption it is sent, as DeepSeek-R1 did in the paper, and works out the answer from those words; the rewriter and the
verifier see texts. Three dials say how imperfect they are. Every reply is a pure function of the request and the dials.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
import json
import random
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from aiohttp import web
from PIL import Image

from seethink.core.config import Config
from seethink.world.grammar import describe, read_picture, stated_facts
from seethink.world.pictures import COLOURS, LEVELS, SHAPES, Chart, Line, Parabola, Picture, Scene
from seethink.world.questions import TEMPLATES
from seethink.world.see import see
from seethink.world.style import BRIDGES, CAPTION_OPENINGS, CLOSINGS, HESITATIONS, OPENINGS
from seethink.world.template import CannotDerive, Template, Words
from seethink.world.traces import steps

CAPTIONER, REASONER, REWRITER, VERIFIER = "oracle-captioner", "oracle-reasoner", "oracle-rewriter", "oracle-verifier"

_WIDTH = re.compile(r"(\d+) cells wide")
_ANSWER = re.compile(r"(?:answer(?: that the \w+ supports)? is|That gives) (.+?)\.(?:\s|$)", re.DOTALL)
_CAPTION_WORDS = (("The answer that the description supports is", "The answer that the picture supports is"),)


class Dials(Config):
    """How imperfect the teacher is; all in [0, 1]."""

    hesitation: float = 0.5
    """Share of traces in which the reasoner hesitates, with reflective cues."""
    wrong_steps: float = 0.1
    """Share of traces in which one work step is replaced by a false one; half of them reach a wrong answer."""
    caption_errors: float = 0.05
    """Share of captions with one fact wrong."""
    seed: int = 0


def reply(model: str, messages: list[dict[str, Any]], dials: Dials, draw: int = 0) -> str:
    """What the teacher answers. ValueError for an unknown model or a request the role cannot read."""
    digest = json.dumps([model, messages], sort_keys=True)
    rng = random.Random(f"{dials.seed} {draw} {digest}")
    if model == CAPTIONER:
        return _caption(_picture(messages), dials, rng)
    text = _user_text(messages)
    if model == REASONER:
        return _reason(text, dials, rng)
    if model == REWRITER:
        return _rewrite(text)
    if model == VERIFIER:
        return _verify(text)
    raise ValueError(f"no role {model!r}: ask {CAPTIONER}, {REASONER}, {REWRITER} or {VERIFIER}")


def _user_text(messages: list[dict[str, Any]]) -> str:
    content = messages[-1]["content"]
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if part.get("type") == "text")


def _picture(messages: list[dict[str, Any]]) -> Picture:
    for part in messages[-1]["content"]:
        if isinstance(part, dict) and part.get("type") == "image_url":
            url = part["image_url"]["url"]
            try:
                data = base64.b64decode(url.partition(",")[2], validate=True)
                with Image.open(io.BytesIO(data)) as image:
                    found = see(np.asarray(image.convert("RGB")))
            except (binascii.Error, OSError) as error:
                raise ValueError(f"the picture cannot be read: {error}") from None
            if found is None:
                raise ValueError("the picture is none of the world's")
            return found
    raise ValueError("the captioner was sent no picture")


def _caption(picture: Picture, dials: Dials, rng: random.Random) -> str:
    description = describe(picture)
    if rng.random() < dials.caption_errors:
        description = _with_one_error(description, rng)
    opening = rng.choice(CAPTION_OPENINGS).format(description=description)
    return f"The picture is {picture.n} cells wide. {opening}"


def _with_one_error(description: str, rng: random.Random) -> str:
    """One word of one fact exchanged for another of its kind."""
    words = re.findall(r"[a-z]\d|\w+|\W+", description)
    for index in rng.sample(range(len(words)), len(words)):
        for kind in (COLOURS[:4], SHAPES[:3], tuple("123456789")):
            if words[index] in kind:
                words[index] = rng.choice([word for word in kind if word != words[index]])
                return "".join(words)
    return description


def _read_question(text: str) -> tuple[Template, Words] | None:
    """The first question of the world that stands in a text, options included."""
    lines = text.splitlines()
    for index, line in enumerate(lines):
        options = []
        for follower in lines[index + 1 :]:
            if not re.match(r"[A-F]\) ", follower):
                break
            options.append(follower)
        candidate = "\n".join([line.removeprefix("Question: ").strip(), *options])
        for template in TEMPLATES.values():
            words = template.read(candidate)
            if words is not None and bool(options) == ("options" in words):
                return template, words
    return None


def _picture_told(text: str) -> Picture | None:
    """The picture that a caption tells of. A question in words names no width: the least of the world's that fits."""
    if width := _WIDTH.search(text):
        return read_picture(text, int(width[1]))
    for n in sorted(level.n for level in LEVELS.values()):
        picture = read_picture(text, n)
        if picture is not None and _fits(picture):
            return picture
    return None


def _fits(picture: Picture) -> bool:
    match picture:
        case Scene(n, objects):
            return all(max(one.column, one.row) < n for one in objects)
        case Chart(n, bars):
            return len(bars) == n
        case Line(n, first, second):
            return max(*first, *second) < 2 * n
        case Parabola(n, vertex):
            return max(vertex) < 2 * n


def _reason(text: str, dials: Dials, rng: random.Random) -> str:
    """Reasoning from the caption alone, in the manner of a reasoning model."""
    asked = _read_question(text)
    picture = _picture_told(text)
    if asked is None or picture is None:
        return "<think>\nI cannot tell what is being asked or shown.\n</think>\n\nI do not know."
    template, words = asked
    try:
        derivation = template.derive(picture, words, True)
    except CannotDerive as error:
        return f"<think>\n{OPENINGS[0]}\nThe description does not settle it: {error}.\n</think>\n\nI cannot tell."
    body, answer = list(steps(picture, derivation)), derivation.answer
    if rng.random() < dials.wrong_steps:
        wrong = template.derive(picture, words, False)
        wrong_body = list(steps(picture, wrong))
        place = rng.choice([i for i, (a, b) in enumerate(zip(body, wrong_body, strict=False)) if a != b])
        if rng.random() < 0.5:
            body, answer = body[:place] + wrong_body[place:], wrong.answer
        else:
            body[place] = wrong_body[place]
    if rng.random() < dials.hesitation:
        body = _hesitate(body, rng)
    closing = rng.choice(CLOSINGS).format(answer=answer)
    return "<think>\n" + "\n".join([rng.choice(OPENINGS), *body]) + f"\n</think>\n\n{closing}"


def _hesitate(body: list[str], rng: random.Random) -> list[str]:
    """Hesitations and repeated steps between the steps; at least one."""
    told = []
    spots = set(rng.sample(range(len(body)), min(len(body), rng.randint(1, 3))))
    for index, step in enumerate(body):
        told.append(step)
        if index in spots:
            told.append(rng.choice(HESITATIONS))
            if rng.random() < 0.6:
                told.append(step)
        elif rng.random() < 0.2:
            told.append(rng.choice(BRIDGES))
    return told


def _rewrite(text: str) -> str:
    for said, mended in _CAPTION_WORDS:
        text = text.replace(said, mended)
    return text.replace("The description does not settle it", "The picture does not settle it")


def _verify(text: str) -> str:
    """Yes where the final answer equals the gold, or holds every fact of an open gold."""
    gold, answer = _sections(text)
    final = _ANSWER.search(answer)
    said = final[1].strip() if final else answer.strip().rstrip(".")
    open_facts = stated_facts(gold)
    agrees = said == gold.strip() or (bool(open_facts) and open_facts <= stated_facts(said))
    return "Yes" if agrees else "No"


def _sections(text: str) -> tuple[str, str]:
    """Gold and answer of a verification request: two labelled sections, the gold first."""
    match = re.search(
        r"(?:ground truth|gold)[^:]*:\s*(.*?)\n+[^\n:]*(?:answer|response)[^\n:]*:\s*(.*)", text, re.S | re.I
    )
    if match is None:
        raise ValueError("the verifier was sent no gold and answer")
    return match[1], match[2]


def application(dials: Dials) -> web.Application:
    """The server: ``POST /v1/chat/completions``, nothing else."""

    async def complete(request: web.Request) -> web.Response:
        asked = await request.json()
        try:
            text = reply(asked["model"], asked["messages"], dials, int(asked.get("seed") or 0))
        except (ValueError, KeyError, TypeError) as error:
            return web.json_response({"error": {"message": str(error), "type": "invalid_request_error"}}, status=400)
        prompt = sum(len(str(message["content"])) for message in asked["messages"]) // 4
        tokens = max(1, len(text) // 4)
        return web.json_response(
            {
                "id": f"oracle-{abs(hash(text)) % 10**12}",
                "object": "chat.completion",
                "created": 0,
                "model": asked["model"],
                "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": prompt, "completion_tokens": tokens, "total_tokens": prompt + tokens},
            }
        )

    app = web.Application(client_max_size=16 * 2**20)
    app.router.add_post("/v1/chat/completions", complete)
    return app


@contextmanager
def serving(dials: Dials) -> Iterator[str]:
    """The oracle on a free loopback port, in a thread of its own; yields its base URL."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="oracle", daemon=True)
    thread.start()
    runner = web.AppRunner(application(dials), access_log=None)

    async def start() -> int:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return int(runner.addresses[0][1])

    port = asyncio.run_coroutine_threadsafe(start(), loop).result()
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
