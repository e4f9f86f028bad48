"""LLaMA-Factory: a JSON array in sharegpt form with OpenAI tags, and the ``dataset_info.json`` that names it.

Form: data/README.md of github.com/hiyouga/LLaMA-Factory (commit 015ff25) and its entry ``mllm_demo``. Use it with
``dataset_dir`` set to the folder; ``media_dir`` defaults to it, and picture paths start from there. SFT only: it has no
RL with verifiers.
"""

from __future__ import annotations

import json
from typing import Any

from seethink.core.rejected import Rejected
from seethink.data.exports.form import Exporter, Rows
from seethink.data.exports.sample import Kind, Sample, chat, marked
from seethink.data.exports.target import Target


def _row(sample: Sample, number: int, target: Target) -> dict[str, Any] | Rejected:
    if (aside := marked(sample)) is not None:
        return aside
    return {
        "messages": chat(sample, "<image>"),
        "images": [target.picture_file(digest) for digest in sample.item.images],
    }


def _write(target: Target, name: str, kind: Kind, rows: Rows) -> int:
    return target.json_array(f"{name}.json", rows)


def _finish(target: Target, tables: dict[str, Kind]) -> None:
    tags = {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"}
    told = {
        f"seethink_{name}": {
            "file_name": f"{name}.json",
            "formatting": "sharegpt",
            "columns": {"messages": "messages", "images": "images"},
            "tags": {**tags, "system_tag": "system"},
        }
        for name in tables
    }
    target.text("dataset_info.json", json.dumps(told, indent=2) + "\n")


EXPORT = Exporter((Kind.SFT,), _row, _write, _finish)
