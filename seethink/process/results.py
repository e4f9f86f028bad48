"""The results of a comparison of scorers, with what every scorer cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from seethink.core.config import Config
from seethink.core.tables import write_json, write_manifest
from seethink.process.collect.completer import Cost


def seal_results(
    out: Path,
    task: Config,
    results: dict[str, Any],
    costs: Mapping[str, Cost | None],
    *,
    seeds: Mapping[str, int],
    data: Mapping[str, str],
    started: float,
) -> None:
    """Write ``out/results.json``, to which the cost of every scorer is added, and the manifest with their sum.

    Args:
        costs: by scorer; None, also in the results, where scores were found in a table that does not tell.
    """
    results["cost"] = {name: None if cost is None else asdict(cost) for name, cost in costs.items()}
    write_json(out / "results.json", results)
    total = sum((cost for cost in costs.values() if cost is not None), Cost())
    write_manifest(out, task, seeds=seeds, data=data, started=started, cost=asdict(total))
