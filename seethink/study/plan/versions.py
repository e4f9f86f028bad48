"""Installed packages that are known to break a training, from a dated table."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.resources import files

import yaml

from seethink.core.config import Config

Installed = Callable[[str], str | None]


class Beside(Config):
    """Another package that must be there for an entry to hold."""

    package: str
    versions: str = ">=0"
    local: str = ""
    """Its local version, behind the +."""


class BrokenVersion(Config):
    """An entry of ``broken_versions.yaml``."""

    package: str
    versions: str
    beside: Beside | None = None
    sharding: str | None = None
    date: datetime.date
    reason: str
    remedy: str


@cache
def broken_versions() -> tuple[BrokenVersion, ...]:
    text = files("seethink.study.plan").joinpath("broken_versions.yaml").read_text(encoding="utf-8")
    return tuple(BrokenVersion.model_validate(row) for row in yaml.safe_load(text))


def installed_version(package: str) -> str | None:
    """As pip knows it, None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def found_broken(sharding: str, installed: Installed = installed_version) -> list[tuple[BrokenVersion, str]]:
    """Entries that hold here, each with the version that is installed.

    Args:
        sharding: of the recipe.
        installed: tells a package's version.
    """
    found = []
    for entry in broken_versions():
        here = installed(entry.package)
        if here is None or not _matches(here, entry.versions) or entry.sharding not in (None, sharding):
            continue
        if entry.beside is not None:
            other = installed(entry.beside.package)
            if other is None or not _matches(other, entry.beside.versions):
                continue
            if entry.beside.local and other.partition("+")[2] != entry.beside.local:
                continue
        found.append((entry, here))
    return found


def found_unsupported(installed: Installed = installed_version) -> list[tuple[str, str, str]]:
    """Packages whose installed version is not one that we ask for: name, what is here, what is asked for."""
    from packaging.requirements import Requirement

    try:
        asked = [Requirement(line) for line in requires("seethink") or ()]
    except PackageNotFoundError:
        return []
    found = []
    for need in asked:
        here = installed(need.name) if need.marker is None or need.marker.evaluate({"extra": "train"}) else None
        if here is not None and not need.specifier.contains(here, prereleases=True):
            found.append((need.name, here, str(need.specifier)))
    return found


def _matches(here: str, versions: str) -> bool:
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(versions).contains(here, prereleases=True)
