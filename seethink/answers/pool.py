"""Worker processes under a hard deadline.

A signal's timeout works only in a main thread and not inside a long C call; a process can always be killed. Workers are
started when first needed, as fresh interpreters that import neither the caller's main module nor torch. A stuck one is
killed and replaced within milliseconds. Works alike from threads, from a running event loop, from daemonic, spawned and
forked processes.
"""

from __future__ import annotations

import atexit
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import IO

from seethink.core.rejected import InputError

READY = b'"ready"\n'
DEADLINE = 5.0
"""Seconds one comparison may take, once its worker has started. choice."""
START_DEADLINE = 300.0
"""Seconds a worker may take to import what it needs, on a busy machine. choice."""
REMEMBERED = 4_096
"""Decided pairs kept, so that a group of equal completions is compared once. choice."""

Pair = tuple[str, str] | tuple[str, str, str]
"""Gold and answer in LaTeX, and the item's tolerance where it has one."""

_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")


class Comparison(StrEnum):
    """What became of one comparison."""

    EQUAL = "equal"
    DIFFERENT = "different"
    ANSWER_UNREADABLE = "answer unreadable"
    GOLD_UNREADABLE = "gold unreadable"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    LOST = "lost"


_DECIDED = frozenset(Comparison) - {Comparison.TIMEOUT, Comparison.LOST}


class Workers:
    """``size`` workers that compare pairs of LaTeX expressions, each within ``deadline`` seconds."""

    def __init__(self, size: int = 1, deadline: float = DEADLINE) -> None:
        if size < 1 or deadline <= 0:
            raise InputError(f"math workers: size {size} and deadline {deadline} must be above 0")
        self.size = size
        self.deadline = deadline
        self._begin()
        _all_pools.add(self)

    def compare(self, pairs: Sequence[Pair]) -> list[Comparison]:
        """One comparison per pair, in order; equal pairs are compared once. InputError where no worker can start."""
        if self._owner != os.getpid():
            self._begin()
        known = {pair: comparison for pair in pairs if (comparison := self._recall(pair))}
        fresh = [pair for pair in dict.fromkeys(pairs) if pair not in known]
        if self.size == 1 or len(fresh) < 2:
            compared = [self._compare(pair) for pair in fresh]
        else:
            with ThreadPoolExecutor(min(self.size, len(fresh))) as threads:
                compared = list(threads.map(self._compare, fresh))
        new = dict(zip(fresh, compared, strict=True))
        self._remember(new)
        return [known.get(pair) or new[pair] for pair in pairs]

    def close(self) -> None:
        """End every worker process; the next comparison starts a new one."""
        for worker in list(self._workers):
            worker.end()

    def _begin(self) -> None:
        # In a forked child the parent's processes, locks and waiting threads are not ours to use.
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._known: OrderedDict[Pair, Comparison] = OrderedDict()
        self._workers = [_Worker() for _ in range(self.size)]
        self._free: queue.LifoQueue[_Worker] = queue.LifoQueue()
        for worker in self._workers:
            self._free.put(worker)

    def _compare(self, pair: Pair) -> Comparison:
        worker = self._free.get()
        try:
            return worker.compare(pair, self.deadline)
        finally:
            self._free.put(worker)

    def _recall(self, pair: Pair) -> Comparison | None:
        with self._lock:
            if pair in self._known:
                self._known.move_to_end(pair)
            return self._known.get(pair)

    def _remember(self, new: dict[Pair, Comparison]) -> None:
        with self._lock:
            self._known.update((pair, comparison) for pair, comparison in new.items() if comparison in _DECIDED)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)


class _Worker:
    """One process and its child that serves: started when asked, replaced when late, used by one thread at a time.

    The child is the worker's to kill and to replace, so that nobody signals a process that is not his.
    """

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.replies: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.serving = False

    def compare(self, pair: Pair, deadline: float) -> Comparison:
        line = json.dumps(pair).encode() + b"\n"
        late: float | None = None
        try:
            # A worker that died while idle is found only on use, so one loss is tried again.
            for _ in range(2):
                process = self._ready(deadline)
                late = late or time.monotonic() + deadline
                reply = self._ask(process, line, late)
                if reply:
                    return Comparison(json.loads(reply))
            return Comparison.LOST
        except TimeoutError:
            self._replace()
            return Comparison.TIMEOUT
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        process, self.process = self.process, None
        self.serving = False
        if process is None:
            return
        # Once it has been waited for, its number may be another's. Its child then ends with the pipe.
        if process.poll() is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        # The thread that reads the other pipe closes it. Closed here, its number could be the next worker's before that
        # thread reads again, and that worker's replies would be lost to it.
        if process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()

    def _replace(self) -> None:
        """Have the child killed; the next one says that it is ready, which nobody waits for here."""
        self.serving = False
        if self.process is not None:
            self.process.send_signal(signal.SIGUSR1)

    def _ready(self, deadline: float) -> subprocess.Popen[bytes]:
        if self.process is not None and self.process.poll() is not None:
            self.end()
        process = self.process or self._start(deadline)
        while not self.serving:
            try:
                reply = self._reply(START_DEADLINE)
            except TimeoutError:
                reply = b""
            # Before the new child's word there may be one that the old one had still written.
            self.serving = reply == READY
            if not reply:
                self.end()
                process = self._start(deadline)
        return process

    def _ask(self, process: subprocess.Popen[bytes], line: bytes, late: float) -> bytes:
        """The reply, empty where the child was lost; TimeoutError where it comes ``late``."""
        assert process.stdin is not None
        try:
            process.stdin.write(line)
        except OSError:
            self.end()
            return b""
        reply = self._reply(late - time.monotonic())
        if not reply:
            self.end()
        return b"" if reply == READY else reply

    def _start(self, deadline: float) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-m", "seethink.answers.worker", str(deadline)]
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                env=_environment(),
                process_group=0,
            )
        except OSError as error:
            raise InputError(f"the math worker {command[0]!r} cannot be started ({error})") from None
        self.replies = queue.SimpleQueue()
        assert self.process.stdout is not None
        threading.Thread(
            target=_forward, args=(self.process.stdout, self.replies), name="math-worker", daemon=True
        ).start()
        try:
            ready = self._reply(START_DEADLINE)
        except TimeoutError:
            ready = b""
        if ready != READY:
            self.end()
            raise InputError(
                "the math worker did not start: check that math-verify is installed; "
                f"`{Path(sys.executable).name} -m seethink.answers.worker 5 < {os.devnull}` shows the error"
            )
        self.serving = True
        return self.process

    def _reply(self, seconds: float) -> bytes:
        try:
            return self.replies.get(timeout=max(0.0, seconds))
        except queue.Empty:
            raise TimeoutError from None


def _forward(pipe: IO[bytes], replies: queue.SimpleQueue[bytes]) -> None:
    """Hand on the lines of an unbuffered pipe and close it; an empty line says that it has ended."""
    pending = b""
    with pipe:
        while True:
            try:
                chunk = pipe.read(4096)
            except OSError:
                chunk = b""
            if not chunk:
                replies.put(b"")
                return
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                replies.put(line + b"\n")


def _environment() -> dict[str, str]:
    """What the worker needs to import this package, and no keys."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    package_root = str(Path(__file__).resolve().parents[2])
    return kept | {"PYTHONPATH": os.pathsep.join([package_root, *filter(None, sys.path)]), "PYTHONUTF8": "1"}


_all_pools: weakref.WeakSet[Workers] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for pool in list(_all_pools):
        if pool._owner == os.getpid():
            pool.close()
