"""An OpenAI-compatible endpoint that waits, answers, and keeps a bill; a process of its own, for ``factory.py``.

    python benchmarks/scripted_endpoint.py

It prints its port. ``GET /bill`` tells how many answers it gave, to how many different requests, and how many it worked
on at once; ``?latency=0.2`` sets its seconds per answer and begins a new bill. It does as little as it can: what is
measured is who asks it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from hashlib import blake2b

from aiohttp import web

ANSWER = (
    b'{"id": "call", "object": "chat.completion", "created": 0, "model": "m", "choices": [{"index": 0, "message": '
    b'{"role": "assistant", "content": "' + b"a picture of noise, in many words; " * 60 + b'"}, '
    b'"finish_reason": "stop"}], "usage": {"prompt_tokens": 700, "completion_tokens": 500, "total_tokens": 1200}}'
)


class Endpoint:
    def __init__(self) -> None:
        self.latency = 0.0
        self.bill: Counter[bytes] = Counter()
        self.in_flight = self.peak = 0

    async def complete(self, request: web.Request) -> web.Response:
        asked = blake2b(await request.read(), digest_size=16).digest()
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            if self.latency:
                await asyncio.sleep(self.latency)
            self.bill[asked] += 1
            return web.Response(body=ANSWER, content_type="application/json")
        finally:
            self.in_flight -= 1

    async def first(self, request: web.Request) -> web.Response:
        """An answer that is on no bill, for a client that wants to load its code before the clock starts."""
        return web.Response(body=ANSWER, content_type="application/json")

    async def tell(self, request: web.Request) -> web.Response:
        told = {
            "billed": self.bill.total(),
            "distinct": len(self.bill),
            "peak": self.peak,
            "in_flight": self.in_flight,
        }
        if "latency" in request.query:
            self.latency = float(request.query["latency"])
            self.bill.clear()
            self.peak = 0
        return web.json_response(told)


async def serve() -> None:
    endpoint = Endpoint()
    app = web.Application(client_max_size=2**24)
    app.router.add_post("/v1/chat/completions", endpoint.complete)
    app.router.add_post("/first/chat/completions", endpoint.first)
    app.router.add_get("/bill", endpoint.tell)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
