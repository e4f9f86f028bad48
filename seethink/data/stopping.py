"""Stopping: a request to end a run closes its gate, so that what is paid for is recorded first."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from seethink.teachers.gate import Gate


@contextmanager
def stopping(gate: Gate) -> Iterator[None]:
    """SIGTERM and Ctrl-C close the gate; the second one ends the process as usual."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)

    def unhook() -> None:
        for number in signals:
            loop.remove_signal_handler(number)

    def stop() -> None:
        unhook()
        gate.stop("stopped on request; calls in flight were recorded, the same command goes on from here")

    hooked = threading.current_thread() is threading.main_thread()
    try:
        if hooked:
            for number in signals:
                loop.add_signal_handler(number, stop)
    except NotImplementedError:
        # Event loops of some systems know no signal handlers; a kill then costs at most the calls in flight.
        hooked = False
    try:
        yield
    finally:
        if hooked:
            unhook()
