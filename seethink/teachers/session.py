"""Session: teachers for code that is not asynchronous, on an event loop in a thread of their own.

It may be used in a notebook, in a trainer's thread or in a plain program; connections and ledger stay open between two
batches of questions.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack, contextmanager
from typing import Any, Generic, TypeVar

from seethink.core.rejected import Stopped

T = TypeVar("T")
R = TypeVar("R")


class Session(Generic[T]):
    """What ``connected`` opens, and the loop that it lives on.

    Attributes:
        owner: the process that opened it; a forked child has no thread to run it.
        opened: what ``connected`` returned.
    """

    def __init__(self, connected: Callable[[AsyncExitStack], Coroutine[Any, Any, T]], name: str) -> None:
        self.owner = os.getpid()
        self.loop = asyncio.new_event_loop()
        stack = AsyncExitStack()
        thread = threading.Thread(target=self.loop.run_forever, name=name, daemon=True)
        thread.start()
        self.close = weakref.finalize(self, _close, self.owner, self.loop, stack, thread)
        """Wait for the calls in flight and close everything; also done at exit."""
        self.opened: T = self.run(connected(stack))

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        return self.start(work).result()

    def start(self, work: Coroutine[Any, Any, R]) -> Future[R]:
        """Begin without waiting."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)


async def all_of(asked: list[Awaitable[R]]) -> list[R]:
    """Every result in order. All are waited for, so that a failure of one leaves no paid call without its asker; then
    the first failure is raised."""
    results = await asyncio.gather(*asked, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]


@contextmanager
def stopping_on_signals() -> Iterator[None]:
    """SIGTERM and Ctrl-C raise Stopped in the main thread, so that what is open is closed in order; the second one ends
    the process as usual. Elsewhere than in the main thread this does nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def stop(number: int, frame: object) -> None:
        restore()
        raise Stopped("stopped on request; calls in flight are recorded, the same command goes on from here")

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        restore()


def _close(owner: int, loop: asyncio.AbstractEventLoop, stack: AsyncExitStack, thread: threading.Thread) -> None:
    if owner != os.getpid():
        return
    asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
