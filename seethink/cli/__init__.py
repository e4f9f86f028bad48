"""The command line: study | data | train | eval | analyse | process | reward | world | doctor.

A file holds the commands of one group and lists them in its ``commands``; here they become one tree. Options that
several commands take are in ``options``, the reading of a user's items in ``reading``. Importing any of these files is
cheap, so that help comes at once: heavy imports happen inside the commands.
"""

from __future__ import annotations

from typing import Annotated

import typer

from seethink import __version__
from seethink.cli import analyse, curation, data, doctor, evaluate, process, reward, study, train, world
from seethink.core.rejected import InputError, Stopped

app = typer.Typer(
    name="seethink",
    help="Teach vision-language models to see, then think: data, SFT, GRPO, evaluation and a fair study of the three.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
# Without a name the commands stand beside the groups.
for single in (study, doctor):
    app.add_typer(single.commands)
data.commands.add_typer(curation.commands)
for name, group in (
    ("data", data),
    ("train", train),
    ("eval", evaluate),
    ("analyse", analyse),
    ("process", process),
    ("reward", reward),
    ("world", world),
):
    app.add_typer(group.commands, name=name)


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    if show:
        typer.echo(__version__)
        raise typer.Exit


def main() -> None:
    """Entry point: a message for a person, no traceback, where the input is at fault."""
    try:
        app()
    except InputError as error:
        typer.echo(f"seethink: {error}", err=True)
        raise SystemExit(2) from None
    except OSError as error:
        # A full disk, a folder without permission: the file is at fault, not the program.
        typer.echo(f"seethink: {error}: free or repair the disk, or choose another folder, and run again", err=True)
        raise SystemExit(2) from None
    except Stopped as stopped:
        typer.echo(f"seethink: {stopped}", err=True)
        raise SystemExit(130) from None


__all__ = ["app", "main"]
