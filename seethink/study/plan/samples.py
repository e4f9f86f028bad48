"""A recipe's samples: read where the data are on disk, expected where they are not, and how many tokens each takes.

Nothing is written: of pictures only hash and size are kept.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median, quantiles
from typing import Any

from PIL import Image

from seethink.core.images import ImageStore
from seethink.core.item import Item, Verifier, make_item
from seethink.core.rejected import InputError, Rejected
from seethink.data.config import AnswerBlock
from seethink.data.sources import all_items, open_source
from seethink.process.targets import read_labelled
from seethink.study.data import read_demonstrations, released_demonstrations
from seethink.study.plan.expected import Expected
from seethink.study.recipe import PRMRecipe, SFTRecipe, TrainingRecipe
from seethink.study.sources import FileTraces, RunTraces, brought_response


class Store(ImageStore):
    """A store that remembers how large a picture is and keeps nothing else."""

    def __init__(self) -> None:
        super().__init__(Path())
        self._sizes: dict[str, tuple[int, int]] = {}

    def add(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        if digest not in self._sizes:
            with Image.open(io.BytesIO(data)) as picture:
                self._sizes[digest] = picture.size
        return digest

    def size(self, digest: str) -> tuple[int, int]:
        return self._sizes[digest]


@dataclass(frozen=True, slots=True)
class Samples:
    """What a recipe trains on.

    Attributes:
        rows: items with their responses, None where there are none to imitate.
        aside: rows that could not be read, with reason and place.
        images: knows the pictures' sizes.
    """

    rows: list[tuple[Item, str | None]] = field(default_factory=list)
    aside: list[Rejected] = field(default_factory=list)
    images: ImageStore = field(default_factory=Store)


@dataclass(frozen=True, slots=True)
class Spread:
    """Of a count over all samples."""

    mean: float
    median: float
    p95: float
    largest: float


@dataclass(frozen=True, slots=True)
class Lengths:
    """Tokens of the samples: in place of pictures, of the rest of the prompt, of the completion, and of all three.

    ``patches`` is the mean of what the tower sees of a sample.
    """

    samples: int
    picture: Spread
    prompt: Spread
    completion: Spread
    total: Spread
    patches: float


def missing_paths(recipe: TrainingRecipe) -> list[Path]:
    """Files and folders of a recipe's data that are not there."""
    if isinstance(recipe, PRMRecipe):
        named = [recipe.rows, recipe.images]
    elif isinstance(recipe, SFTRecipe):
        named = [recipe.traces.path, *([recipe.traces.image_root] if isinstance(recipe.traces, FileTraces) else [])]
    else:
        named = [
            path
            for source in recipe.sources
            for path in (source.path, source.image_root, getattr(source, "beside", None))
            if path is not None
        ]
    return [path for path in dict.fromkeys(named) if "*" not in path.name and not path.exists()]


def read_samples(recipe: TrainingRecipe) -> Samples:
    """Read all of them. InputError where a file cannot be read."""
    if isinstance(recipe, PRMRecipe):
        return process_samples(recipe)
    if isinstance(recipe, SFTRecipe) and isinstance(recipe.traces, RunTraces):
        shown = read_demonstrations(recipe.traces.path, recipe.traces.name)
        return Samples([(one.item, one.response) for one in shown], [], ImageStore(recipe.traces.path / "images"))
    store = Store()
    if isinstance(recipe, SFTRecipe):
        assert isinstance(recipe.traces, FileTraces)
        return file_samples(recipe.traces, store)
    return _sorted(all_items(map(open_source, recipe.sources), store), store)


def file_samples(traces: FileTraces, images: ImageStore) -> Samples:
    """Traces of a file."""
    found = released_demonstrations(traces.path, traces.image_root, images)
    pairs = (one if isinstance(one, Rejected) else (one.item, one.response) for one in found)
    return _sorted(pairs, images)


def process_samples(recipe: PRMRecipe) -> Samples:
    """Labelled processes, as items whose response is the process."""
    store = Store()
    traces, aside = read_labelled(recipe.rows, recipe.images, store, recipe.splitting)
    mark = recipe.settings.head.mark
    asked = [
        make_item(source="rows", question=one.question, images=one.images, gold="-", verifier=Verifier.OPEN)
        for one in traces
    ]
    told = [mark.join([*one.steps, ""]) for one in traces]
    return Samples(list(zip(asked, told, strict=True)), aside, store)


def item_samples(items: Iterable[Item | Rejected], images: ImageStore) -> Samples:
    """Items without responses, of any source."""
    return _sorted(items, images)


def brought_samples(items: Iterable[Item | Rejected], answer_block: AnswerBlock, images: ImageStore) -> Samples:
    """Items with the traces that their records brought; items without one are nobody's sample."""

    def shown() -> Iterator[Any]:
        for item in items:
            response = item if isinstance(item, Rejected) else brought_response(item, answer_block)
            if isinstance(response, Rejected):
                yield response
            elif response is not None:
                yield item, response

    return _sorted(shown(), images)


def lengths(tokens: Sequence[Any], merge: int, completion: int | None) -> Lengths:
    """Spreads of counted samples.

    Args:
        tokens: ``SampleTokens``, at least one.
        merge: patches along one side of a picture token.
        completion: what a response is expected to take, where none were counted.
    """
    if not tokens:
        raise InputError("no sample is left to count")
    said = [one.completion if completion is None else completion for one in tokens]
    return Lengths(
        samples=len(tokens),
        picture=_spread([one.picture for one in tokens]),
        prompt=_spread([one.prompt for one in tokens]),
        completion=_spread(said),
        total=_spread([one.picture + one.prompt + more for one, more in zip(tokens, said, strict=True)]),
        patches=mean(one.picture for one in tokens) * merge**2,
    )


def expected_lengths(expected: Expected, picture: int, merge: int, *, imitated: bool) -> Lengths:
    """What a recipe's author expects; ``picture`` is how many tokens one of the expected pictures takes.

    Args:
        imitated: whether the responses are traces to imitate, or the model's own.
    """
    shown, response = expected.pictures * picture, expected.response(imitated=imitated)
    return Lengths(
        samples=expected.samples,
        picture=_spread([shown]),
        prompt=_spread([expected.prompt]),
        completion=_spread([response]),
        total=_spread([shown + expected.prompt + response]),
        patches=shown * merge**2,
    )


def _sorted(found: Iterable[Any], images: ImageStore) -> Samples:
    samples = Samples(images=images)
    for one in found:
        if isinstance(one, Rejected):
            samples.aside.append(one)
        else:
            samples.rows.append(one if isinstance(one, tuple) else (one, None))
    return samples


def _spread(counts: Sequence[float]) -> Spread:
    if len(counts) == 1:
        return Spread(*[float(counts[0])] * 4)
    most = quantiles(counts, n=20, method="inclusive")[-1]
    return Spread(mean(counts), median(counts), most, max(counts))
