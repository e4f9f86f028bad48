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
Data = Annotated[Path, typer.Option("--data", help="JSON Lines (or a JSON array) of items.")]
Images = Annotated[Path, typer.Option("--images", help="Folder that the items' picture paths are relative to.")]
Model = Annotated[str, typer.Option("--model", help="A checkpoint folder, or 'base' for the tiny model shipped here.")]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="YAML file of settings; overrides go over it.")]
DataRun = Annotated[Path, typer.Option("--data", help="Folder written by seethink data build.")]
FormatOption = Annotated[Format, typer.Option("--format", help="How the file is written.")]
ImageField = Annotated[
    str, typer.Option("--image-field", help="Field of a VLAA-Thinking record with its picture's path.")
]
