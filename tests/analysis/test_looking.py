"""Both subsets of a benchmark, parts of a comparison, and what an arm owes to its pictures: from a study's tables."""

import hashlib
from dataclasses import replace

import pytest

from seethink.analysis.arm_results import Estimates, sources, split
from seethink.analysis.looking import SIGHT, blind_arm, sight, vision_rows
from seethink.analysis.study_data import ItemFacts, RunData, RunTable, Study, read_study_data, write_study_data
from seethink.analysis.study_data.record import ArmRecord
from seethink.analysis.subsets import subset_rows
from seethink.core.item import Verifier
from seethink.core.tables import read_json, write_json

ITEMS = tuple(
    ItemFacts(f"world-{domain}-{number:016x}", Verifier.DIGIT, "count", f"world-{domain}")
    for domain in ("charts", "scenes")
    for number in range(4)
)
BLANK = {"pictures.training": "blank"}
ASKED = {"pictures.evaluation": "blank"}
RIGHT = {
    #            charts    scenes
    "base": ("1000 1000", {}, False),
    "blind": ("1100 0000", {"evaluation.blind": True}, False),
    "base-blank": ("1000 0000", ASKED, False),
    "rl": ("1110 1111", {}, True),
    "rl-blank": ("1100 1100", BLANK, True),
    "rl-asked": ("1000 0000", ASKED, True),
    "rl-both": ("1100 1000", BLANK | ASKED, True),
    "rl-kl": ("1111 1111", BLANK | {"rl.kl": 1.0}, True),
}


@pytest.fixture(scope="module")
def told():
    return Estimates(made(RIGHT), seed=0, resamples=50)


def made(arms):
    def run(arm, right):
        hits = tuple(float(one) for one in right.replace(" ", ""))
        columns = {"greedy_strict": hits, "greedy_undecided": (0.0,) * len(hits)}
        columns |= {"sampled_draws": (2.0,) * len(hits), "sampled_hits": tuple(2 * one for one in hits)}
        return RunData(RunTable(arm, 0, columns), {}, {}, {})

    return Study(
        names=("made up",),
        items=ITEMS,
        arms={arm: ArmRecord(changes=ch, stages=("rl",) if t else (), trained=t) for arm, (_, ch, t) in arms.items()},
        runs={arm: {0: run(arm, right)} for arm, (right, _, _) in arms.items()},
    )


def test_what_the_untrained_arm_hits_without_pictures_is_one_subset(told):
    assert blind_arm(told.study.arms) == "blind"
    found = sight(told)
    assert [item for item, part in found.items() if part == SIGHT[1]] == [ITEMS[0].id, ITEMS[1].id]
    parts = split(told, "rl", found)
    assert {part: (one["accuracy"]["mean"], one["accuracy"]["n"]) for part, one in parts.items()} == {
        "answered blind": (1.0, 2),
        "needs its picture": (pytest.approx(5 / 6), 6),
    }


def test_without_an_arm_that_is_asked_blind_there_are_no_subsets():
    study = made({arm: one for arm, one in RIGHT.items() if arm in ("base", "rl", "rl-asked")})
    assert sight(Estimates(study, seed=0, resamples=50)) == {}


def test_a_comparison_is_told_on_every_domain(told):
    rows = subset_rows(told, [("rl", "base")], {"source": sources(told), "one": dict.fromkeys(sources(told), "all")})
    assert [(row["split"], row["part"], row["difference"]["mean"], row["difference"]["n"]) for row in rows] == [
        ("source", "world-charts", 0.5, 4),
        ("source", "world-scenes", 0.75, 4),
    ]


def test_an_arm_is_ahead_of_itself_without_pictures_by_what_it_owes_to_them(told):
    rows = {row["other"]: row for row in vision_rows(told) if row["own"] == "rl"}
    assert {other: (row["training"], row["evaluation"], row["gain"]["mean"]) for other, row in rows.items()} == {
        "rl-blank": ("blank", "own", 3 / 8),
        "rl-asked": ("own", "blank", 6 / 8),
        "rl-both": ("blank", "blank", 4 / 8),
    }
    # What was gained without seeing: against the start, asked alike.
    assert {other: (row["start"], row["unseen"]["mean"]) for other, row in rows.items()} == {
        "rl-blank": ("base", 2 / 8),
        "rl-asked": ("base-blank", 0.0),
        "rl-both": ("base-blank", 2 / 8),
    }


def test_another_setting_is_no_missing_picture_and_the_start_is_held_against_itself(told):
    rows = vision_rows(told)
    assert {(row["own"], row["other"]) for row in rows if row["own"] != "rl"} == {
        ("base", "blind"),
        ("base", "base-blank"),
    }
    assert {row["unseen"] for row in rows if row["own"] == "base"} == {None}
    assert not any(row["other"] == "rl-kl" for row in rows)


def test_sources_are_kept_and_read_from_the_ids_of_older_tables(told, tmp_path):
    write_study_data(tmp_path / "new", told.study)
    assert read_study_data([tmp_path / "new"]).items == ITEMS
    plain = replace(told.study, items=tuple(item._replace(source="") for item in ITEMS))
    write_study_data(tmp_path / "old", plain)
    items = (tmp_path / "old" / "items.csv").read_text()
    older = "".join(f"{line.rpartition(',')[0]}\n" for line in items.splitlines())
    (tmp_path / "old" / "items.csv").write_text(older)
    record = read_json(tmp_path / "old" / "study.json")
    record["items_hash"] = hashlib.sha256(older.encode()).hexdigest()[:12]
    write_json(tmp_path / "old" / "study.json", record)
    assert read_study_data([tmp_path / "old", tmp_path / "new"]).items == ITEMS
