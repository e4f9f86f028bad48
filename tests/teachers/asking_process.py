"""A process that asks many questions, to be killed: asking_process.py URL LEDGER COUNT WIDTH."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from seethink.teachers import Endpoint, Gate, Ledger, Message, Patience, Sampling, Teacher


async def main(url: str, folder: Path, count: int, width: int) -> None:
    async with Ledger(folder) as ledger, Endpoint(url) as endpoint:
        gate = Gate(width)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, gate.stop, "SIGTERM")
        teacher = Teacher(endpoint, "m", Sampling(max_tokens=16), ledger, gate, Patience(first_wait=0.01))
        asked = (teacher.ask([Message("user", f"question {number}")]) for number in range(count))
        answers = await asyncio.gather(*asked, return_exceptions=True)
        sys.stdout.write(f"{sum(not isinstance(answer, Exception) for answer in answers)}\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
