"""A scripted OpenAI-compatible server on loopback that keeps a bill: successful answers per distinct request.

It takes calls and batch files.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Body = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """Instead of an answer: a status with headers and body text; ``hang`` first sleeps, ``cut`` breaks off a body."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    text: str = '{"error": {"message": "scripted"}}'
    hang: float = 0.0
    cut: bool = False
    hang_up: bool = False


@dataclass
class ScriptedServer:
    """``answer`` makes the text; ``fault`` may give the nth attempt (from 1) at a request a Fault instead."""

    answer: Callable[[Body], str] = lambda body: f"echo {body['messages'][-1]['content']}"
    fault: Callable[[Body, int], Fault | None] = lambda body, attempt: None
    latency: float = 0.0
    finish_reason: Callable[[Body], str] = lambda body: "stop"
    extra: Callable[[Body], dict[str, Any]] = lambda body: {}
    batch_status: Callable[[Body], int] = lambda body: 200
    """What becomes of one line of a batch file."""
    batch_looks: int = 1
    """How often a batch is looked at before it has ended."""
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    base_url: str = ""
    die: Callable[[], None] = lambda: None
    """Break all connections off and listen no more; ``rise`` listens at the same port again."""
    rise: Callable[[], None] = lambda: None
    bill: Counter[str] = field(default_factory=Counter)
    attempts: Counter[str] = field(default_factory=Counter)
    requests: list[Body] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    in_flight: int = 0
    peak: int = 0

    @property
    def billed(self) -> int:
        return self.bill.total()

    @property
    def distinct(self) -> int:
        return len(self.bill)

    def texts(self, model: str) -> list[str]:
        """The user payloads sent to a model, pictures left out."""
        found = []
        for body in self.requests:
            if body["model"] == model:
                content = body["messages"][-1]["content"]
                found.append(content if isinstance(content, str) else "".join(p.get("text", "") for p in content))
        return found

    async def complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        name = json.dumps(body, sort_keys=True)
        self.attempts[name] += 1
        self.requests.append(body)
        self.keys.append(request.headers.get("Authorization", ""))
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            fault = self.fault(body, self.attempts[name])
            if fault is not None:
                return await self._fail(request, fault, name)
            await asyncio.sleep(self.latency)
            self.bill[name] += 1
            return web.json_response(self._completion(body))
        finally:
            self.in_flight -= 1

    async def upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        name = f"file-{len(self.files)}"
        upload = form["file"]
        assert isinstance(upload, web.FileField) and form["purpose"] == "batch"
        self.files[name] = upload.file.read()
        about = {"bytes": len(self.files[name]), "created_at": 0, "filename": upload.filename, "purpose": "batch"}
        return web.json_response({"id": name, "object": "file", "status": "processed", **about})

    async def submit(self, request: web.Request) -> web.Response:
        asked = await request.json()
        name = f"batch-{len(self.batches)}"
        self.batches[name] = {
            "id": name,
            "object": "batch",
            "created_at": 0,
            "status": "in_progress",
            "looks": 0,
            **{field: asked[field] for field in ("input_file_id", "endpoint", "completion_window", "metadata")},
        }
        return web.json_response(self.batches[name])

    async def list_batches(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": list(self.batches.values()), "has_more": False})

    async def look(self, request: web.Request) -> web.Response:
        batch = self.batches[request.match_info["batch"]]
        batch["looks"] += 1
        if batch["status"] == "in_progress" and batch["looks"] >= self.batch_looks:
            self._work_on(batch)
        return web.json_response(batch)

    async def download(self, request: web.Request) -> web.Response:
        return web.Response(body=self.files[request.match_info["file"]])

    def _work_on(self, batch: dict[str, Any]) -> None:
        """Answer every line, in another order than they were asked in."""
        lines: dict[int, list[str]] = {200: [], 400: []}
        for text in reversed(self.files[batch["input_file_id"]].decode().splitlines()):
            asked = json.loads(text)
            body, status = asked["body"], self.batch_status(asked["body"])
            if status == 200:
                self.bill[json.dumps(body, sort_keys=True)] += 1
                answer = self._completion(body)
            else:
                answer = {"error": {"message": f"scripted {status}"}}
            response = {"status_code": status, "request_id": "r", "body": answer}
            line = {"id": "x", "custom_id": asked["custom_id"], "response": response, "error": None}
            lines[200 if status == 200 else 400].append(json.dumps(line))
        for kind, place in ((200, "output_file_id"), (400, "error_file_id")):
            if lines[kind]:
                batch[place] = f"{batch['id']}-{kind}"
                self.files[batch[place]] = "\n".join(lines[kind]).encode()
        batch["status"] = "completed"

    async def _fail(self, request: web.Request, fault: Fault, name: str) -> web.StreamResponse:
        if fault.hang:
            await asyncio.sleep(fault.hang)
            self.bill[name] += 1
        if fault.hang_up:
            assert request.transport is not None
            request.transport.abort()
        if fault.cut:
            self.bill[name] += 1
            response = web.StreamResponse(headers={"Content-Length": "1000", "Content-Type": "application/json"})
            await response.prepare(request)
            await response.write(b'{"id": "half')
            assert request.transport is not None
            request.transport.abort()
            return response
        return web.Response(
            status=fault.status, headers=fault.headers, text=fault.text, content_type="application/json"
        )

    def _completion(self, body: Body) -> dict[str, Any]:
        message = {"role": "assistant", "content": self.answer(body), **self.extra(body)}
        return {
            "id": f"call-{self.billed}",
            "object": "chat.completion",
            "created": 0,
            "model": body["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": self.finish_reason(body)}],
            "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12},
        }


def application(server: ScriptedServer) -> web.Application:
    app = web.Application(client_max_size=2**24)
    app.router.add_post("/v1/chat/completions", server.complete)
    app.router.add_post("/v1/files", server.upload)
    app.router.add_get("/v1/files/{file}/content", server.download)
    app.router.add_post("/v1/batches", server.submit)
    app.router.add_get("/v1/batches", server.list_batches)
    app.router.add_get("/v1/batches/{batch}", server.look)
    return app


@contextmanager
def serving(server: ScriptedServer) -> Iterator[ScriptedServer]:
    """Serve in a thread of its own until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runners: list[web.AppRunner] = []

    async def start(port: int) -> int:
        runners.append(web.AppRunner(application(server), access_log=None, shutdown_timeout=0.1))
        await runners[-1].setup()
        await web.TCPSite(runners[-1], "127.0.0.1", port, reuse_address=True).start()
        return int(runners[-1].addresses[0][1])

    def run(doing: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(doing, loop).result()

    port = run(start(0))
    server.base_url = f"http://127.0.0.1:{port}/v1"
    server.die = lambda: run(runners[-1].cleanup())
    server.rise = lambda: run(start(port))
    try:
        yield server
    finally:
        server.die()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
