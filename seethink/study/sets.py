"""The sets that trainings read: rows of a finished data run, as an arm chose them, sealed with what they hold."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from seethink.core.config import Config
from seethink.core.images import ImageStore
from seethink.core.item import Item, item_from_row
from seethink.core.protocols import StepTruth
from seethink.core.rejected import InputError, Rejected
from seethink.core.tables import claim, data_hash, read_manifest, read_rows, write_manifest, write_rows
from seethink.core.trace import read_tags, write_tags
from seethink.data.curation import PerplexityConfig, perplexity_subsets, responses_of, strip_steps
from seethink.study.blindness import BlindConfig, audit_with_model
from seethink.study.choices import Form, ItemChoice, PassAtK, Rows, Shown, TraceChoice
from seethink.study.corrupted import shown_rows
from seethink.study.pass_rates import item_key, measure_items
from seethink.training.samples import Demonstration

Row = dict[str, Any]


class TraceSetConfig(Config):
    """What a set of traces was made with."""

    choice: TraceChoice
    pictures: Shown

    def unmatched(self) -> TraceSetConfig:
        """The set that another one is matched with: all that its filters leave, with its own pictures."""
        choice = self.choice.model_copy(update={"matched": None, "count": None})
        return TraceSetConfig(choice=choice, pictures=Shown.OWN)


class ItemSetConfig(Config):
    """What a set of items was made with."""

    choice: ItemChoice
    pictures: Shown

    def unmatched(self) -> ItemSetConfig:
        """As that of traces."""
        choice = self.choice.model_copy(update={"matched": None, "count": None})
        return ItemSetConfig(choice=choice, pictures=Shown.OWN)


def write_traces(
    config: TraceSetConfig,
    data: Path,
    base: str,
    images: ImageStore,
    out: Path,
    truth: StepTruth | None,
    against: Path | None = None,
) -> dict[str, Any]:
    """The traces to imitate, with item columns and ``response``, below ``out``; a finished set is left as it is.

    Args:
        data: folder of the finished data run.
        base: asked where the choice goes by perplexity or difficulty.
        truth: knows which steps are true, where that is known.
        against: the finished set of RL's items, unmatched, where the choice is matched with it.
    """
    started, choice = time.time(), config.choice
    made_of = {"run": _run_hash(data), "base": _asked(base, choice.top_perplexity or choice.matched)}
    made_of |= _other(choice.matched, against)
    if claim(out, config, made_of):
        return read_manifest(out) or {}
    reasons: Counter[str] = Counter()
    rows = list(_formed(_chosen_traces(choice, data, base, images), choice.form, truth, reasons))
    if choice.matched is not None:
        rows = _matched(choice.matched, rows, against, base, images, data, choice.seed, reasons)
    rows = _drawn(rows, choice.count, choice.seed, "traces.count")
    rows = list(shown_rows(rows, config.pictures, images))
    return _seal(out, config, rows, made_of, reasons, started)


def write_items(
    config: ItemSetConfig, data: Path, base: str, images: ImageStore, out: Path, against: Path | None = None
) -> dict[str, Any]:
    """The items to ask, below ``out``; a finished set is left as it is. Arguments as for ``write_traces``, the set that
    it may be matched with being SFT's."""
    started, choice = time.time(), config.choice
    made_of = {"run": _run_hash(data), "base": _asked(base, choice.matched or choice.seen)}
    made_of |= _other(choice.matched, against)
    if claim(out, config, made_of):
        return read_manifest(out) or {}
    reasons: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    rows = [row for name in _pools(choice.rows) for row in read_rows(data / name)]
    rows = [{column: value for column, value in row.items() if column != "response"} for row in rows]
    if choice.verifiers:
        wanted = [row for row in rows if row["verifier"] in choice.verifiers]
        reasons["another verifier"] = len(rows) - len(wanted)
        rows = wanted
    if choice.seen is not None:
        asked = BlindConfig(**choice.seen.model_dump(include=set(BlindConfig.model_fields)))
        audit_with_model(asked, base, list(map(item_from_row, rows)), images, out / "blind")
        rows = _seen(rows, {row["item_id"]: row for row in read_rows(out / "blind")}, choice.seen.low, reasons, kept)
    if choice.matched is not None:
        rows = _matched(choice.matched, rows, against, base, images, data, choice.seed, reasons)
    rows = _drawn(rows, choice.count, choice.seed, "items.count")
    rows = list(shown_rows(rows, config.pictures, images))
    return _seal(out, config, rows, made_of, reasons, started, kept)


