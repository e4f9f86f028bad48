"""The texts that the judge is sent: our own wording, in ``prompts/``."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from importlib.resources import files


@cache
def template(name: str) -> str:
    """A text of ``prompts/``."""
    return files("seethink.evaluation.rules").joinpath(f"prompts/{name}.txt").read_text(encoding="utf-8").strip()


def worded(name: str, **parts: str) -> str:
    """The text with its ``{parts}`` filled in, in one pass, so that a part that looks like a place stays as it is."""
    return re.sub(r"\{(\w+)\}", lambda place: parts.get(place[1], place[0]), template(name))


@cache
def judge_prompt_hash() -> str:
    """Of all the judge's texts together; it travels with every number."""
    folder = files("seethink.evaluation.rules").joinpath("prompts")
    names = sorted(one.name for one in folder.iterdir() if one.name.endswith(".txt"))
    texts = "\n".join(f"{name}\n{template(name.removesuffix('.txt'))}" for name in names)
    return hashlib.sha256(texts.encode()).hexdigest()[:12]
