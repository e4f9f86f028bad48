"""Reading strangers' files: every bad row says why, and the others go on."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from seethink.core.images import ImageStore
from seethink.core.item import Item, Verifier
from seethink.core.rejected import InputError, Rejected
from seethink.core.tables import read_rows, write_part
from seethink.data.per_source import Reasoning
from seethink.data.row import rejection_record
from seethink.data.sources import RecordsConfig, VlaaThinkingConfig, open_source, source_settings
from seethink.data.sources.records import MAX_LITERAL, read_meta
from seethink.data.sources.routing import ROUTES, route

GOOD = {"id": "a-1", "question": "How many?", "gold": 3, "verifier": "digit", "image": "a.png"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    (folder / "clevr_math").mkdir(parents=True)
    buffer = io.BytesIO()
    Image.new("RGB", (6, 4)).save(buffer, "PNG")
    for name in ("a.png", "b.png", "clevr_math/c.png"):
        (folder / name).write_bytes(buffer.getvalue() + name.encode())
    (folder / "broken.png").write_bytes(b"\x89PNG not really")
    (tmp_path / "outside.png").write_bytes(buffer.getvalue())
    return folder


@pytest.fixture
def read(root: Path, images: ImageStore, tmp_path: Path) -> Callable[..., list[Any]]:
    """Items and rejections of records, written as JSON Lines, or of a text as it stands."""

    def go(*records: Any, text: str | bytes | None = None, kind: str = "records") -> list[Any]:
        path = tmp_path / "some.json"
        content = text if text is not None else "\n".join(json.dumps(record) for record in records)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        config = {"records": RecordsConfig, "vlaa_thinking": VlaaThinkingConfig}[kind](path=path, image_root=root)
        return list(open_source(config).items(images))

    return go


def test_an_array_and_json_lines_give_the_same_items(read: Any) -> None:
    records = [GOOD, {**GOOD, "id": "a-2", "question": "And now?"}]
    lines = read(*records)
    assert all(isinstance(item, Item) for item in lines)
    assert (
        read(text=json.dumps(records)) == read(text=b"\xef\xbb\xbf" + json.dumps(records, indent=2).encode()) == lines
    )


def test_a_record_becomes_an_item_with_its_own_id_in_meta(read: Any, images: ImageStore) -> None:
    [item] = read({**GOOD, "context": "c", "meta": {"k": 1}, "source": "mine"})
    assert (item.source, item.gold, item.verifier, item.context) == ("mine", "3", Verifier.DIGIT, "c")
    assert dict(item.meta) == {"k": 1, "id": "a-1"} and images.open(item.images[0]).size == (6, 4)


def test_several_pictures_and_options_and_a_box(read: Any) -> None:
    [choice] = read(
        {**GOOD, "verifier": "mcq", "gold": "red", "options": ["blue", "red"], "images": ["a.png", "b.png"]}
    )
    assert (choice.gold, len(choice.images)) == ("B", 2)
    assert choice.question == "How many?\nA) blue\nB) red"
    [box] = read({**GOOD, "verifier": "iou", "gold": [0.1, 0.2, 0.7, 0.5]})
    assert (box.gold, box.size) == ("[0.1, 0.2, 0.7, 0.5]", (6, 4))


def test_options_that_the_question_spells_out_are_not_written_twice(read: Any) -> None:
    asked = "Which?\nA) blue\nB) red"
    [item] = read({**GOOD, "verifier": "mcq", "gold": "(b)", "question": asked, "options": ["blue", "red"]})
    assert (item.question, item.gold) == (asked, "B")


@pytest.mark.parametrize(
    ("change", "reason", "told"),
    [
        ({"question": "  "}, "no question", "field question"),
        ({"question": None}, "no question", "field question"),
        ({"image": None}, "no picture", "field image"),
        ({"image": "gone.png"}, "broken picture", "gone.png"),
        ({"image": "broken.png"}, "broken picture", "cannot be decoded"),
        ({"image": "../outside.png"}, "broken picture", "leaves the image folder"),
        ({"image": "a\x00.png"}, "broken picture", "field image"),
        ({"gold": None}, "no gold", "give the right answer"),
        ({"gold": ""}, "no gold", "give the right answer"),
        ({"gold": "many"}, "gold does not fit its verifier", "whole number"),
        ({"gold": "9" * 400}, "gold does not fit its verifier", "whole number"),
        ({"gold": {"a": 1}}, "gold does not fit its verifier", "dict"),
        ({"verifier": "mcq", "gold": "blue"}, "gold does not fit its verifier", "letter"),
        ({"verifier": "mcq", "gold": "E", "options": ["x", "y"]}, "gold does not fit its verifier", "2 options"),
        ({"verifier": "iou", "gold": "[1, 2, 3]"}, "gold does not fit its verifier", "four numbers"),
        ({"verifier": "iou", "gold": [5, 5, 1, 9]}, "gold does not fit its verifier", "is empty"),
        ({"verifier": "iou", "gold": "os.system"}, "gold does not fit its verifier", "no list"),
        ({"verifier": "boxes"}, "unknown verifier", "'boxes' is none of digit, mcq, math, iou, open"),
        ({"verifier": None}, "no verifier", "field verifier: name one of digit, mcq, math, iou, open"),
        ({"options": "blue, red"}, "unreadable options", "field options"),
        ({"meta": "__import__('os')"}, "unreadable meta", "field meta"),
        ({"meta": [1]}, "unreadable meta", "field meta"),
        ({"question": "half \ud800"}, "text is not Unicode", "half a character"),
    ],
)
def test_a_bad_record_names_its_place_and_remedy_and_the_next_goes_on(
    read: Any, tmp_path: Path, change: dict[str, Any], reason: str, told: str
) -> None:
    good, bad, after = read(GOOD, {**GOOD, "id": "x", **change}, {**GOOD, "id": "y", "question": "And?"})
    assert isinstance(good, Item) and isinstance(after, Item)
    assert (bad.reason, bad.where) == (reason, "some.json:2") and told in bad.detail
    write_part(tmp_path / "rejected", 0, [rejection_record("collect", bad)])


def test_a_bad_record_counts_for_its_source(read: Any) -> None:
    """As it says, or as its id or picture tells; the funnel then adds up per source."""
    bad = {**GOOD, "gold": "many"}
    found = read({**bad, "source": "mine"}, {**bad, "id": "docvqa-1"}, {**bad, "id": "2"}, "no record")
    assert [one.source for one in found] == ["mine", "docvqa", "some", ""]


def test_lines_that_are_no_records_are_set_aside(read: Any) -> None:
    text = b'{"id": 1\n[1]\n\n\xff\xfe\n' + json.dumps(GOOD).encode() + b"\n" + b"[" * 100_000
    # A file that begins with a bracket would be an array.
    found = read(text=text)
    assert [type(one).__name__ for one in found] == ["Rejected", "Rejected", "Rejected", "Item", "Rejected"]
    assert [one.where for one in found if isinstance(one, Rejected)] == [f"some.json:{n}" for n in (1, 2, 4, 6)]


def test_a_duplicated_id_is_set_aside(read: Any) -> None:
    first, second = read(GOOD, {**GOOD, "question": "Another?"})
    assert isinstance(first, Item) and second.reason == "duplicated id" and second.where == "some.json:2"


def test_a_truncated_array_is_an_error_that_names_the_line(read: Any) -> None:
    text = json.dumps([GOOD, {**GOOD, "id": "z"}], indent=0)
    with pytest.raises(InputError, match=r"some\.json:9: the JSON array breaks off"):
        read(text=text[:-40])
    with pytest.raises(InputError, match="breaks off"):
        read(text="[" + json.dumps(GOOD))


def test_a_missing_file_is_named(root: Path, images: ImageStore, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nothing\.json cannot be read"):
        list(open_source(RecordsConfig(path=tmp_path / "nothing.json", image_root=root)).items(images))


def test_meta_is_a_mapping_or_its_literal_and_never_run() -> None:
    assert read_meta("{'a': (1, None), 'b': True}") == {"a": [1, None], "b": True}
    assert read_meta('{"a": null}') == {"a": None}
    assert isinstance(read_meta("{'a': open('x')}"), Rejected)
    assert isinstance(read_meta("{'a': {1, 2}}"), Rejected)
    assert isinstance(read_meta("(" * 50_000), Rejected)
    assert isinstance(read_meta("{" + " " * MAX_LITERAL + "}"), Rejected)


def test_released_keys_are_understood_and_the_verifier_follows_the_source(read: Any) -> None:
    released = {
        "id": "clevr_math-7",
        "question": "How many?",
        "gt": 4,
        "image": "/clevr_math/c.png",
        "meta": "{'m': 1}",
    }
    [item] = read(released)
    assert (item.source, item.verifier, item.gold) == ("clevr_math", Verifier.DIGIT, "4")
    [typed] = read({**released, "verifier_type": "open"})
    assert typed.verifier is Verifier.OPEN
    [by_folder] = read({key: value for key, value in released.items() if key != "id"})
    assert by_folder.verifier is Verifier.DIGIT


def test_the_paper_routes_its_nine_sources_to_one_verifier_each() -> None:
    rl_rows = {"clevr_math": 2000, "geoqa170k": 6499, "math_puma": 6696, "arxivqa": 1000, "docvqa": 1000}
    rl_rows |= {"vizwiz": 1000, "allava_laion": 3000, "llava_cot_coco": 2000, "llava_cot_vg": 2000}
    totals = {kind: sum(rl_rows[one.source] for one in ROUTES if one.verifier is kind) for kind in Verifier}
    assert totals == {"digit": 2000, "mcq": 7499, "math": 6696, "iou": 4000, "open": 5000}
    assert sum(totals.values()) == 25_195


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("synthesis-2", "math_puma"),
        ("allava-allava_laion_1", "allava_laion"),
        ("coco/train2017/1.jpg", "llava_cot_coco"),
        ("vg/VG_100K_2/1.jpg", "llava_cot_vg"),
        ("/docvqa/1.png", "docvqa"),
        ("cocoa-1", None),
        ("chartqa/1.png", None),
    ],
)
def test_ids_and_image_folders_tell_the_source(name: str, source: str | None) -> None:
    found = route(name)
    assert (found.source if found else None) == source


def test_only_what_the_paper_gave_the_reasoner_becomes_context(read: Any) -> None:
    base = {"question": "q?", "image": "a.png", "caption": "the caption"}
    clevr, arxiv, puma, allava = read(
        {**base, "id": "clevr_math-1", "gt": 1, "meta": {"rationale": "two balls"}},
        {**base, "id": "arxivqa-1", "gt": "(b)", "meta": {"rationale": "B, because"}},
        {**base, "id": "synthesis-1", "gt": "†Answer: y = 2x.", "meta": {"text_question": "y goes through"}},
        {**base, "id": "allava-1", "gt": "a map"},
        kind="vlaa_thinking",
    )
    assert [item.context for item in (clevr, arxiv, puma, allava)] == ["two balls", "", "y goes through", ""]
    assert (arxiv.gold, puma.gold, allava.meta["caption"]) == ("B", "y = 2x", "the caption")


def test_rows_of_the_released_sft_file_have_their_answer_block_for_a_gold(read: Any) -> None:
    good = {"image": "clevr_math/c.png", "question": "How many?", "answer": "<think>t</think>\n<answer>3</answer>"}
    prose = {**good, "question": "And?", "answer": "<think>t</think><answer>Three or so.</answer>"}
    elsewhere = {**good, "image": "a.png"}
    first, second, third, broken = read(good, prose, elsewhere, {**good, "answer": "3"}, kind="vlaa_thinking")
    assert (first.source, first.gold, first.verifier.value) == ("clevr_math", "3", "digit")
    assert first.meta["ds_answer"] == "<think>t</think>\n\n3"
    assert [(one.source, one.verifier.value) for one in (second, third)] == [
        ("clevr_math", "open"),
        ("vlaa_thinking", "open"),
    ]
    assert (broken.reason, broken.where, broken.source) == (
        "response breaks the tag grammar",
        "some.json:4",
        "clevr_math",
    )


def test_the_released_sft_file_comes_out_of_a_run_as_it_went_in(
    run: Any, root: Path, images: ImageStore, tmp_path: Path, teachers: Any
) -> None:
    path = tmp_path / "sft.json"
    rows = [
        {"image": name, "question": f"How many in {name}?", "answer": f"<think>I see {name}.</think><answer>3</answer>"}
        for name in ("clevr_math/c.png", "a.png")
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    source = VlaaThinkingConfig(path=path, image_root=root, reasoning=Reasoning.AS_IS)
    settings = {name: one.model_dump(exclude_unset=True) for name, one in source_settings(source).items()}
    found = open_source(source).items(images)
    summary = run(found, sources=[source.model_dump(mode="json")], per_source=settings)
    assert [row["response"] for row in read_rows(summary.out / "sft")] == [row["answer"] for row in rows]
    assert not teachers.requests
