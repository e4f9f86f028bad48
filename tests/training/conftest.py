"""Rewards that tell random responses apart, demonstrations of the world, and the process that tests kill."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.training.samples import Demonstration
from seethink.world.questions import as_item, question
from seethink.world.traces import response

_spec = importlib.util.spec_from_file_location("training_process", Path(__file__).parent / "training_process.py")
assert _spec is not None and _spec.loader is not None
_process = sys.modules.setdefault("training_process", importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(_process)


@pytest.fixture(scope="session")
def training_process() -> ModuleType:
    return _process


@pytest.fixture(scope="session")
def checksum() -> Any:
    return _process.Checksum()


@pytest.fixture(scope="session")
def demonstrations(world_images: ImageStore) -> list[Demonstration]:
    asked = [question(2, index) for index in range(8)]
    return [Demonstration(as_item(one, world_images), response(one, right=True)) for one in asked]


@pytest.fixture(scope="session")
def items(demonstrations: list[Demonstration]) -> list[Item]:
    return [demonstration.item for demonstration in demonstrations]
