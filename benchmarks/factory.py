"""What the ledger, the gate and the engine cost, against a bare loop over the same client; memory; and a hard kill.

    python benchmarks/factory.py            # about ten minutes on two cores
    python benchmarks/factory.py --quick    # the same in one minute, with numbers that say little

One step (captions, one picture a call) is carried over a table by a process of its own, 64 calls in flight, against an
endpoint in another process that keeps a bill. The peer is an asyncio loop in the same run and in a process of its own:
it reads the same rows and pictures, builds the same requests, sends them through the same client behind a semaphore,
spares the garbage collector the same code, and keeps nothing. The two of a pair go first in turn. Loading code is not
timed, in neither. The ideal is calls x latency / 64. The last line is JSON:

    rate_of_bare_loop    rate of the step over that of the bare loop, median of five pairs at 200 ms
    rate_of_ideal_200ms  rate of the step over the ideal, median of the same five; _1s likewise, of three
    peak_in_flight       most calls of the step that the endpoint ever worked on at once, in all parts of the run
    driver_mb            largest resident size of the process, in MB, over 100,000 items without latency
    repaid_after_kill    most answers that one of ten hard kills made the run pay for again

The kills fall at random moments of one run, which must end with the table of an undisturbed one.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import urlopen

import numpy as np
from PIL import Image

from seethink.core.images import ImageStore, png_bytes
from seethink.core.item import Item, make_item
from seethink.core.tables import read_rows
from seethink.data.collect import collect_table
from seethink.data.config import DataConfig
from seethink.data.engines.local import carry
from seethink.data.roles import instructions, open_teachers
from seethink.data.row import row_from_record
from seethink.data.stage import Stage
from seethink.data.steps import STEPS
from seethink.teachers import Endpoint, Gate, Ledger, Message, Request, Sampling
from seethink.teachers.picture import picture_as_sent

WIDTH = 64
PAIRS, KILLS = 5, 10


class Server:
    """The endpoint's process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.base = f"http://127.0.0.1:{int(process.stdout.readline())}"

    def bill(self, query: str = "") -> dict[str, int]:
        with urlopen(f"{self.base}/bill{query}") as answer:
            told: dict[str, int] = json.load(answer)
        return told

    def quiet(self) -> dict[str, int]:
        while self.bill()["in_flight"]:
            time.sleep(0.05)
        return self.bill()


