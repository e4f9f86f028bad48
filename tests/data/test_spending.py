"""What a run says of its cost: spent, re-used, possibly paid, projected."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from seethink.core.rejected import InputError, Stopped
from seethink.data.account import read_account
from seethink.data.pipeline import run_until
from seethink.data.spending import Spending, read_spending, spending_table
from seethink.teachers import Prices

# The scripted server counts 7 tokens of prompt and 5 of answer.
PRICES = Prices.model_validate(
    {
        "as_of": "2026-11-20",
        "models": {model: [{"prompt": 1e5, "completion": 1e5}] for model in ("see", "think", "judge")},
    }
)


def spending(out: Path) -> dict[str, Spending]:
    return {one.step: one for one in read_spending(out, out / "ledger", PRICES)}


def test_every_step_is_told_in_money_and_a_model_without_a_price_in_tokens(run: Any, items: Any) -> None:
    out = run(items(4)).out
    told = spending(out)
    assert list(told) == ["caption", "distill", "rewrite", "verify"]
    assert (told["caption"].answers, told["caption"].paid, told["caption"].left) == (4, pytest.approx(4.8), 0)
    # The rewriter is given the same text for every row.
    assert (told["rewrite"].answers, told["rewrite"].reused) == (1, 3)
    assert told["rewrite"].paid is None and told["rewrite"].completion_tokens == 5
    console = Console(file=io.StringIO(), width=200)
    console.print(spending_table(list(told.values()), PRICES))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "unknown" in text and "prices of 2026-11-20" in text and "done" in text


def test_what_a_second_run_found_instead_of_buying_is_counted(run: Any, items: Any) -> None:
    run(items(4), part_rows=2)
    out = run(list(reversed(items(6))), part_rows=2).out
    assert read_account(out)["caption", "see"].paid == 6
    assert (spending(out)["caption"].reused, spending(out)["caption"].saved) == (4, pytest.approx(4.8))


def test_what_is_left_is_projected_from_what_was_done(
    items: Any, images: Any, settings: Any, tmp_path: Path, run: Any
) -> None:
    out = tmp_path / "out"
    with pytest.raises(Stopped):
        run(items(10), part_rows=2, max_calls=4, width=1)
    told = spending(out)["caption"]
    assert (told.answers, told.paid, told.projected) == (4, pytest.approx(4.8), pytest.approx(12.0))
    assert spending(out)["distill"].left == 10 and spending(out)["distill"].projected is None
    run_until("caption", items(10), images, settings(part_rows=2), out)
    assert spending(out)["caption"].projected == spending(out)["caption"].paid == pytest.approx(12.0)


def test_calls_without_an_end_are_told(run: Any, items: Any, teachers: Any, Fault: Any) -> None:
    teachers.fault = lambda body, attempt: Fault(cut=True) if body["model"] == "think" else None
    told = spending(run(items(2), reasoner={"model": "think", "max_tokens": 100}).out)["distill"]
    assert (told.answers, told.possibly, told.possibly_paid) == (0, 4, pytest.approx(4 * 100 * 0.1))


def test_the_command_tells_it_while_and_after(run: Any, items: Any, tmp_path: Path) -> None:
    out = run(items(2)).out
    prices = tmp_path / "prices.yaml"
    prices.write_text("models: {see: [{prompt: 100000, completion: 100000}]}\n")
    command = [sys.executable, "-m", "seethink.cli", "data", "cost", "--data", str(out), "--prices", str(prices)]
    shown = subprocess.run(command, capture_output=True, text=True, env={"COLUMNS": "200", "PATH": ""}, check=True)
    assert "2.40" in shown.stdout and "verify" in shown.stdout


def test_a_folder_without_a_ledger_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no ledger"):
        read_spending(tmp_path, tmp_path / "ledger", PRICES)
