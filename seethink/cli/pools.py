"""Pools of responses: the options that name them, and their reading."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seethink.cli.reading import OpenedItems, tell

if TYPE_CHECKING:
    from seethink.analysis import Rule
    from seethink.process.pool import Pool

Responses = Annotated[
    list[Path],
    typer.Option("--responses", help="Folder that seethink eval wrote (draws=16), or JSON Lines of responses."),
]
ResponseField = Annotated[
    str, typer.Option("--response", help="Field of a row of JSON Lines that holds the response; dots lead inside.")
]
MakerField = Annotated[str, typer.Option("--maker", help="Field of a row of JSON Lines that names the model.")]


def open_pools(paths: list[Path], opened: OpenedItems, rule: Rule, response: str, maker: str) -> list[Pool]:
    """The pools of all files and folders, those of responses from elsewhere with our verdicts; bad rows are told.

    Args:
        rule: which of a response's verdicts counts.
        response: field of a row of JSON Lines that holds the response.
        maker: its field with the model's name.
    """
    from seethink.core.graded import graded_from_row
    from seethink.core.tables import parts, read_rows
    from seethink.process.pool import pools, read_pools
    from seethink.study.rewards import evaluation_judges

    found = []
    for path in paths:
        if path.is_dir():
            folder = path if parts(path) else path / "responses"
            found += pools(map(graded_from_row, read_rows(folder)), opened.items, rule)
        else:
            judges = evaluation_judges(opened.items)
            reward = judges.strict if rule == "strict" else judges.lenient
            made, rejected = read_pools(path, opened.items, reward, generator=path.stem, response=response, maker=maker)
            tell(rejected)
            found += made
    return found