@contextmanager
def serving() -> Iterator[Server]:
    command = [sys.executable, str(Path(__file__).with_name("scripted_endpoint.py"))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield Server(process)
    finally:
        process.kill()
        process.wait()


def collect(folder: Path, count: int, side: int) -> None:
    """A collected table of ``count`` items, each with a picture of noise, ``side`` pixels wide."""
    images = ImageStore(folder / "images")

    def items() -> Iterator[Item]:
        noise = np.random.default_rng(0)
        for number in range(count):
            data = png_bytes(Image.fromarray(noise.integers(0, 256, (side, side, 3), dtype=np.uint8)))
            yield make_item(
                source="noise", question=f"What is {number}?", gold="noise", verifier="open", images=(images.add(data),)
            )

    collect_table(items(), DataConfig(), Stage(folder / "collect"))


# What runs in a process of its own


async def factory(base: str, folder: Path, out: Path) -> float:
    """The caption step as a run carries it; returns its seconds."""
    config = DataConfig.model_validate({"base_url": f"{base}/v1", "width": WIDTH, "captioner": {"model": "m"}})
    async with (
        Ledger(out / "ledger") as ledger,
        open_teachers(config, ImageStore(folder / "images"), ledger, Gate(WIDTH)) as teachers,
    ):
        await _first_call(base)
        started = time.perf_counter()
        rows = folder / "collect" / "rows"
        await carry(STEPS[0], rows, out / "caption", teachers, progress=lambda step, counts: None)
        return time.perf_counter() - started


async def bare(base: str, folder: Path, out: Path) -> float:
    """The same calls, and nothing else."""
    images, places = ImageStore(folder / "images"), asyncio.Semaphore(WIDTH)
    sampling = DataConfig().captioner.sampling
    async with Endpoint(f"{base}/v1") as endpoint:

        async def one(digest: str) -> None:
            async with places:
                picture = picture_as_sent(images, digest)
                messages = (Message("system", instructions("caption")), Message("user", "", (picture,)))
                await endpoint.post(Request("m", messages, sampling))

        await _first_call(base)
        gc.collect()
        gc.freeze()
        started = time.perf_counter()
        rows = [row_from_record(record) for record in read_rows(folder / "collect" / "rows")]
        await asyncio.gather(*(one(digest) for row in rows for digest in row.item.images))
        return time.perf_counter() - started


async def _first_call(base: str) -> None:
    """Loads the client, which takes as long as a few answers; it is on no bill."""
    async with Endpoint(f"{base}/first") as endpoint:
        await endpoint.post(Request("m", (Message("user", "first"),), Sampling()))


def child(what: str, base: str, folder: Path, out: Path) -> None:
    seconds = asyncio.run({"factory": factory, "bare": bare}[what](base, folder, out))
    print(json.dumps({"seconds": seconds, "mb": largest_mb()}))


def largest_mb() -> float:
    """Largest resident size of this process so far."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not getrusage: on Linux a child's figure begins at the size of the process that started it.
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) / 2**10
    # Kilobytes, and bytes on macOS.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


# What starts the processes and reads the bill


def begin(what: str, server: Server, folder: Path, out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, __file__, "--child", what, server.base, str(folder), str(out)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def run(what: str, server: Server, folder: Path, out: Path) -> dict[str, Any]:
    process = begin(what, server, folder, out)
    output, _ = process.communicate()
    assert process.returncode == 0, f"{what} failed: see above"
    told: dict[str, Any] = json.loads(output.splitlines()[-1])
    return told


def rates(server: Server, folder: Path, scratch: Path, count: int, latency: float, pairs: int) -> dict[str, Any]:
    ideal = WIDTH / latency
    ours, ratios, peak = [], [], 0
    for pair in range(pairs):
        rate = {}
        for what in ("bare", "factory") if pair % 2 == 0 else ("factory", "bare"):
            server.bill(f"?latency={latency}")
            rate[what] = count / run(what, server, folder, scratch / f"{what}-{latency}-{pair}")["seconds"]
            told = server.bill()
            assert told["billed"] == told["distinct"] == count, told
            if what == "factory":
                peak = max(peak, told["peak"])
        ours.append(rate["factory"] / ideal)
        ratios.append(rate["factory"] / rate["bare"])
        print(
            f"{latency:g} s: bare loop {rate['bare']:6.1f}/s, step {rate['factory']:6.1f}/s, ideal {ideal:g}/s; "
            f"{ratios[-1]:.3f} of the bare loop, {ours[-1]:.3f} of the ideal"
        )
    return {"of_bare": median(ratios), "of_ideal": median(ours), "peak": peak}


def kills(server: Server, folder: Path, scratch: Path, count: int, undisturbed: Path) -> dict[str, int]:
    """Ten kills at random moments of one run: the most that one of them made it pay again, and the peak in flight."""
    out, repaid, worst = scratch / "killed", 0, 0
    latency = 0.2
    server.bill(f"?latency={latency}")
    for kill in range(KILLS + 1):
        before = server.bill()["billed"]
        process = begin("factory", server, folder, out)
        target = before + random.randint(1, max(2, count // (2 * KILLS)))
        while kill < KILLS and server.bill()["billed"] < target and process.poll() is None:
            time.sleep(0.01)
        if kill < KILLS:
            # Answers come in bursts: anywhere between two of them.
            time.sleep(random.uniform(0, 1.5 * latency))
            process.kill()
        process.communicate()
        told = server.quiet()
        # What the kill before this process made it pay again.
        again = told["billed"] - told["distinct"] - repaid
        repaid, worst = repaid + again, max(worst, again)
        print(f"kill {kill + 1}: " if kill < KILLS else "finished: ", end="")
        print(f"{told['billed']} billed, {told['distinct']} of {count} answers, {again} paid again")
    assert told["distinct"] == count, told
    assert parts(out) == parts(undisturbed), "the tables differ from those of an undisturbed run"
    return {"repaid": worst, "peak": told["peak"]}


def parts(out: Path) -> dict[str, bytes]:
    """The step's tables, byte by byte."""
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted((out / "caption").rglob("*.parquet"))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few calls: does it run?")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        what, base, folder, out = asked.child
        child(what, base, Path(folder), Path(out))
        return
    short, long, many = (128, 64, 1_000) if asked.quick else (3_200, 1_280, 100_000)
    with tempfile.TemporaryDirectory() as name, serving() as server:
        folder = Path(name)
        for count in {short, long}:
            collect(folder / str(count), count, side=80)
        at_200ms = rates(server, folder / str(short), folder, short, 0.2, 1 if asked.quick else PAIRS)
        at_1s = rates(server, folder / str(long), folder, long, 1.0, 1 if asked.quick else 3)
        killed = kills(server, folder / str(short), folder, short, folder / "factory-0.2-0")
        collect(folder / "many", many, side=24)
        server.bill("?latency=0")
        memory = run("factory", server, folder / "many", folder / "memory")
        shutil.rmtree(folder / "memory" / "caption")
        again = run("factory", server, folder / "many", folder / "memory")
        last = server.bill()
        assert last["billed"] == last["distinct"] == many, last
        print(
            f"{many} items without latency: {many / memory['seconds']:.0f}/s, {memory['mb']:.0f} MB; "
            f"once more from the ledger: {many / again['seconds']:.0f}/s, {again['mb']:.0f} MB"
        )
    result = {
        "rate_of_bare_loop": round(at_200ms["of_bare"], 3),
        "rate_of_ideal_200ms": round(at_200ms["of_ideal"], 3),
        "rate_of_ideal_1s": round(at_1s["of_ideal"], 3),
        "peak_in_flight": max(at_200ms["peak"], at_1s["peak"], killed["peak"], last["peak"]),
        "driver_mb": round(memory["mb"]),
        "repaid_after_kill": killed["repaid"],
    }
    print(json.dumps(result))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
