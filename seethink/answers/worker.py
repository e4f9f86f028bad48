"""The process that parses and compares expressions: ``python -m seethink.answers.worker SECONDS``.

It reads one JSON pair ``[gold, answer]`` of LaTeX a line and writes one JSON word a line. Only math-verify's LaTeX
extractor is used, on text wrapped here, and ``guard`` sees to it that no answer is evaluated as code.

The process holds no keys, ends with its parent's pipe, and ends itself where a comparison outlives its parent.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any, BinaryIO

from seethink.answers import guard
from seethink.answers.pool import READY, Comparison

MEMORY_BYTES = 2 << 30
"""Address space of a worker: a tower of powers ends in MemoryError rather than in the host's swap. choice."""


def serve(requests: BinaryIO, replies: BinaryIO, deadline: float) -> None:
    """Answer requests until the pipe closes; ``deadline`` is the parent's, in seconds."""
    guard.read_numerals_only()
    # The first simplification imports a good part of sympy, which belongs to starting and not to anybody's deadline.
    compare(r"y = 2\cos(-x)", r"y = 2\cos(x)")
    guard.install()
    replies.write(READY)
    for line in requests:
        gold, answer = json.loads(line)
        with _own_alarm(4 * deadline + 1):
            comparison = compare(gold, answer)
        replies.write(json.dumps(comparison.value).encode() + b"\n")


def compare(gold: str, answer: str) -> Comparison:
    """Parse both sides and ask math-verify whether they are equivalent. The order matters: see math-verify's verify."""
    from math_verify import verify

    try:
        parsed_answer = _parse(answer)
        if not parsed_answer:
            return Comparison.ANSWER_UNREADABLE
        parsed_gold = _parse(gold)
        if not parsed_gold:
            return Comparison.GOLD_UNREADABLE
        equal = verify(parsed_gold, parsed_answer, timeout_seconds=None)
    except guard.Refused:
        return Comparison.REFUSED
    except (RecursionError, MemoryError):
        return Comparison.DIFFERENT
    return Comparison.EQUAL if equal else Comparison.DIFFERENT


def _parse(latex: str) -> list[Any]:
    """The wrapped text as one expression, empty where it does not parse as a whole."""
    from math_verify import parse

    if "$" in latex:
        return []
    parsed: list[Any] = parse(
        f"${latex}$",
        [_latex_only()],
        fallback_mode="no_fallback",
        extraction_mode="first_match",
        parsing_timeout=None,
    )
    return parsed


@cache
def _latex_only() -> Any:
    """Units are taken off by us: math-verify's list holds single letters and would read ``2t`` as 2."""
    from math_verify import LatexExtractionConfig, LatexNormalizationConfig

    return LatexExtractionConfig(
        boxed_match_priority=-1,
        normalization_config=LatexNormalizationConfig(
            basic_latex=True, units=False, malformed_operators=True, nits=True, boxed="none", equations=False
        ),
    )


@contextlib.contextmanager
def _own_alarm(seconds: float) -> Iterator[None]:
    """Let the kernel end this process where the parent is no longer there to do it."""
    if not hasattr(signal, "setitimer"):
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    deadline = float(sys.argv[1])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.dont_write_bytecode = True
    logging.disable(logging.CRITICAL)
    # Whatever a library prints must not be read as a reply.
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    _limit_memory()
    serve(sys.stdin.buffer, replies, deadline)


if __name__ == "__main__":
    main()
