"""A picture, and benchmark files made of a few rows."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from seethink.core.images import ImageStore
from seethink.evaluation.catalogue import find_entry
from seethink.evaluation.questions import Questions, TableConfig, read_questions


@pytest.fixture(scope="session")
def png() -> Callable[[str], bytes]:
    def encoded(colour: str = "red") -> bytes:
        buffer = io.BytesIO()
        Image.new("RGB", (40, 30), colour).save(buffer, "PNG")
        return buffer.getvalue()

    return encoded


def vista_row(index: int, answer: str = "B", **changes: Any) -> dict[str, Any]:
    """A multiple-choice row of the harness's MathVista table."""
    return {
        "index": str(index),
        "question": f"Hint: Give the letter.\nQuestion: Which one is {index}?\nChoices:\n(A) one\n(B) two",
        "question_type": "multi_choice",
        "answer_type": "text",
        "choices": "['one', 'two']",
        "answer": {"A": "one", "B": "two"}[answer],
        "answer_option": answer,
        "task": "counting",
        "skills": "['logical reasoning', 'counting']",
        **changes,
    }


@pytest.fixture
def vista(png: Callable[[str], bytes]) -> Callable[..., dict[str, Any]]:
    """The same with a picture in base64."""

    def row(index: int, answer: str = "B", **changes: Any) -> dict[str, Any]:
        shown = base64.b64encode(png("red")).decode()
        return vista_row(index, answer) | {"image": shown} | changes

    return row


@pytest.fixture
def tsv(tmp_path: Path) -> Callable[..., Path]:
    """Write rows as the harness keeps its tables."""

    def write(*rows: dict[str, Any], name: str = "table.tsv") -> Path:
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with (tmp_path / name).open("w", newline="") as file:
            writer = csv.writer(file, delimiter="\t", quoting=csv.QUOTE_ALL)
            writer.writerow(columns)
            writer.writerows([row.get(column, "") for column in columns] for row in rows)
        return tmp_path / name

    return write


@pytest.fixture
def jsonl(tmp_path: Path) -> Callable[..., Path]:
    def write(*rows: Any, name: str = "rows.jsonl") -> Path:
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        (tmp_path / name).write_text("\n".join(lines))
        return tmp_path / name

    return write


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., Questions]:
    """The questions of a file, always in the same place."""

    def read(entry: str, table: Path, folder: Path | None = None, **config: Any) -> Questions:
        found = find_entry(entry)
        settings = TableConfig(entry=found.name, **config)
        store = ImageStore(tmp_path / "out" / "images")
        return read_questions(found, table, store, folder, tmp_path / "out" / found.name / "questions", settings)

    return read
