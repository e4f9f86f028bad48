"""Finished sets in the formats that others read, each read back the way its reader reads it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import jinja2
import pyarrow.parquet as pq
import pytest
import yaml

from seethink.core.chat import system_prompt
from seethink.core.images import ImageStore
from seethink.core.item import Item, item_from_row, make_item
from seethink.core.rejected import InputError
from seethink.core.tables import read_rows, write_rows
from seethink.data.exports import Exported, Format, export_sets
from seethink.data.exports.sample import MARKS
from seethink.data.sources import VlaaThinkingConfig, open_source
from seethink.rewards import mixed


@pytest.fixture
def made(run: Any, items: Any, teachers: Any) -> Any:
    """A run with two SFT rows, an RL row of each rule verifier, and a question that holds a trainer's mark."""
    one, two, *others = items(7)
    pictures = [item.images for item in others]
    kinds = [
        ("digit", "3", {}),
        ("mcq", "B", {"options": ("red", "blue")}),
        ("math", "y=2x", {"context": "y passes (1, 2)"}),
        ("iou", "[0.1, 0.2, 0.7, 0.5]", {"size": (4, 4)}),
    ]
    rl = [
        make_item(
            source="clevr_math" if verifier == "digit" else "mine",
            question=f"wait {verifier}?",
            gold=gold,
            verifier=verifier,
            images=shown,
            **more,  # type: ignore[arg-type]
        )
        for (verifier, gold, more), shown in zip(kinds, pictures, strict=False)
    ]
    hostile = make_item(source="m|ne<b>", question="A <image> of what?", gold="x", verifier="open", images=pictures[4])
    teachers.says["think"] = lambda asked: (
        "<think>\nHmm, wait.\n</think>\n\nblue" if "wait" in asked else "<think>\nI look.\n</think>\n\nblue"
    )
    return run([one, two, *rl, hostile], per_source={"mine": {"licence": "CC0 as I say"}})


@pytest.fixture
def export(made: Any, images: ImageStore, tmp_path: Path) -> Callable[..., tuple[Path, Exported]]:
    def go(form: str, **options: Any) -> tuple[Path, Exported]:
        out = tmp_path / f"export-{form}"
        return out, export_sets(made.out, out, Format(form), images, **options)

    return go


def rl_items(made: Any) -> list[Item]:
    return [item_from_row(row) for row in read_rows(made.out / "rl")]


def rows(folder: Path) -> list[dict[str, Any]]:
    return [row for path in sorted(folder.glob("*.parquet")) for row in pq.read_table(path).to_pylist()]


def test_parquet_is_read_by_datasets_with_its_pictures(export: Any) -> None:
    datasets = pytest.importorskip("datasets")
    out, exported = export("parquet")
    sft = datasets.load_dataset(str(out), "sft", split="train", cache_dir=str(out.parent / "cache"))
    rl = datasets.load_dataset(str(out), "rl", split="train", cache_dir=str(out.parent / "cache"))
    assert (len(sft), len(rl)) == (3, 4) == (exported.rows["sft"], exported.rows["rl"])
    assert sft[0]["images"][0].size == (4, 4) and sft[0]["response"].startswith("<think>I look.")
    assert set(sft.column_names) == {one.name for one in fields(Item)} | {"response"} == {*rl.column_names, "response"}
    [choice] = [row for row in rl if row["verifier"] == "mcq"]
    assert (choice["options"], choice["size"]) == (["red", "blue"], None)


def test_rows_of_the_released_form_are_the_same_items_again(
    export: Any, made: Any, tmp_path: Path, images: ImageStore
) -> None:
    out, _ = export("vlaa-thinking")
    released = [json.loads(line) for line in (out / "VLAA-Thinking-GRPO.json").read_text().splitlines()]
    assert list(released[0]) == ["id", "image", "question", "gt", "caption", "meta", "verifier_type"]
    assert [one["gt"] for one in released] == [3, "B", "y=2x", [0.1, 0.2, 0.7, 0.5]]
    assert released[0]["caption"] == "a plain picture" and "Hmm, wait." in released[0]["meta"]["ds_answer"]
    config = VlaaThinkingConfig(path=out / "VLAA-Thinking-GRPO.json", image_root=out / "images")
    again = list(open_source(config).items(ImageStore(tmp_path / "again")))
    seen = [(item.question, item.gold, item.verifier, item.images) for item in rl_items(made)]
    assert [(item.question, item.gold, item.verifier, item.images) for item in again] == seen  # type: ignore[union-attr]
    assert again[0].source == "clevr_math"  # type: ignore[union-attr]
    config = VlaaThinkingConfig(path=out / "VLAA-Thinking-SFT.json", image_root=out / "images")
    [first, *_] = open_source(config).items(ImageStore(tmp_path / "again"))
    assert isinstance(first, Item) and first.meta["ds_answer"] == "<think>I look.</think>\n\n" + first.gold
    assert first.gold == next(read_rows(made.out / "sft"))["gold"]


def test_trl_rows_are_plain_conversations(export: Any, made: Any) -> None:
    out, exported = export("trl")
    [demonstration, _] = rows(out / "sft")
    assert [turn["role"] for turn in demonstration["messages"]] == ["system", "user", "assistant"]
    assert (
        demonstration["messages"][0]["content"] == system_prompt()
        and demonstration["images"][0]["bytes"][1:4] == b"PNG"
    )
    asked = rows(out / "rl")
    assert [row["item_id"] for row in asked] == [item.id for item in rl_items(made)]
    assert exported.aside == {"text holds a trainer's mark": 1}


