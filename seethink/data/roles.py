"""Roles: the four teachers of the data factory, and how each is asked.

Every request has one layout: the system message is the role's instructions (``prompts/<step>.txt``), the user message
is the payload and nothing else. A payload of several texts has labelled sections, ``Label:``, the text, an empty line.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from seethink.core.images import ImageStore
from seethink.data.config import DataConfig, RoleConfig
from seethink.teachers.endpoint import Endpoint
from seethink.teachers.gate import Gate
from seethink.teachers.ledger import Ledger
from seethink.teachers.purchase import Patience
from seethink.teachers.request import Message, Picture
from seethink.teachers.teacher import Teacher


@dataclass(frozen=True)
class Teachers:
    """What a step may ask, and the pictures it may show."""

    captioner: Teacher
    reasoner: Teacher
    rewriter: Teacher
    verifier: Teacher
    images: ImageStore
    gate: Gate
    ledger: Ledger


@cache
def instructions(step: str) -> str:
    """The system message of a step: caption, distill, rewrite or verify."""
    return files("seethink.data").joinpath(f"prompts/{step}.txt").read_text(encoding="utf-8").strip()


def instructions_hash(step: str) -> str:
    return hashlib.sha256(instructions(step).encode()).hexdigest()[:12]


def chat(step: str, payload: str, pictures: tuple[Picture, ...] = ()) -> list[Message]:
    return [Message("system", instructions(step)), Message("user", payload, pictures)]


def sections(texts: Mapping[str, str]) -> str:
    """Labelled sections in order; an empty text has none."""
    return "\n\n".join(f"{label}:\n{text.strip()}" for label, text in texts.items() if text.strip())


@asynccontextmanager
async def open_teachers(
    config: DataConfig, images: ImageStore, ledger: Ledger, gate: Gate, patience: Patience | None = None
) -> AsyncIterator[Teachers]:
    """The config's four teachers; roles at one address share its connections, all share ledger and gate.

    Raises InputError where a named key variable is empty.
    """
    endpoints: dict[tuple[str, str | None], Endpoint] = {}
    async with AsyncExitStack() as stack:

        async def teacher(role: RoleConfig) -> Teacher:
            address = role.base_url or config.base_url
            key_env = role.key_env or (None if role.base_url else config.key_env)
            if (address, key_env) not in endpoints:
                endpoint = Endpoint(address, key_env, timeout=config.timeout)
                endpoints[address, key_env] = await stack.enter_async_context(endpoint)
            return Teacher(endpoints[address, key_env], role.model, role.sampling, ledger, gate, patience or Patience())

        yield Teachers(
            captioner=await teacher(config.captioner),
            reasoner=await teacher(config.reasoner),
            rewriter=await teacher(config.rewriter),
            verifier=await teacher(config.verifier),
            images=images,
            gate=gate,
            ledger=ledger,
        )
