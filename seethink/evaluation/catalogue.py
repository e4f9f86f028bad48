"""The six benchmarks of the leaderboard, in its order, found by our name or by the harness's."""

from __future__ import annotations

from typing import NamedTuple

from seethink.core.rejected import InputError
from seethink.evaluation.benchmark import Benchmark
from seethink.evaluation.dynamath import DYNAMATH
from seethink.evaluation.logicvista import LOGICVISTA
from seethink.evaluation.mathverse import MATHVERSE
from seethink.evaluation.mathvision import MATHVISION
from seethink.evaluation.mathvista import MATHVISTA
from seethink.evaluation.wemath import WEMATH

BENCHMARKS = (MATHVISTA, MATHVISION, MATHVERSE, DYNAMATH, WEMATH, LOGICVISTA)


class Entry(NamedTuple):
    """A benchmark, and the harness's name for how it is asked."""

    benchmark: Benchmark
    name: str


def find_entry(name: str) -> Entry:
    """By our name ("mathverse": its leaderboard entry) or the harness's name of an entry, in any case. InputError
    otherwise."""
    for benchmark in BENCHMARKS:
        for entry in benchmark.entries:
            if name.casefold() == entry.casefold():
                return Entry(benchmark, entry)
        if name.casefold() == benchmark.name:
            return Entry(benchmark, benchmark.entries[0])
    known = ", ".join(f"{benchmark.name} ({', '.join(benchmark.entries)})" for benchmark in BENCHMARKS)
    raise InputError(f"no benchmark {name[:60]!r}: choose among {known}")
