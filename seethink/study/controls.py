"""Controls: what was held equal between the arms, read from what each stage recorded of itself, not from the plan.

Every leaf of every manifest is compared: settings one by one, hashes of data, order, prompt and start, seeds, package
versions, the version of the code. What an arm declares to do otherwise may be other, and what follows from that
(``FOLLOWS``). The rule is one sentence: arms that say the same about a control must agree in it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from seethink.core.config import tree_hash
from seethink.core.rejected import InputError

NOT_IN_ARM = "-"

Value = str | int | float | bool | None
Records = Sequence[tuple[str, Mapping[str, Any]]]
"""What one run of an arm recorded: (stage, manifest) in order. Stages are ``sft``, ``rl`` and ``evaluation``."""

OUTCOMES = frozenset(
    {
        # Times, and what a run came to.
        "seconds",
        "cost.train_seconds",
        "cost.train_tokens",
        "cost.imitated_tokens",
        "cost.imitated",
        "cost.groups_skipped",
        "cost.set_aside",
        "cost.reruns",
        "reruns",
        "resumed_parts",
        "table",
        # Said by their leaves, and by the hash of the whole.
        "config_hash",
        "seal",
        # The chain itself: held against the weights before and after, not against other arms.
        "data.base",
        "data.model",
        "data.arm",
        "model",
    }
)
"""Leaves, or branches, of a manifest that are no controls."""

_DATA = ("source", "world", "data", "pictures.training")

FOLLOWS: Mapping[str, tuple[str, ...]] = {
    "start": ("start",),
    "sft.data.demonstrations": ("teacher", "traces", *_DATA),
    "sft.data.order": ("teacher", "traces", *_DATA),
    "sft.set_aside": ("teacher", "traces", "sft.max_tokens", "sft.max_pixels", "start", *_DATA),
    "sft.cost": ("sft", "teacher", "traces", "start", *_DATA),
    "sft.seeds": ("sft.seed",),
    "rl.data.items": ("items", *_DATA),
    "rl.data.order": ("items", *_DATA),
    "rl.config.imitation": ("imitation",),
    "rl.data.imitated": ("imitation", "teacher", "traces", *_DATA),
    "rl.data.shaping": ("rl.weights", "rl.terms"),
    "rl.data.scorer": ("rl.open",),
    "rl.data.judge prompt": ("rl.open",),
    "rl.data.process scorer": ("rl.process",),
    "rl.data.process scorer config": ("rl.process",),
    "rl.data.process prompt": ("rl.process",),
    "rl.data.process fillers": ("rl.process",),
    "rl.config.completions": ("budget",),
    "rl.cost": ("rl", "budget", "start", "imitation"),
    "rl.seeds": ("rl.seed",),
    "evaluation.data.items": ("heldout", "pictures.evaluation"),
    "evaluation.data.prompt": ("evaluation.prompt",),
    "evaluation.seeds": ("evaluation.seed",),
}
"""What a control may follow from, beside its own setting: ``rl.config.kl`` always follows from ``rl.kl``. The longest
name that a control begins with counts."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A control in which arms that say the same about it do not agree."""

    control: str
    seed: int
    values: Mapping[str, Value]

    def told(self) -> str:
        shown = ", ".join(f"{arm} has {_short(value)}" for arm, value in self.values.items())
        usual = Counter(map(str, self.values.values())).most_common(1)[0][0]
        odd = [arm for arm, value in self.values.items() if str(value) != usual][-1]
        return f"{self.control} (seed {self.seed}): {shown}. {_remedy(self.control, odd, self.values[odd])}"


@dataclass(frozen=True, slots=True)
class Controls:
    """The table, and what is wrong with it.

    Attributes:
        rows: ``{control, <arm>: value, matched, declared, per_run}``. Controls of one section that agree in all arms
            share a row under a hash of them all, and empty ones have none. ``declared`` says what an unmatched one
            follows from, and is empty where it is matched. ``per_run`` says that the value is another one for every
            seed.
    """

    rows: list[dict[str, Any]]
    differences: list[Difference]