def read_traces(folder: Path) -> list[Demonstration]:
    """A finished set of traces."""
    return [Demonstration(item_from_row(row), row["response"]) for row in read_rows(folder)]


def read_items(folder: Path) -> list[Item]:
    """A finished set of items."""
    return [item_from_row(row) for row in read_rows(folder)]


def _run_hash(data: Path) -> str:
    manifest = read_manifest(data / "funnel")
    if manifest is None:
        raise InputError(f"{data} holds no finished data run: run seethink data build --out {data} to its end")
    tables = [(read_manifest(data / name) or {}).get("data", {}).get("table") for name in _pools("both")]
    return data_hash([manifest["data"], *tables])


def _asked(base: str, asks: Any) -> str:
    """The hash of a base that the choice depends on."""
    from seethink.models.load import weights_hash

    return weights_hash(base) if asks else ""


def _pools(rows: Rows) -> tuple[str, ...]:
    return ("sft", "rl") if rows == "both" else (rows,)


def _chosen_traces(choice: TraceChoice, data: Path, base: str, images: ImageStore) -> Iterator[Row | Rejected]:
    sets: Sequence[Path] = [data / name for name in _pools(choice.rows)]
    if choice.top_perplexity is not None:
        if choice.rows != "sft":
            raise InputError("traces.top_perplexity chooses among the SFT set: leave traces.rows at sft")
        perplexity_subsets(PerplexityConfig(sizes=(choice.top_perplexity,)), [base], data, images)
        yield from read_rows(data / f"sft_top_{choice.top_perplexity}")
        return
    named = {row["id"] for folder in sets for row in read_rows(folder)}
    for row in responses_of(sets, data):
        named.discard(row["id"])
        yield row["response"] if isinstance(row["response"], Rejected) else row
    yield from (Rejected("no trace", name) for name in sorted(named))


