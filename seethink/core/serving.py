"""The other end of ``workers``: a process that answers one line of JSON with one line of JSON.

What imports takes seconds, so it happens once: the process forks a child that answers, and another in its place where
that one had to be killed (signal USR1), which takes milliseconds. Neither holds keys; both end with their parent's
pipe, and a child ends itself where an answer outlives the parent. ``guard`` sees to it that no text is evaluated as
code from then on.
"""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from seethink.core import guard
from seethink.core.workers import READY

MEMORY_BYTES = 2 << 30
"""Address space of a worker: a tower of powers ends in MemoryError rather than in the host's swap. choice."""


def run(prepare: Callable[[], None], answer: Callable[[Any], Any]) -> None:
    """Serve until the pipe closes.

    Args:
        prepare: imports and warms up what answering needs; runs before the guard.
        answer: from a request to its reply, both of JSON.
    """
    deadline = float(sys.argv[1])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.dont_write_bytecode = True
    logging.disable(logging.CRITICAL)
    # Whatever a library prints must not be read as a reply.
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    _limit_memory()
    guard.read_numerals_only()
    prepare()
    gc.freeze()
    _supervise(answer, sys.stdin.buffer, replies, deadline)


def _serve(answer: Callable[[Any], Any], requests: BinaryIO, replies: BinaryIO, deadline: float) -> None:
    """Answer requests until the pipe closes; ``deadline`` is the parent's, in seconds."""
    guard.install()
    replies.write(READY)
    for line in requests:
        with _own_alarm(4 * deadline + 1):
            reply = answer(json.loads(line))
        replies.write(json.dumps(reply).encode() + b"\n")


def _supervise(answer: Callable[[Any], Any], requests: BinaryIO, replies: BinaryIO, deadline: float) -> None:
    """Keep a child serving until one ends by itself, which it does when the pipe closes."""
    watched = {signal.SIGUSR1, signal.SIGCHLD}
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    status: int | None = None
    while status != 0:
        child = os.fork()
        if child == 0:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, watched)
            # A broken pipe: the parent died meanwhile, and nobody is to be served any more.
            with contextlib.suppress(BrokenPipeError):
                _serve(answer, requests, replies, deadline)
            os._exit(0)
        ended = 0
        while not ended:
            if signal.sigwait(watched) == signal.SIGUSR1:
                os.kill(child, signal.SIGKILL)
            ended, status = os.waitpid(child, os.WNOHANG)


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
