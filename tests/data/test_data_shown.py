"""What a person sees: the funnel as a table, progress while it runs; and what importing costs."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from typing import Any

from rich.console import Console

from seethink.core.images import ImageStore
from seethink.core.rejected import Rejected
from seethink.core.tables import read_manifest, read_rows
from seethink.data.funnel import FunnelRow, funnel_from_record, funnel_table
from seethink.data.pipeline import run_pipeline


def shown(thing: Any) -> str:
    console = Console(file=io.StringIO(), width=160)
    console.print(thing)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_the_funnel_table_shows_counts_and_reasons_and_runs_no_markup() -> None:
    row = FunnelRow("[red]odd[/red]", "verify", 10, 8, {"wrong answer": 2})
    text = shown(funnel_table([row, FunnelRow("b", "curate", 8, 7, {"over quota": 1}, sft=3, rl=4)]))
    assert "[red]odd[/red]" in text and "wrong answer: 2" in text and "80%" in text and "7 (3 SFT, 4 RL)" in text


def test_the_stored_funnel_reads_back(run: Any, items: Any) -> None:
    summary = run(items(2))
    assert tuple(funnel_from_record(row) for row in read_rows(summary.out / "funnel")) == summary.funnel
    manifest = read_manifest(summary.out)
    assert manifest is not None and (manifest["sft"], manifest["cost"]["answers"]) == (2, summary.paid)


def test_progress_names_every_step(items: Any, images: ImageStore, settings: Any, tmp_path: Any) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    run_pipeline([*items(2), Rejected("no gold")], images, settings(), tmp_path / "out", console=console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    steps = ("collect", "caption", "distill", "rewrite", "verify", "curate")
    assert all(step in text for step in steps) and "calls paid" in text
    assert "3 rows, 1 set aside (no gold: 1)" in re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


def test_importing_the_packages_and_the_config_loads_neither_the_sdk_nor_torch() -> None:
    code = (
        "import sys, seethink.data as d, seethink.teachers as t; d.DataConfig; t.Request;"
        "assert not {'openai', 'aiohttp', 'torch'} & set(sys.modules);"
        "assert all(getattr(package, name) for package in (d, t) for name in package.__all__)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
