"""How well verifiers agree with a person on real responses, below the tag gate.

    python benchmarks/agreement.py EXTRACTS --half development [--labels FILE] [--read]

EXTRACTS is a folder of extracts as ``extracts.py`` reads them. The labels are verdicts of readers who had question,
gold and response before them and saw no verifier: ``key,verdict,half`` with verdict right, wrong or unclear. Rules are
mended on the half ``development``; the half ``test`` is scored once and read by nobody.

Precision: of the responses that a verifier calls right, the share labelled right. Recall: of those labelled right, the
share that it calls right. Each with its 95 % Wilson interval. Unclear labels count nowhere, and are counted. Beside our
verifiers, read leniently since no model was asked for tags: a plain math-verify call, as its documentation has it (for
options its extractor of letters, else the usual one), and a plain regular expression. The last line is JSON.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from extracts import RealResponse, real_responses
from rich.console import Console
from rich.table import Table
from rich.text import Text
from scipy.stats import binomtest

from seethink.analysis.compare import LEVEL
from seethink.answers import use_workers
from seethink.core.item import Item, Verifier
from seethink.core.rejected import InputError
from seethink.core.verdict import Verdict, correct, is_hit, unparseable, wrong
from seethink.rewards import lenient, mixed
from seethink.rewards.second import regex_only

LABELS = Path(__file__).with_name("agreement_labels.csv")
FEW = 50
"""A kind with fewer labelled responses is said to be thin."""

Decides = Callable[[Sequence[Item], Sequence[str]], list[Verdict]]


class Share(NamedTuple):
    """``hits`` of ``n`` with the interval; None where n is 0."""

    hits: int
    n: int
    low: float | None
    high: float | None


def read_labels(path: Path, half: str) -> dict[str, str]:
    """Verdicts of one half by key. InputError for a label that cannot be used."""
    labels: dict[str, str] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            if row.get("verdict") not in ("right", "wrong", "unclear") or row.get("half") not in (
                "development",
                "test",
            ):
                raise InputError(f"{path}:{number}: verdict is right, wrong or unclear, half development or test")
            if row["key"] in labels:
                raise InputError(f"{path}:{number}: {row['key']} is labelled twice: keep one")
            if row["half"] == half:
                labels[row["key"]] = row["verdict"]
    return labels


def math_verify_call(items: Sequence[Item], responses: Sequence[str]) -> list[Verdict]:
    """What its users write, on recorded texts; the package itself never lets it read a model's output like this."""
    from math_verify import StringExtractionConfig, parse, verify

    verdicts = []
    for item, response in zip(items, responses, strict=True):
        if item.verifier is Verifier.MCQ:
            letters = StringExtractionConfig(strings=tuple("ABCDEFGHIJ"[: len(item.options) or 10]))
            gold = [*parse(item.gold, [letters]), *parse(f"${item.gold}$")]
            answer = parse(response, [letters]) or parse(response)
        else:
            gold, answer = parse(f"${item.gold.strip('$')}$"), parse(response)
        if not answer:
            verdicts.append(unparseable("nothing parsed"))
        else:
            verdicts.append(correct(str(answer[0])) if verify(gold, answer) else wrong(str(answer[0])))
    return verdicts


VERIFIERS: Mapping[str, Decides] = {
    "ours": mixed(extract=lenient),
    "math-verify": math_verify_call,
    "regex": regex_only,
}


def share(hits: int, n: int) -> Share:
    if n == 0:
        return Share(0, 0, None, None)
    found = binomtest(hits, n).proportion_ci(confidence_level=LEVEL, method="wilson")
    return Share(hits, n, float(found.low), float(found.high))


def precision_and_recall(called: Sequence[bool], labelled: Sequence[bool]) -> tuple[Share, Share]:
    both = sum(mine and theirs for mine, theirs in zip(called, labelled, strict=True))
    return share(both, sum(called)), share(both, sum(labelled))


def told(of: Share) -> str:
    return "–" if of.n == 0 else f"{of.hits / of.n:6.1%} [{of.low:.1%}, {of.high:.1%}] {of.hits}/{of.n}"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("extracts", type=Path, help="folder with logicvista, mathvision and mathvista")
    asked.add_argument("--half", choices=("development", "test"), required=True)
    asked.add_argument("--labels", type=Path, default=LABELS)
    asked.add_argument("--read", action="store_true", help="list what ours got wrong; development only")
    given = asked.parse_args()
    if given.read and given.half == "test":
        raise InputError("the test half is scored, and not read: use --half development")
    use_workers(size=1, deadline=30.0)
    labels = read_labels(given.labels, given.half)
    known = {one.key: one for one in real_responses(given.extracts)}
    if lost := sorted(labels.keys() - known.keys()):
        raise InputError(f"{len(lost)} labels name no response of {given.extracts}, the first {lost[0]}")
    clear = [known[key] for key, verdict in labels.items() if verdict != "unclear"]
    report(clear, labels, given.read)


def report(responses: Sequence[RealResponse], labels: Mapping[str, str], read: bool) -> None:
    console = Console(width=120)
    decided = [(one, one.item) for one in responses if one.item is not None]
    items, texts = [item for _, item in decided], [one.text for one, _ in decided]
    right = [labels[one.key] == "right" for one, _ in decided]
    verdicts = {name: decide(items, texts) for name, decide in VERIFIERS.items()}
    table = Table(title="Agreement with labels, 95 % Wilson intervals", title_justify="left")
    for name in ("kind", "verifier", "precision", "recall"):
        table.add_column(name)
    results: dict[str, Any] = {}
    for kind in (Verifier.DIGIT, Verifier.MCQ, Verifier.MATH, None):
        mine = [place for place, item in enumerate(items) if kind in (None, item.verifier)]
        labelled = [right[place] for place in mine]
        thin = f", fewer than {FEW}" if len(mine) < FEW else ""
        for name, found in verdicts.items():
            called = [is_hit(found[place], items[place].verifier) for place in mine]
            precision, recall = precision_and_recall(called, labelled)
            first = f"{kind or 'all'}: {len(mine)} rows{thin}" if name == "ours" else ""
            table.add_row(first, name, told(precision), told(recall))
            results.setdefault(kind or "all", {"rows": len(mine)})[name] = {
                "precision": precision._asdict(),
                "recall": recall._asdict(),
            }
        table.add_section()
    console.print(table)
    unclear = sum(verdict == "unclear" for verdict in labels.values())
    undecided = sum(verdict.score is None for verdict in verdicts["ours"])
    console.print(
        f"{len(labels)} labels: {unclear} unclear, {len(responses) - len(decided)} of records that no verifier of ours "
        f"decides, {len(decided)} scored, {undecided} of them left undecided by ours"
    )
    if read:
        for (one, item), label, verdict in zip(decided, right, verdicts["ours"], strict=True):
            if is_hit(verdict, item.verifier) != label:
                line = f"{one.key}: {item.verifier}, gold {item.gold!r}, {verdict.outcome}, read {verdict.extracted!r}"
                console.print(Text(f"{line}, labelled {'right' if label else 'wrong'}"))
    print(json.dumps(results))


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        raise SystemExit(f"agreement: {error}") from None
