"""Where a teacher is reached, and which variable holds its key; neither may carry the key itself."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator


def plain_address(address: str) -> str:
    """An http(s) address without user, password or query: configs are written beside every output."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an endpoint is written http://host/v1 or https://host/v1")
    if parts.username or parts.password or parts.query:
        raise ValueError(
            "an endpoint's address holds no user, password or query: put the key into a variable (key_env)"
        )
    return address.rstrip("/")


def variable_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError("key_env is the name of an environment variable, not the key")
    return name


Address = Annotated[str, AfterValidator(plain_address)]
VariableName = Annotated[str, AfterValidator(variable_name)]