@pytest.mark.slow
def test_trl_puts_the_pictures_into_these_rows(export: Any) -> None:
    datasets = pytest.importorskip("datasets")
    data_utils = pytest.importorskip("trl.data_utils")
    out, _ = export("trl")
    for table, field in (("sft", "messages"), ("rl", "prompt")):
        row = datasets.load_dataset(str(out), table, split="train", cache_dir=str(out.parent / "cache"))[0]
        ready = data_utils.prepare_multimodal_messages(row[field], images=row["images"])
        assert [part["type"] for part in ready[1]["content"]] == ["image", "text"]
        assert ready[1]["content"][0]["image"].size == (4, 4)


def test_verl_rows_mark_their_pictures_and_hold_what_a_reward_needs(export: Any) -> None:
    out, exported = export("verl")
    found = rows(out / "rl")
    assert exported.left_out == ("sft",) and [row["extra_info"]["index"] for row in found] == [0, 1, 2, 3]
    for row in found:
        assert row["prompt"][-1]["content"].count("<image>") == len(row["images"]) == 1
        item = item_from_row(json.loads(row["extra_info"]["item"]))
        [verdict] = mixed()([item], [f"<think>t</think><answer>{row['reward_model']['ground_truth']}</answer>"])
        assert verdict.score == 1.0 and item.images and row["data_source"] == item.source


def test_easyr1_lays_our_system_prompt_around_the_problem(export: Any) -> None:
    out, _ = export("easyr1")
    [first, *_] = rows(out / "rl")
    assert (first["answer"], first["problem"]) == ("3", "<image>wait digit?")
    shown = jinja2.Template((out / "format_prompt.jinja").read_text().strip()).render(content=first["problem"])
    assert shown == f"<image>wait digit?\n\n{system_prompt()}"


def test_ms_swift_finds_its_pictures_wherever_it_starts(export: Any) -> None:
    out, _ = export("ms-swift")
    for table in ("sft", "rl"):
        for line in (out / f"{table}.jsonl").read_text().splitlines():
            row = json.loads(line)
            assert row["messages"][1]["content"].count("<image>") == len(row["images"])
            assert all(Path(name).is_absolute() and Path(name).is_file() for name in row["images"])
            assert ("solution" in row) == (table == "rl") == (row["messages"][-1]["role"] == "user")


def test_llama_factory_is_told_where_everything_lies(export: Any) -> None:
    out, _ = export("llama-factory")
    [told] = json.loads((out / "dataset_info.json").read_text()).values()
    found = json.loads((out / told["file_name"]).read_text())
    assert len(found) == 2 and all((out / row[told["columns"]["images"]][0]).is_file() for row in found)
    assert found[0]["messages"][1]["content"].startswith("<image>")


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("form", ["verl", "ms-swift"])
def test_a_question_that_would_be_taken_for_a_picture_or_a_turn_is_set_aside(
    mark: str, form: str, made: Any, images: ImageStore, tmp_path: Path
) -> None:
    row = next(read_rows(made.out / "rl"))
    write_rows(made.out / "rl", [{**row, "question": f"a {mark} b"}])
    for part in (made.out / "verify" / "rows").iterdir():
        part.unlink()
    exported = export_sets(made.out, tmp_path / "x", Format(form), images, ("rl",))
    assert exported.rows == {"rl": 0} and exported.aside == {"text holds a trainer's mark": 1}


def test_the_card_says_what_was_done_with_whom_and_under_which_licence(export: Any, made: Any) -> None:
    (made.out / "card").mkdir()
    (made.out / "card" / "difficulty.md").write_text("## Is the RL set harder?\n\nYes.\n")
    out, _ = export("parquet", figure="<svg/>")
    text = (out / "README.md").read_text()
    front = yaml.safe_load(text.split("---")[1])
    assert [one["config_name"] for one in front["configs"]] == ["sft", "rl"] and front["license"] == "other"
    assert "| total | 7 | 7 | 3 | 4 |" in text and "| verify | all | judge | temperature 0.0, max\\_tokens 4 |" in text
    assert "You are a fair grader." in text and "CC0 as I say" in text and "not stated" in text
    assert "m\\|ne\\<b\\>" in text and "m|ne" not in text
    assert "\n\n## Is the RL set harder?\n\nYes.\n\n## Teachers" in text
    assert "(funnel.svg)" in text and (out / "funnel.svg").read_text() == "<svg/>"
    assert "| think | 7 | 49 | 35 | 0 | unknown |" in text and "## Wrong steps" not in text
    assert "http" not in text.split("## Instructions")[0]


def test_an_export_is_whole_or_not_there(export: Any, made: Any, images: ImageStore, tmp_path: Path) -> None:
    images.path(rl_items(made)[-1].images[0]).unlink()
    with pytest.raises(InputError, match="is not in the store"):
        export("parquet")
    assert not (tmp_path / "export-parquet").exists() and not list(tmp_path.glob(".export-*"))


def test_what_cannot_be_exported_is_told(export: Any, made: Any, images: ImageStore, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("x")
    with pytest.raises(InputError, match="is not empty"):
        export_sets(made.out, full, Format.TRL, images)
    with pytest.raises(InputError, match="llama-factory takes tables of kind sft"):
        export("llama-factory", tables=("rl",))
    with pytest.raises(InputError, match="is no finished table"):
        export("trl", tables=("sft-5k",))
    with pytest.raises(InputError, match="holds no items"):
        export("trl", tables=("funnel",))
