"""Files as a study's data: traces of the SFT file, items of the RL file, and the traces that these items bring."""

import json

import pytest

from seethink.core.images import ImageStore
from seethink.core.rejected import InputError
from seethink.core.tables import read_manifest
from seethink.core.trace import read_tags
from seethink.data.config import AnswerBlock
from seethink.study.choices import Form, ItemChoice, Shown, TraceChoice
from seethink.study.plan.plan import make_plan
from seethink.study.sets import ItemSetConfig, TraceSetConfig, read_items, read_traces, write_items, write_traces
from seethink.study.settings import StudyConfig
from seethink.study.sources import FileSourceConfig, FileTraces, read_files
from seethink.world.questions import as_item, question

COUNT = 6


@pytest.fixture
def files(world_images, tmp_path):
    """Made-up files in the released forms; ``brings`` says which items of the RL file have a trace in their meta."""

    def made(brings=lambda number: True):
        folder = tmp_path / "files"
        folder.mkdir()
        sft, rl = [], []
        for number in range(2 * COUNT):
            item = as_item(question(2, number), world_images)
            picture = f"clevr_math/{number}.png"
            (folder / "clevr_math").mkdir(exist_ok=True)
            (folder / picture).write_bytes(world_images.read(item.images[0]))
            record = {"image": picture, "question": f"{item.question} ({number})"}
            if number < COUNT:
                sft.append(record | {"answer": "<think>I count.</think><answer>3</answer>"})
                continue
            trace = "<think>I count two.\nWait, I count again.\nSo 2.</think>\nThere are **2**."
            meta = {"ds_answer": trace} if brings(number) else {}
            rl.append(record | {"id": f"clevr_math-{number}", "gt": "2", "verifier_type": "digit", "meta": str(meta)})
        for name, rows in (("sft.json", sft), ("rl.json", rl)):
            (folder / name).write_text("\n".join(map(json.dumps, rows)))
        items = {"kind": "vlaa_thinking", "path": folder / "rl.json", "image_root": folder}
        traces = FileTraces(path=folder / "sft.json", image_root=folder)
        return FileSourceConfig(kind="file", traces=traces, items=[items])

    return made


@pytest.fixture
def traces(files, tmp_path):
    def made(source, **choice):
        images = ImageStore(tmp_path / "images")
        read_files(source, images, tmp_path / "data")
        out = tmp_path / f"set-{len(list(tmp_path.iterdir()))}"
        config = TraceSetConfig(choice=TraceChoice(**choice), pictures=Shown.OWN)
        write_traces(config, tmp_path / "data", "", images, out, None)
        return read_traces(out)

    return made


def test_the_traces_that_items_bring_are_imitated_with_their_gold(files, traces, tmp_path):
    source = files()
    shown = traces(source, rows="rl")
    config = ItemSetConfig(choice=ItemChoice(), pictures=Shown.OWN)
    write_items(config, tmp_path / "data", "", ImageStore(tmp_path / "images"), tmp_path / "asked")
    # The very items that RL asks.
    assert [one.item for one in shown] == read_items(tmp_path / "asked") and len(shown) == COUNT
    assert {read_tags(one.response).answer for one in shown} == {"2"}
    assert len(traces(source, rows="sft")) == COUNT and len(traces(source, rows="both")) == 2 * COUNT


def test_what_goes_between_the_answer_tags_is_a_choice(files, traces):
    shown = traces(files().model_copy(update={"answer_block": AnswerBlock.PROSE}), rows="rl")
    assert {read_tags(one.response).answer for one in shown} == {"There are **2**."}


def test_traces_that_items_bring_take_a_form_like_all_others(files, traces):
    [one, *_] = traces(files(), rows="rl", form=Form.STRIPPED)
    assert "Wait" not in one.response and "I count two." in one.response


def test_items_without_a_trace_are_left_out_and_counted(files, traces, tmp_path):
    assert len(traces(files(lambda number: number % 2), rows="rl")) == COUNT // 2
    [manifest] = [read_manifest(path) for path in tmp_path.glob("set-*")]
    assert manifest["set_aside"] == {"no trace": COUNT // 2}


@pytest.mark.parametrize("rows", ["rl", "both"])
def test_files_whose_items_bring_no_trace_are_refused_with_the_remedy(files, traces, rows):
    with pytest.raises(InputError, match=r"the 6 items of .*rl have no traces to imitate: choose rows sft"):
        traces(files(lambda number: False), rows=rows)


def test_the_planner_counts_the_traces_that_an_arm_imitates(files, tiny):
    def samples(rows, source):
        config = StudyConfig(
            base=str(tiny), source=source, arms={"a": {"stages": ["sft"], "changes": {"traces.rows": rows}}}
        )
        plan = make_plan(config)
        return plan.trainings[0].lengths.samples, [one.what for one in plan.findings]

    source = files(lambda number: number % 2)
    assert [samples(rows, source)[0] for rows in ("sft", "rl", "both")] == [COUNT, COUNT // 2, COUNT + COUNT // 2]
    without = source.model_copy(update={"items": ()})
    assert "arm a imitates what RL asks, and the source has no items" in samples("rl", without)[1]
