"""``seethink doctor``: what is installed."""

from __future__ import annotations

import sys

import typer

from seethink.cli.terminal import terminal

commands = typer.Typer()


@commands.command("doctor")
def doctor() -> None:
    """What is installed here and what is missing, with the remedy."""
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
