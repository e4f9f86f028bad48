"""The world's items as a JSON Lines file and an image folder, the form in which users bring their own."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from seethink.core.images import ImageStore
from seethink.core.item import Item, item_record
from seethink.core.rejected import InputError
from seethink.core.tables import write_text
from seethink.world.source import WorldConfig, WorldSource


def export_items(config: WorldConfig, out: Path) -> int:
    """Write ``out/items.jsonl`` and ``out/images/*.png``, both or nothing; returns the number of items.

    Raises InputError where ``out`` holds something already, or the world holds fewer items than asked for.
    """
    if out.exists() and any(out.iterdir()):
        raise InputError(f"{out} is not empty: give a new folder")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as scratch:
        fresh = Path(scratch) / "items"
        count = _write(config, fresh, ImageStore(Path(scratch) / "store"))
        fresh.replace(out)
    return count


def _write(config: WorldConfig, out: Path, store: ImageStore) -> int:
    folder = out / "images"
    folder.mkdir(parents=True)
    lines = []
    for item in WorldSource(config).items(store):
        assert isinstance(item, Item)
        for digest in item.images:
            (folder / f"{digest[:16]}.png").write_bytes(store.read(digest))
        row = item_record(item, [f"{digest[:16]}.png" for digest in item.images])
        lines.append(json.dumps(row, ensure_ascii=False))
    write_text(out / "items.jsonl", "\n".join(lines) + "\n")
    return len(lines)
