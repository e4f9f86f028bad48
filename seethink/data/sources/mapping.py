"""Mapping: where one data set keeps what an item needs, as a YAML file that is read as data and never run.

The nine of the paper and those of ViLBench lie in ``mappings/``; another is one more file, anywhere. A mapping also
says from where its format is known, who decides the answers, and what the data factory does otherwise for this source.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping as MappingOf
from functools import cache
from importlib.resources import files
from pathlib import Path
from string import ascii_uppercase
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from seethink.core.config import Config, load_config
from seethink.core.images import inside
from seethink.core.item import Verifier
from seethink.core.rejected import InputError
from seethink.data.per_source import SourceSettings
from seethink.data.sources.records import read_literal

PAPER = (
    "clevr_math", "geoqa170k", "math_puma", "arxivqa", "docvqa", "vizwiz", "allava_laion",
    "llava_cot_coco", "llava_cot_vg",
)  # fmt: skip
"""The nine sources of VLAA-Thinking, by the name of their mapping."""

VILBENCH = (
    "mmstar", "mathvista", "mathverse", "mmmu_pro", "realworldqa", "vilbench",
    "mavis_geo", "aokvqa", "scienceqa",
)  # fmt: skip
"""What ViLBench draws on, its 600 items, and the sources of ViLReward that are not among the nine above."""

_SEEN, _TOLD = "format seen", "from its documentation"


class Place(Config):
    """One value of a record: where it stands, and what is cut out of it, in the order of the fields below.

    In YAML a plain text is ``at`` alone, and a list of places is tried until one holds something.
    """

    at: str = Field(min_length=1)
    """Names and positions joined by dots, ``conversations.1.value``; ``*`` stands for every element of a list."""
    listed: bool = False
    """The text of a list is read as that list, never run."""
    letter: bool = False
    """A position from 0 is written as an option's letter."""
    digits: int = Field(default=0, ge=0)
    """A whole number is filled up with zeros to so many digits."""
    pick: Literal["first", "most"] | None = None
    """Of a list: its first element, or the most frequent one (the first of them)."""
    each: str = ""
    """Text for every element of a list, ``a {size} {shape}``; the elements are joined by ", "."""
    after: tuple[str, ...] = ()
    """Marks: only what follows the last of them, in any case of letters; all where none occurs."""
    before: tuple[str, ...] = ()
    """Marks: only what stands before the first of them."""
    replace: dict[str, str] = Field(default_factory=dict)
    """Texts and what is put in their place."""
    wrap: str = ""
    """A text around the value, which stands for ``{}``."""

    @model_validator(mode="before")
    @classmethod
    def _plain_text(cls, value: Any) -> Any:
        return {"at": value} if isinstance(value, str) else value

    def read(self, fields: MappingOf[str, Any]) -> Any:
        """The value; None where the record has none."""
        value = _walk(fields, self.at.split("."))
        if self.listed and isinstance(value, str):
            value = read_literal(value)
        if isinstance(value, int) and not isinstance(value, bool):
            value = _numbered(value, self.letter, self.digits)
        if self.pick is not None:
            value = _picked(value, self.pick)
        if self.each and isinstance(value, list):
            value = ", ".join(_filled(self.each, one) for one in value) or None
        if not isinstance(value, str):
            return value
        value = _cut(value, self.after, self.before)
        for old, new in self.replace.items():
            value = value.replace(old, new)
        value = value.strip()
        return self.wrap.replace("{}", value) if self.wrap and value else value


class Condition(Config):
    """A record belongs to the source where the value begins with, or equals, what stands here."""

    at: str = Field(min_length=1)
    starts: str | None = None
    equals: str | int | bool | None = None

    def holds(self, fields: MappingOf[str, Any]) -> bool:
        value = _walk(fields, self.at.split("."))
        if self.starts is not None:
            return isinstance(value, str) and value.lstrip("/").startswith(self.starts)
        return bool(value == self.equals)


class Beside(Config):
    """A second file whose records are laid beside those of the first, as their field ``beside``."""

    below: str = ""
    at: str = Field(min_length=1)
    """Value of a record of the second file …"""
    equals: tuple[Place, ...] = Field(min_length=1)
    """… that equals this one of the first."""
    keep: tuple[str, ...] = Field(min_length=1)
    """Fields of the second file that are held in memory."""


