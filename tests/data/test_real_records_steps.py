"""The five published VLAA-Thinking records through steps 4 to 6, with their own captions and responses."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from rich.console import Console

from seethink.core.images import ImageStore
from seethink.core.tables import read_rows
from seethink.data.decided import Decided, decided_table, decisions
from seethink.data.exports import Format, export_sets
from seethink.data.per_source import Reasoning
from seethink.data.sources import VlaaThinkingConfig, open_source, source_settings


def judge(asked: str) -> str:
    """A verifier that looks for the gold's words in the answer, as the graders of the paper do in their way."""
    gold, answer = asked.removeprefix("Ground truth:\n").split("\n\nAnswer to grade:\n")
    if gold.startswith("y ="):
        return "Yes" if "-5x" in answer and "-5" in gold else "No"
    if len(gold) < 3:
        return "Yes" if any(mark in answer for mark in (f"{gold})", f" {gold} ", f"Option {gold}")) else "No"
    return "Yes" if "Preston" in answer else "No"


def test_every_rule_decides_about_the_five_published_records(
    real_data: Path, run: Any, teachers: Any, images: ImageStore, tmp_path: Path
) -> None:
    teachers.says |= {"judge": judge, "edit": lambda asked: asked.replace("The image", "The picture")}
    folder = real_data / "vlaa_thinking"
    source = VlaaThinkingConfig(
        path=folder / "examples.jsonl", image_root=folder, image_field="image_file", reasoning=Reasoning.BROUGHT
    )
    settings = {name: one.model_dump(exclude_unset=True) for name, one in source_settings(source).items()}
    summary = run(open_source(source).items(images), per_source=settings, sources=[source.model_dump(mode="json")])
    assert (len(teachers.texts("see")), len(teachers.texts("think"))) == (0, 0)
    assert (len(teachers.texts("edit")), len(teachers.texts("judge"))) == (5, 5)

    found = {one.source: one for one in decisions(summary.out)}
    assert {source: one.fate for source, one in found.items()} == {
        "clevr_math": "rl",
        "geoqa170k": "rl",
        "math_puma": "sft",
        "arxivqa": "sft",
        "allava_laion": "sft",
    }
    assert {source: set(one.cues) for source, one in found.items() if one.cues} == {
        "clevr_math": {"wait"},
        "geoqa170k": {"wait", "double-check", "alternatively", "check"},
    }
    assert found["math_puma"].cleaned == ("marked answer", "full stop")
    assert all(one.verified == "agrees" and one.gap == 0 for one in found.values())
    print_table(list(found.values()))

    out = tmp_path / "export"
    exported = export_sets(summary.out, out, Format.VLAA_THINKING, images)
    assert exported.rows == {"sft": 3, "rl": 2} and "gpl-3.0" in (out / "README.md").read_text()


def test_a_stricter_teacher_sets_rows_aside_and_the_table_says_why(
    real_data: Path, run: Any, teachers: Any, images: ImageStore
) -> None:
    teachers.says |= {
        "judge": lambda asked: "No" if asked.startswith("Ground truth:\nC\n") else "Yes",
        "edit": lambda asked: asked + " word" * 16 if "Preston" in asked else asked,
    }
    folder = real_data / "vlaa_thinking"
    source = VlaaThinkingConfig(
        path=folder / "examples.jsonl", image_root=folder, image_field="image_file", reasoning=Reasoning.BROUGHT
    )
    settings = {name: one.model_dump(exclude_unset=True) for name, one in source_settings(source).items()}
    summary = run(open_source(source).items(images), per_source=settings, sources=[source.model_dump(mode="json")])
    found = {one.source: one for one in decisions(summary.out)}
    assert found["allava_laion"].fate == "rewrite: rewrite gap (gap 16 words, at most 15)"
    assert found["geoqa170k"].fate.startswith("verify: wrong answer") and found["geoqa170k"].verified == "wrong answer"
    text = print_table(list(found.values()))
    assert "rewrite gap" in text and "marked answer" in text
    assert len(list(read_rows(summary.out / "funnel"))) == 5 + 5 + 5 + 5 + 4 + 3


def print_table(rows: list[Decided]) -> str:
    """Shown by ``pytest -s``."""
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(decided_table(rows))
    text = console.export_text()
    print(text)  # noqa: T201
    return text
