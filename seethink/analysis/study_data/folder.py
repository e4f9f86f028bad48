"""A study's tables in a folder, and several such folders brought together.

    study.json          arms, controls, runs with the hash of every table
    items.csv           id, verifier, template and source of every item
    runs/ARM.SEED.csv   one run on every item
    curves/ARM.SEED.csv its learning curves

Every table is below 100 kB and plain text, so that a repository can keep it and a reviewer can read what changed.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from seethink.analysis.study_data.curve_table import curves_csv, read_curves_csv
from seethink.analysis.study_data.record import NOT_IN_ARM, ArmRecord, RunRecord, StudyRecord
from seethink.analysis.study_data.run_table import ItemFacts, read_table_csv, table_csv
from seethink.analysis.study_data.study import RunData, Study, check_runs
from seethink.core.config import parse_config
from seethink.core.item import Verifier
from seethink.core.rejected import InputError
from seethink.core.tables import read_json, write_json, write_text

RECORD = "study.json"
_ITEMS = "items.csv"
_ITEM_COLUMNS = ["item", "id", "verifier", "group", "source"]
_CONTENT_ID = re.compile(r"(.+)-[0-9a-f]{16}", re.ASCII)
_ABOUT_ROW = ("control", "matched", "declared", "per_run", "measured")


def write_study_data(folder: Path, study: Study) -> None:
    """Write a study's tables below ``folder``. The record comes last: a folder without it is unfinished."""
    items = _items_csv(study.items)
    write_text(folder / _ITEMS, items)
    runs, taken = [], set[str]()
    for arm, by_seed in study.runs.items():
        for seed, run in sorted(by_seed.items()):
            name = _file_name(arm, seed, taken)
            table, curves = table_csv(run.table), curves_csv(run.curves) if run.curves else None
            write_text(folder / "runs" / name, table)
            if curves is not None:
                write_text(folder / "curves" / name, curves)
            runs.append(
                RunRecord(
                    arm=arm,
                    seed=seed,
                    table=f"runs/{name}",
                    table_hash=_hash(table),
                    curves=None if curves is None else f"curves/{name}",
                    curves_hash=None if curves is None else _hash(curves),
                    cost=dict(run.cost),
                    cues={decoding: dict(counts) for decoding, counts in run.cues.items()},
                )
            )
    record = StudyRecord(
        name=" + ".join(study.names),
        title=study.title,
        code=", ".join(study.code),
        items=_ITEMS,
        items_hash=_hash(items),
        arms=dict(study.arms),
        compare=list(study.compare),
        controls=[dict(row) for row in study.controls],
        runs=runs,
        funnel=[dict(row) for row in study.funnel],
        seconds=round(study.seconds, 3),
        stage_seconds=dict(study.stage_seconds),
    )
    write_json(folder / RECORD, record.model_dump(mode="json"))


def find_study_data(paths: Sequence[Path]) -> list[Path]:
    """The folders with a ``study.json`` at or below the given ones. InputError where there is none."""
    found = [below.parent for path in paths for below in sorted(path.rglob(RECORD))]
    if not found:
        raise InputError(f"{', '.join(map(str, paths))}: no {RECORD} there, nor below; seethink study writes it")
    return list(dict.fromkeys(found))


