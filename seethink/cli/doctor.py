"""``seethink doctor``: what is installed, or what a recipe will take."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from seethink.cli.options import Overrides
from seethink.cli.terminal import terminal

commands = typer.Typer()


@commands.command("doctor")
def doctor(
    recipe: Annotated[Path | None, typer.Argument(help="A recipe's YAML to plan; what is installed without.")] = None,
    overrides: Overrides = None,
) -> None:
    """Before a launch: tokens, memory and hours of a recipe, and what stands in its way."""
    if recipe is not None:
        from seethink.study.doctor import doctor as say_plan

        if not say_plan(recipe, overrides or (), terminal()):
            raise typer.Exit(1)
        return
    from seethink.core.tables import code_version, package_versions

    console = terminal()
    found = package_versions()
    console.print(f"seethink {code_version()}, Python {sys.version.split()[0]}")
    for package, number in found.items():
        console.print(f"  {package} {number}")
    if "torch" not in found:
        console.print("  torch is missing: rewards and data work; for training install seethink\\[train]")
        return
    from seethink.models.device import device_name

    console.print(f"  device: {device_name()}")
