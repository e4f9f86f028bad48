"""Batch files: a step's requests handed in together, usually at half the price and within a day.

A request that the ledger does not answer is written into a file (the provider's batch form, one JSON object a line,
``custom_id`` is the ledger's key) and its row waits. When the whole step has been asked, the files are handed in, what
comes back is booked into the ledger, and the step is run again: now it finds its answers. A file's name and then its
batch id are on disk before anything else is done, so a run that dies is found again by the next one and nothing is
handed in twice. By hand, the files wait for results that somebody lays beside them, as ``vllm run-batch`` writes them.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import socket
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, NoReturn

from seethink.core.rejected import InputError, Stopped
from seethink.teachers.endpoint import TRY_AGAIN, Endpoint, NotNow
from seethink.teachers.entries import BatchEntry, BatchState, Entry, State
from seethink.teachers.gate import Amount, Gate
from seethink.teachers.ledger import Ledger
from seethink.teachers.prices import Price
from seethink.teachers.purchase import NO_ANSWER, REFUSES, Patience, Unanswered, answered, spent, worst_case
from seethink.teachers.reply import MAX_BODY, Outcome, Refused, Unknown, Wrong, read_completion
from seethink.teachers.request import Request, request_body

MAX_REQUESTS = 50_000
MAX_BYTES = 190 * 2**20
"""Of one file; providers take 50,000 requests and 200 MB."""

RESULTS = ".results"
_KEY = re.compile(r"[0-9a-f]{64}")
_GROUP = 256


class Deferred(Exception):
    """The answer will come with a batch file; its row waits for it."""


@dataclass
class _Gathered:
    """A file that is being written, of requests to one model for one purpose."""

    path: Path
    file: IO[bytes]
    model: str
    purpose: str
    price: Price | None
    requests: int = 0
    bytes: int = 0
    max_tokens: int = 0
    worst: Amount = field(default_factory=Amount)
    digest: Any = field(default_factory=hashlib.sha256)


class BatchDesk:
    """Where the requests to one endpoint are gathered, handed in, and their answers booked.

    Args:
        by_hand: somebody else carries the files to a model and back; nothing is sent.
    """

    def __init__(
        self, endpoint: Endpoint, ledger: Ledger, gate: Gate, patience: Patience, *, by_hand: bool = False
    ) -> None:
        self.endpoint, self.ledger, self.gate, self.patience, self.by_hand = endpoint, ledger, gate, patience, by_hand
        self.folder = ledger.folder / "batches"
        self._account = f"{endpoint.account} by hand" if by_hand else endpoint.account
        self._gathered: dict[tuple[str, str], _Gathered] = {}
        self._full: list[_Gathered] = []
        self._asked: set[bytes] = set()
        self._refused: Counter[str] = Counter()
        self._failed: dict[str, tuple[str, str]] = {}
        self._reserved: dict[str, tuple[Amount, Price | None]] = {}

    async def take(self, request: Request, key: str, price: Price | None, purpose: str = "") -> NoReturn:
        """Write the request into a file, once. Raises Deferred; Unanswered where the last file brought no answer and
        none is to be expected; Stopped where the request does not fit the budget."""
        if key in self._failed:
            raise Unanswered(*self._failed[key])
        if self.gate.stopped is not None:
            raise Stopped(self.gate.stopped)
        if bytes.fromhex(key) not in self._asked:
            worst = worst_case(request, self.gate.budget, price, batch=True)
            self.gate.reserve(worst)
            self._write(request, key, worst, price, purpose)
            self._asked.add(bytes.fromhex(key))
        raise Deferred

    async def resume(self) -> None:
        """Take up what earlier runs handed in: find it, wait for it, book it."""
        self._sweep()
        mine = [entry for entry in self.ledger.batches() if entry.account == self._account]
        for entry in mine:
            if entry.state is BatchState.SUBMITTING:
                await self._hand_in(entry, perhaps_sent=True)
        await self._collect()

    async def settle(self) -> None:
        """Hand in what was gathered, wait for the answers and book them.

        Raises:
            Stopped: the files wait for somebody to fetch them, or the run was asked to stop; the next run goes on.
            InputError: the provider does not take the files, or gives no answers.
        """
        if self.gate.stopped is not None:
            raise Stopped(self.gate.stopped)
        gathered = [*self._full, *self._gathered.values()]
        self._full, self._gathered = [], {}
        for one in gathered:
            entry = self._close(one)
            await self._note(entry)
            if not self.by_hand:
                await self._hand_in(entry, perhaps_sent=False)
        await self._collect()
        if self.by_hand and (waiting := self._open()):
            names = ", ".join(str(self.folder / entry.name) for entry in waiting[:3])
            more = f" and {len(waiting) - 3} more" if len(waiting) > 3 else ""
            example = Path(waiting[0].name)
            raise Stopped(
                f"{sum(entry.requests for entry in waiting)} requests wait in {names}{more}. Lay the results beside "
                f"them (vllm run-batch -i {example} -o {example.stem}{RESULTS}.jsonl --model …) and run again"
            )

    async def _hand_in(self, entry: BatchEntry, *, perhaps_sent: bool) -> None:
        path = self.folder / entry.name
        for refusals in range(self.patience.refusals + 1):
            try:
                batch_id = await self.endpoint.find_batch(entry.name) if perhaps_sent else None
                if batch_id is None and not path.exists():
                    await self._note(replace(entry, state=BatchState.FAILED))
                    return
                perhaps_sent = True
                batch_id = batch_id or await self.endpoint.submit_batch(path, entry.name)
                await self._note(replace(entry, state=BatchState.OUT, batch_id=batch_id))
                return
            except InputError:
                await self._note(replace(entry, state=BatchState.FAILED))
                raise
            except NotNow as problem:
                detail = str(problem)
                await self.gate.pause(min(self.patience.longest_wait, self.patience.first_wait * 2.0**refusals))
        raise InputError(f"{path} could not be handed in ({detail}): check the server and run again")

    async def _collect(self) -> None:
        """Book every batch that is out, as it ends."""
        while True:
            ended = [await self._look_after(entry) for entry in self._open()]
            if self.by_hand or all(ended):
                return
            await self.gate.pause(self.patience.batch_poll)

    async def _look_after(self, entry: BatchEntry) -> bool:
        stem = Path(entry.name).stem
        if self.by_hand:
            results = [path for path in [self.folder / f"{stem}{RESULTS}.jsonl"] if path.exists()]
            if not results:
                self._asked.update(bytes.fromhex(key) for key in self._keys(entry))
                return False
        else:
            try:
                progress = await self.endpoint.batch(entry.batch_id)
                if not progress.ended:
                    return False
                results = []
                for number, file in enumerate(progress.files):
                    results.append(self.folder / f"{stem}{RESULTS}-{number}.jsonl")
                    await self.endpoint.download(file, results[-1])
            except NotNow:
                return False
            if not results:
                await self._finish(replace(entry, state=BatchState.FAILED), [], Amount())
                raise InputError(f"{self.endpoint.base_url} did not work on {entry.name}: {progress.detail}")
        cost = await self._book(entry, results)
        await self._finish(replace(entry, state=BatchState.BOOKED), results, cost)
        return True

    async def _book(self, entry: BatchEntry, results: list[Path]) -> Amount:
        """Record every answer; what got none may be asked again."""
        asked = set(self._keys(entry))
        _, price = self._reserved.get(entry.name, (Amount(), None))
        total = Amount()
        group: list[Entry] = []
        for key, outcome in _results(results, self.endpoint):
            if (asked and key not in asked) or self.ledger.look(key) is not None:
                continue
            asked.discard(key)
            written = Entry(key, State.INTENT, entry.model, 1, batch=True, purpose=entry.purpose)
            match outcome:
                case Wrong(detail):
                    group.append(replace(written, state=State.WRONG, detail=detail))
                    self._failed[key] = REFUSES, detail
                case Refused(detail) | Unknown(detail):
                    state = State.UNKNOWN if isinstance(outcome, Unknown) else State.REFUSED
                    group.append(replace(written, state=state, detail=detail))
                    self._again(key, detail)
                case reply:
                    group.append(answered(written, reply))
                    total = total.plus(spent(reply.usage, Amount(1), price, batch=True)[0])
            if len(group) == _GROUP:
                await self._note_all(group)
                group = []
        await self._note_all(group)
        for key in asked:
            self._again(key, "the batch ended without it")
        return total

    def _again(self, key: str, detail: str) -> None:
        self._asked.discard(bytes.fromhex(key))
        self._refused[key] += 1
        if self._refused[key] > self.patience.unknowns:
            self._failed[key] = NO_ANSWER, detail

    async def _finish(self, entry: BatchEntry, results: list[Path], total: Amount) -> None:
        await self._note(entry)
        if entry.name in self._reserved:
            self.gate.release(self._reserved.pop(entry.name)[0], total)
        for path in (*results, self.folder / entry.name):
            path.unlink(missing_ok=True)

    def _open(self) -> list[BatchEntry]:
        return [
            entry for entry in self.ledger.batches() if entry.account == self._account and entry.state is BatchState.OUT
        ]

    def _keys(self, entry: BatchEntry) -> Iterator[str]:
        """The keys that a file of requests asks for; none where it is gone."""
        path = self.folder / entry.name
        if path.exists():
            with path.open("rb") as file:
                for line in file:
                    yield json.loads(line)["custom_id"]

    def _write(self, request: Request, key: str, worst: Amount, price: Price | None, purpose: str) -> None:
        body = request_body(request)
        line = {"custom_id": key, "method": "POST", "url": "/v1/chat/completions", "body": body}
        data = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        sort = (request.model, purpose)
        open_file = self._gathered.get(sort)
        if open_file and (open_file.requests == MAX_REQUESTS or open_file.bytes + len(data) > MAX_BYTES):
            self._full.append(self._gathered.pop(sort))
            open_file = None
        if open_file is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            number = len(self._full) + len(self._gathered)
            path = self.folder / f".gathering-{socket.gethostname()}-{os.getpid()}-{id(self)}-{number}"
            open_file = self._gathered[sort] = _Gathered(path, path.open("wb"), *sort, price)
        open_file.file.write(data)
        open_file.digest.update(data)
        open_file.requests += 1
        open_file.bytes += len(data)
        open_file.max_tokens += request.sampling.limit or 0
        open_file.worst = open_file.worst.plus(worst)

    def _close(self, one: _Gathered) -> BatchEntry:
        one.file.flush()
        os.fsync(one.file.fileno())
        one.file.close()
        name = f"{one.digest.hexdigest()[:20]}.jsonl"
        one.path.replace(self.folder / name)
        self._reserved[name] = one.worst, one.price
        state = BatchState.OUT if self.by_hand else BatchState.SUBMITTING
        return BatchEntry(name, state, self._account, one.model, one.purpose, one.requests, one.max_tokens)

    def _sweep(self) -> None:
        """Remove what processes of this machine left half gathered when they died."""
        mine = f".gathering-{socket.gethostname()}-"
        for path in self.folder.glob(f"{mine}*"):
            pid = int(path.name.removeprefix(mine).split("-")[0])
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                path.unlink(missing_ok=True)
            except PermissionError:
                continue

    async def _note(self, entry: BatchEntry) -> None:
        await self.ledger.sync(await self.ledger.note(entry))

    async def _note_all(self, entries: list[Entry]) -> None:
        if entries:
            await self.ledger.sync(max(await asyncio.gather(*map(self.ledger.note, entries))))


def _results(paths: list[Path], endpoint: Endpoint) -> Iterator[tuple[str, Outcome]]:
    """Key and outcome of every line that can be read."""
    for path in paths:
        with path.open("rb") as file:
            while line := file.readline(MAX_BODY):
                try:
                    said = json.loads(line.decode("utf-8", "replace"))
                    key, outcome = said["custom_id"], _outcome(said, endpoint)
                except (ValueError, LookupError, TypeError, RecursionError):
                    continue
                if isinstance(key, str) and _KEY.fullmatch(key):
                    yield key, outcome


def _outcome(said: Any, endpoint: Endpoint) -> Outcome:
    response, error = said.get("response") or {}, said.get("error") or {}
    status = response.get("status_code")
    if status == 200:
        return read_completion(response.get("body"), str(response.get("request_id") or ""))
    problem = error or (response.get("body") or {}).get("error") or "no reason given"
    detail = endpoint.hidden(f"{status or ''} {json.dumps(problem, ensure_ascii=False)}".strip())
    again = status is None or status in TRY_AGAIN or (isinstance(status, int) and status >= 500)
    return Refused(detail) if again else Wrong(detail)
