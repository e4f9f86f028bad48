"""The scripted server of the teachers' tests as a judge, and an item with a picture."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_server = Path(__file__).parents[1] / "teachers" / "scripted_server.py"
_spec = importlib.util.spec_from_file_location("scripted_server", _server)
assert _spec is not None and _spec.loader is not None
scripted = sys.modules.setdefault("scripted_server", importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(scripted)


@pytest.fixture
def server() -> Iterator[Any]:
    with scripted.serving(scripted.ScriptedServer()) as running:
        yield running


@pytest.fixture
def Fault() -> Any:
    return scripted.Fault


@pytest.fixture(scope="session")
def tiny_families(tiny: Path) -> Any:
    """Model and processor of a family by its name: the models' tests make them."""
    from seethink.models.load import load_checkpoint

    path = Path(__file__).parents[1] / "models" / "conftest.py"
    spec = importlib.util.spec_from_file_location("models_conftest", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    checkpoint = load_checkpoint(tiny)
    return lambda family: (module.tiny_family(family, checkpoint), checkpoint.processor)