def compare_controls(
    runs: Mapping[str, Mapping[int, Records]],
    declared: Mapping[str, Mapping[str, Any]],
    accepted: Mapping[str, str] | None = None,
) -> Controls:
    """Hold the arms' records against each other, seed by seed.

    Args:
        runs: records by arm and training seed; an arm that is not trained has one run, which counts for all seeds.
        declared: by arm, what it says it does otherwise, by dotted name.
        accepted: controls that may differ all the same, with the reason.
    """
    accepted = accepted or {}
    seeds = sorted({seed for by_seed in runs.values() for seed in by_seed})
    leaves = {arm: {seed: dict(_leaves(records)) for seed, records in by_seed.items()} for arm, by_seed in runs.items()}
    _fill_in(leaves)
    rows: list[dict[str, Any]] = []
    differences: list[Difference] = []
    agreeing: defaultdict[str, dict[str, dict[str, list[Value]]]] = defaultdict(dict)
    for control in dict.fromkeys(name for by_seed in leaves.values() for one in by_seed.values() for name in one):
        here = {arm: _values(by_seed, control, seeds) for arm, by_seed in leaves.items()}
        present = {arm: values for arm, values in here.items() if values}
        found = list(_differing(control, present, declared))
        reason = _accepted(control, accepted)
        if not reason:
            differences += found
        if _agree(present):
            for arm, values in present.items():
                agreeing[_section(control)].setdefault(arm, {})[control] = list(values.values())
            continue
        why = reason if found and reason else ", ".join(_explaining(control, declared)) if not found else ""
        rows.append(_row(control, runs, present, matched=False, declared=why))
    told = {section: by_arm for section, by_arm in agreeing.items() if not _all_empty(by_arm)}
    shared = [_shared_row(section, runs, by_arm) for section, by_arm in told.items()]
    return Controls(shared + rows, differences)


def check_matched(controls: Controls) -> None:
    """InputError naming every control in which the arms differ without having said so."""
    if controls.differences:
        # The same control differs with every seed: once is enough.
        shown = list({one.control: one for one in reversed(controls.differences)}.values())[::-1]
        more = f" (and {len(shown) - 12} more)" if len(shown) > 12 else ""
        raise InputError(
            "the arms are not matched, no comparison is made: " + "; ".join(one.told() for one in shown[:12]) + more
        )


def check_declared(arm: str, records: Records, settings: Mapping[str, Any]) -> None:
    """InputError where a stage ran with other settings than its arm asks for: what was declared must be what was done.

    Args:
        settings: the arm's, resolved with the seed, as plain trees by stage: ``sft``, ``rl``, ``evaluation``.
    """
    for stage, manifest in records:
        wanted = dict(_flat(settings[stage.split(" ")[0]]))
        for name, value in _flat(manifest["config"]):
            if name in wanted and wanted[name] != value:
                raise InputError(
                    f"arm {arm}: {stage}.{name} was {_short(value)} when it ran, and the study asks for "
                    f"{_short(wanted[name])}; declare it: arms.{arm}.changes: {{{stage.split(' ')[0]}.{name}: {value}}}"
                )


def explains(control: str, path: str) -> bool:
    """Whether a control may be other where an arm changes the setting ``path``."""
    stage, _, rest = control.partition(".")
    kind = stage.split(" ")[0]
    causes = [f"{kind}.{rest.removeprefix('config.')}"] if rest.startswith("config.") else []
    named = f"{kind}.{rest}" if rest else kind
    known = [one for one in FOLLOWS if named == one or named.startswith(f"{one}.")]
    causes += FOLLOWS[max(known, key=len)] if known else ()
    return any(_covers(path, cause) or _covers(cause, path) for cause in causes)


def _accepted(control: str, accepted: Mapping[str, str]) -> str:
    """The reason why a control may differ: by its name, or by that of its branch in every stage (``code``)."""
    rest = control.partition(".")[2]
    return next((why for name, why in accepted.items() if _covers(name, control) or _covers(name, rest)), "")


def _covers(a: str, b: str) -> bool:
    return a == b or b.startswith(f"{a}.")


