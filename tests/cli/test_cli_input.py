import json
import re
import resource

import pytest

COMMANDS = ("study", "data", "train", "eval", "reward", "world", "doctor")

BAD_ROWS = {
    "missing image": ({"image": "gone.png"}, r"broken picture .*picture gone.png is not in .*: check the path"),
    "broken image": ({"image": "broken.png"}, r"broken picture .*broken.png cannot be decoded .*: replace the file"),
    "outside image": ({"image": "../x.png"}, r"leaves the image folder .*: use a path below it"),
    "duplicated id": ({"id": "row-1"}, r"duplicated id .*field id: 'row-1' stands earlier .*keep one"),
    "digit gold": ({"gold": "many"}, r"gold 'many' of a digit item is no whole number"),
    "box gold": ({"gold": "here", "verifier": "iou"}, r"write \[x1, y1, x2, y2\]"),
    "math gold": ({"gold": "\\frac{", "verifier": "math"}, r"gold its verifier rejects .*frac"),
    "unknown verifier": ({"verifier": "count"}, r"field verifier: 'count' is none of digit, mcq, math, iou, open"),
    "no question": ({"question": ""}, r"field question: give the question"),
    "markup": ({"id": "[/red]", "verifier": "[bold]"}, r"'\[bold\]' is none of"),
    "not JSON": ("{'single': 1}", r"not JSON .*write one record a line"),
}


@pytest.fixture(scope="module")
def validated(seethink, write, images, tmp_path_factory):
    rows = [row for row, _ in BAD_ROWS.values()]
    path = write(tmp_path_factory.mktemp("rows") / "mine.jsonl", {}, *rows, {"question": "And now?"})
    return seethink("reward", "validate", "--data", path, "--images", images)


@pytest.mark.parametrize("fault", list(BAD_ROWS))
def test_a_bad_row_is_set_aside_by_file_and_line_with_the_remedy(validated, fault):
    line, said = list(BAD_ROWS).index(fault) + 2, BAD_ROWS[fault][1]
    [told] = re.findall(rf"set aside mine\.jsonl:{line}: (.*?)(?= set aside|$| \d+ items)", validated.out)
    assert re.search(said, told)


def test_the_other_rows_go_on_and_are_counted(validated):
    assert validated.code == 1 and f"2 items kept, {len(BAD_ROWS)} set aside" in validated.out
    assert "Traceback" not in validated.err


def test_help_lists_the_commands_at_once(seethink):
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        told = seethink("--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert told.code == 0 and all(f" {command} " in told.out for command in COMMANDS)
    assert min(spent) < 0.5


def test_every_command_explains_itself(seethink):
    for group in ("data", "train", "reward", "world"):
        assert "Commands" in seethink(group, "--help").out


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("cuont=3", "the overrides: cuont: no such field, did you mean count?"),
        ("count=many", "count: input should be a valid integer"),
        ("count", "write it as field=value"),
        ("templates=[mean", "templates"),
        ("templates=[nobody]", "choose among"),
        ("split=test", "split: input should be 'train', 'validation' or 'heldout'"),
        ("level=9", "level 9"),
    ],
)
def test_a_mistaken_setting_is_named_and_nothing_is_written(seethink, tmp_path, override, said):
    ended = seethink("world", "items", "--out", tmp_path / "out", override)
    assert ended.code == 2 and ended.err.startswith("seethink: ") and said in ended.err
    assert "Traceback" not in ended.err and not list(tmp_path.rglob("*.jsonl"))


def test_a_typo_in_a_config_file_is_named_with_the_file(seethink, write, images, tmp_path):
    config = tmp_path / "mine.yaml"
    config.write_text("width: 3\nreasoner: {temperatur: 0.6}\n")
    data = write(tmp_path / "mine.jsonl", {})
    ended = seethink("data", "build", "--data", data, "--images", images, "--out", tmp_path / "o", "--config", config)
    assert ended.code == 2 and f"{config}: reasoner.temperatur: no such field, did you mean temperature?" in ended.err
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize(
    ("text", "said"), [("a: [", "is not YAML"), ("- 1", "must be a mapping"), (None, "does not exist")]
)
def test_a_config_that_cannot_be_read_is_named(seethink, write, images, tmp_path, text, said):
    config = tmp_path / "mine.yaml"
    if text is not None:
        config.write_text(text)
    data = write(tmp_path / "mine.jsonl", {})
    ended = seethink("data", "build", "--data", data, "--images", images, "--out", tmp_path / "o", "--config", config)
    assert ended.code == 2 and f"config {config}" in ended.err and said in ended.err


def test_a_data_file_that_is_not_there_is_named(seethink, images, tmp_path):
    ended = seethink("reward", "validate", "--data", tmp_path / "gone.jsonl", "--images", images)
    assert ended.code == 2 and "gone.jsonl cannot be read" in ended.err and "check the path" in ended.err


def test_where_no_row_is_usable_the_command_stops(seethink, write, images, tmp_path):
    data = write(tmp_path / "mine.jsonl", {"image": "gone.png"})
    ended = seethink("reward", "validate", "--data", data, "--images", images)
    assert ended.code == 2 and "mine.jsonl:1" in ended.out and "no usable item is left" in ended.err


def test_the_worlds_items_are_input_like_any_other(seethink, tmp_path):
    written = seethink("world", "items", "--out", tmp_path, "count=25", "split=validation")
    assert written.code == 0 and "25 items" in written.out
    rows = [json.loads(line) for line in (tmp_path / "items.jsonl").read_text().splitlines()]
    assert len(rows) == 25 and all((tmp_path / "images" / row["images"][0]).is_file() for row in rows)
    checked = seethink("reward", "validate", "--data", tmp_path / "items.jsonl", "--images", tmp_path / "images")
    assert checked.code == 0 and "25 items, every rule-verified gold scores 1" in checked.out


def test_one_item_of_the_world_can_be_looked_at(seethink, tmp_path):
    ended = seethink("world", "show", "--out", tmp_path / "one.png", "--seed", 3, "--index", 4)
    assert ended.code == 0 and "gold: " in ended.out and "Plan: " in ended.out
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")