def read_study_data(folders: Sequence[Path]) -> Study:
    """One study from the tables of several sittings.

    InputError where a table was edited since it was written, two sittings did not ask the same items, an arm differs
    between two of them in anything but its seeds, or a seed was run twice with different outcomes.
    """
    sittings = [(folder, _read(folder)) for folder in folders]
    (first_folder, first), *others = sittings
    arms, runs = dict(first.arms), {arm: dict(found) for arm, found in first.runs.items()}
    for folder, study in others:
        if study.items != first.items:
            raise InputError(
                f"{first_folder} ({len(first.items)} items) and {folder} ({len(study.items)} items) did not ask the "
                "same items: evaluate all sittings on one set of items, or report them apart"
            )
        for arm, record in study.arms.items():
            if arm in arms:
                _check_same(arm, sittings, folder, study)
            arms.setdefault(arm, record)
            known = runs.setdefault(arm, {})
            for seed, run in study.runs[arm].items():
                # What is not trained is one run, which every sitting files under the first of its own seeds.
                before = known.setdefault(seed if record.trained else min(known, default=seed), run)
                if before.table.columns != run.table.columns:
                    raise InputError(
                        f"arm {arm}, seed {seed} was run twice with different outcomes, once in {folder}: "
                        "a seed is one run, leave one of the two out"
                    )
    for arm, record in arms.items():
        check_runs(arm, record, runs[arm])
    return Study(
        names=tuple(name for _, study in sittings for name in study.names),
        items=first.items,
        arms=arms,
        runs=runs,
        controls=_joined([study.controls for _, study in sittings]),
        compare=list(dict.fromkeys(pair for _, study in sittings for pair in study.compare)),
        funnel=first.funnel,
        seconds=sum(study.seconds for _, study in sittings),
        stage_seconds=first.stage_seconds if not others else {},
        code=tuple(dict.fromkeys(code for _, study in sittings for code in study.code)),
        title=next((study.title for _, study in sittings if study.title), None),
    )


def _read(folder: Path) -> Study:
    record = parse_config(StudyRecord, read_json(folder / RECORD), str(folder / RECORD))
    items = _read_items(_text(folder, record.items, record.items_hash), str(folder / record.items))
    runs: dict[str, dict[int, RunData]] = {arm: {} for arm in record.arms}
    for run in record.runs:
        if run.arm not in runs:
            raise InputError(f"{folder / RECORD}: a run is of arm {run.arm}, which is not among its arms")
        curves = {}
        if run.curves is not None:
            curves = read_curves_csv(_text(folder, run.curves, run.curves_hash or ""), str(folder / run.curves))
        text = _text(folder, run.table, run.table_hash)
        table = read_table_csv(text, run.arm, run.seed, len(items), str(folder / run.table))
        runs[run.arm][run.seed] = RunData(table, run.cost, run.cues, curves)
    return Study(
        names=(record.name,),
        items=tuple(items),
        arms=record.arms,
        runs=runs,
        controls=[row for row in record.controls if not _empty(row)],
        compare=record.compare,
        funnel=record.funnel,
        seconds=record.seconds,
        stage_seconds=record.stage_seconds,
        code=(record.code,) if record.code else (),
        title=record.title,
    )


def _text(folder: Path, name: str, expected: str) -> str:
    """A file of the folder, as it was written. InputError where it lies elsewhere, is missing, or was edited."""
    inside = PurePosixPath(name)
    if inside.is_absolute() or ".." in inside.parts or not (folder / inside).resolve().is_relative_to(folder.resolve()):
        raise InputError(f"{folder / RECORD}: table {name!r} leaves the folder")
    try:
        text = (folder / inside).read_text(encoding="utf-8")
    except (FileNotFoundError, IsADirectoryError):
        raise InputError(f"{folder / inside} does not exist, and {RECORD} names it") from None
    except UnicodeDecodeError:
        raise InputError(f"{folder / inside} is not text") from None
    if _hash(text) != expected:
        raise InputError(
            f"{folder / inside} is not as the study wrote it (hash {_hash(text)}, recorded {expected}): "
            "restore it, or run the study again"
        )
    return text


def _items_csv(items: Sequence[ItemFacts]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_ITEM_COLUMNS)
    writer.writerows(
        [number, item.id, item.verifier.value, item.group, item.source] for number, item in enumerate(items)
    )
    return buffer.getvalue()


def _read_items(text: str, where: str) -> list[ItemFacts]:
    rows = list(csv.reader(io.StringIO(text)))
    # Tables written before the source was kept have no such column; the id of an item begins with it.
    columns = _ITEM_COLUMNS[:-1] if rows and rows[0] == _ITEM_COLUMNS[:-1] else _ITEM_COLUMNS
    if not rows or rows[0] != columns:
        raise InputError(f"{where}: line 1 must be {','.join(_ITEM_COLUMNS)}")
    found = []
    for line, row in enumerate(rows[1:], start=2):
        if len(row) != len(columns) or row[2] not in list(Verifier):
            raise InputError(f"{where}: line {line} must hold {', '.join(columns)}")
        source = row[4] if len(row) > 4 else _source_of(row[1])
        found.append(ItemFacts(row[1], Verifier(row[2]), row[3], source))
    return found


