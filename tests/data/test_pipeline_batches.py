"""The steps through a provider's batch files: the same tables, handed in once, found again after a kill."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from seethink.core.rejected import Stopped
from seethink.core.tables import parts, read_rows
from seethink.data.pipeline import run_pipeline
from seethink.teachers import Patience

SCRIPT = Path(__file__).parent / "pipeline_process.py"
ROLES = {"captioner": "see", "reasoner": "think", "rewriter": "edit", "verifier": "judge"}
SOON = Patience(first_wait=0.01, batch_poll=0.01)


def through(transport: str, *roles: str) -> dict[str, Any]:
    return {role: {"model": ROLES[role], "transport": transport} for role in roles or ROLES}


def own_words(teachers: Any) -> None:
    """Four distinct calls a row; about every fourth row is wrong."""
    teachers.says["think"] = lambda asked: f"<think>\n{asked}\n</think>\n\nblue, for {asked[-12:]}"
    teachers.says["judge"] = lambda asked: "No" if asked[-3] in "357" else "Yes"


def content(out: Path) -> dict[str, list[Any]]:
    steps = ("caption", "distill", "rewrite", "verify")
    names = [f"{step}/{half}" for step in steps for half in ("rows", "rejected")]
    return {name: list(read_rows(out / name)) for name in (*names, "sft", "rl")}


def test_steps_by_batch_file_make_the_tables_of_steps_by_calls(
    run: Any, items: Any, images: Any, settings: Any, teachers: Any, tmp_path: Path
) -> None:
    own_words(teachers)
    called = run(items(12), part_rows=5)
    paid, sent = teachers.billed, len(teachers.requests)
    teachers.bill.clear()
    config = settings(part_rows=5, **through("batch"))
    batched = run_pipeline(items(12), images, config, tmp_path / "batched", patience=SOON)
    assert content(batched.out) == content(called.out)
    assert len(teachers.batches) == 4 and len(teachers.requests) == sent, "one file a step, and no call"
    assert teachers.billed == teachers.distinct == paid


def test_one_role_may_travel_by_batch_and_the_others_by_calls(
    items: Any, images: Any, settings: Any, teachers: Any, tmp_path: Path
) -> None:
    own_words(teachers)
    config = settings(**through("batch", "reasoner"))
    summary = run_pipeline(items(6), images, config, tmp_path / "out", patience=SOON)
    [file] = [teachers.files[one["input_file_id"]] for one in teachers.batches.values()]
    assert {json.loads(line)["body"]["model"] for line in file.splitlines()} == {"think"}
    assert summary.unanswered == 0 and len(teachers.texts("see")) == 6 and not teachers.texts("think")


def test_a_run_killed_while_its_batch_is_out_pays_for_nothing_twice(teachers: Any, tmp_path: Path) -> None:
    own_words(teachers)
    teachers.batch_looks = 10**9
    command = [sys.executable, str(SCRIPT), teachers.base_url, str(tmp_path), "12", "4", "--batch"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    while not any(batch["looks"] for batch in teachers.batches.values()):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert len(teachers.batches) == 1 and not parts(tmp_path / "out" / "caption" / "rows")
    teachers.batch_looks = 1
    output = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=120, check=True).stdout
    assert output.endswith("rows\n") and not teachers.requests
    assert len(teachers.batches) == 4 and teachers.billed == teachers.distinct


def test_files_carried_by_hand_stop_the_run_until_their_results_lie_beside_them(
    run: Any, items: Any, teachers: Any, tmp_path: Path
) -> None:
    """As ``vllm run-batch -i FILE -o RESULTS`` works on them."""
    own_words(teachers)
    by_hand = through("files", "captioner")
    with pytest.raises(Stopped, match=r"4 requests wait in .*vllm run-batch"):
        run(items(4), **by_hand)
    [asked] = (tmp_path / "out" / "ledger" / "batches").glob("*.jsonl")
    lines = []
    for line in asked.read_text().splitlines():
        request = json.loads(line)
        body = {"choices": [{"message": {"content": "seen elsewhere"}, "finish_reason": "stop"}]}
        response = {"status_code": 200, "request_id": "r", "body": body}
        lines.append(json.dumps({"id": "vllm", "custom_id": request["custom_id"], "response": response, "error": None}))
    asked.with_name(f"{asked.stem}.results.jsonl").write_text("\n".join(lines))
    summary = run(items(4), **by_hand)
    assert {row["caption"] for row in read_rows(summary.out / "verify" / "rows")} == {"seen elsewhere"}
    assert not teachers.texts("see") and len(teachers.texts("think")) == 4
