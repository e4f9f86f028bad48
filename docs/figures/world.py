"""Draw ``world.png``, the contact sheet of the embedded world: ``python docs/figures/world.py``."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import wrap

from PIL import Image, ImageDraw, ImageFont

from seethink.core.item import Verifier
from seethink.world.grammar import describe
from seethink.world.questions import Question, drawn, question

SEED = 1
ROWS = (
    ("Scenes", (("take_away_colour", 3), ("colour_beside", 6), ("fraction_of_colour", 0), ("locate_object", 1))),
    ("Plots and charts", (("bars_higher", 2), ("highest_bar", 4), ("line_equation", 8), ("parabola", 10))),
)
LEVELS = ("describe_scene", 11)

SIDE, GAP, MARGIN = 336, 34, 48
WIDTH = 4 * SIDE + 3 * GAP + 2 * MARGIN
INK, MUTED, RULE, PAPER = (31, 35, 40), (100, 108, 118), (208, 213, 219), (255, 255, 255)
TITLE, NAME, TEXT = (ImageFont.load_default(size) for size in (30, 21, 20))
LINE = 28


def main() -> None:
    sheet = Image.new("RGB", (WIDTH, 1800), PAPER)
    pen = ImageDraw.Draw(sheet)
    top = MARGIN
    for title, chosen in ROWS:
        top = heading(pen, title, top)
        ends = []
        for column, (name, index) in enumerate(chosen):
            asked = question(SEED, index, templates=(name,))
            left = MARGIN + column * (SIDE + GAP)
            paste(sheet, asked, left, top, 4)
            ends.append(caption(pen, asked, left, top + SIDE + 14))
        top = max(ends) + 30
    top = heading(pen, "Levels 1, 2 and 3", top)
    left, ends = MARGIN, []
    name, index = LEVELS
    for level in (1, 2, 3):
        asked = question(SEED, index, level=level, templates=(name,))
        side = paste(sheet, asked, left, top, 3)
        ends.append(top + side)
        left += side + GAP
    asked = question(SEED, index, templates=(name,))
    end = caption(pen, asked, left, top)
    words(pen, f"truth (level 1): {describe(asked.picture)}", left, end, 36, INK)
    sheet.crop((0, 0, WIDTH, max(ends) + MARGIN)).quantize(128).save(Path(__file__).with_suffix(".png"), optimize=True)


def heading(pen: ImageDraw.ImageDraw, title: str, top: int) -> int:
    pen.text((MARGIN, top), title, INK, TITLE)
    return top + 50


def paste(sheet: Image.Image, asked: Question, left: int, top: int, scale: int) -> int:
    """The picture, enlarged, framed; where the answer is a box, with that box drawn over it. Returns its side."""
    picture = Image.fromarray(drawn(asked))
    side = picture.width * scale
    picture = picture.resize((side, side), Image.Resampling.NEAREST)
    pen = ImageDraw.Draw(picture)
    if asked.template.verifier is Verifier.IOU:
        x1, y1, x2, y2 = (float(number) * side for number in re.findall(r"[\d.]+", asked.gold))
        pen.rectangle((x1 - 5, y1 - 5, x2 + 5, y2 + 5), outline=INK, width=3)
    pen.rectangle((0, 0, side - 1, side - 1), outline=RULE, width=2)
    sheet.paste(picture, (left, top))
    return side


def caption(pen: ImageDraw.ImageDraw, asked: Question, left: int, top: int) -> int:
    """Template and verifier, question, gold; returns where it ends."""
    pen.text((left, top), f"{asked.template.name}  ·  {asked.template.verifier}", MUTED, NAME)
    text, *options = asked.template.ask(asked.words).split("\n")
    top = words(pen, text, left, top + LINE + 2, 34)
    if options:
        top = words(pen, "   ".join(options), left, top, 44)
    return words(pen, f"gold: {asked.gold}", left, top, 40, INK)


def words(
    pen: ImageDraw.ImageDraw, text: str, left: int, top: int, width: int, colour: tuple[int, int, int] = MUTED
) -> int:
    for line in wrap(text, width):
        pen.text((left, top), line, colour, TEXT)
        top += LINE
    return top


if __name__ == "__main__":
    main()