class Mapping(Config):
    """One data set."""

    source: str = Field(min_length=1)
    """Name of the source in every table."""
    format: str
    """"format seen: …" with the record that was read, or "from its documentation: …" with the address."""
    licence: str = ""
    verifier: tuple[Verifier, ...] = Field(min_length=1)
    """Who decides; of several, the first whose form the gold has."""
    below: str = ""
    """Field of the file's one object that holds the records; "" where the file is an array, lines or a table."""
    select: tuple[Condition, ...] = ()
    """Records for which one of these does not hold are another source's and are not counted here."""
    id: tuple[Place, ...] = ()
    picture: tuple[Place, ...] = Field(min_length=1)
    """Path, paths, or pictures in the table itself."""
    question: tuple[Place, ...] = Field(min_length=1)
    gold: tuple[Place, ...] = Field(min_length=1)
    options: tuple[Place, ...] = ()
    context: tuple[Place, ...] = ()
    """Extra facts for the reasoner. Never what argues for the gold."""
    caption: tuple[Place, ...] = ()
    reasoning: tuple[Place, ...] = ()
    """A response with one think block, for ``settings.reasoning`` brought or as_is."""
    keep: tuple[str, ...] = ()
    """Further fields to keep in ``meta``."""
    beside: Beside | None = None
    settings: SourceSettings = SourceSettings()
    """What the data factory does otherwise for this source. Paths of prompts start from the mapping's folder."""

    @field_validator(
        "verifier", "id", "picture", "question", "gold", "options", "context", "caption", "reasoning", mode="before"
    )
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return value if isinstance(value, list | tuple) else [value]

    @field_validator("format")
    @classmethod
    def _evidence(cls, text: str) -> str:
        if not text.startswith((_SEEN, _TOLD)):
            raise ValueError(f"begin with {_SEEN!r} or {_TOLD!r}: how sure the mapping is must be told")
        return text

    def value(self, places: tuple[Place, ...], fields: MappingOf[str, Any]) -> Any:
        """The first of the places that holds something; None where none does."""
        found = (place.read(fields) for place in places)
        return next((value for value in found if value not in (None, "", [])), None)


def load_mapping(name: str) -> Mapping:
    """A mapping that comes with seethink by its name, or any other by the path of its YAML. InputError names what is
    wrong."""
    if name in (*PAPER, *VILBENCH):
        return _known(name)
    path = Path(name)
    if path.suffix not in (".yaml", ".yml"):
        raise InputError(f"mapping {name!r}: give the path of a .yaml file, or one of {', '.join((*PAPER, *VILBENCH))}")
    mapping = load_config(Mapping, path)
    changed = {}
    for role in ("captioner", "reasoner", "rewriter", "verifier"):
        change = mapping.settings.change(role)
        if change.prompt is not None:
            changed[role] = change.model_copy(update={"prompt": _beside(path, change.prompt)})
    return mapping.model_copy(update={"settings": mapping.settings.model_copy(update=changed)})


def _beside(mapping: Path, prompt: Path) -> Path:
    try:
        return inside(mapping.parent, str(prompt))
    except InputError:
        raise InputError(
            f"mapping {mapping}: prompt {prompt} leaves the folder of its mapping: move it there"
        ) from None


@cache
def _known(name: str) -> Mapping:
    return load_config(Mapping, Path(str(files("seethink.data.sources").joinpath(f"mappings/{name}.yaml"))))


def _walk(value: Any, path: list[str]) -> Any:
    """The value at the end of a path, None where it breaks off. Only mappings and lists are entered."""
    for index, step in enumerate(path):
        if step == "*" and isinstance(value, list):
            found = [_walk(one, path[index + 1 :]) for one in value]
            return [one for one in found if one is not None]
        if isinstance(value, MappingOf):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _numbered(value: int, letter: bool, digits: int) -> int | str:
    if letter and 0 <= value < len(ascii_uppercase):
        return ascii_uppercase[value]
    return f"{value:0{digits}d}" if digits else value


def _picked(value: Any, how: str) -> Any:
    if not isinstance(value, list):
        return value
    texts = [one for one in value if isinstance(one, str | int | float) and str(one).strip()]
    if not texts:
        return None
    return texts[0] if how == "first" else Counter(texts).most_common(1)[0][0]


_SLOT = re.compile(r"\{(\w+)\}")


def _filled(template: str, element: Any) -> str:
    # Not str.format: its slots reach into objects, and the template may be a stranger's.
    def value(slot: re.Match[str]) -> str:
        found = _walk(element, [slot[1]])
        return "" if found is None else str(found)

    return _SLOT.sub(value, template)


def _cut(text: str, after: tuple[str, ...], before: tuple[str, ...]) -> str:
    if after:
        ends = [mark.end() for mark in _marks(after).finditer(text)]
        text = text[ends[-1] :] if ends else text
    if before and (first := _marks(before).search(text)):
        text = text[: first.start()]
    return text


@cache
def _marks(marks: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, marks)), re.IGNORECASE)
