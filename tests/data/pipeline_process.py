"""A run of the pipeline in a process of its own, to be interrupted.

    pipeline_process.py URL FOLDER ROWS WIDTH [BYTES | --batch | --native | --ray]

With BYTES no file may grow beyond that size, which is how a full disk shows itself; with --batch all requests travel in
batch files; with the others two workers of Daft carry it.
"""

from __future__ import annotations

import io
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from seethink.core.images import ImageStore
from seethink.core.item import Item, make_item
from seethink.core.rejected import InputError, Stopped
from seethink.data.config import DataConfig
from seethink.data.engines import engine_config
from seethink.data.pipeline import run_pipeline
from seethink.teachers import Patience


def items(images: ImageStore, count: int) -> Iterator[Item]:
    for number in range(count):
        buffer = io.BytesIO()
        Image.new("RGB", (4, 4), (number, 0, 0)).save(buffer, "PNG")
        yield make_item(
            source="s",
            question=f"What is number {number}?",
            gold=f"gold {number}",
            verifier="open",
            images=(images.add(buffer.getvalue()),),
        )


def main(url: str, folder: Path, count: int, width: int) -> None:
    roles = {"captioner": "see", "reasoner": "think", "rewriter": "edit", "verifier": "judge"}
    transport = "batch" if "--batch" in sys.argv else "calls"
    tree = {role: {"model": model, "transport": transport} for role, model in roles.items()}
    config = DataConfig.model_validate({"base_url": url, "width": width, "part_rows": 5, **tree})
    images = ImageStore(folder / "images")
    patience = Patience(first_wait=0.01, batch_poll=0.01)
    engine = engine_config("local")
    match sys.argv[5:]:
        case ["--native" | "--ray" as runner]:
            engine = engine_config("daft", runner.removeprefix("--"))
        case [size] if size.isdecimal():
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), resource.RLIM_INFINITY))
    try:
        summary = run_pipeline(items(images, count), images, config, folder / "out", engine=engine, patience=patience)
    except Stopped:
        sys.stdout.write("stopped\n")
    except InputError as error:
        sys.stdout.write(f"{error}\n")
    else:
        sys.stdout.write(f"{summary.sft + summary.rl} rows\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
