"""GRPO with each picture seen once against stock TRL: update, sampling, whole step and memory, by turns in one run.

    python benchmarks/grpo_update.py                              # two CPU cores, some minutes
    python benchmarks/grpo_update.py --growth growth.json --figure growth.svg
    python benchmarks/grpo_update.py --device cuda --size 3b      # Qwen2.5-VL-3B, full size, random weights, bf16

Both sides are trainers as ``seethink train grpo`` makes them; stock is TRL's own ``GRPOTrainer``. Same weights, same
prompts, same completions; their losses are compared before anything is timed. Prompts have 390 tokens, 256 of them a
picture (with ``3b``: 1,200 of 1,350), groups have 8 completions of one length unless a row says otherwise.

The last line is JSON:

- ``update_ratio_c64``, ``update_ratio_c256``: seconds of loss and backward of stock over ours, every part trained;
- ``count_ratio_c64``, ``count_ratio_c256``: the same of multiply-adds, by the formula that is printed;
- ``sampling_ratio``: prompts and pictures read and 64 tokens sampled per completion;
- ``step_ratio``: whole optimiser steps of a running training, with a reference model;
- ``peak_memory_ratio``: most bytes held during an update beyond those held before it, ours over stock.

``3b`` times its update at completion 400 (``update_ratio_c400``). Every figure is the median of five; the line before
says how far the five lay apart.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from multiply_adds import FORMULA, count_ratio
from sized_model import SIZES, Size, noise_items, sized_model

RUNS = 5
SIDES = ("stock", "ours")


class Pair:
    """Both trainers over the same weights, prompts and settings."""

    def __init__(self, size: Size, group: int, folder: Path, *, frozen: tuple[str, ...] = (), kl: float = 0.0) -> None:
        self.size, self.group = size, group
        self.trainers = {side: _trainer(side, size, group, folder / side, frozen, kl) for side in SIDES}

    def rows(self, side: str) -> list[dict[str, Any]]:
        rows = [self.trainers[side].train_dataset[place] for place in range(self.size.prompts)]
        return [row for row in rows for _ in range(self.group)]

    def updates(self, lengths: Sequence[int]) -> dict[str, Callable[[], float]]:
        """Loss and backward over a rollout with completions of these lengths."""
        return {side: _update(trainer, self.rows(side), lengths) for side, trainer in self.trainers.items()}

    def samplings(self, tokens: int) -> dict[str, Callable[[], float]]:
        """A rollout sampled, from messages and pictures on."""
        return {side: _sampling(trainer, self.rows(side), tokens) for side, trainer in self.trainers.items()}


def _trainer(side: str, size: Size, group: int, out: Path, frozen: tuple[str, ...], kl: float) -> Any:
    import torch

    from seethink.core.images import ImageStore
    from seethink.core.verdict import graded
    from seethink.models.load import Checkpoint, freeze
    from seethink.rewards import Shaping
    from seethink.training.backends import with_trl
    from seethink.training.grpo import GRPOConfig

    images = ImageStore(out.parent / "images")
    model, processor = sized_model(size)
    items = noise_items(size, processor, images)
    if kl:
        # The reference is read from disk.
        model.save_pretrained(out)
        model.config._name_or_path = str(out)
    freeze(model, frozen)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    checkpoint = Checkpoint(model.to(device), processor, out)
    config = GRPOConfig(
        completions=size.prompts * group * (RUNS + 1),
        group=group,
        prompts_per_step=size.prompts,
        max_completion_tokens=size.completions[0],
        temperature=1.0,
        kl=kl,
        kl_target=None,
        frozen=frozen,
        dtype=size.dtype,
    )

    def spread(items: Any, responses: Any) -> list[Any]:
        return [graded(place % 7 / 7, "") for place in range(len(items))]

    with _stock(with_trl) if side == "stock" else _nothing():
        return with_trl.grpo_trainer(config, checkpoint, items, images, spread, out / "run", Shaping())


@contextmanager
def _stock(with_trl: Any) -> Iterator[None]:
    """TRL's trainer, untouched."""
    kind = with_trl._kind
    with_trl._kind = lambda *_: (with_trl.trl.GRPOTrainer, {})
    try:
        yield
    finally:
        with_trl._kind = kind


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _update(trainer: Any, rows: list[dict[str, Any]], lengths: Sequence[int]) -> Callable[[], float]:
    import torch

    drawn = torch.Generator().manual_seed(1)
    words = len(trainer.processing_class.tokenizer) - 300
    told = [torch.randint(260, 260 + words // 2, (length,), generator=drawn).tolist() for length in lengths]
    sample = trainer._generate_single_turn
    trainer._generate_single_turn = lambda *_, **__: (told, None)
    trainer.model.train()
    trainer._step, trainer._buffered_inputs, trainer.current_gradient_accumulation_steps = 0, None, 1
    inputs = trainer._prepare_inputs(rows)
    trainer._generate_single_turn = sample

    def update() -> float:
        loss = trainer.compute_loss(trainer.model_wrapped, inputs)
        trainer.accelerator.backward(loss)
        trainer.model.zero_grad()
        return float(loss.detach())

    return update


def _sampling(trainer: Any, rows: list[dict[str, Any]], tokens: int) -> Callable[[], float]:
    trainer.max_completion_length = tokens
    if hasattr(trainer, "generation_config"):
        trainer.generation_config.max_new_tokens = tokens

    def sample() -> float:
        trainer.model.train()
        if hasattr(trainer, "encode"):
            trainer.encode(rows)
            prompts = [row["prompt"] for row in rows]
        else:
            prompts = [_with_pictures(row) for row in rows]
        return float(sum(map(len, trainer._generate(prompts)[1])))

    return sample


def _with_pictures(row: dict[str, Any]) -> Any:
    """A prompt as stock TRL puts it together."""
    pictures = iter(row["images"])
    return [
        {
            **turn,
            "content": [
                {**part, "image": next(pictures)} if part["type"] == "image" else part for part in turn["content"]
            ],
        }
        for turn in row["prompt"]
    ]


def step_seconds(trainer: Any) -> list[float]:
    """Seconds between the ends of two optimiser steps of a training; the first step also compiles and checks."""
    from transformers import TrainerCallback

    class Clock(TrainerCallback):
        def __init__(self) -> None:
            self.ends: list[float] = []

        def on_step_end(self, *_: Any, **__: Any) -> None:
            _wait()
            self.ends.append(time.perf_counter())

    clock = Clock()
    trainer.add_callback(clock)
    trainer.train()
    return [after - before for before, after in zip(clock.ends, clock.ends[1:], strict=False)]


def by_turns(work: dict[str, Callable[[], float]], runs: int = RUNS) -> dict[str, list[float]]:
    """Seconds of each side, once per run, after one run that is not counted."""
    seconds: dict[str, list[float]] = {side: [] for side in SIDES}
    for run in range(runs + 1):
        for side in SIDES if run % 2 else reversed(SIDES):
            _wait()
            started = time.perf_counter()
            work[side]()
            _wait()
            if run:
                seconds[side].append(time.perf_counter() - started)
    return seconds


def peak_bytes(side: str, size: Size, group: int, frozen: tuple[str, ...], device: str) -> int:
    """Most bytes held during an update at the longest completion, beyond those held before it."""
    import torch

    from seethink.models.device import peak_memory

    with tempfile.TemporaryDirectory() as folder:
        trainer = _trainer(side, size, group, Path(folder), frozen, 0.0)
        rows = [trainer.train_dataset[place] for place in range(size.prompts) for _ in range(group)]
        update = _update(trainer, rows, [max(size.completions)] * len(rows))
        gc.collect()
        if device == "cuda":
            # Once before: kernels keep workspaces from their first use on, on either side.
            update()
            torch.cuda.empty_cache()
            return peak_memory(update, "cuda") or 0
        before = _resident("VmRSS")
        _forget_peak()
        update()
        return _resident("VmHWM") - before


def _resident(field: str) -> int:
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1_024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024


def _forget_peak() -> None:
    """The kernel's high-water mark starts again from what is held now."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peaks(size: Size, group: int, frozen: tuple[str, ...], device: str) -> dict[str, float]:
    """Of each side, in a process of its own, so that neither finds memory that the other has left."""
    # glibc would keep freed blocks, and what was freed before would count as held.
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("MALLOC_")}
    found = {}
    for side in SIDES:
        with multiprocessing.get_context("spawn").Pool(1) as process:
            found[side] = float(process.apply(peak_bytes, (side, size, group, frozen, device)))
    os.environ.update(kept)
    return found


def growth(size: Size, device: str, runs: int) -> list[dict[str, Any]]:
    """How an update's ratio grows with the group and with the picture, every part trained."""
    text = size.prompt - size.picture[0] * size.picture[1]
    points = [("group", group, size) for group in (2, 4, 8, 16)]
    for side in (8, 16, 24, 32):
        points.append(("picture", side * side, replace(size, picture=(side, side), prompt=side * side + text)))
    rows = []
    for axis, value, shape in points:
        group = value if axis == "group" else 8
        with tempfile.TemporaryDirectory() as folder:
            pair = Pair(replace(shape, prompts=1), group, Path(folder))
            seconds = by_turns(pair.updates([size.completions[0]] * group), runs)
        found = _ratio(seconds)
        count = count_ratio(shape, group, size.completions[0], frozen=False, device=device)
        rows.append({"axis": axis, "value": value, "ratio": found, "count": count})
        print(f"{axis} {value}: {found:.2f} times, count {count:.2f}")
    return rows


def _wait() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _ratio(seconds: dict[str, list[float]]) -> float:
    return median(seconds["stock"]) / median(seconds["ours"])


def _told(name: str, found: dict[str, list[float]], count: float | None = None) -> None:
    parts = [f"{side} {median(of):.3f} s ({min(of):.3f} to {max(of):.3f})" for side, of in found.items()]
    counted = f", count {count:.2f}" if count is not None else ""
    print(f"{name}: {', '.join(parts)}: {_ratio(found):.2f} times{counted}", flush=True)


def _checked(work: dict[str, Callable[[], float]], size: Size) -> None:
    """Both sides compute one loss, or nothing is timed."""
    stock, ours = (work[side]() for side in SIDES)
    allowed = 1e-5 if size.dtype == "float32" else 5e-3
    if abs(stock - ours) > allowed:
        raise SystemExit(f"the losses differ: stock {stock}, ours {ours}")


def measure(size: Size, device: str, runs: int) -> dict[str, float]:
    group, found = 8, dict[str, float]()
    rows = size.prompts * group
    with tempfile.TemporaryDirectory() as folder:
        pair = Pair(size, group, Path(folder))
        for completion in size.completions:
            work = pair.updates([completion] * rows)
            _checked(work, size)
            seconds = by_turns(work, runs)
            count = count_ratio(size, group, completion, frozen=False, device=device)
            _told(f"update, completion {completion}, every part trained", seconds, count)
            found |= {f"update_ratio_c{completion}": _ratio(seconds), f"count_ratio_c{completion}": count}
        longest = max(size.completions)
        ragged = [longest // 8 + (place * 37 + 11) % (longest - longest // 8 + 1) for place in range(rows)]
        _told(f"update, ragged completions of {min(ragged)} to {max(ragged)}", by_turns(pair.updates(ragged), runs))
        sampled = by_turns(pair.samplings(size.completions[0]), runs)
        _told(f"sampling {size.completions[0]} tokens", sampled)
        found["sampling_ratio"] = _ratio(sampled)
        del pair, work
        _free()
    with tempfile.TemporaryDirectory() as folder:
        pair = Pair(size, group, Path(folder), frozen=("vision", "merger"))
        for completion in size.completions:
            count = count_ratio(size, group, completion, frozen=True, device=device)
            seconds = by_turns(pair.updates([completion] * rows), runs)
            _told(f"update, completion {completion}, tower and merger frozen", seconds, count)
        del pair
        _free()
    # The full-size model would have to be written to disk first for its reference.
    kl = 1e-3 if device == "cpu" else 0.0
    with tempfile.TemporaryDirectory() as folder:
        pair = Pair(size, group, Path(folder), kl=kl)
        steps = {side: step_seconds(trainer)[:runs] for side, trainer in pair.trainers.items()}
        _told(f"whole step, completion {size.completions[0]}, kl {kl}", steps)
        found["step_ratio"] = _ratio(steps)
        del pair
        _free()
    held = peaks(size, group, (), device)
    print(f"peak memory of an update: {', '.join(f'{side} {of / 2**20:,.0f} MiB' for side, of in held.items())}")
    found["peak_memory_ratio"] = held["ours"] / held["stock"]
    return found


def _free() -> None:
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    asked.add_argument("--size", choices=tuple(SIZES), default="small")
    asked.add_argument("--runs", type=int, default=RUNS, help="how often everything is timed")
    asked.add_argument("--growth", type=Path, help="measure the growth with group and picture only; rows as JSON")
    asked.add_argument("--figure", type=Path, help="draw the growth as SVG")
    told = asked.parse_args()
    if told.device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    size = SIZES[told.size]
    if told.growth:
        rows = growth(size, told.device, told.runs)
        told.growth.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
        if told.figure:
            from seethink.analysis.figures import sharing_figure

            told.figure.write_text(sharing_figure(rows).svg, encoding="utf-8")
        return
    from seethink.models.device import device_name

    print(f"{told.size} on {device_name()}, {size.prompts} prompts of {size.prompt} tokens, 8 completions each")
    print(FORMULA)
    print(json.dumps({name: round(value, 3) for name, value in measure(size, told.device, told.runs).items()}))


if __name__ == "__main__":
    main()
