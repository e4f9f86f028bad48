"""Tables between steps: Parquet parts written whole and renamed, and a manifest that tells what made them.

A folder without ``manifest.json`` is unfinished: its sealed parts are kept and its maker goes on from them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from seethink import __version__
from seethink.core.config import Config, config_hash, tree_hash
from seethink.core.rejected import InputError

MANIFEST = "manifest.json"
_RECIPE = "recipe.json"
_WORK = ("checkpoints", "model", "adapter", "log", "rollouts", "set_aside")
_PACKAGES = ("torch", "transformers", "trl", "accelerate", "peft", "math-verify", "pyarrow", "numpy", "pillow")


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Where to write what will be at ``path``: it is there whole, or not at all. InputError where the disk is full."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield fresh
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise InputError(f"{path} cannot be written ({error}): free or repair the disk, and run again") from None


def write_text(path: Path, text: str) -> None:
    """Write a whole file or nothing."""
    with whole(path) as fresh:
        fresh.write_text(text, encoding="utf-8")


def write_json(path: Path, tree: Any) -> None:
    write_text(path, json.dumps(tree, indent=2, ensure_ascii=False, sort_keys=False) + "\n")


def read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path} does not exist") from None
    except json.JSONDecodeError as error:
        raise InputError(f"{path}: line {error.lineno} is not JSON ({error.msg})") from None


def write_part(folder: Path, number: int, rows: list[dict[str, Any]]) -> Path:
    """Seal one part: it is there whole, or not at all."""
    path = folder / f"part-{number:05d}.parquet"
    with whole(path) as fresh:
        pq.write_table(pa.Table.from_pylist(rows), fresh, compression="zstd")
    return path


def parts(folder: Path) -> list[Path]:
    return sorted(folder.glob("part-*.parquet"))


def read_rows(folder: Path) -> Iterator[dict[str, Any]]:
    """Rows of every sealed part, in order."""
    for path in parts(folder):
        yield from pq.read_table(path).to_pylist()


def write_rows(folder: Path, rows: Iterable[dict[str, Any]], part_rows: int = 5_000) -> int:
    """Write a finished table in one go, replacing what lay there; returns the number of rows."""
    for path in parts(folder):
        path.unlink()
    batch: list[dict[str, Any]] = []
    total = number = 0
    for row in rows:
        batch.append(row)
        if len(batch) == part_rows:
            write_part(folder, number, batch)
            total, number, batch = total + len(batch), number + 1, []
    if batch:
        write_part(folder, number, batch)
    return total + len(batch)


def data_hash(rows: Iterable[Any]) -> str:
    """Twelve hex digits over rows that JSON can hold, in order."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(row, sort_keys=True, ensure_ascii=False, default=str).encode())
        digest.update(b"\n")
    return digest.hexdigest()[:12]


def table_hash(folder: Path) -> str:
    """``data_hash`` of the rows of every sealed part."""
    return data_hash(read_rows(folder))


def code_version() -> str:
    """Package version, and the commit where the package runs from a checkout."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return __version__
    try:
        shown = subprocess.run(
            ["git", "describe", "--always", "--dirty"], cwd=root, capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return __version__
    return f"{__version__}+{shown.stdout.strip()}"


def package_versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def write_manifest(
    folder: Path,
    config: Config,
    *,
    seeds: Mapping[str, int],
    data: Mapping[str, str],
    started: float,
    cost: Mapping[str, float] | None = None,
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Seal an output folder: what produced it, from what, with which seeds, and in how long since ``started``."""
    manifest = {
        "config": config.model_dump(mode="json"),
        "config_hash": config_hash(config),
        "code": code_version(),
        "data": dict(data),
        "seeds": dict(seeds),
        "packages": package_versions(),
        "seconds": round(time.time() - started, 3),
        "cost": dict(cost or {}),
        **(more or {}),
    }
    manifest |= {"seal": manifest_seal(manifest)}
    write_json(folder / MANIFEST, manifest)
    return manifest


def manifest_seal(manifest: Mapping[str, Any]) -> str:
    """Hash of all that a manifest says, but for the seal itself: who edits it by hand breaks it."""
    told = {name: value for name, value in manifest.items() if name != "seal"}
    return tree_hash(json.loads(json.dumps(told)))


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a finished output, None where it is missing or unfinished."""
    path = folder / MANIFEST
    return read_json(path) if path.exists() else None


def claim(folder: Path, config: Config, data: Mapping[str, str]) -> bool:
    """Make an output folder ready for this config over this data; True where it is already finished.

    What the same work left unfinished (sealed parts, checkpoints) stays, to go on from; what other work left is
    removed. Nothing that this package does not write is touched.
    """
    recipe = {"config_hash": config_hash(config), "data": dict(data)}
    manifest = read_manifest(folder)
    if manifest is not None and {key: manifest[key] for key in recipe} == recipe:
        return True
    signed = folder / _RECIPE
    if manifest is not None or not signed.exists() or read_json(signed) != recipe:
        # The signature goes first: a kill half-way leaves a folder that is emptied again.
        for path in (folder / MANIFEST, signed, *parts(folder)):
            path.unlink(missing_ok=True)
        for name in _WORK:
            shutil.rmtree(folder / name, ignore_errors=True)
        write_json(signed, recipe)
    return False
