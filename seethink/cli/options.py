"""Arguments and options that several commands take, with one name and one help text each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seethink.cli.reading import Format

Overrides = Annotated[list[str] | None, typer.Argument(help="Settings as field=value or field.inner=value.")]
Out = Annotated[
    Path, typer.Option("--out", help="Folder of the outputs; the same command goes on where it was killed.")
]
Data = Annotated[
    list[Path], typer.Option("--data", help="Items: JSON Lines, a JSON array or a table. Several: once for each file.")
]
Images = Annotated[
    list[Path] | None,
    typer.Option(
        "--images",
        help="Folder that picture paths start from, once, or once for each file; this folder by default.",
    ),
]
Model = Annotated[str, typer.Option("--model", help="A checkpoint folder, or 'base' for the tiny model shipped here.")]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="YAML file of settings; overrides go over it.")]
PictureFolder = Annotated[Path, typer.Option("--images", help="Folder that the rows' picture paths are relative to.")]
DataRun = Annotated[Path, typer.Option("--data", help="Folder written by seethink data build.")]
FormatOption = Annotated[
    list[Format] | None,
    typer.Option("--format", help="How the files are written, once, or once for each; records by default."),
]
MappingOption = Annotated[
    list[str] | None,
    typer.Option(
        "--mapping",
        help="Of files of --format mapped: a data set by name (mmstar, geoqa170k, …), or a mapping's .yaml.",
    ),
]
ImageField = Annotated[
    str, typer.Option("--image-field", help="Field of a VLAA-Thinking record with its picture's path.")
]