def _explaining(control: str, declared: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return sorted({path for changes in declared.values() for path in changes if explains(control, path)})


def _differing(
    control: str, present: Mapping[str, Mapping[int, Value]], declared: Mapping[str, Mapping[str, Any]]
) -> Iterator[Difference]:
    """Among the arms that say the same about a control, the values that do not agree."""
    saying: defaultdict[str, list[str]] = defaultdict(list)
    for arm in present:
        said = {path: value for path, value in declared.get(arm, {}).items() if explains(control, path)}
        saying[tree_hash([said])].append(arm)
    for arms in saying.values():
        for seed in sorted({seed for arm in arms for seed in present[arm]}):
            values = {arm: present[arm][seed] for arm in arms if seed in present[arm]}
            if len({repr(value) for value in values.values()}) > 1:
                yield Difference(control, seed, values)


def _leaves(records: Records) -> Iterator[tuple[str, Value]]:
    """Controls of one run by name; a second stage of a kind is ``rl 2``."""
    seen: Counter[str] = Counter()
    for place, (stage, manifest) in enumerate(records):
        seen[stage] += 1
        name = stage if seen[stage] == 1 else f"{stage} {seen[stage]}"
        if place == 0:
            yield "start", manifest["data"]["model" if stage == "evaluation" else "base"]
        for path, value in _flat(manifest):
            if not any(_covers(outcome, path) for outcome in OUTCOMES):
                yield f"{name}.{path}", value


def _fill_in(leaves: Mapping[str, Mapping[int, dict[str, Value]]]) -> None:
    """What one run recorded of a stage and another of the same stage did not is a difference too."""
    every = [one for by_seed in leaves.values() for one in by_seed.values()]
    names = dict.fromkeys(name for one in every for name in one)
    for one in every:
        stages = {name.split(".")[0] for name in one}
        for name in names:
            if name.split(".")[0] in stages and name not in one:
                one[name] = _NOT_RECORDED


_NOT_RECORDED = "(not recorded)"


def _flat(tree: Any, path: str = "") -> Iterator[tuple[str, Value]]:
    """Every leaf of a tree with its dotted name. An empty branch is a leaf, and so is a list of plain values."""
    if isinstance(tree, Mapping) and tree:
        for name, value in tree.items():
            yield from _flat(value, f"{path}.{name}" if path else str(name))
    elif isinstance(tree, list | tuple):
        yield path, str(list(tree))
    else:
        yield path, _EMPTY if isinstance(tree, Mapping) else tree


_EMPTY = "{}"


def _all_empty(by_arm: Mapping[str, Mapping[str, list[Value]]]) -> bool:
    """Whether nothing is in a section but empty branches: all arms agree, and there is nothing to show."""
    return all(value == _EMPTY for controls in by_arm.values() for values in controls.values() for value in values)


def _values(by_seed: Mapping[int, Mapping[str, Value]], control: str, seeds: Sequence[int]) -> dict[int, Value]:
    """By seed, where the arm has the control. What has one run counts for every seed."""
    found = {seed: leaves[control] for seed, leaves in by_seed.items() if control in leaves}
    untrained = len(by_seed) == 1 and not any(name.split(".")[0] not in _GIVEN for name in next(iter(by_seed.values())))
    if untrained and found:
        return dict.fromkeys(seeds, next(iter(found.values())))
    return found


_GIVEN = ("start", "evaluation")


def _agree(present: Mapping[str, Mapping[int, Value]]) -> bool:
    for seed in {seed for values in present.values() for seed in values}:
        if len({repr(values[seed]) for values in present.values() if seed in values}) > 1:
            return False
    return True


def _section(control: str) -> str:
    stage, _, rest = control.partition(".")
    branch = rest.split(".")[0]
    if not rest:
        return stage
    if branch in ("config", "packages", "set_aside"):
        return f"{stage} {_BRANCHES.get(branch, branch)}"
    return f"{stage} {rest.split('.')[-1]}" if branch in ("data", "cost") else f"{stage} {_BRANCHES.get(branch, rest)}"


_BRANCHES = {"config": "settings", "packages": "packages", "seeds": "seed", "set_aside": "rows set aside"}


def _shared_row(
    section: str, runs: Mapping[str, Any], by_arm: Mapping[str, Mapping[str, list[Value]]]
) -> dict[str, Any]:
    """One row for the controls of a section in which all arms agree."""
    names = list(dict.fromkeys(name for controls in by_arm.values() for name in controls))
    counted = f"{section} ({len(names)} alike)" if len(names) > 1 else section
    values: dict[str, dict[int, Value]] = {}
    for arm, controls in by_arm.items():
        one = next(iter(controls.values())) if len(names) == 1 else [tree_hash([controls[name][:1] for name in names])]
        values[arm] = dict(enumerate(one))
    return _row(counted, runs, values, matched=True, declared="")


def _row(
    control: str, arms: Mapping[str, Any], present: Mapping[str, Mapping[int, Value]], *, matched: bool, declared: str
) -> dict[str, Any]:
    shown = {arm: _cell(present.get(arm)) for arm in arms}
    per_run = any(len({repr(value) for value in values.values()}) > 1 for values in present.values())
    return {"control": control, **shown, "matched": matched, "declared": declared, "per_run": per_run}


def _cell(values: Mapping[int, Value] | None) -> str:
    if not values:
        return NOT_IN_ARM
    return ", ".join(
        dict.fromkeys(f"{value:g}" if isinstance(value, float) else str(value) for value in values.values())
    )


def _short(value: Value) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _remedy(control: str, arm: str, value: Value) -> str:
    stage, _, rest = control.partition(".")
    kind = stage.split(" ")[0]
    if rest.startswith("config."):
        change = f"{kind}.{rest.removeprefix('config.')}: {value}"
        return f"If that is meant, declare it: arms.{arm}.changes: {{{change}}}; if not, run {stage} of {arm} again"
    known = [one for one in FOLLOWS if _covers(one, f"{kind}.{rest}" if rest else kind)]
    if known:
        causes = ", ".join(FOLLOWS[max(known, key=len)])
        return f"It may follow from {causes}, and {arm} declares no other: declare it, or run {stage} of {arm} again"
    return f"Run {arm} again, or say why it may differ: accept: {{{control}: reason}}"
