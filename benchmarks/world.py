"""How fast the world makes items, and how far that is from its limit.

    python benchmarks/world.py

The peer is the least that an item with a picture can cost: encoding one PNG of its size and hashing it. The ratio says
how much time is spent on anything else (drawing the question, the picture, checking the split, writing the file).
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from rich.console import Console

from seethink.core.images import ImageStore, png_bytes
from seethink.world.questions import as_item, drawn, question

COUNT = 2_000


def per_second(work: Callable[[int], object]) -> float:
    """Best of three runs over ``COUNT`` indices, on one core."""
    best = 0.0
    for run in range(3):
        started = time.perf_counter()
        for index in range(COUNT):
            work(run * COUNT + index)
        best = max(best, COUNT / (time.perf_counter() - started))
    return best


def main() -> None:
    picture = Image.fromarray(drawn(question(0, 0)))
    with tempfile.TemporaryDirectory() as folder:
        store = ImageStore(Path(folder))
        whole = per_second(lambda index: as_item(question(1, index), store))
    limit = per_second(lambda index: hashlib.sha256(png_bytes(picture)).digest())
    Console().print(f"items {whole:,.0f}/s   one PNG and its hash {limit:,.0f}/s   ratio {limit / whole:.1f}")


if __name__ == "__main__":
    main()
