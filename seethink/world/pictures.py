"""What a picture of the world truly holds: scenes, bar charts, lines and parabolas, frozen.

Size is one number n, the level's grid: a scene has n x n cells, a chart n bars of height 1 … 3n, a plot a lattice of
2n x 2n points. Cells are named as on a chess board read from the top: column letter, row number, ``a1`` top left.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

COLOURS = ("red", "green", "blue", "yellow", "purple", "orange")
SHAPES = ("circle", "square", "triangle", "star", "diamond")

CELL = 28
"""Pixels of a scene's cell and of a bar's column: one merged patch of Qwen2.5-VL."""

POINT = CELL // 2
"""Pixels between two points of a plot's lattice: one patch."""

MARGIN = 4
"""Pixels left free around an object or a bar inside its cell or column."""


class Domain(StrEnum):
    SCENES = "scenes"
    CHARTS = "charts"


class Object(NamedTuple):
    """One object of a scene; column and row count from 0."""

    column: int
    row: int
    colour: str
    shape: str


class Bar(NamedTuple):
    colour: str
    height: int


class Point(NamedTuple):
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Scene:
    n: int
    objects: tuple[Object, ...]
    """In reading order: row by row from the top, left to right."""


@dataclass(frozen=True, slots=True)
class Chart:
    n: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line through two marked points, the first on the y axis."""

    n: int
    first: Point
    second: Point
    colour: str


@dataclass(frozen=True, slots=True)
class Parabola:
    """``y = ±(x - h)² + k`` with its vertex marked."""

    n: int
    vertex: Point
    opens_up: bool
    colour: str


Picture = Scene | Chart | Line | Parabola


class Level(NamedTuple):
    """Difficulty: how large pictures are and how much they hold."""

    n: int
    colours: tuple[str, ...]
    shapes: tuple[str, ...]
    objects: tuple[int, int]
    """Fewest and most objects of a scene."""
    options_shuffled: bool
    """Whether the options of a question stand in random order; otherwise in the order of ``colours``."""


LEVELS: dict[int, Level] = {
    1: Level(3, COLOURS[:4], SHAPES[:3], (3, 6), False),
    2: Level(4, COLOURS[:5], SHAPES[:4], (5, 10), True),
    3: Level(5, COLOURS, SHAPES, (8, 16), True),
}


def place(column: int, row: int) -> str:
    return f"{chr(ord('a') + column)}{row + 1}"


def column_row(name: str) -> tuple[int, int]:
    """The inverse of ``place``."""
    return ord(name[0]) - ord("a"), int(name[1:]) - 1


def pixels(picture: Picture) -> int:
    """Width and height of the drawn picture."""
    return picture.n * CELL


Box = tuple[float, float, float, float]


def object_box(n: int, column: int, row: int) -> Box:
    """Normalised ``x1, y1, x2, y2`` of an object, y downwards."""
    side = n * CELL
    left, top = column * CELL + MARGIN, row * CELL + MARGIN
    wide = CELL - 2 * MARGIN
    return left / side, top / side, (left + wide) / side, (top + wide) / side


def bar_pixels(height: int) -> int:
    """Three units of height fill one cell."""
    return round(height * CELL / 3)


def bar_box(n: int, column: int, height: int) -> Box:
    side = n * CELL
    left = column * CELL + MARGIN
    return left / side, (side - bar_pixels(height)) / side, (left + CELL - 2 * MARGIN) / side, 1.0


def box_text(box: Box) -> str:
    return "[" + ", ".join(f"{value:.2f}" for value in box) + "]"
