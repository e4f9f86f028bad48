"""Secrets: what an endpoint says may quote the key it was sent, and what it says is recorded and shown."""

from __future__ import annotations

import re

HIDDEN = "…"
_SHORTEST = 8
"""Characters of a key that are taken for a piece of it. choice."""

# Bounded on both sides, so that a long text costs no more than its length.
_LIKE_A_KEY = re.compile(r"(?i)\b(?:bearer\s{1,4}[\w.~+/=-]{6,512}|(?:sk|pk|rk|gsk|hf|nvapi)[-_][\w-]{8,512})")


def without_secrets(text: str, key: str | None, longest: int = 4_000) -> str:
    """``text``, cut to ``longest`` characters, without the key, pieces of it, or anything written like one."""
    text = text[:longest]
    if key:
        text = _without_pieces(text, key)
    return _LIKE_A_KEY.sub(HIDDEN, text)


def _without_pieces(text: str, key: str) -> str:
    """Every stretch that also stands in the key, from eight characters on: servers shorten the keys they quote."""
    text = text.replace(key, HIDDEN)
    shortest = min(_SHORTEST, len(key))
    pieces = {key[start : start + shortest] for start in range(len(key) - shortest + 1)}
    kept, place = [], 0
    while place < len(text):
        if text[place : place + shortest] not in pieces:
            kept.append(text[place])
            place += 1
            continue
        end = place + shortest
        while text[end - shortest + 1 : end + 1] in pieces and end < len(text):
            end += 1
        kept.append(HIDDEN)
        place = end
    return "".join(kept)
