"""Data sets with a mapping: the nine of the paper in their documented forms, and a mapping of one's own."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from seethink.core.images import ImageStore
from seethink.core.item import Item, Verifier
from seethink.core.rejected import InputError, Rejected
from seethink.data.brought import CAPTION, REASONING
from seethink.data.per_source import Captions, Reasoning
from seethink.data.sources import MappedConfig, VlaaThinkingConfig, open_source, source_settings
from seethink.data.sources.mapping import PAPER, Mapping, Place, load_mapping
from seethink.data.sources.options import bare_options
from seethink.data.sources.routing import ROUTES


def png(name: str = "") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 6), (len(name) * 7 % 256, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def read(tmp_path: Path, images: ImageStore) -> Any:
    """``read(mapping, content)``: the items of a file with that content; picture paths in it are made to exist."""
    root = tmp_path / "pictures"

    def go(mapping: str, content: Any, beside: Any = None, pictures: tuple[str, ...] = ("a.png",)) -> list[Any]:
        for name in pictures:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(png(name))
        path, second = tmp_path / "data.json", tmp_path / "second.json"
        path.write_text(json.dumps(content))
        if beside is not None:
            second.write_text(json.dumps(beside))
        config = MappedConfig(
            mapping=mapping, path=path, image_root=root, beside=second if beside is not None else None
        )
        return list(open_source(config).items(images))

    return go


def talk(question: str, answer: str, **more: Any) -> dict[str, Any]:
    turns = [{"from": "human", "value": question}, {"from": "gpt", "value": answer}]
    return {"image": "a.png", "conversations": turns, **more}


def test_every_source_of_the_paper_has_a_mapping_that_routes_as_the_paper_does() -> None:
    mappings = [load_mapping(name) for name in PAPER]
    assert {m.source: m.verifier[0] for m in mappings} == {route.source: route.verifier for route in ROUTES}
    assert all(m.format.startswith(("format seen", "from its documentation")) and m.licence for m in mappings)
    assert {m.source for m in mappings if m.settings.reasoning is Reasoning.NONE} == {"geoqa170k"}
    assert {m.source for m in mappings if m.settings.captions is not Captions.ASKED} == {"math_puma", "allava_laion"}


@pytest.mark.parametrize(("reasoning", "geoqa"), [(Reasoning.ASKED, Reasoning.NONE), (Reasoning.BROUGHT,) * 2])
def test_the_released_files_follow_the_papers_recipe(reasoning: Reasoning, geoqa: Reasoning) -> None:
    settings = source_settings(VlaaThinkingConfig(path=Path("x"), image_root=Path(), reasoning=reasoning))
    assert settings["allava_laion"].captions is Captions.BROUGHT and "gpl" in settings["math_puma"].licence
    assert (settings["geoqa170k"].reasoning, settings["vizwiz"].reasoning) == (geoqa, reasoning)
    assert settings["llava_cot_vg"].reasoning is reasoning


def test_clevr_math_with_its_scenes(read: Any) -> None:
    made = {"question": "Take away the cube. How many are left?", "answer": 1, "template_filename": "subtraction.json"}
    ball = {"size": "large", "color": "blue", "material": "metal", "shape": "sphere"}
    cube = {**ball, "color": "red", "shape": "cube"}
    [item] = read(
        "clevr_math",
        {"info": {"split": "train"}, "questions": [{**made, "image_filename": "a.png"}]},
        beside={"scenes": [{"image_filename": "a.png", "objects": [ball, cube]}, {"image_filename": "b.png"}]},
    )
    assert (item.gold, item.verifier, item.source) == ("1", Verifier.DIGIT, "clevr_math")
    assert item.context == "There are a large blue metal sphere, a large red metal cube in the image."
    assert item.meta["template_filename"] == "subtraction.json"


def test_clevr_math_as_a_hub_table_with_its_pictures_inside(tmp_path: Path, images: ImageStore) -> None:
    row = talk("<image>\nHint: an integer, please.\nQuestion: How many are left?", "The answer is 4.", id="1")
    rows = [{**row, "image": {"bytes": png(), "path": None}}, {**row, "image": {"bytes": b"no picture", "path": None}}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "train-00000-of-00001.parquet")
    found = open_source(MappedConfig(mapping="clevr_math", path=tmp_path)).items(images)
    item, broken = found
    assert isinstance(item, Item) and (item.question, item.gold) == ("How many are left?", "4")
    assert images.open(item.images[0]).size == (8, 6)
    assert isinstance(broken, Rejected) and broken.reason == "broken picture" and broken.where.endswith("parquet:2")


@pytest.mark.parametrize(
    "answer", ["so it is 2. Answer:B", "Thus the answer is option B.", "option B: the answer is (B) 2"]
)
def test_geoqa_in_the_ways_its_answers_state_a_letter(read: Any, answer: str) -> None:
    asked = "<image>\nReason first.\nQuestion:How long is AB?\nChoices:\nA:1\nB:2或3"
    [item] = read("geoqa170k", [talk(asked, answer, id="9_1")])
    assert (item.gold, item.question) == ("B", "How long is AB?\nChoices:\nA:1\nB:2 or 3")


def test_math_puma_gives_the_text_side_as_context(read: Any) -> None:
    solution = "Step 1: use the point.\n\n†Answer: y = -5 * sin(-5 * x)."
    pair = {"image_url": "", "instruction": "y = a * sin(-5 * x) goes through (pi/10,5).", "output": solution}
    [item] = read(
        "math_puma", [{**pair, "image_url_2": "a.png", "instruction_2": "Which function?", "output_2": solution}]
    )
    assert (item.gold, item.question) == ("y = -5 * sin(-5 * x)", "Which function?")
    assert item.context.startswith("y = a * sin") and item.meta["given_gold"] == solution


def test_arxivqa_options_lose_their_own_letters_and_its_rationale_is_not_shown(read: Any) -> None:
    row = {"id": "x-1", "image": "a.png", "question": "What rises?", "options": ["A) heat", "B) cold"]}
    [item] = read("arxivqa", [{**row, "label": "b)", "rationale": "It is B, because …"}])
    assert (item.gold, item.question, item.options) == ("B", "What rises?\nA) heat\nB) cold", ("heat", "cold"))
    assert "because" not in str(item.meta) + item.context


def test_docvqa_lies_below_data_and_takes_the_first_answer(read: Any) -> None:
    row = {"questionId": 337, "question": "Which date?", "image": "documents/a.png", "docId": 279}
    content = {"dataset_name": "docvqa", "dataset_split": "train", "data": [{**row, "answers": ["1/8/93", "8 Jan"]}]}
    [item] = read("docvqa", content, pictures=("documents/a.png",))
    assert (item.gold, item.verifier, item.meta["id"]) == ("1/8/93", Verifier.OPEN, "337")


def test_vizwiz_takes_the_answer_most_people_gave(read: Any) -> None:
    said = [{"answer": one, "answer_confidence": "yes"} for one in ("pill", "night time", "night time")]
    rows = [{"image": "a.png", "question": "What is this?", "answers": said, "answerable": 1}]
    rows.append({**rows[0], "question": "And this?", "answers": ["orange"]})
    assert [item.gold for item in read("vizwiz", rows)] == ["night time", "orange"]


def test_allava_brings_its_captions_in_a_second_file(read: Any) -> None:
    asked = talk("<image>\nWhy the map?", "To find the way.", id="i_1", url="http://x")
    shown = talk("Describe it.<image>", "A map of a town.", id="c_1")
    [item] = read("allava_laion", [asked], beside=[shown])
    assert (item.question, item.gold, item.meta[CAPTION]) == ("Why the map?", "To find the way.", "A map of a town.")
    [without] = read("allava_laion", [asked])
    assert CAPTION not in without.meta


STAGES = "<SUMMARY> I look. </SUMMARY>\n\n<CAPTION> A dog. </CAPTION>\n\n<REASONING> It is left. </REASONING>\n\n"


def test_llava_cot_box_questions_are_decided_by_iou_and_the_rest_are_open(read: Any) -> None:
    rows = [
        talk("<image>\nWhere is the dog?", f"{STAGES}<CONCLUSION> [0.1, 0.2, 0.7, 0.5] </CONCLUSION>", id="1"),
        talk("<image>\nWhich animal?", f"{STAGES}<CONCLUSION> A dog </CONCLUSION>", id="2"),
        talk("<image>\nOther source", f"{STAGES}<CONCLUSION> 21 </CONCLUSION>", id="3", image="chartqa/a.png"),
    ]
    rows = [{**row, "image": "coco/a.png"} if row["image"] == "a.png" else row for row in rows]
    box, other = read("llava_cot_coco", rows, pictures=("coco/a.png",))
    assert (box.gold, box.verifier, box.size) == ("[0.1, 0.2, 0.7, 0.5]", Verifier.IOU, (8, 6))
    assert (other.gold, other.verifier, other.meta[CAPTION]) == ("A dog", Verifier.OPEN, "A dog.")
    assert other.meta[REASONING].startswith("<think> I look.") and other.meta[REASONING].count("</think>") == 1
    assert read("llava_cot_vg", rows) == []


def test_a_record_that_does_not_fit_its_mapping_says_why(read: Any) -> None:
    found = read("docvqa", {"data": [{"questionId": 1, "question": "q?", "image": "a.png", "answers": []}, {}, [1]]})
    assert [one.reason for one in found] == ["no gold", "no question", "not a record"]
    assert {one.source for one in found} == {"docvqa"}


def test_a_line_of_a_file_that_sources_share_may_be_any_ones(read: Any) -> None:
    [bad, broken] = read("llava_cot_coco", [{"id": "1", "image": "coco/x.jpg"}, "no record"])
    assert (bad.source, broken.reason, broken.source) == ("llava_cot_coco", "not a record", "")


def test_a_second_file_that_no_mapping_asks_for_is_an_error(read: Any) -> None:
    with pytest.raises(InputError, match="names no second file"):
        read("docvqa", {"data": []}, beside=[])


OWN = {
    "source": "mine",
    "format": "format seen: my own",
    "verifier": "digit",
    "picture": "p",
    "question": "q",
    "gold": "g",
}


def written(path: Path, **changes: Any) -> str:
    path.write_text(json.dumps({**OWN, **changes}))
    return str(path)


def test_a_mapping_of_ones_own_is_a_file(read: Any, tmp_path: Path) -> None:
    own = written(tmp_path / "mine.yaml", settings={"verifier": {"prompt": "strict.txt"}})
    [item] = read(own, [{"p": "a.png", "q": "How many?", "g": "3"}])
    assert (item.source, item.gold) == ("mine", "3")
    settings = source_settings(MappedConfig(mapping=own, path=tmp_path))
    assert settings["mine"].verifier.prompt == tmp_path / "strict.txt"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"format": "I think"}, "how sure the mapping is must be told"),
        ({"gold": []}, "gold"),
        ({"verifyer": "digit"}, "did you mean verifier"),
        ({"settings": {"verifier": {"prompt": "../../etc/passwd"}}}, "leaves the folder of its mapping"),
        ({"settings": {"verifier": {"base_url": "http://me:key@host/v1"}}}, "no user, password or query"),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        load_mapping(written(tmp_path / "mine.yaml", **changes))


@pytest.mark.parametrize("name", ["clevr", "mine.json", "gone.yaml"])
def test_a_mapping_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(InputError, match=name):
        load_mapping(name)


def place(**fields: Any) -> Place:
    return Mapping.model_validate({**OWN, "gold": fields}).gold[0]


def test_a_place_enters_mappings_and_lists_and_nothing_else() -> None:
    record = {"a": [{"b": "x"}, {"b": "y"}, {}], "t": "text"}
    assert place(at="a.1.b").read(record) == "y" and place(at="a.*.b").read(record) == ["x", "y"]
    assert [place(at=at).read(record) for at in ("a.9.b", "a.b", "t.upper", "t.__class__", "")[:4]] == [None] * 4
    evil = place(at="a", each="{b.__class__} {b}").read(record)
    assert evil == "{b.__class__} x, {b.__class__} y, {b.__class__}"


def test_marks_are_found_in_any_case_and_a_missing_mark_leaves_the_text() -> None:
    assert place(at="g", after=["Answer:"], before=["."]).read({"g": "answer: 1. ANSWER: 2. end"}) == "2"
    assert place(at="g", after=["Answer:"]).read({"g": "just 7"}) == "just 7"


def test_options_keep_what_only_looks_like_a_letter() -> None:
    assert bare_options(["(A) red", "B. blue"]) == ["red", "blue"]
    assert bare_options(["B. red", "A. blue"]) == ["B. red", "A. blue"]
    assert bare_options(["a: 1", "none"]) == ["a: 1", "none"] and bare_options([]) == []
