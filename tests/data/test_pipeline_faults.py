"""What a run does when endpoint, disk or input are in trouble: it finishes, or stops with a message and goes on."""

from __future__ import annotations

import hashlib
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from seethink.core.item import make_item
from seethink.core.rejected import InputError
from seethink.core.tables import read_rows
from seethink.data.pipeline import run_pipeline
from seethink.teachers import Patience

SCRIPT = Path(__file__).parent / "pipeline_process.py"
TABLES = ("caption/rows", "distill/rows", "rewrite/rows", "verify/rows", "verify/rejected", "sft", "rl")


def tables(out: Path) -> dict[str, list[Any]]:
    return {name: list(read_rows(out / name)) for name in TABLES}


def digest(body: Any) -> int:
    return int(hashlib.sha256(str(body).encode()).hexdigest(), 16)


def own_words(teachers: Any) -> None:
    """Every row gets texts of its own, so that four calls a row are distinct; about every fifth answer is wrong."""
    teachers.says["think"] = lambda asked: f"<think>\n{asked}\n</think>\n\nblue, for {asked[-12:]}"
    teachers.says["judge"] = lambda asked: (
        "No" if int(hashlib.sha256(asked.encode()).hexdigest(), 16) % 5 == 0 else "Yes"
    )


def unlucky(body: Any, attempt: int) -> bool:
    """One first attempt in twenty, the same ones in every run."""
    return attempt == 1 and digest(body) % 20 == 0


@pytest.mark.parametrize("kind", ["429", "500", "timeout", "cut", "hang up"])
def test_a_few_faults_of_every_kind_change_no_row(
    run: Any, items: Any, images: Any, settings: Any, teachers: Any, Fault: Any, tmp_path: Path, kind: str
) -> None:
    own_words(teachers)
    asked = items(25)
    undisturbed = tables(run(asked, part_rows=10).out)
    fault = {
        "429": Fault(429, {"Retry-After": "0.05"}),
        "500": Fault(500),
        "timeout": Fault(hang=2.0),
        "cut": Fault(cut=True),
        "hang up": Fault(hang_up=True),
    }[kind]
    teachers.attempts.clear()
    teachers.fault = lambda body, attempt: fault if unlucky(body, attempt) else None
    summary = run_pipeline(
        asked,
        images,
        settings(part_rows=10, timeout=1.0 if kind == "timeout" else 10.0),
        tmp_path / "disturbed",
        patience=Patience(first_wait=0.01),
    )
    assert tables(summary.out) == undisturbed
    assert any(count > 1 for count in teachers.attempts.values()), "no fault was met"


@pytest.mark.slow
def test_one_percent_of_every_fault_at_once_changes_no_row(
    run: Any, items: Any, images: Any, settings: Any, teachers: Any, Fault: Any, tmp_path: Path
) -> None:
    own_words(teachers)
    asked = items(200)
    undisturbed = tables(run(asked, width=32, part_rows=50).out)
    kinds = [Fault(429, {"Retry-After": "0.05"}), Fault(500), Fault(hang=3.0), Fault(cut=True), Fault(hang_up=True)]
    met: Counter[int] = Counter()

    def fault(body: Any, attempt: int) -> Any:
        kind = digest(body) % 100
        if attempt > 1 or kind >= len(kinds):
            return None
        met[kind] += 1
        return kinds[kind]

    teachers.attempts.clear()
    teachers.bill.clear()
    teachers.fault = fault
    patience = Patience(first_wait=0.01)
    config = settings(width=32, part_rows=50, timeout=2.0)
    summary = run_pipeline(asked, images, config, tmp_path / "disturbed", patience=patience)
    assert tables(summary.out) == undisturbed and len(met) == len(kinds), met
    while teachers.in_flight:
        time.sleep(0.01)
    # What hung or was cut had been answered, and was billed once more: the ledger counts it as possibly paid.
    assert teachers.billed - teachers.distinct == met[2] + met[3]
    assert sum(one.possibly_paid for one in summary.spent.values()) == met[2] + met[3] + met[4]


@pytest.mark.parametrize("death", ["503", "nobody there"])
def test_an_endpoint_that_dies_for_a_while_is_waited_for(
    items: Any, images: Any, settings: Any, teachers: Any, Fault: Any, tmp_path: Path, death: str
) -> None:
    own_words(teachers)
    teachers.latency = 0.01
    dead = threading.Event()
    teachers.fault = lambda body, attempt: Fault(503) if dead.is_set() else None

    def die() -> None:
        while teachers.billed < 20:
            time.sleep(0.005)
        (dead.set if death == "503" else teachers.die)()
        time.sleep(1.0)
        (dead.clear if death == "503" else teachers.rise)()

    dying = threading.Thread(target=die)
    dying.start()
    # A hundredth of the default's waits, and so is the time that it survives.
    patience = Patience(first_wait=0.01, longest_wait=0.6)
    summary = run_pipeline(items(25), images, settings(), tmp_path / "out", patience=patience)
    dying.join()
    assert summary.unanswered == 0 and teachers.distinct == 4 * 25
    # Calls that were broken off may have been answered just before.
    assert teachers.billed <= 4 * 25 + (8 if death == "nobody there" else 0)


