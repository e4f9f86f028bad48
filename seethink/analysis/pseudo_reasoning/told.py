"""A diagnosis for people: the tree that the page is made from, and tables for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from seethink.analysis.audit import printable
from seethink.analysis.compare import Interval
from seethink.analysis.pseudo_reasoning.against_truth import Quality, qualities
from seethink.analysis.pseudo_reasoning.diagnosis import MEASURES, UNBOUNDED, Diagnosis, by_group, summarise
from seethink.analysis.pseudo_reasoning.signs import Sign
from seethink.analysis.pseudo_reasoning.survival import Survival
from seethink.core.rejected import Rejected

Tree = dict[str, Any]

TO_READ = 100
"""Traces on the page. choice: it opens at once."""

LONGEST = 20_000
"""Characters shown of one trace; the page says where more were left out. choice."""


def diagnosis_tree(
    diagnoses: Sequence[Diagnosis], rejected: Sequence[Rejected], file: str, *, seed: int = 0, to_read: int = TO_READ
) -> Tree:
    """Everything that is told of a file of traces, as plain JSON."""
    found = {name: summarise(traces, seed=seed) for name, traces in by_group(diagnoses).items()}
    return {
        "file": file,
        "traces": len(diagnoses),
        "set_aside": dict(Counter(row.reason for row in rejected)),
        "groups": found,
        "measures": {
            name: told for name, told in MEASURES.items() if any(_known(group, name) for group in found.values())
        },
        "qualities": sorted(map(_quality, qualities(diagnoses, seed=seed)), key=lambda row: row["target"]),
        "to_read": [_readable(one) for one in sorted(diagnoses, key=_telling)[:to_read]],
    }


def measures_table(tree: Mapping[str, Any]) -> Table:
    """One row per measure, one column per group."""
    title = Text(f"{tree['traces']:,} traces of {printable(tree['file'])}, 95 % interval over items")
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for name, group in tree["groups"].items():
        table.add_column(Text(f"{printable(name) or 'all'}\n{group['traces']:,} traces"), justify="right")
    for name, told in tree["measures"].items():
        cells = [measure_text(name, group["measures"][name]) for group in tree["groups"].values()]
        table.add_row(told, *(Text(cell) for cell in cells))
    return table


def qualities_table(tree: Mapping[str, Any]) -> Table:
    """Precision and recall of every sign; nothing is shown of a sign that marks nothing."""
    table = Table(title="signs against the truth of steps and answers", title_justify="left")
    table.add_column("sign of")
    table.add_column("sign")
    for name in ("marked", "precision", "so anyway", "recall"):
        table.add_column(name, justify="right")
    for row in tree["qualities"]:
        if row["marked"]:
            table.add_row(
                row["target"],
                row["sign"],
                f"{row['marked']:,}",
                share_text(row["precision"]),
                f"{row['so'] / row['cases']:.0%}",
                share_text(row["recall"]),
            )
    return table


def survival_table(found: Sequence[Survival]) -> Table:
    """How much of each habit is left at each step of RL."""
    table = Table(title="what survives of the SFT style (1 = all of it, 0 = none)", title_justify="left")
    table.add_column("habit")
    for name in ("step", "before SFT", "after SFT", "here", "survives"):
        table.add_column(name, justify="right")
    for one in found:
        bounded = one.measure not in UNBOUNDED
        poles = [f"{value:.1%}" if bounded else f"{value:.1f}" for value in (one.at_base, one.at_sft, one.rate)]
        table.add_row(MEASURES[one.measure], f"{one.step:g}", *poles, _survives(one.survives))
    return table


def measure_text(name: str, found: Mapping[str, Any]) -> str:
    """A measure with its interval, as a share in percent or in its unit."""
    if found["mean"] is None:
        return "–"
    if name not in UNBOUNDED:
        return share_text(found)
    spread = "" if found["low"] is None else f" ({found['low']:.1f} to {found['high']:.1f})"
    return f"{found['mean']:.1f}{spread}"


def share_text(found: Mapping[str, Any]) -> str:
    if found["mean"] is None:
        return "–"
    return f"{100 * found['mean']:.1f} % ({100 * found['low']:.0f} to {100 * found['high']:.0f})"


def _survives(found: Interval | None) -> str:
    return "no style to survive" if found is None else f"{found.mean:.2f} ({found.low:.2f} to {found.high:.2f})"


def _known(group: Mapping[str, Any], name: str) -> bool:
    return group["measures"][name]["mean"] is not None


def _quality(one: Quality) -> Tree:
    return {
        "sign": one.sign,
        "target": one.target.value,
        "marked": one.marked,
        "so": one.so,
        "both": one.both,
        "cases": one.cases,
        "precision": _tree(one.precision),
        "recall": _tree(one.recall),
    }


def _tree(found: Interval) -> Tree:
    return {"mean": found.mean, "low": found.low, "high": found.high, "n": found.n}


def _telling(one: Diagnosis) -> tuple[int, int]:
    """The most telling traces first: those that contradict themselves, miscalculate, or do not lead to their answer;
    then those that reflect without consequence. Otherwise the order of the file."""
    rare = (one.count(Sign.CONTRADICTS) > 0) + (one.count(Sign.MISCALCULATES) > 0) + (one.concluded.follows is False)
    return -rare, -bool(one.pseudo)


def _readable(one: Diagnosis) -> Tree:
    spent, steps = 0, []
    consequences: dict[int, list[str]] = {}
    for each in one.reflections:
        told = each.consequence.value
        if each.before is not None:
            about = f"{each.subject} " if each.subject else ""
            told += f": {about}{each.before} → {each.after}" + (f", {each.turn}" if each.turn else "")
        consequences.setdefault(each.step, []).append(told)
    for number, step in enumerate(one.steps):
        spent += len(step.text)
        if spent > LONGEST:
            break
        steps.append(
            {
                "number": number + 1,
                "text": step.text,
                "signs": [sign.value for sign in Sign if sign in step.signs],
                "against": None if step.against is None else step.against + 1,
                "revises": step.revises,
                "truth": step.truth,
                "gain": step.gain,
                "reflections": consequences.get(number, []),
            }
        )
    return {
        "where": one.row.where,
        "item": one.row.item,
        "group": one.row.group,
        "question": one.row.asked.question[:LONGEST],
        "gold": (one.row.asked.gold or "")[:LONGEST],
        "answer": (one.concluded.answer or "")[-LONGEST:],
        "thinking": (one.concluded.thinking or "")[-LONGEST:],
        "follows": one.concluded.follows,
        "right": one.right,
        "words": one.words,
        "steps": steps,
        "left_out": len(one.steps) - len(steps),
    }