def _source_of(item_id: str) -> str:
    found = _CONTENT_ID.fullmatch(item_id)
    return found[1] if found else ""


def _check_same(arm: str, sittings: Sequence[tuple[Path, Study]], folder: Path, study: Study) -> None:
    """InputError where an arm is another one in an earlier sitting than in this one, with the difference."""
    for earlier_folder, earlier in sittings:
        if earlier is study:
            return
        if arm not in earlier.arms:
            continue
        apart = _apart(_recorded(arm, earlier), _recorded(arm, study))
        if apart:
            raise InputError(
                f"arm {arm} is not the same in {earlier_folder} and {folder}: {apart}. Give it another name, or run it "
                "with the same settings"
            )


def _recorded(arm: str, study: Study) -> dict[str, str]:
    """Everything recorded of an arm that must not differ between sittings."""
    record: ArmRecord = study.arms[arm]
    values = {f"change {path}": str(value) for path, value in record.changes.items()}
    values |= {"stages": " ".join(record.stages), "trained": str(record.trained)}
    if record.settings:
        return values | {name: str(value) for name, value in record.settings.items()}
    for row in study.controls:
        name = str(row["control"])
        if arm in row and not row.get("per_run") and not row.get("measured") and not name.endswith("seed"):
            values[name] = str(row[arm])
    return values


def _apart(a: Mapping[str, str], b: Mapping[str, str]) -> str:
    names = [name for name in dict.fromkeys([*a, *b]) if a.get(name, NOT_IN_ARM) != b.get(name, NOT_IN_ARM)]
    return "; ".join(f"{name} is {a.get(name, NOT_IN_ARM)} and {b.get(name, NOT_IN_ARM)}" for name in names)


def _empty(row: Mapping[str, Any]) -> bool:
    """Whether a control has nothing but empty values, as tables made by earlier versions list them."""
    values = {str(value) for name, value in row.items() if name not in _ABOUT_ROW} - {NOT_IN_ARM}
    return values == {"{}"}


def _joined(tables: Sequence[Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Controls of several sittings as one table: an arm's value is that of the first sitting with it."""
    rows: dict[str, dict[str, Any]] = {}
    for table in tables:
        for row in table:
            joined = rows.setdefault(str(row["control"]), dict(row))
            for name, value in row.items():
                joined.setdefault(name, value)
            if row.get("measured"):
                # A finding of one sitting: nothing that the arms were held to.
                if row["measured"] not in str(joined["measured"]).split("; "):
                    joined["measured"] = f"{joined['measured']}; {row['measured']}"
                continue
            values = {str(value) for name, value in joined.items() if name not in _ABOUT_ROW} - {NOT_IN_ARM}
            joined["matched"] = len(values) <= 1 if len(tables) > 1 else row["matched"]
            if row.get("declared"):
                joined["declared"] = _explained(joined.get("declared"), row["declared"])
    return list(rows.values())


def _explained(told: str | bool | None, why: str | bool) -> str | bool:
    """What explains a difference in several sittings, every text once; True where tables say only that some does."""
    texts = [one for one in (told, why) if isinstance(one, str) and one]
    if len(texts) == 2 and f"; {why};" in f"; {told};":
        return texts[0]
    return "; ".join(texts) or True


def _file_name(arm: str, seed: int, taken: set[str]) -> str:
    """A name that every file system takes; arms whose names it makes equal are numbered."""
    stem = re.sub(r"[^\w.+=@-]", "_", arm, flags=re.ASCII).lstrip(".") or "arm"
    name, number = f"{stem}.{seed}.csv", 2
    while name.casefold() in taken:
        name, number = f"{stem}_{number}.{seed}.csv", number + 1
    taken.add(name.casefold())
    return name


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