def test_an_endpoint_that_stays_away_stops_the_run_and_it_goes_on_when_it_is_back(
    run: Any, items: Any, teachers: Any
) -> None:
    own_words(teachers)
    teachers.die()
    with pytest.raises(InputError, match=r"refused 5 times in a row \(cannot connect to http://127"):
        run(items(5))
    teachers.rise()
    assert run(items(5)).unanswered == 0 and teachers.billed == teachers.distinct == 4 * 5


def start(teachers: Any, folder: Path, rows: int, width: int, *limit: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(SCRIPT), teachers.base_url, str(folder), str(rows), str(width), *limit]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("limit", [4_000, 60_000, 110_000])
def test_a_file_that_may_not_grow_stops_the_run_with_a_message_and_it_goes_on(
    teachers: Any, tmp_path: Path, limit: int
) -> None:
    """At the first file, in the ledger, and later; a full disk looks the same to a process."""
    own_words(teachers)
    output, told = start(teachers, tmp_path, 24, 4, str(limit)).communicate(timeout=120)
    assert "cannot be written" in output and "Traceback" not in told, output + told
    while teachers.in_flight:
        time.sleep(0.01)
    output, told = start(teachers, tmp_path, 24, 4).communicate(timeout=120)
    assert output == "19 rows\n", told
    # What was in flight when the disk was full could not be recorded.
    assert teachers.distinct == 96 and teachers.billed <= 96 + 4


@pytest.mark.slow
def test_ten_kills_in_a_row_leave_the_tables_of_an_undisturbed_run(teachers: Any, tmp_path: Path) -> None:
    rows, width = 40, 8
    teachers.latency = 0.02
    own_words(teachers)
    assert start(teachers, tmp_path / "calm", rows, width).communicate(timeout=120)[0].endswith("rows\n")
    teachers.bill.clear()
    repaid = 0
    for kill in range(11):
        target, moment = teachers.billed + random.randint(0, 15), random.uniform(0.0, 0.03)
        process = start(teachers, tmp_path / "killed", rows, width)
        while kill < 10 and teachers.billed < target and process.poll() is None:
            time.sleep(0.002)
        if kill < 10:
            time.sleep(moment)
            process.send_signal(signal.SIGKILL)
        output, _ = process.communicate(timeout=120)
        while teachers.in_flight:
            time.sleep(0.01)
        # What this process paid again was in flight when the one before it was killed.
        again = teachers.billed - teachers.distinct - repaid
        assert again <= width, f"after kill {kill}: {again} paid again"
        repaid += again
    assert output.endswith("rows\n") and teachers.distinct == 4 * rows
    assert tables(tmp_path / "killed" / "out") == tables(tmp_path / "calm" / "out")


@pytest.mark.slow
def test_one_item_added_to_500_costs_its_own_calls(run: Any, items: Any, teachers: Any) -> None:
    own_words(teachers)
    run(items(500), width=32)
    assert teachers.billed == teachers.distinct == 2_000
    run(items(501), width=32)
    assert teachers.billed == teachers.distinct == 2_004


@pytest.mark.slow
def test_a_question_of_100_megabytes_is_set_aside_and_the_others_go_on(run: Any, items: Any, teachers: Any) -> None:
    endless = make_item(source="s", question="x" * 100_000_000, gold="g", verifier="open")
    summary = run([*items(3), endless])
    assert summary.sft == 3 and summary.rejected == 1


def test_an_error_body_with_the_key_reaches_no_file_of_the_run(
    run: Any, items: Any, teachers: Any, Fault: Any, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    key = "sk-very-secret-0123456789"
    monkeypatch.setenv("SOME_KEY", key)
    teachers.fault = lambda body, attempt: (
        Fault(400, text=f'{{"error": {{"message": "{key} may not ask this"}}}}')
        if body["model"] == "think" and "What is 1?" in str(body)
        else None
    )
    summary = run(items(3), key_env="SOME_KEY")
    assert summary.unanswered == 1
    [told] = [row["detail"] for row in read_rows(summary.out / "distill" / "rejected")]
    assert "may not ask this" in told and key not in told
    for path in summary.out.rglob("*"):
        assert path.is_dir() or key.encode() not in path.read_bytes(), path
    assert key not in "".join(capfd.readouterr())


def test_a_disk_that_is_full_while_a_part_is_sealed_is_named(
    run: Any, items: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*asked: Any, **kept: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("seethink.core.tables.pq.write_table", full)
        with pytest.raises(InputError, match=r"part-00000\.parquet cannot be written .*No space left"):
            run(items(2))
    summary = run(items(2))
    assert summary.sft == 2 and not list(summary.out.rglob(".part-*"))
