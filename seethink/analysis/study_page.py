"""A study as a page of Markdown, made from the same tree as the report: no committed number is written by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from seethink.analysis.ablations import Ablation, Place, ablations
from seethink.analysis.claims import Claim
from seethink.analysis.claims_told import sentence
from seethink.analysis.controls_told import MARKS, Agreement, agreement
from seethink.analysis.drawings import CAPTIONS
from seethink.analysis.numbers import amount, p_text, percent, signed, span
from seethink.analysis.registered import told
from seethink.analysis.wording import WITHOUT_OPEN, headline, title

Tree = Mapping[str, Any]

_SHOWN = ("doses", "doses-unregistered", "claims", "accuracy", "difficulty", "breakdown", "habits", "curves")
"""Figures of the page, in order; the others are in the report."""

_ESCAPED = str.maketrans({character: f"\\{character}" for character in "\\`*_[]<>|#"})


def study_page(results: Tree, figures: Sequence[str], *, folder: str = "figures", command: str | None = None) -> str:
    """The page.

    Args:
        results: the tree of results.json.
        figures: names of the figures that lie in ``folder``, relative to the page.
        command: that made it, said at the end.
    """
    drawn = [name for name in _SHOWN if name in figures]
    parts = [
        f"# {_text(title(results) or 'A study')}",
        "This page is generated from the tables of the study; edit none of it by hand.",
    ]
    if results["verdicts"]:
        primary = next(row for row in results["verdicts"] if row["primary"])
        parts += [f"**{_text(told.verdict_sentence(primary))}**", _text(results["claim"])]
    else:
        first, *more = headline(results)
        parts += [_text(first), "\n".join(f"- {_text(one)}" for one in more), _text(results["claim"])]
    parts += _figures(drawn, ("doses",), folder)
    if results["verdicts"]:
        parts += ["## Registered claims", _verdicts(results["verdicts"]), *_figures(drawn, ("claims",), folder)]
        parts.append("\n".join(f"- {_text(told.verdict_sentence(row))}" for row in results["verdicts"]))
    if results["doses"]:
        parts += ["## Dose and response", *_figures(drawn, ("doses-unregistered",), folder), _doses(results["doses"])]
    parts += ["## Arms", _arms(results), *_figures(drawn, ("accuracy",), folder)]
    if results["claims"]:
        parts += ["## Comparisons", _comparisons(results["claims"])]
        found = results["claims"]
        told_all = [sentence(found, pair, claim) for pair in found["comparisons"] for claim in Claim]
        parts.append("\n".join(f"- {_text(one)}" for one in told_all))
    if results["without_open"]:
        parts += ["### Without open questions", WITHOUT_OPEN, _comparisons(results["without_open"])]
    if tables := ablations(results):
        parts += ["## Ablations", *(_ablation(results, table) for table in tables)]
    parts += ["## Where, and how", *_figures(drawn, ("difficulty", "breakdown", "habits", "curves"), folder)]
    parts += [_by_part(results, kind) for kind in ("source", "verifier", "sight")]
    if results["subsets"]:
        parts += [_subsets(results["subsets"])]
    if results["vision"]:
        parts += ["## Does it look?", _vision(results["vision"])]
    if results["controls"]:
        parts += ["## Controls", _controls(results)]
    parts += ["## Method", _method(results, command)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _verdicts(rows: Sequence[Tree]) -> str:
    return _table(
        ("claim", "verdict", "found", "95 % interval", "predicted", "p", "runs"),
        (
            (
                _text(row["statement"]) + (" (decides)" if row["primary"] else ""),
                f"{told.MARKS[row['verdict']]} **{row['verdict']}**",
                told.amount_told(row, row["mean"]),
                "–"
                if row["low"] is None
                else f"{told.amount_told(row, row['low'])} to {told.amount_told(row, row['high'])}",
                _text(told.predicted_told(row)),
                p_text(row["p_holm"]),
                min(row["runs"]) if row["runs"] else "–",
            )
            for row in rows
        ),
    )


def _doses(rows: Sequence[Tree]) -> str:
    return _table(
        ("dial", "measured", "decoding", "of", "level", "mean", "95 % interval of the recipe", "runs"),
        (
            (
                f"`{row['dial']}`",
                _text(row["told"]),
                row["decoding"] if row["registered"] else f"{row['decoding']}, not registered",
                _text(row["series"]),
                f"{point['level']:g}",
                percent(point["mean"]) if row["bounded"] else amount(point["mean"]),
                span(point) if row["bounded"] and point["low"] is not None else "–",
                len(point["runs"]),
            )
            for row in rows
            for point in row["points"]
        ),
    )


def _arms(results: Tree) -> str:
    return _table(
        ("arm", "training seeds", "greedy", "95 % interval", "of the recipe", "sampled", "unparseable", "tokens",
         "hesitant steps", "false steps"),
        (
            (
                _text(name),
                ", ".join(arm["seeds"]) if arm["stages"] or len(arm["seeds"]) > 1 else "–",
                percent(arm["accuracy"]["mean"]),
                span(arm["accuracy"]) or "–",
                span(arm["recipe"]) if arm["recipe"] else "–",
                percent(arm["sampled"]["mean"]),
                percent(arm["unparseable_rate"]["mean"]),
                amount(arm["response_tokens"]["mean"]),
                percent(arm["hesitation_rate"]["mean"]),
                percent(arm["false_step_rate"]["mean"]),
            )
            for name, arm in results["arms"].items()
        ),
    )  # fmt: skip


def _comparisons(found: Tree) -> str:
    return _table(
        ("arms", "claim", "difference", "95 % interval", "p, corrected", "runs", "questions", "finding"),
        (
            (
                _text(f"{pair['a']} − {pair['b']}"),
                "these checkpoints" if claim is Claim.CHECKPOINTS else "this recipe",
                "–" if pair[claim]["mean"] is None else signed(pair[claim]["mean"], 1),
                "–"
                if pair[claim]["low"] is None
                else f"{signed(pair[claim]['low'], 1)} to {signed(pair[claim]['high'], 1)}",
                p_text(pair[claim]["p_holm"]),
                " and ".join(map(str, pair[claim]["runs"])),
                pair[claim]["n"],
                pair[claim]["finding"],
            )
            for pair in found["comparisons"]
            for claim in Claim
        ),
    )


def _ablation(results: Tree, table: Ablation) -> str:
    """The arms that turn the same settings, below the start and the arm that turns none of them."""
    lacking = {Place.START: "not trained", Place.REFERENCE: "as shared"}
    return _table(
        ("arm", *(f"`{path}`" for path in table.paths), "greedy", "95 % interval", "sampled", "unparseable"),
        (
            (
                _text(row.arm),
                *(_text(row.values[path]) if row.values else lacking[row.place] for path in table.paths),
                percent(arm["accuracy"]["mean"]),
                span(arm["accuracy"]) or "–",
                percent(arm["sampled"]["mean"]),
                percent(arm["unparseable_rate"]["mean"]),
            )
            for row in table.rows
            for arm in [results["arms"][row.arm]]
        ),
    )


def _by_part(results: Tree, kind: str) -> str:
    """Greedy accuracy on every part, a row per arm; nothing where there is one part or none."""
    parts = sorted({part for arm in results["arms"].values() for part in arm[f"by_{kind}"]})
    if len(parts) < 2:
        return ""
    return _table(
        ("arm", *map(_text, parts)),
        (
            (_text(name), *(_share(arm[f"by_{kind}"].get(part, {}).get("accuracy")) for part in parts))
            for name, arm in results["arms"].items()
        ),
    )


def _subsets(rows: Sequence[Tree]) -> str:
    """The family's differences part by part, a column per comparison; p-values stand in the results, uncorrected."""
    pairs = list(dict.fromkeys((row["a"], row["b"]) for row in rows))
    found = {(row["split"], row["part"], row["a"], row["b"]): row["difference"] for row in rows}
    return _table(
        ("part", "questions", *(f"{_text(a)} − {_text(b)}" for a, b in pairs)),
        (
            (_text(part), found[split, part, *pairs[0]]["n"], *(_points(found[split, part, a, b]) for a, b in pairs))
            for split, part in dict.fromkeys((row["split"], row["part"]) for row in rows)
        ),
    )


