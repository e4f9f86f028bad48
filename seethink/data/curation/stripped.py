"""Stripped: SFT responses without their hesitating and repeating steps, beside the same responses with them.

Hesitation and repetition are those that analysis counts (``core.hesitation``). The two sets hold the same items in the
same order, so that training on either differs in nothing else.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import Any, Literal, NamedTuple

from seethink.answers import grade, read_number
from seethink.core.config import Config
from seethink.core.hesitation import hesitates, repeats
from seethink.core.item import RULE_VERIFIERS, Item, Verifier, item_from_row, item_row
from seethink.core.rejected import InputError, Rejected
from seethink.core.tables import MANIFEST, data_hash, read_manifest, read_rows, write_manifest, write_rows
from seethink.core.trace import read_tags, write_tags
from seethink.core.verdict import UNDECIDED, Outcome, is_hit
from seethink.data import markdown
from seethink.data.config import AnswerBlock
from seethink.data.curation.pool import Pool
from seethink.data.curation.response import sft_response
from seethink.data.derived import made_of
from seethink.data.row import rejection_record, row_from_record
from seethink.data.steps import STEPS


class StripConfig(Config):
    rows: Literal["sft", "rl", "both"] = "sft"
    """Whose traces: those of the SFT set; those of the RL set, which all hold a cue where the split goes by cues (the
    paper's "aha" set); or both. Only the first shares no item with the RL set."""


class Stripped(NamedTuple):
    """A response without the steps taken out of it.

    Attributes:
        steps: non-empty lines of the think part before.
        hesitant, repeated: of them taken out; a step that does both counts as hesitant.
    """

    response: str
    steps: int
    hesitant: int
    repeated: int


def strip_steps(item: Item, response: str) -> Stripped | Rejected:
    """The response without hesitating and repeating steps, where it still says why its answer is right.

    The answer block is not touched; it is graded again. What step 5 verified, the prose after the think block, is not
    touched either.

    Reasons: "trace breaks the tag grammar", "only hesitation" (no step is left), "answer does not verify" (by the
    item's rule), "conclusion was hesitant" (the thinking stated the gold, and what is left of it does not).
    """
    tagged = read_tags(response)
    if tagged is None:
        return Rejected("trace breaks the tag grammar", "not one think and one answer block")
    steps = [line.strip() for line in tagged.think.split("\n") if line.strip()]
    hesitant = list(map(hesitates, steps))
    repeated = [again and not unsure for again, unsure in zip(repeats(steps), hesitant, strict=True)]
    if not any(hesitant) and not any(repeated):
        return Stripped(response, len(steps), 0, 0)
    think = _without(tagged.think, [a or b for a, b in zip(hesitant, repeated, strict=True)])
    if not think:
        return Rejected("only hesitation", f"none of {len(steps)} steps is left")
    if not _verifies(item, tagged.answer):
        return Rejected("answer does not verify", f"{tagged.answer[:60]!r} against {item.gold[:60]!r}")
    if _states_gold(item, tagged.think) and not _states_gold(item, think):
        return Rejected("conclusion was hesitant", f"{item.gold[:60]!r} stood in a step that was taken out")
    return Stripped(write_tags(think, tagged.answer), len(steps), sum(hesitant), sum(repeated))


def write_stripped(config: StripConfig, data: Path) -> dict[str, int]:
    """Write ``data/<rows>_stripped`` and ``data/<rows>_unstripped``; returns what was counted.

    Counted are ``rows``, ``changed`` rows, ``steps`` before, ``hesitant`` and ``repeated`` steps taken out of the rows
    kept, ``words`` before and ``words_left``, and rejected rows by reason. Rejected rows are in neither set, and below
    ``data/strip``.

    Raises InputError where there is no finished data run, or nothing is left.
    """
    started = time.time()
    sets = [data / name for name in (("sft", "rl") if config.rows == "both" else (config.rows,))]
    if missing := [folder for folder in sets if not (folder / MANIFEST).exists()]:
        raise InputError(f"{missing[0]} holds no finished set: run seethink data build --out {data} to its end")
    stripped, whole = (data / f"{config.rows}_{name}" for name in ("stripped", "unstripped"))
    for folder in (stripped, whole):
        (folder / MANIFEST).unlink(missing_ok=True)
    counts: Counter[str] = Counter()
    aside: list[dict[str, Any]] = []
    kept: set[str] = set()

    def without() -> Iterator[dict[str, Any]]:
        for row in responses_of(sets, data):
            item, response = item_from_row(row), row["response"]
            found = response if isinstance(response, Rejected) else strip_steps(item, response)
            if isinstance(found, Rejected):
                counts[found.reason] += 1
                aside.append(rejection_record("strip", found, item))
                continue
            kept.add(item.id)
            _count(counts, response, found)
            yield row | {"response": found.response}

    write_rows(stripped, without())
    write_rows(whole, (row for row in responses_of(sets, data) if row["id"] in kept))
    write_rows(data / "strip" / "rejected", aside)
    if not kept:
        raise InputError(f"no trace of {config.rows} is left after stripping: see {data / 'strip' / 'rejected'}")
    for folder in (stripped, whole):
        table = data_hash((row["id"], row["response"]) for row in read_rows(folder))
        more = {"counts": dict(counts), **made_of(data, [one.name for one in sets], _section(config, counts))}
        write_manifest(folder, config, seeds={}, data={"table": table}, started=started, more=more)
    return dict(counts)


def _section(config: StripConfig, counts: Mapping[str, int]) -> str:
    return (
        f"## Steps taken out\n\n`{config.rows}_stripped` holds the traces of `{config.rows}_unstripped` without their "
        "hesitating and repeating steps.\n\n" + markdown.table(("counted", ""), counts.items())
    )


def responses_of(sets: Sequence[Path], data: Path) -> Iterator[dict[str, Any]]:
    """Item columns and ``response`` of every row that has a trace; a Rejected where it cannot be written as one.

    Raises InputError where a set other than SFT's holds rows and no trace.
    """
    for folder in sets:
        if folder.name == Pool.SFT:
            yield from read_rows(folder)
            continue
        manifest = read_manifest(folder)
        assert manifest is not None
        answer_block = AnswerBlock(manifest["config"].get("answer_block", AnswerBlock.GOLD))
        chosen = {row["id"] for row in read_rows(folder)}
        traced = False
        for record in read_rows(data / STEPS[-1].name / "rows"):
            row = row_from_record(record)
            if row.item.id in chosen and row.trace:
                traced = True
                yield item_row(row.item) | {"response": sft_response(row, answer_block)}
        if chosen and not traced:
            raise InputError(
                f"the {len(chosen):,} items of {folder} have no traces to imitate: choose rows sft, or a source whose "
                "items bring theirs (a response in ds_answer, as the released RL file has it)"
            )


def _count(counts: Counter[str], before: str, found: Stripped) -> None:
    counts["rows"] += 1
    counts["changed"] += bool(found.hesitant or found.repeated)
    for name in ("steps", "hesitant", "repeated"):
        counts[name] += getattr(found, name)
    counts["words"] += len(before.split())
    counts["words_left"] += len(found.response.split())


def _without(think: str, taken: Sequence[bool]) -> str:
    """The lines but for the steps taken out; empty lines that then meet become one."""
    flags, kept = iter(taken), list[str]()
    for line in think.split("\n"):
        if line.strip():
            if not next(flags):
                kept.append(line)
        elif kept and kept[-1].strip():
            kept.append(line)
    return "\n".join(kept).strip()


def _verifies(item: Item, answer: str) -> bool:
    """True where the item's rule accepts the answer, or there is none to ask. What nobody decides, or a block of prose
    that no rule reads, is as verified as step 5 left it."""
    if item.verifier not in RULE_VERIFIERS:
        return True
    verdict = grade([item], [answer])[0]
    return verdict.outcome in UNDECIDED | {Outcome.UNPARSEABLE} or is_hit(verdict, item.verifier)


def _states_gold(item: Item, text: str) -> bool:
    match item.verifier:
        case Verifier.DIGIT:
            gold = read_number(item.gold)
            return any(read_number(word) == gold for word in _NUMBER.findall(text))
        case Verifier.MCQ:
            place = ascii_uppercase.find(item.gold)
            option = item.options[place].casefold() if 0 <= place < len(item.options) else None
            # "A" is an article as well.
            letter = re.search(rf"(?<!\w){re.escape(item.gold)}(?!\w|\s+[a-z])", text)
            return letter is not None or (option is not None and option in text.casefold())
        case _:
            return "".join(item.gold.casefold().split()) in "".join(text.casefold().split())


_NUMBER = re.compile(r"[-−]?\d[\d,.]*|[A-Za-z]+")
