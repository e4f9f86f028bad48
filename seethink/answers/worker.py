"""The process that parses and compares expressions: ``python -m seethink.answers.worker SECONDS``.

It reads one JSON list ``[gold, answer, tolerance]`` a line, LaTeX and the item's tolerance, and writes one JSON word a
line. Only math-verify's LaTeX extractor is used, on text wrapped here, and ``guard`` sees to it that no answer is
evaluated as code.

What imports takes seconds, so it happens once: the process forks a child that compares, and another in its place where
that one had to be killed (signal USR1), which takes milliseconds. Neither holds keys; both end with their parent's
pipe, and a child ends itself where a comparison outlives the parent.
"""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import signal
import sys
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any, BinaryIO

from seethink.answers import guard
from seethink.answers.differ import differ_somewhere
from seethink.answers.pool import READY, Comparison
from seethink.core.item import read_tolerance

MEMORY_BYTES = 2 << 30
"""Address space of a worker: a tower of powers ends in MemoryError rather than in the host's swap. choice."""


ROUNDING = 1e-9
"""Share of a tolerance by which binary fractions may miss it: 0.3 is within 0.1 of 0.2. choice."""


def prepare() -> None:
    """Import and warm up what comparing needs."""
    guard.read_numerals_only()
    # The first simplification imports a good part of sympy, which belongs to starting and not to anybody's deadline.
    compare(r"y = 2\cos(-x)", r"y = 2\cos(x)")
    compare("1", "2", "1%")
    gc.freeze()


def serve(requests: BinaryIO, replies: BinaryIO, deadline: float) -> None:
    """Answer requests until the pipe closes; ``deadline`` is the parent's, in seconds."""
    guard.install()
    replies.write(READY)
    for line in requests:
        with _own_alarm(4 * deadline + 1):
            comparison = compare(*json.loads(line))
        replies.write(json.dumps(comparison.value).encode() + b"\n")


def supervise(requests: BinaryIO, replies: BinaryIO, deadline: float) -> None:
    """Keep a child serving until one ends by itself, which it does when the pipe closes."""
    watched = {signal.SIGUSR1, signal.SIGCHLD}
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    status: int | None = None
    while status != 0:
        child = os.fork()
        if child == 0:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, watched)
            serve(requests, replies, deadline)
            os._exit(0)
        ended = 0
        while not ended:
            if signal.sigwait(watched) == signal.SIGUSR1:
                os.kill(child, signal.SIGKILL)
            ended, status = os.waitpid(child, os.WNOHANG)


def compare(gold: str, answer: str, tolerance: str = "") -> Comparison:
    """Parse both sides and ask math-verify whether they are equivalent; its verify wants the gold first.

    With a tolerance two real numbers are equal as well where the answer lies that near to the gold.
    """
    from math_verify import verify

    try:
        parsed_answer = _parse(answer)
        if not parsed_answer:
            return Comparison.ANSWER_UNREADABLE
        parsed_gold = _parse(gold)
        if not parsed_gold:
            return Comparison.GOLD_UNREADABLE
        if differ_somewhere(parsed_gold[0], parsed_answer[0]):
            return Comparison.DIFFERENT
        equal = verify(parsed_gold, parsed_answer, timeout_seconds=None)
        if not equal and tolerance:
            equal = _near(parsed_gold, parsed_answer, tolerance)
    except guard.Refused:
        return Comparison.REFUSED
    except (RecursionError, MemoryError):
        return Comparison.DIFFERENT
    return Comparison.EQUAL if equal else Comparison.DIFFERENT


@lru_cache(maxsize=4_096)
def _parse(latex: str) -> list[Any]:
    """The wrapped text as one expression, empty where it does not parse as a whole.

    Kept: a group shares its gold, and half of a step's time for comparisons would go into reading it again.
    """
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


def _near(gold: list[Any], answer: list[Any], tolerance: str) -> bool:
    """True where both are real numbers, or a lone variable equal to one, and within the tolerance."""
    amount, relative = read_tolerance(tolerance)
    (of, wanted), (about, given) = _number(gold[0]), _number(answer[0])
    if wanted is None or given is None or (of and about and of != about):
        return False
    allowed = amount * (abs(wanted) if relative else 1)
    return bool(abs(given - wanted) <= allowed * (1 + ROUNDING))


def _number(parsed: Any) -> tuple[Any, Any]:
    """The variable that is said to equal it, None without one, and the finite real number, None where it is none."""
    from sympy import Eq, Expr, Symbol

    variable = None
    if isinstance(parsed, Eq) and isinstance(parsed.lhs, Symbol):
        variable, parsed = parsed.args
    if not isinstance(parsed, Expr) or not parsed.is_number:
        return variable, None
    value = parsed.doit().evalf(30)
    return variable, value if value.is_Number and value.is_finite and value.is_real else None


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
    prepare()
    supervise(sys.stdin.buffer, replies, deadline)


if __name__ == "__main__":
    main()
