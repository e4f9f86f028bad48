"""A run that was killed, stopped or changed goes on without paying again."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from seethink.core.lock import only_run
from seethink.core.rejected import InputError, Stopped
from seethink.core.tables import read_manifest, read_rows
from seethink.data import roles

SCRIPT = Path(__file__).parent / "pipeline_process.py"
ROWS, WIDTH = 24, 4


def start(teachers: Any, tmp_path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, str(SCRIPT), teachers.base_url, str(tmp_path), str(ROWS), str(WIDTH)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def interrupt(teachers: Any, tmp_path: Path, number: signal.Signals, after: int) -> str:
    process = start(teachers, tmp_path)
    while teachers.billed < after:
        time.sleep(0.002)
    process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    while teachers.in_flight:
        time.sleep(0.01)
    return output


# The rows' texts differ by picture and question, so 4 calls a row are distinct.
@pytest.mark.parametrize(
    ("number", "after", "again"),
    [
        (signal.SIGKILL, random.randint(2, 60), WIDTH),
        (signal.SIGTERM, random.randint(2, 60), 0),
        (signal.SIGINT, random.randint(2, 60), 0),
    ],
)
def test_an_interrupted_run_ends_with_every_row_and_pays_little_or_nothing_twice(
    teachers: Any, tmp_path: Path, number: signal.Signals, after: int, again: int
) -> None:
    teachers.latency = 0.01
    teachers.says["think"] = lambda asked: f"<think>\n{asked}\n</think>\n\nblue, for {asked[-12:]}"
    output = interrupt(teachers, tmp_path, number, after)
    assert output == ("" if number == signal.SIGKILL else "stopped\n")
    assert not (tmp_path / "out" / "manifest.json").exists()
    output, _ = start(teachers, tmp_path).communicate(timeout=60)
    assert output == f"{ROWS} rows\n"
    assert teachers.distinct == 4 * ROWS
    assert teachers.billed <= 4 * ROWS + again


def test_a_finished_run_runs_again_for_nothing_and_gives_the_same(run: Any, items: Any, teachers: Any) -> None:
    first = run(items(5), part_rows=2)
    rows, paid = list(read_rows(first.out / "sft")), teachers.billed
    second = run(items(5), part_rows=2)
    assert (second.paid, second.reused, teachers.billed) == (0, 0, paid)
    assert list(read_rows(second.out / "sft")) == rows
    assert read_manifest(second.out / "sft")["cost"]["answers"] == paid  # type: ignore[index]


def test_a_grown_and_reordered_data_set_pays_for_its_new_rows_only(run: Any, items: Any, teachers: Any) -> None:
    teachers.says["think"] = lambda asked: f"<think>{asked}</think> blue"
    run(items(4))
    paid = teachers.billed
    assert run(list(reversed(items(6)))).sft == 6
    assert teachers.billed == teachers.distinct == paid + 2 * 4


def test_an_edited_prompt_pays_again_for_the_calls_it_changed_only(
    run: Any, items: Any, teachers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(items(3))
    before = {role: len(teachers.texts(role)) for role in teachers.says}
    edited = roles.instructions
    monkeypatch.setattr(roles, "instructions", lambda step: edited(step) + (" Be strict." if step == "verify" else ""))
    assert run(items(3)).sft == 3
    paid_again = {role: len(teachers.texts(role)) - before[role] for role in teachers.says}
    assert paid_again == {"see": 0, "think": 0, "edit": 0, "judge": 3}


def test_changed_sampling_of_one_role_pays_from_that_role_on(run: Any, items: Any, teachers: Any) -> None:
    run(items(2))
    run(items(2), reasoner={"model": "think", "temperature": 0.1})
    # The reasoner says the same again, so what follows from it is already paid.
    assert [len(teachers.texts(role)) for role in ("see", "think", "edit", "judge")] == [2, 4, 1, 2]


def test_a_spent_budget_stops_the_run_and_the_next_one_goes_on(run: Any, items: Any, teachers: Any) -> None:
    with pytest.raises(Stopped, match="5 of 5 calls"):
        run(items(4), max_calls=5)
    assert teachers.billed == 5
    assert run(items(4)).sft == 4
    assert teachers.billed == teachers.distinct


def test_an_endpoint_in_trouble_stops_the_run_and_keeps_what_was_paid(
    run: Any, items: Any, teachers: Any, Fault: Any
) -> None:
    teachers.fault = lambda body, attempt: Fault(503) if body["model"] == "think" else None
    with pytest.raises(InputError, match="503"):
        run(items(3))
    teachers.fault = lambda body, attempt: None
    assert run(items(3)).sft == 3
    assert teachers.billed == teachers.distinct


def test_an_empty_key_variable_is_named_before_anything_is_sent(
    run: Any, items: Any, teachers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with pytest.raises(InputError, match="NO_SUCH_KEY"):
        run(items(1), key_env="NO_SUCH_KEY")
    assert not teachers.requests


def test_two_runs_do_not_share_a_folder(run: Any, items: Any, tmp_path: Path) -> None:
    with only_run(tmp_path / "out"), pytest.raises(InputError, match="in use by another run"):
        run(items(1))
    assert run(items(1)).sft == 1
