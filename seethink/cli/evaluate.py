"""``seethink eval``: a model on items."""

from __future__ import annotations

from pathlib import Path

import typer

from seethink.cli.options import ConfigFile, Data, FormatOption, ImageField, Images, Model, Out, Overrides
from seethink.cli.reading import Format, ItemFile, open_items

commands = typer.Typer()


@commands.command("eval")
def eval_command(
    data: Data,
    images: Images,
    out: Out = Path("runs/eval"),
    model: Model = "base",
    form: FormatOption = Format.RECORDS,
    image_field: ImageField = "image",
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Greedy and sampled accuracy of a model on items of your own, with intervals, strict and lenient."""
    import time

    from seethink.analysis import print_comparison, study_results
    from seethink.core.config import load_config
    from seethink.core.tables import write_json
    from seethink.evaluation.run import evaluate
    from seethink.study.rewards import EvaluationTask, evaluation_judges, made_of, scored_by

    started = time.time()
    settings = load_config(EvaluationTask, config, overrides or ())
    made = made_of(settings.open)
    items, _, store = open_items(ItemFile(data, images, form, image_field), out / "images")
    with scored_by(settings.open, items, store, out / "ledger") as decides:
        judges = evaluation_judges(items, decides)
        responses = evaluate(settings, model, model, items, store, judges, out / "responses", made_of=made)
    results = study_results(
        {model: responses}, controls=(), costs={}, funnel=(), seconds=time.time() - started, seed=settings.seed
    )
    write_json(out / "results.json", results)
    print_comparison(results)
