"""Reading a picture of the world back from its pixels: the exact inverse of ``draw``, and the oracle teacher's eyes."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np

from seethink.world.draw import RGB, Pixels, draw
from seethink.world.pictures import (
    CELL,
    COLOURS,
    LEVELS,
    MARGIN,
    SHAPES,
    Bar,
    Chart,
    Line,
    Object,
    Parabola,
    Picture,
    Point,
    Scene,
    bar_pixels,
)


def see(pixels_HWC: Pixels) -> Picture | None:
    """The picture that was drawn, None for pixels that the world never draws."""
    side = pixels_HWC.shape[0]
    n, rest = divmod(side, CELL)
    if rest or pixels_HWC.shape != (side, side, 3) or n not in {level.n for level in LEVELS.values()}:
        return None
    for found in (_see_scene(pixels_HWC, n), _see_chart(pixels_HWC, n)):
        if found is not None and np.array_equal(draw(found), pixels_HWC):
            return found
    return _plots(n).get(pixels_HWC.tobytes())


@cache
def _sprites() -> dict[bytes, tuple[str, str]]:
    """Every object as it stands inside its box."""
    inner = slice(MARGIN, CELL - MARGIN)
    return {
        draw(Scene(1, (Object(0, 0, colour, shape),)))[inner, inner].tobytes(): (colour, shape)
        for colour, shape in product(COLOURS, SHAPES)
    }


def _see_scene(pixels: Pixels, n: int) -> Scene | None:
    objects = []
    for row, column in product(range(n), range(n)):
        top, left = row * CELL + MARGIN, column * CELL + MARGIN
        box = pixels[top : top + CELL - 2 * MARGIN, left : left + CELL - 2 * MARGIN]
        if found := _sprites().get(box.tobytes()):
            objects.append(Object(column, row, *found))
    return Scene(n, tuple(objects)) if objects else None


def _see_chart(pixels: Pixels, n: int) -> Chart | None:
    colours = {rgb: colour for colour, rgb in RGB.items()}
    heights = {bar_pixels(height): height for height in range(1, 3 * n + 1)}
    bars = []
    for column in range(n):
        strip = pixels[:, column * CELL + CELL // 2]
        colour = colours.get(tuple(strip[-1].tolist()))
        height = heights.get(int((strip == strip[-1]).all(axis=1).sum()))
        if colour is None or height is None:
            return None
        bars.append(Bar(colour, height))
    return Chart(n, tuple(bars))


@cache
def _plots(n: int) -> dict[bytes, Picture]:
    """Every line and parabola of a size, by its pixels: a few thousand at most."""
    level = next(level for level in LEVELS.values() if level.n == n)
    ys = range(2 * n)
    lines = (
        Line(n, Point(0, y1), Point(run, y2), colour)
        for y1, run, y2, colour in product(ys, ys[1:], ys, level.colours)
        if y1 != y2
    )
    parabolas = (
        Parabola(n, Point(h, k), up, colour) for h, k, up, colour in product(ys[1:], ys, (True, False), level.colours)
    )
    plots: tuple[Picture, ...] = (*lines, *parabolas)
    return {draw(plot).tobytes(): plot for plot in plots}
