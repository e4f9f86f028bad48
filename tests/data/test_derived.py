"""Tables that were made of the finished sets do not outlive these unnoticed."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from seethink.core.rejected import InputError, Stopped
from seethink.core.tables import parts, read_manifest, read_rows, write_manifest, write_rows
from seethink.data.config import Quota
from seethink.data.curation.stripped import StripConfig, write_stripped
from seethink.data.derived import made_of
from seethink.data.exports import Format, export_sets
from seethink.data.pipeline import run_pipeline, run_until


def subset(out: Path, of: str, name: str) -> None:
    """A derived table, as the command that ranks by perplexity leaves it."""
    write_rows(out / name, list(read_rows(out / of))[:1])
    more = made_of(out, [of], f"## {name}")
    write_manifest(out / name, Quota(), seeds={}, data={"table": name}, started=time.time(), more=more)


def derived(out: Path) -> list[str]:
    return sorted(path.name for path in out.glob("sft_*") if read_manifest(path) and parts(path))


def test_other_sets_take_what_was_made_of_the_old_ones_with_them(run: Any, items: Any) -> None:
    out: Path = run(items(4)).out
    write_stripped(StripConfig(), out)
    subset(out, "sft", "sft_top_1")
    subset(out, "sft_top_1", "sft_top_1_top_1")
    made = ["sft_stripped", "sft_top_1", "sft_top_1_top_1", "sft_unstripped"]
    assert run(items(4)).outdated == () and derived(out) == made
    assert run(items(4), quotas={"s": {"sft": 3}}).outdated == tuple(made) and derived(out) == []
    with pytest.raises(InputError, match="is no finished table"):
        export_sets(out, out / "export", Format.TRL, None, ("sft_top_1",))  # type: ignore[arg-type]


def test_stripped_traces_of_the_rl_set_go_when_their_traces_change(run: Any, items: Any, teachers: Any) -> None:
    """Rows of that set are items: they may stay the same while the reasoner says something else."""
    teachers.says["think"] = lambda asked: "<think>\nI look.\nWait.\nIt is blue.\n</think>\n\nblue"
    out: Path = run(items(2)).out
    write_stripped(StripConfig(rows="rl"), out)
    before = list(read_rows(out / "rl"))
    teachers.says["think"] = lambda asked: "<think>\nI look again.\nIt is blue.\n</think>\n\nblue"
    summary = run(items(2), reasoner={"model": "think", "temperature": 0.1})
    assert list(read_rows(out / "rl")) == before and summary.outdated == ("rl_stripped", "rl_unstripped")


def test_the_terminal_tells_what_was_removed_and_the_card_forgets_the_old_comparison(
    run: Any, items: Any, images: Any, settings: Any
) -> None:
    out: Path = run(items(3)).out
    subset(out, "sft", "sft_top_1")
    for name in ("difficulty", "blind"):
        (out / "card").mkdir(exist_ok=True)
        (out / "card" / f"{name}.md").write_text(f"## {name}\n")
    console = Console(file=io.StringIO(), width=200)
    run_pipeline(items(3), images, settings(quotas={"s": {"sft": 2}}), out, console=console)
    assert "removed, for it was made of earlier sets: sft_top_1" in console.file.getvalue()  # type: ignore[attr-defined]
    # What is true of the items stays; what compared the sets does not.
    assert [path.name for path in (out / "card").iterdir()] == ["blind.md"]


def test_a_card_speaks_of_the_derived_tables_that_it_lies_beside(run: Any, items: Any, images: Any) -> None:
    out: Path = run(items(3)).out
    subset(out, "sft", "sft_top_1")
    write_stripped(StripConfig(), out)
    export_sets(out, out / "one", Format.PARQUET, images, ("sft_top_1",))
    export_sets(out, out / "two", Format.PARQUET, images, ("sft_stripped", "sft_unstripped"))
    one, two = ((out / name / "README.md").read_text() for name in ("one", "two"))
    assert "## sft_top_1\n" in one and "## Steps taken out" not in one
    assert two.count("## Steps taken out") == 1 and "sft_top_1" not in two


def test_sets_are_finished_no_more_while_their_rows_are_made_anew(
    run: Any, items: Any, images: Any, settings: Any
) -> None:
    """Their rows' traces lie in the last step's table: half of it would be half an export."""
    teachers = {"reasoner": {"model": "think", "temperature": 0.1}}
    out: Path = run(items(4), part_rows=2).out
    with pytest.raises(Stopped):
        run(items(4), part_rows=2, max_calls=1, width=1, **teachers)
    for name in ("sft", "rl", "funnel"):
        assert read_manifest(out / name) is None
    with pytest.raises(InputError, match="is no finished table"):
        export_sets(out, out / "export", Format.TRL, images)
    run(items(4), part_rows=2, **teachers)
    run_until("caption", items(4), images, settings(part_rows=2, **teachers), out)
    assert read_manifest(out / "sft") is not None, "nothing of it was made anew"
