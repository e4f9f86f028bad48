"""Routing: the paper's nine sources, and the one verifier that decides each (VLAA-Thinking section 4.1, figure 4)."""

from __future__ import annotations

from dataclasses import dataclass

from seethink.core.item import Verifier


@dataclass(frozen=True, slots=True)
class Route:
    """A source: its name here, its verifier, and how its ids or its image folders begin in the released files."""

    source: str
    verifier: Verifier
    prefixes: tuple[str, ...]


ROUTES = (
    Route("clevr_math", Verifier.DIGIT, ("clevr_math", "clevr-math")),
    Route("geoqa170k", Verifier.MCQ, ("geoqa170k",)),
    Route("math_puma", Verifier.MATH, ("synthesis", "math_puma")),
    Route("arxivqa", Verifier.MCQ, ("arxivqa",)),
    Route("docvqa", Verifier.OPEN, ("docvqa",)),
    Route("vizwiz", Verifier.OPEN, ("vizwiz",)),
    Route("allava_laion", Verifier.OPEN, ("allava",)),
    # The ids of these two were not seen; their image folders were.
    Route("llava_cot_coco", Verifier.IOU, ("coco", "llava_cot_coco", "llava-cot-coco")),
    Route("llava_cot_vg", Verifier.IOU, ("vg", "visual_genome", "llava_cot_vg", "llava-cot-vg")),
)


def route(name: str) -> Route | None:
    """The source that an id or an image path belongs to, by its beginning up to "-", "_" or "/"; None if unknown."""
    lowered = name.lstrip("/").lower()
    for candidate in ROUTES:
        for prefix in candidate.prefixes:
            if lowered.startswith(prefix) and lowered[len(prefix) : len(prefix) + 1] in ("", "-", "_", "/"):
                return candidate
    return None
