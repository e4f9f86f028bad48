"""Pages for people, from templates beside this file. Whatever a template prints is escaped."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined


def templates() -> Environment:
    return Environment(
        loader=PackageLoader("seethink", "analysis"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
