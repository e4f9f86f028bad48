"""``seethink study``: the arms, one beside the other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seethink.cli.options import Out, Overrides
from seethink.cli.terminal import terminal

commands = typer.Typer()


@commands.command("study")
def compare_arms(
    config: Annotated[Path, typer.Argument(help="The study's YAML.")],
    overrides: Overrides = None,
    out: Out = Path("runs/study"),
    stages: Annotated[
        Path | None,
        typer.Option("--stages", help="Folder of what stages leave, shared between studies; --out by default."),
    ] = None,
    arm: Annotated[list[str] | None, typer.Option("--arm", help="Only this arm; give it again for more.")] = None,
    stage: Annotated[
        str | None, typer.Option("--stage", help="Make this stage only, by the name that --dry-run prints.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Processes that share the work on this machine.")] = 1,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print stages, commands, tokens and time, and run nothing.")
    ] = False,
) -> None:
    """Compare training regimes on matched arms; writes results.json and report.html.

    The same command in a second shell takes part in the work, as do the processes of --jobs.
    """
    from seethink.core.config import load_config
    from seethink.study.run import HELD, make_stage, run_study
    from seethink.study.settings import StudyConfig

    study = load_config(StudyConfig, config, overrides or ())
    study = study.only(arm) if arm else study
    if dry_run:
        from seethink.study.dry_run import print_plan

        print_plan(study, config, overrides or (), out, stages or out, terminal(), arm or ())
        return
    if stage is not None:
        if not make_stage(study, stage, out, stages=stages):
            terminal().print(f"{stage} is in the works of another process")
            raise typer.Exit(HELD)
        return
    run_study(study, out, stages=stages, jobs=jobs)
