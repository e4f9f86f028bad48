"""Worker processes under a hard deadline.

A signal's timeout works only in a main thread and not inside a long C call; a process can always be killed. Workers are
started when first needed, as fresh interpreters that import neither the caller's main module nor torch. A stuck one is
killed and replaced within milliseconds. Works alike from threads, from a running event loop, from daemonic, spawned and
forked processes. What runs at the other end of the pipe is said in ``serving``.
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
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import IO, Any

from seethink.core.rejected import InputError

READY = b'"ready"\n'
START_DEADLINE = 300.0
"""Seconds a worker may take to import what it needs, on a busy machine. choice."""

_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")


class Unanswered(Enum):
    """Why a worker gave no reply."""

    TIMEOUT = "timeout"
    LOST = "lost"


class Pool:
    """``size`` processes of one module, each of which answers one request at a time, within ``deadline`` seconds.

    Args:
        module: what the processes run (``python -m module deadline``); it calls ``serving.run``.
    """

    def __init__(self, module: str, size: int, deadline: float) -> None:
        if size < 1 or deadline <= 0:
            raise InputError(f"math workers: size {size} and deadline {deadline} must be above 0")
        self.module = module
        self.size = size
        self.deadline = deadline
        self._begin()
        _all_pools.add(self)

    def ask(self, requests: Sequence[Any]) -> list[Any]:
        """The reply to each request, in order, or why there is none; both travel as JSON.

        Raises InputError where no worker can be started at all.
        """
        if self._owner != os.getpid():
            self._begin()
        if self.size == 1 or len(requests) < 2:
            return [self._ask(request) for request in requests]
        with ThreadPoolExecutor(min(self.size, len(requests))) as threads:
            return list(threads.map(self._ask, requests))

    def close(self) -> None:
        """End every worker process; the next request starts a new one."""
        for worker in list(self.workers):
            worker.end()

    def _begin(self) -> None:
        # In a forked child the parent's processes, locks and waiting threads are not ours to use.
        self._owner = os.getpid()
        self.workers = [Worker(self.module) for _ in range(self.size)]
        self._free: queue.LifoQueue[Worker] = queue.LifoQueue()
        for worker in self.workers:
            self._free.put(worker)

    def _ask(self, request: Any) -> Any:
        worker = self._free.get()
        try:
            return worker.ask(request, self.deadline)
        finally:
            self._free.put(worker)


class Worker:
    """One process and its child that serves: started when asked, replaced when late, used by one thread at a time.

    The child is the worker's to kill and to replace, so that nobody signals a process that is not his.
    """

    def __init__(self, module: str) -> None:
        self.module = module
        self.process: subprocess.Popen[bytes] | None = None
        self.replies: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.serving = False

    def ask(self, request: Any, deadline: float) -> Any:
        line = json.dumps(request).encode() + b"\n"
        late: float | None = None
        try:
            # A worker that died while idle is found only on use, so one loss is tried again.
            for _ in range(2):
                process = self._ready(deadline)
                late = late or time.monotonic() + deadline
                reply = self._ask(process, line, late)
                if reply:
                    return json.loads(reply)
            return Unanswered.LOST
        except TimeoutError:
            self._replace()
            return Unanswered.TIMEOUT
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
        command = [sys.executable, "-P", "-m", self.module, str(deadline)]
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
                f"`{Path(sys.executable).name} -m {self.module} 5 < {os.devnull}` shows the error"
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


_all_pools: weakref.WeakSet[Pool] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for pool in list(_all_pools):
        if pool._owner == os.getpid():
            pool.close()
