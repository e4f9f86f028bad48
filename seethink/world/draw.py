"""Drawing a picture of the world: 8-bit RGB arrays of shape (28n, 28n, 3)."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from seethink.world.pictures import (
    CELL,
    MARGIN,
    POINT,
    Chart,
    Line,
    Parabola,
    Picture,
    Point,
    Scene,
    bar_pixels,
    pixels,
)

Pixels = NDArray[np.uint8]

RGB = {
    "red": (214, 39, 40),
    "green": (44, 160, 44),
    "blue": (31, 90, 200),
    "yellow": (240, 200, 20),
    "purple": (148, 70, 189),
    "orange": (255, 127, 14),
}
_PAPER, _RULE, _INK = (255, 255, 255), (222, 222, 222), (40, 40, 40)
_FINE = 4
"""Shapes are drawn this many times larger and averaged down, so that their edges are smooth."""


def draw(picture: Picture) -> Pixels:
    """Render; the same picture gives the same bytes on every machine."""
    match picture:
        case Scene():
            return _draw_scene(picture)
        case Chart():
            return _draw_chart(picture)
        case Line():
            return _draw_line(picture)
        case Parabola():
            return _draw_parabola(picture)


@cache
def _ruled(side: int, step: int) -> Pixels:
    canvas = np.full((side, side, 3), _PAPER, np.uint8)
    canvas[step::step, :] = _RULE
    canvas[:, step::step] = _RULE
    canvas.setflags(write=False)
    return canvas


@cache
def _sprite(colour: str, shape: str) -> Pixels:
    """One object on paper, as large as its box."""
    side = CELL - 2 * MARGIN
    big = side * _FINE
    image = Image.new("RGB", (big, big), _PAPER)
    pen = ImageDraw.Draw(image)
    end = big - 1
    match shape:
        case "circle":
            pen.ellipse((0, 0, end, end), fill=RGB[colour])
        case "square":
            pen.rectangle((0, 0, end, end), fill=RGB[colour])
        case "triangle":
            pen.polygon([(big // 2, 0), (end, end), (0, end)], fill=RGB[colour])
        case "star":
            middle = big / 2
            reach = [middle if point % 2 == 0 else middle * 0.42 for point in range(10)]
            turns = [math.pi * (point / 5 - 0.5) for point in range(10)]
            corners = zip(reach, turns, strict=True)
            pen.polygon([(middle + r * math.cos(t), middle + r * math.sin(t)) for r, t in corners], fill=RGB[colour])
        case "diamond":
            pen.polygon([(big // 2, 0), (end, big // 2), (big // 2, end), (0, big // 2)], fill=RGB[colour])
        case _:
            raise ValueError(f"no drawing for shape {shape!r}")
    return np.asarray(image.reduce(_FINE))


def _draw_scene(scene: Scene) -> Pixels:
    canvas = _ruled(pixels(scene), CELL).copy()
    side = CELL - 2 * MARGIN
    for column, row, colour, shape in scene.objects:
        top, left = row * CELL + MARGIN, column * CELL + MARGIN
        canvas[top : top + side, left : left + side] = _sprite(colour, shape)
    return canvas


def _draw_chart(chart: Chart) -> Pixels:
    side = pixels(chart)
    canvas = _ruled(side, CELL).copy()
    for column, (colour, height) in enumerate(chart.bars):
        left = column * CELL + MARGIN
        canvas[side - bar_pixels(height) :, left : left + CELL - 2 * MARGIN] = RGB[colour]
    return canvas


def _axes(side: int) -> Image.Image:
    canvas = _ruled(side, POINT).copy()
    middle = POINT // 2
    canvas[:, middle] = _INK
    canvas[side - 1 - middle, :] = _INK
    return Image.fromarray(canvas)


def _pixel(side: int, x: float, y: float) -> tuple[float, float]:
    return POINT * (x + 0.5), side - POINT * (y + 0.5)


def _dot(pen: ImageDraw.ImageDraw, side: int, point: Point) -> None:
    x, y = _pixel(side, *point)
    pen.ellipse((x - 3, y - 3, x + 3, y + 3), fill=_INK)


def _draw_line(line: Line) -> Pixels:
    side = pixels(line)
    image = _axes(side)
    pen = ImageDraw.Draw(image)
    slope = (line.second.y - line.first.y) / (line.second.x - line.first.x)
    ends = [_pixel(side, x, line.first.y + slope * (x - line.first.x)) for x in (-0.5, 2 * line.n)]
    pen.line(ends, fill=RGB[line.colour], width=2)
    _dot(pen, side, line.first)
    _dot(pen, side, line.second)
    return np.asarray(image)


def _draw_parabola(parabola: Parabola) -> Pixels:
    side = pixels(parabola)
    image = _axes(side)
    pen = ImageDraw.Draw(image)
    (h, k), sign = parabola.vertex, 1 if parabola.opens_up else -1
    xs = np.linspace(-0.5, 2 * parabola.n, 12 * parabola.n)
    pen.line([_pixel(side, x, k + sign * (x - h) ** 2) for x in xs.tolist()], fill=RGB[parabola.colour], width=2)
    _dot(pen, side, parabola.vertex)
    return np.asarray(image)