def _share(found: Tree | None) -> str:
    if found is None or found["mean"] is None:
        return "–"
    return percent(found["mean"]) + (f" ({span(found)})" if found["low"] is not None else "")


def _vision(rows: Sequence[Tree]) -> str:
    return _table(
        ("arm", "without its pictures", "trained on", "asked with", "ahead by", "p", "gained unseen", "p"),
        (
            (
                _text(row["own"]),
                _text(row["other"]),
                row["training"],
                row["evaluation"],
                _points(row["gain"]),
                p_text(row["gain_p"]),
                _points(row["unseen"]),
                p_text(row["unseen_p"]),
            )
            for row in rows
        ),
    )


def _points(found: Tree | None) -> str:
    if found is None or found["mean"] is None:
        return "–"
    between = "" if found["low"] is None else f" ({signed(found['low'], 1)} to {signed(found['high'], 1)})"
    return signed(found["mean"], 1) + between


def _controls(results: Tree) -> str:
    arms = list(results["arms"])
    return _table(
        ("held equal", "", *map(_text, arms)),
        (
            (
                _text(row["control"]),
                _agreement(row, results["arms"]),
                *(_text(row.get(arm, "–")) for arm in arms),
            )
            for row in results["controls"]
        ),
    )


def _agreement(row: Tree, arms: Mapping[str, Tree]) -> str:
    how, why = agreement(row, arms)
    told = how if how is not Agreement.MATCHED else ""
    return f"{MARKS[how]} {told}".strip() + (f": {_text(why)}" if why else "")


def _method(results: Tree, command: str | None) -> str:
    statistics = results["statistics"]
    lines = [
        f"Intervals over questions: {statistics['interval']}, {statistics['resamples']:,} resamples. Of recipes: "
        "a t test of a contrast in which training runs and items are both drawn. Why: `docs/design/statistics.md`.",
        f"Sittings: {', '.join(map(_text, results['studies']))}."
        + (f" Tables made with seethink {_text(', '.join(results['code']))}." if results["code"] else ""),
    ]
    if command:
        lines.append(f"Made by `{command}`.")
    return "\n\n".join(lines)


def _figures(drawn: Sequence[str], wanted: Sequence[str], folder: str) -> list[str]:
    return [f"![{_text(CAPTIONS[name])}]({folder}/{name}.svg)" for name in wanted if name in drawn]


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def _text(value: object) -> str:
    """Text in which nothing is markup: names come from files."""
    return " ".join(str(value).split()).translate(_ESCAPED)
