"""``seethink study``: the arms, one beside the other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seethink.cli.options import Out, Overrides

commands = typer.Typer()


@commands.command("study")
def compare_arms(
    config: Annotated[Path, typer.Argument(help="The study's YAML.")],
    overrides: Overrides = None,
    out: Out = Path("runs/study"),
) -> None:
    """Compare SFT, RL and SFT then RL on matched arms; writes results.json and report.html."""
    from seethink.core.config import load_config
    from seethink.study.run import StudyConfig, run_study

    run_study(load_config(StudyConfig, config, overrides or ()), out)
