"""``seethink reward``: the mixed reward, looked at before it trains anything."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seethink.cli.options import ConfigFile, Data, FormatOption, ImageField, Images, MappingOption, Overrides
from seethink.cli.reading import OpenedItems, item_files, open_items, tell
from seethink.cli.terminal import terminal

commands = typer.Typer(help="The mixed reward, before any training.", no_args_is_help=True)

PAID = Path("runs/ledger")
"""Paid judgements of commands that have no output folder, where the judge's config names no other."""


@commands.command("validate")
def validate_golds(
    data: Data,
    images: Images = None,
    form: FormatOption = None,
    mapping: MappingOption = None,
    image_field: ImageField = "image",
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Check before training that the reward pays for every gold: the rule-verified score 1, open ones can be scored."""
    import tempfile

    from seethink.core.config import load_config
    from seethink.rewards.validate import validate, validation_table
    from seethink.study.rewards import WithScorer, open_scorer

    settings = load_config(WithScorer, config, overrides or ())
    with tempfile.TemporaryDirectory() as folder:
        items, unread, store = open_items(item_files(data, images, form, mapping, image_field), Path(folder))
        found = validate(items, unread, open_scorer(items, settings.open, store, PAID))
    console = terminal()
    tell(found.refused)
    console.print(validation_table(found.golds))
    if not found.clean:
        raise typer.Exit(1)
    unchecked = sum(row.unchecked for row in found.golds)
    console.print(
        f"{len(items)} items, every rule-verified gold scores 1"
        + (f", {unchecked} open ones not checked: no scorer" if unchecked else "")
    )


@commands.command("audit")
def audit_responses(
    file: Annotated[Path, typer.Argument(help="JSON Lines of responses, or the folder that seethink eval wrote.")],
    second: Annotated[str, typer.Option("--second", help="lenient, math-verify or regex.")] = "lenient",
    data: Annotated[
        list[Path] | None, typer.Option("--data", help="Items, where responses name them by id only.")
    ] = None,
    images: Images = None,
    out: Annotated[Path, typer.Option("--out", help="HTML page to write.")] = Path("audit.html"),
    form: FormatOption = None,
    mapping: MappingOption = None,
    image_field: ImageField = "image",
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Verdicts on a file of responses beside a second verifier, with the disagreements to read."""
    import tempfile

    from seethink.analysis.audit import print_audit, write_audit
    from seethink.core.config import load_config
    from seethink.core.images import ImageStore
    from seethink.rewards.audit import audit, audit_tree, read_answered
    from seethink.rewards.second import second_verifier
    from seethink.study.rewards import WithScorer, scored_by, training_reward

    settings = load_config(WithScorer, config, overrides or ())
    with tempfile.TemporaryDirectory() as folder:
        items, _, store = (
            open_items(item_files(data, images, form, mapping, image_field), Path(folder))
            if data
            else OpenedItems([], [], ImageStore(Path(folder)))
        )
        answered, rejected = read_answered(file, items)
        tell(rejected)
        asked = [one.item for one in answered]
        with scored_by(settings.open, asked, store, PAID) as decides:
            reward = training_reward(asked, decides)
            audited = audit(answered, reward, second_verifier(second, reward))
    tree = audit_tree(audited, rejected, "strict", second, file.name)
    write_audit(out, tree)
    print_audit(tree, terminal())
    terminal().print(f"page: {out}")