def _formed(
    rows: Iterable[Row | Rejected], form: Form, truth: StepTruth | None, reasons: Counter[str]
) -> Iterator[Row]:
    found: list[Row] = []
    for row in rows:
        response = row if isinstance(row, Rejected) else _in_form(item_from_row(row), row["response"], form, truth)
        if isinstance(response, Rejected):
            reasons[response.reason] += 1
        else:
            assert not isinstance(row, Rejected)
            found.append(row | {"response": response})
    if form is Form.FORMAT and truth is None:
        longest = sorted(len(row["response"]) for row in found)[(len(found) - 1) // 2] if found else 0
        reasons["not among the shorter half"] = sum(len(row["response"]) > longest for row in found)
        found = [row for row in found if len(row["response"]) <= longest]
    yield from found


def _in_form(item: Item, response: str, form: Form, truth: StepTruth | None) -> str | Rejected:
    if form is Form.WHOLE:
        return response
    stripped = strip_steps(item, response)
    if isinstance(stripped, Rejected):
        return stripped
    if form is Form.UNSTRIPPED:
        return response
    if form is Form.STRIPPED or truth is None:
        return stripped.response
    tagged = read_tags(stripped.response)
    assert tagged is not None
    steps = [line for line in tagged.think.split("\n") if line.strip()]
    known = truth.step_truth(item, steps)
    if False in known:
        return Rejected("false step", steps[known.index(False)][:80])
    kept = [step for step, true in zip(steps, known, strict=True) if true]
    return write_tags("\n".join(kept), tagged.answer) if kept else Rejected("no step claims anything", "")


def _drawn(rows: list[Row], count: int | None, seed: int, field: str) -> list[Row]:
    if count is None:
        return rows
    if count > len(rows):
        raise InputError(f"{field}={count}: there are only {len(rows)} rows; lower it or let the world hold more")
    chosen = set(sorted((row["id"] for row in rows), key=lambda name: _rank(seed, name))[:count])
    return [row for row in rows if row["id"] in chosen]


def _rank(seed: int, item_id: str) -> str:
    """A place in an order that every set shares: two sets with common items draw the same ones of them."""
    return sha256(f"{seed}:{item_id}".encode()).hexdigest()


def _other(matched: PassAtK | None, against: Path | None) -> dict[str, str]:
    """What the set that a choice is matched with holds."""
    if matched is None or against is None:
        return {}
    return {"matched with": data_hash(row["id"] for row in read_rows(against))}


def _seen(
    rows: list[Row], blind: Mapping[str, Row], low: float, reasons: Counter[str], kept: Counter[str]
) -> list[Row]:
    """Rows but those that were shown to need no picture.

    What nobody could decide blind stays, and is counted: open questions have no judge here, and without them the arm
    would lack a whole verifier that the arms beside it have, and differ from them in more than what can be seen.
    """
    found = []
    for row in rows:
        score = blind[row["id"]]
        if not score["draws"]:
            kept["undecided blind"] += 1
        elif (score["visual_dependence"] or 0.0) < low:
            # Without a dependence one answer is right throughout its source: the likeliest guess of all.
            reasons["one answer is always right" if score["visual_dependence"] is None else "answered blind"] += 1
            continue
        found.append(row)
    return found


def _matched(
    config: PassAtK,
    rows: list[Row],
    against: Path | None,
    base: str,
    images: ImageStore,
    data: Path,
    seed: int,
    reasons: Counter[str],
) -> list[Row]:
    """As many rows of each pass rate as the smaller of the two sets has, after what either leaves out otherwise."""
    if against is None:
        raise InputError("matched needs the other set: hand in the one that this one is matched with")
    own, other = ([item_from_row(row) for row in one] for one in (rows, read_rows(against)))
    both = sorted({item_key(item) for item in [*own, *other]})
    # Beside the data run: the other set asks the same of the same items.
    measured = data / f"pass_rates_{data_hash([config.model_dump(mode='json'), _asked(base, True), both])}"
    measure_items(config, base, [own, other], images, measured)
    rates = {row["item"]: (row["draws"], row["hits"]) for row in read_rows(measured)}
    mine, theirs = (_by_rate(items, rates) for items in (own, other))
    chosen: set[str] = set()
    for rate, names in mine.items():
        count = min(len(names), len(theirs.get(rate, ())))
        chosen.update(sorted(names, key=lambda name: _rank(seed, name))[:count])
    if not chosen:
        raise InputError("matched leaves no row: the SFT and the RL set have no pass rate in common")
    reasons["more of its pass rate than the other set has"] = len(rows) - len(chosen)
    return [row for row in rows if row["id"] in chosen]


def _by_rate(items: Sequence[Item], rates: Mapping[str, tuple[int, int]]) -> dict[tuple[int, int], list[str]]:
    """Ids by draws and hits, without items that nobody decided."""
    found: dict[tuple[int, int], list[str]] = defaultdict(list)
    for item in items:
        draws, hits = rates[item_key(item)]
        if draws:
            found[draws, hits].append(item.id)
    return found


def _seal(
    out: Path,
    config: Config,
    rows: list[Row],
    made_of: dict[str, str],
    reasons: Mapping[str, int],
    started: float,
    kept: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Write the set. ``reasons`` say what it left out, ``kept`` what it holds though a filter could not decide it."""
    if not rows:
        told = ", ".join(f"{reason}: {count:,}" for reason, count in reasons.items())
        raise InputError(f"nothing is left to train on ({told or 'the set of the data run is empty'})")
    write_rows(out, rows)
    more = {"rows": len(rows), "set_aside": dict(reasons)} | ({"kept": dict(kept)} if kept else {})
    return write_manifest(out, config, seeds={}, data=made_of, started=started, more=more)
