"""Questions about scenes: counting, taking away, matching, fractions, boxes, describing."""

from __future__ import annotations

import random
from collections import Counter

from seethink.core.item import Verifier
from seethink.world.grammar import facts
from seethink.world.pictures import Domain, Level, Object, Picture, Scene, box_text, object_box, place
from seethink.world.template import CannotDerive, Derivation, Template, Words, colour_options, letter_of

_STEP = {"right of": (1, 0), "left of": (-1, 0), "above": (0, -1), "below": (0, 1)}
_OPPOSITE = {"right of": "left of", "left of": "right of", "above": "below", "below": "above"}


def sample_scene(rng: random.Random, level: Level) -> Scene:
    """Any scene of the level: objects of random colour and shape in random cells."""
    count = rng.randint(*level.objects)
    cells = sorted(rng.sample(range(level.n * level.n), count))
    return Scene(
        level.n,
        tuple(
            Object(cell % level.n, cell // level.n, rng.choice(level.colours), rng.choice(level.shapes))
            for cell in cells
        ),
    )


def _scene(picture: Picture) -> Scene:
    if not isinstance(picture, Scene):
        raise CannotDerive("the question is about a scene")
    return picture


def _unique(scene: Scene, colour: str, shape: str) -> Object:
    """The only object of that colour and shape."""
    found = [o for o in scene.objects if (o.colour, o.shape) == (colour, shape)]
    if len(found) != 1:
        raise CannotDerive(f"{len(found)} objects are a {colour} {shape}")
    return found[0]


def _count_template(name: str, slot: str, question: str, *, takes_away: bool) -> Template:
    """Count those that are, or those that are not: the wrong way counts the complement."""

    def sample(rng: random.Random, level: Level) -> tuple[Picture, Words] | None:
        scene = sample_scene(rng, level)
        value = getattr(rng.choice(scene.objects), slot)
        hits = sum(getattr(o, slot) == value for o in scene.objects)
        return None if hits * 2 == len(scene.objects) or hits == len(scene.objects) else (scene, {slot: value})

    def derive(picture: Picture, words: Words, right: bool) -> Derivation:
        value, inside = words[slot], right is not takes_away
        objects = _scene(picture).objects
        hits = sum(getattr(o, slot) == value for o in objects)
        count = hits if inside else len(objects) - hits
        noun = f"the {value} ones" if slot == "colour" else f"the {value}s"
        negated = f"the ones that are not {value}" + ("" if slot == "colour" else "s")
        work = (f"Counted: {value} {hits}, others {len(objects) - hits}.", f"That makes {count}.")
        return Derivation(f"count {noun if inside else negated}", work, str(count))

    return Template(name, Domain.SCENES, Verifier.DIGIT, question, sample, derive)


def _sample_beside(rng: random.Random, level: Level) -> tuple[Picture, Words] | None:
    """An anchor with objects of different colours on two opposite sides."""
    scene = sample_scene(rng, level)
    side = rng.choice(list(_STEP))
    across, down = (1, 0) if side in ("right of", "left of") else (0, 1)
    inner = range(1, level.n - 1)
    column = rng.choice(inner) if across else rng.randrange(level.n)
    row = rng.choice(inner) if down else rng.randrange(level.n)
    one, other = rng.sample(level.colours, 2)
    cells = {(o.column, o.row): (o.colour, o.shape) for o in scene.objects}
    cells[column, row] = (rng.choice(level.colours), rng.choice(level.shapes))
    cells[column + across, row + down] = (one, rng.choice(level.shapes))
    cells[column - across, row - down] = (other, rng.choice(level.shapes))
    ordered = sorted(cells.items(), key=lambda cell: (cell[0][1], cell[0][0]))
    scene = Scene(level.n, tuple(Object(*at, *what) for at, what in ordered))
    colour, shape = cells[column, row]
    if list(cells.values()).count((colour, shape)) != 1:
        return None
    words = {"side": side, "colour": colour, "shape": shape}
    return scene, words | {"options": colour_options(rng, level, one, other)}


def _sample_box_beside(rng: random.Random, level: Level) -> tuple[Picture, Words] | None:
    if (sampled := _sample_beside(rng, level)) is None:
        return None
    scene, words = sampled
    return scene, {slot: word for slot, word in words.items() if slot != "options"}


def _neighbour(scene: Scene, anchor: Object, side: str) -> Object:
    dx, dy = _STEP[side]
    for o in scene.objects:
        if (o.column, o.row) == (anchor.column + dx, anchor.row + dy):
            return o
    raise CannotDerive(f"nothing stands {side} the anchor")


def _derive_colour_beside(picture: Picture, words: Words, right: bool) -> Derivation:
    scene = _scene(picture)
    side = words["side"] if right else _OPPOSITE[words["side"]]
    anchor = _unique(scene, words["colour"], words["shape"])
    found = _neighbour(scene, anchor, side)
    letter = letter_of(words["options"], found.colour)
    work = (
        f"The {anchor.colour} {anchor.shape} is at {place(anchor.column, anchor.row)}.",
        f"Cell {place(found.column, found.row)} holds the {found.colour} {found.shape}.",
        f"So {found.colour} is option {letter}.",
    )
    return Derivation(f"look {side} it", work, letter)


def _derive_box_beside(picture: Picture, words: Words, right: bool) -> Derivation:
    scene = _scene(picture)
    side = words["side"]
    anchor = _unique(scene, words["colour"], words["shape"])
    found = _neighbour(scene, anchor, side) if right else anchor
    work = (
        f"The {anchor.colour} {anchor.shape} is at {place(anchor.column, anchor.row)}.",
        f"I go to {place(found.column, found.row)}.",
    )
    box = box_text(object_box(scene.n, found.column, found.row))
    return Derivation(f"look {side} it" if right else "look at it", work, box)


def _sample_common(rng: random.Random, level: Level) -> tuple[Picture, Words] | None:
    scene = sample_scene(rng, level)
    options = colour_options(rng, level)
    counts = sorted(Counter({c: sum(o.colour == c for o in scene.objects) for c in options.split(",")}).values())
    return None if counts[-1] == counts[-2] or counts[0] == counts[1] else (scene, {"options": options})


def _derive_common(picture: Picture, words: Words, right: bool) -> Derivation:
    counts = {c: sum(o.colour == c for o in _scene(picture).objects) for c in words["options"].split(",")}
    best = max(counts, key=counts.__getitem__) if right else min(counts, key=counts.__getitem__)
    letter = letter_of(words["options"], best)
    tally = ", ".join(f"{colour} {count}" for colour, count in counts.items())
    return Derivation(
        f"look for the {'most' if right else 'fewest'} objects",
        (f"Counted: {tally}.", f"It is {best}.", f"So {best} is option {letter}."),
        letter,
    )


def _sample_fraction(rng: random.Random, level: Level) -> tuple[Picture, Words] | None:
    scene = sample_scene(rng, level)
    colour = rng.choice(scene.objects).colour
    return None if all(o.colour == colour for o in scene.objects) else (scene, {"colour": colour})


def _derive_fraction(picture: Picture, words: Words, right: bool) -> Derivation:
    scene = _scene(picture)
    hits = sum(o.colour == words["colour"] for o in scene.objects)
    total = len(scene.objects)
    divisor = total if right else total - hits
    if divisor == 0:
        raise CannotDerive("there is nothing to divide by")
    return Derivation(
        f"divide by {'all' if right else 'the other'} objects",
        (f"Counted: {words['colour']} {hits}, others {total - hits}, all {total}.",),
        rf"\frac{{{hits}}}{{{divisor}}}",
    )


def _sample_locate(rng: random.Random, level: Level) -> tuple[Picture, Words] | None:
    scene = sample_scene(rng, level)
    target = rng.choice(scene.objects)
    alone = sum((o.colour, o.shape) == (target.colour, target.shape) for o in scene.objects) == 1
    if not alone or target.column == target.row:
        return None
    return scene, {"colour": target.colour, "shape": target.shape}


def _derive_locate(picture: Picture, words: Words, right: bool) -> Derivation:
    scene = _scene(picture)
    target = _unique(scene, words["colour"], words["shape"])
    column, row = (target.column, target.row) if right else (target.row, target.column)
    return Derivation(
        f"the letter gives {'x' if right else 'y'}",
        (f"The {target.colour} {target.shape} is at {place(target.column, target.row)}.",),
        box_text(object_box(scene.n, column, row)),
    )


def _derive_describe(picture: Picture, words: Words, right: bool) -> Derivation:
    stated = facts(_scene(picture))
    return Derivation(
        f"name {'every object' if right else 'one object'}", (), ", ".join(stated if right else stated[:1])
    )


def _sample_describe(rng: random.Random, level: Level) -> tuple[Picture, Words]:
    return sample_scene(rng, level), {}


SCENE_TEMPLATES = (
    _count_template("count_colour", "colour", "How many {colour} objects are there?", takes_away=False),
    _count_template("count_shape", "shape", "How many {shape}s are there?", takes_away=False),
    _count_template(
        "take_away_colour", "colour", "Take away all {colour} objects. How many are left?", takes_away=True
    ),
    _count_template("take_away_shape", "shape", "Take away all {shape}s. How many objects are left?", takes_away=True),
    Template(
        "colour_beside",
        Domain.SCENES,
        Verifier.MCQ,
        "What colour is the object {side} the {colour} {shape}?",
        _sample_beside,
        _derive_colour_beside,
    ),
    Template(
        "most_common_colour",
        Domain.SCENES,
        Verifier.MCQ,
        "Which colour is the most common?",
        _sample_common,
        _derive_common,
    ),
    Template(
        "fraction_of_colour",
        Domain.SCENES,
        Verifier.MATH,
        "What fraction of the objects is {colour}? Write it as a LaTeX fraction.",
        _sample_fraction,
        _derive_fraction,
    ),
    Template(
        "locate_object",
        Domain.SCENES,
        Verifier.IOU,
        "Where is the {colour} {shape}? Give its box as [x1, y1, x2, y2] between 0 and 1.",
        _sample_locate,
        _derive_locate,
    ),
    Template(
        "locate_beside",
        Domain.SCENES,
        Verifier.IOU,
        "Give the box of the object {side} the {colour} {shape} as [x1, y1, x2, y2] between 0 and 1.",
        _sample_box_beside,
        _derive_box_beside,
    ),
    Template(
        "describe_scene", Domain.SCENES, Verifier.OPEN, "Describe the picture.", _sample_describe, _derive_describe
    ),
)
