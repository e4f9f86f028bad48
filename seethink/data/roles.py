"""Roles: the four teachers of the data factory, and how each is asked.

Every request has one layout: the system message is the role's instructions (``prompts/<step>.txt`` or the config's
own), the user message is the payload and nothing else. A payload of several texts has labelled sections, ``Label:``,
the text, an empty line.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.rejected import InputError
from seethink.core.tables import write_text
from seethink.data.config import ROLES, DataConfig, RoleConfig
from seethink.data.per_source import SourceSettings
from seethink.teachers.answer import Answer
from seethink.teachers.batch import BatchDesk
from seethink.teachers.endpoint import Endpoint
from seethink.teachers.gate import Gate
from seethink.teachers.ledger import Ledger
from seethink.teachers.prices import load_prices
from seethink.teachers.purchase import Patience
from seethink.teachers.request import Message, Picture, Transport
from seethink.teachers.teacher import Teacher

STEP_OF = dict(zip(ROLES, ("caption", "distill", "rewrite", "verify"), strict=True))
"""The step that a role's instructions are named after."""


_AS_ALWAYS = SourceSettings()


@dataclass(frozen=True, slots=True)
class Role:
    """One teacher with its instructions.

    Attributes:
        context: whether the item's extra context is sent along.
    """

    teacher: Teacher
    instructions: str
    context: bool

    async def ask(self, payload: str, pictures: tuple[Picture, ...] = ()) -> Answer:
        return await self.teacher.ask([Message("system", self.instructions), Message("user", payload, pictures)])

    def facts(self, item: Item) -> str:
        """The item's extra context, or "" where this role is not sent any."""
        return item.context if self.context else ""


@dataclass(frozen=True)
class Teachers:
    """What a step may ask, and the pictures it may show."""

    roles: Mapping[tuple[str, str], Role]
    """By role and source; source "" stands for all that have no entry of their own."""
    sources: Mapping[str, SourceSettings]
    images: ImageStore
    gate: Gate
    ledger: Ledger

    def desks(self, name: str) -> list[BatchDesk]:
        """Where the requests of a role are gathered; none where it is asked call by call."""
        found = [role.teacher.desk for (role_name, _), role in self.roles.items() if role_name == name]
        return list({id(desk): desk for desk in found if desk is not None}.values())

    def role(self, name: str, source: str = "") -> Role:
        """Captioner, reasoner, rewriter or verifier, as rows of ``source`` ask it."""
        return self.roles.get((name, source)) or self.roles[name, ""]

    def settings(self, source: str) -> SourceSettings:
        return self.sources.get(source, _AS_ALWAYS)


@cache
def instructions(step: str) -> str:
    """The package's system message of a step: caption, distill, rewrite or verify."""
    return files("seethink.data").joinpath(f"prompts/{step}.txt").read_text(encoding="utf-8").strip()


def role_instructions(name: str, role: RoleConfig) -> str:
    """The role's system message. InputError where its file cannot be read or holds nothing."""
    if role.prompt is None:
        return instructions(STEP_OF[name])
    try:
        text = role.prompt.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{name}.prompt {role.prompt} cannot be read ({error}): give a UTF-8 text file") from None
    if not text:
        raise InputError(f"{name}.prompt {role.prompt} is empty: write the role's instructions into it")
    return text


def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def asked_how(name: str, config: DataConfig) -> dict[str, Any]:
    """What decides a role's answers: model, sampling, instructions by hash; below ``sources`` what differs there."""

    def told(source: str) -> dict[str, Any]:
        role = config.role(name, source)
        return {
            "model": role.model,
            "revision": role.revision,
            "sampling": asdict(role.sampling),
            "instructions": text_hash(role_instructions(name, role)),
            "context": role.context,
        }

    usual = told("")
    differing = {}
    for source, settings in sorted(config.per_source.items()):
        spared = {"captions": settings.captions.value, "reasoning": settings.reasoning.value}
        own = {key: value for key, value in told(source).items() if value != usual[key]}
        if own or spared != _USUAL:
            differing[source] = spared | own
    return usual | ({"sources": differing} if differing else {})


_USUAL = {"captions": SourceSettings().captions.value, "reasoning": SourceSettings().reasoning.value}


def write_prompts(config: DataConfig, folder: Path) -> None:
    """Keep every instruction of a run as ``<hash>.txt``, so that a card can show what was asked."""
    for name in ROLES:
        for source in ("", *config.per_source):
            text = role_instructions(name, config.role(name, source))
            write_text(folder / f"{text_hash(text)}.txt", text + "\n")


def sections(texts: Mapping[str, str]) -> str:
    """Labelled sections in order; an empty text has none."""
    return "\n\n".join(f"{label}:\n{text.strip()}" for label, text in texts.items() if text.strip())


@asynccontextmanager
async def open_teachers(
    config: DataConfig, images: ImageStore, ledger: Ledger, gate: Gate, patience: Patience | None = None
) -> AsyncIterator[Teachers]:
    """The config's teachers; roles at one address share its connections, all share ledger and gate.

    Raises InputError where a named key variable is empty, or a prompt file cannot be read.
    """
    prices, today = load_prices(config.prices), datetime.now(UTC).date()
    patience = patience or Patience()
    endpoints: dict[tuple[str, str | None], Endpoint] = {}
    desks: dict[tuple[str, Transport], BatchDesk] = {}
    async with AsyncExitStack() as stack:

        async def opened(name: str, source: str) -> Role:
            role = config.role(name, source)
            address = role.base_url or config.base_url
            key_env = role.key_env or (None if role.base_url else config.key_env)
            if (address, key_env) not in endpoints:
                endpoint = Endpoint(address, key_env, timeout=config.timeout)
                endpoints[address, key_env] = await stack.enter_async_context(endpoint)
            endpoint, price = endpoints[address, key_env], prices.at(role.model, today)
            if price is None and config.max_cost is not None:
                raise InputError(
                    f"max_cost needs a price of {role.model}: put it into a file and name that in prices, "
                    "or limit max_calls or max_completion_tokens"
                )
            desk = None
            if role.transport is not Transport.CALLS:
                place = endpoint.account, role.transport
                if place not in desks:
                    by_hand = role.transport is Transport.FILES
                    desks[place] = BatchDesk(endpoint, ledger, gate, patience, by_hand=by_hand)
                desk = desks[place]
            teacher = Teacher(
                endpoint,
                role.model,
                role.sampling,
                ledger,
                gate,
                patience,
                revision=role.revision,
                price=price,
                purpose=STEP_OF[name],
                desk=desk,
            )
            return Role(teacher, role_instructions(name, role), role.context)

        yield Teachers(
            roles={(name, source): await opened(name, source) for source in ("", *config.per_source) for name in ROLES},
            sources=config.per_source,
            images=images,
            gate=gate,
            ledger=ledger,
        )
