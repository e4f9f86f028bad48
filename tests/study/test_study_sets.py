"""What trainings read of a data run: which rows, in which form, with which pictures."""

import shutil
from collections import Counter

import pytest

from seethink.core.images import ImageStore
from seethink.core.rejected import InputError
from seethink.core.tables import read_manifest, read_rows, write_rows
from seethink.core.trace import line_steps
from seethink.data import DataConfig
from seethink.data.curation import RandomSplit
from seethink.study.choices import Form, ItemChoice, PassAtK, Seen, Shown, TraceChoice
from seethink.study.corrupted import corrupted
from seethink.study.data import build_world_data, read_data
from seethink.study.pass_rates import item_key
from seethink.study.sets import (
    ItemSetConfig,
    TraceSetConfig,
    read_items,
    read_traces,
    write_items,
    write_traces,
)
from seethink.world.oracle import Dials
from seethink.world.source import WorldConfig
from seethink.world.truth import WorldTruth


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return ImageStore(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def data(images, tmp_path_factory):
    out = tmp_path_factory.mktemp("data")
    dials = Dials(hesitation=0.6, wrong_steps=0.3)
    build_world_data(WorldConfig(count=80), dials, DataConfig(split=RandomSplit()), images, out)
    return out


@pytest.fixture
def traces(data, images, tmp_path):
    def made(pictures=Shown.OWN, truth=True, base="", against=None, **choice):
        out = tmp_path / f"set-{len(list(tmp_path.iterdir()))}"
        config = TraceSetConfig(choice=TraceChoice(**choice), pictures=pictures)
        write_traces(config, data, base, images, out, WorldTruth() if truth else None, against)
        return read_traces(out)

    return made


@pytest.fixture
def items(data, images, tmp_path):
    def made(base="", against=None, **choice):
        out = tmp_path / f"set-{len(list(tmp_path.iterdir()))}"
        config = ItemSetConfig(choice=ItemChoice(**choice), pictures=Shown.OWN)
        write_items(config, data, base, images, out, against)
        return read_items(out)

    return made


def ids(shown):
    return [one.item.id for one in shown]


def test_untouched_the_sets_are_those_of_the_run(traces, items, data):
    run = read_data(data)
    assert traces() == run.sft and items() == run.rl


def test_the_traces_of_the_items_that_rl_asks_are_a_choice_too(traces, items):
    asked = {item.id for item in items()}
    assert set(ids(traces(rows="rl"))) <= asked and not set(ids(traces())) & asked
    assert set(ids(traces(rows="both"))) == set(ids(traces())) | set(ids(traces(rows="rl")))


def test_what_is_drawn_of_few_is_among_what_is_drawn_of_more(traces):
    few, more = set(ids(traces(count=5))), set(ids(traces(count=15)))
    assert len(few) == 5 and len(more) == 15 and few < more
    assert set(ids(traces(count=5, seed=1))) != few
    with pytest.raises(InputError, match=r"traces\.count=5000: there are only"):
        traces(count=5000)


def test_form_alone_is_short_and_every_step_of_it_is_true(traces):
    truth, formed = WorldTruth(), traces(form=Form.FORMAT)
    whole = {one.item.id: one.response for one in traces()}
    for one in formed:
        steps = [step.text for step in line_steps(one.response)]
        assert steps and all(truth.step_truth(one.item, steps)) and len(one.response) <= len(whole[one.item.id])
    assert 0 < len(formed) < len(whole)


def test_stripped_and_unstripped_hold_the_same_items(traces):
    stripped, unstripped = traces(form=Form.STRIPPED), traces(form=Form.UNSTRIPPED)
    assert ids(stripped) == ids(unstripped)
    assert sum(len(a.response) < len(b.response) for a, b in zip(stripped, unstripped, strict=True)) > 3


def test_where_truth_is_not_known_form_alone_is_the_shorter_half(traces):
    stripped, formed = traces(form=Form.STRIPPED), traces(form=Form.FORMAT, truth=False)
    longest = max(len(one.response) for one in formed)
    assert len(stripped) / 2 <= len(formed) < len(stripped)
    assert all(len(one.response) > longest for one in stripped if one not in formed)


def test_items_of_some_verifiers(items):
    assert {item.verifier.value for item in items(verifiers=("mcq", "iou"))} == {"mcq", "iou"}


@pytest.mark.parametrize("shown", [Shown.BLANK, Shown.UNRELATED])
def test_other_pictures_keep_their_items_and_are_the_same_ones_again(shown, data, images):
    asked = [item for item in read_data(data).rl if item.images]
    other = corrupted(asked, shown, images)
    assert [item.id for item in other] == [item.id for item in asked]
    assert all(a.images != b.images for a, b in zip(asked, other, strict=True))
    assert corrupted(asked, shown, images) == other
    if shown is Shown.BLANK:
        assert len(images.open(other[0].images[0]).getcolors()) == 1
    else:
        assert sorted(item.images for item in other) == sorted(item.images for item in asked)


def test_matched_sets_have_as_many_rows_of_each_pass_rate_after_what_either_leaves_out(
    traces, items, data, images, tmp_path
):
    matched = PassAtK(draws=4, max_tokens=96)
    chosen = {"form": Form.STRIPPED}, {"verifiers": ("digit", "mcq", "math")}
    # What each is matched with: all that the other's filters leave.
    unmatched = traces(**chosen[0]), items(**chosen[1])
    left, asked_of = sorted(tmp_path.iterdir())
    shown = traces(base="base", matched=matched, against=asked_of, **chosen[0])
    asked = items(base="base", matched=matched, against=left, **chosen[1])
    hits = {row["item"]: row["hits"] for folder in data.glob("pass_rates_*") for row in read_rows(folder)}
    mine, theirs, *whole = (
        Counter(hits[item_key(item)] for item in one)
        for one in ([one.item for one in shown], asked, [one.item for one in unmatched[0]], unmatched[1])
    )
    assert mine == theirs and len(mine) > 2
    whole = [
        Counter(hits[item_key(item)] for item in one) for one in ([one.item for one in unmatched[0]], unmatched[1])
    ]
    assert whole[0] != whole[1] and mine == whole[0] & whole[1]
    assert {item.verifier.value for item in asked} <= {"digit", "mcq", "math"}


def test_what_the_base_answers_blind_is_not_asked(items, tmp_path):
    kept = {item.id for item in items(base="base", seen=Seen(draws=4, max_tokens=96, low=0.5))}
    [blind] = tmp_path.glob("*/blind")
    dependence = {row["item_id"]: row["visual_dependence"] or 0.0 for row in read_rows(blind)}
    dropped = dependence.keys() - kept
    assert kept and dropped and dependence.keys() == {item.id for item in items()}
    assert min(dependence[name] for name in kept) >= 0.5 > max(dependence[name] for name in dropped)


def test_what_nobody_can_decide_blind_stays_and_is_counted(tiny, data, images, tmp_path):
    run, out = tmp_path / "run", tmp_path / "set"
    shutil.copytree(data, run)
    # Of sources of one's own: open answers have no judge, and where all have one gold nothing needs to be looked at.
    rows = [row | {"source": "mine"} for row in read_rows(data / "rl")]
    alike = [row["id"] for row in rows if row["verifier"] == "digit"][:2]
    rows = [row | {"source": "alike", "gold": "3"} if row["id"] in alike else row for row in rows]
    write_rows(run / "rl", rows)
    choice = ItemChoice(seen=Seen(draws=1, max_tokens=4))
    manifest = write_items(ItemSetConfig(choice=choice, pictures=Shown.OWN), run, str(tiny), images, out)
    open_ones = {row["id"] for row in rows if row["verifier"] == "open"}
    blind = list(read_rows(out / "blind"))
    undecided = {row["item_id"] for row in blind if not row["draws"]}
    assert undecided and undecided <= open_ones <= {item.id for item in read_items(out)}
    assert manifest["kept"] == {"undecided blind": len(undecided)}
    always = {row["item_id"] for row in blind if row["draws"] and row["visual_dependence"] is None}
    assert always == set(alike) and manifest["set_aside"]["one answer is always right"] == 2
    assert manifest["rows"] == len(rows) - sum(manifest["set_aside"].values())


def test_a_set_says_what_it_left_out(data, images, tmp_path):
    config = TraceSetConfig(choice=TraceChoice(form=Form.FORMAT), pictures=Shown.OWN)
    write_traces(config, data, "", images, tmp_path, WorldTruth())
    manifest = read_manifest(tmp_path)
    assert manifest["set_aside"]["false step"] > 0 and manifest["rows"] == len(list(read_rows(tmp_path)))
