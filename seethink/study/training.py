"""From a recipe, or from items in hand, to a trained model: where training meets data and rewards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.rejected import InputError, Rejected
from seethink.data.sources import all_items, open_source
from seethink.process.targets import read_labelled
from seethink.study.data import read_demonstrations, released_demonstrations
from seethink.study.recipe import GRPORecipe, PRMRecipe, TrainingRecipe
from seethink.study.rewards import (
    GRPOTask,
    ImitatingTask,
    made_of,
    penalised,
    scored_by,
    shaping,
    training_reward,
)
from seethink.study.sources import FileTraces, RunTraces
from seethink.training.imitation import Imitated
from seethink.training.samples import Demonstration
from seethink.training.train import train_grpo, train_sft


def train_recipe(recipe: TrainingRecipe, out: Path) -> tuple[dict[str, Any], list[Rejected]]:
    """Train what a recipe says; the manifest, and the rows of its data that were set aside.

    The same call goes on where it was killed, and returns at once where it is finished.
    """
    if isinstance(recipe, GRPORecipe):
        store = ImageStore(out / "images")
        items, aside = _sorted(all_items(map(open_source, recipe.sources), store))
        return train_on_items(recipe.settings, recipe.model, items, store, out), aside
    if isinstance(recipe, PRMRecipe):
        from seethink.process.train import train_prm

        store = ImageStore(out / "images")
        traces, aside = read_labelled(recipe.rows, recipe.images, store, recipe.splitting)
        return train_prm(recipe.settings, recipe.model, traces, store, out), aside
    shown, aside, store = read_traces(recipe.traces, out)
    return train_sft(recipe.settings, recipe.model, shown, store, out), aside


def train_on_items(
    task: GRPOTask,
    model: str | Path,
    items: Sequence[Item],
    images: ImageStore,
    out: Path,
    shown: Sequence[Demonstration] = (),
) -> dict[str, Any]:
    """GRPO with the rewards that ``task`` names, on items of any source.

    Args:
        shown: demonstrations, where ``task`` says that it imitates meanwhile.
    """
    imitated = Imitated(task.imitation, shown) if isinstance(task, ImitatingTask) else None
    with scored_by(task.open, items, images, out / "ledger") as decides:
        outcome = training_reward(items, decides)
        with penalised(task.process, outcome, images, out / "ledger") as reward:
            return train_grpo(
                task,
                model,
                items,
                images,
                reward,
                out,
                shaping=shaping(task),
                made_of=made_of(task.open, task.process),
                imitated=imitated,
            )


def read_traces(traces: RunTraces | FileTraces, out: Path) -> tuple[list[Demonstration], list[Rejected], ImageStore]:
    """Demonstrations, what could not be read, and the store of their pictures: the data run's, or one below ``out``."""
    if isinstance(traces, RunTraces):
        return read_demonstrations(traces.path, traces.name), [], ImageStore(traces.path / "images")
    store = ImageStore(out / "images")
    shown, aside = _sorted(released_demonstrations(traces.path, traces.image_root, store))
    return shown, aside, store


def _sorted(found: Iterable[Any]) -> tuple[list[Any], list[Rejected]]:
    good: list[Any] = []
    aside: list[Rejected] = []
    for one in found:
        (aside if isinstance(one, Rejected) else good).append(one)
    if not good:
        raise InputError(f"no row can be trained on: {aside[0].detail if aside else 'the files are empty'}")
    return good, aside
