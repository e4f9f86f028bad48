"""Where every arm stands on the dials that a study turns, and whether registered claims take it for that."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from seethink.analysis import Registration, load_registration
from seethink.core.config import Config
from seethink.core.rejected import InputError
from seethink.study.settings import Settings, StudyConfig, settings_of


def registered_claims(config: StudyConfig) -> Registration | None:
    """The claims that were registered for the study; None where it names none.

    Raises InputError where an arm stands at another level of a dose than the registration counts it at. An arm that
    declares nothing of the dial stands at the centre, whose level only the study's shared settings know.
    """
    if config.claims is None:
        return None
    registration = load_registration(config.claims)
    for dose in registration.doses:
        for levels in dose.series.values():
            for level, arm in levels.items():
                if arm not in config.arms:
                    continue
                actual = _level(settings_of(config, arm), dose.dial)
                if actual is None:
                    raise InputError(
                        f"{config.claims}: dose {dose.name} turns {dose.dial}, which is no number among the settings "
                        f"of arm {arm}: name the setting as the study does"
                    )
                if actual != level:
                    raise InputError(
                        f"{config.claims}: dose {dose.name} counts arm {arm} as {dose.dial}={level:g}, and the study "
                        f"has it at {actual:g}: correct the study, which the registration was written for"
                    )
    return registration


def dials_of(
    config: StudyConfig, registration: Registration | None, arms: Iterable[str]
) -> dict[str, dict[str, float]]:
    """By arm the level of every dial that any arm of the study turns, or a registered dose: of an arm that does not
    turn it the shared one. Settings that are no numbers are no dials."""
    turned = [path for arm in config.arms.values() for path in arm.changes]
    turned += [dose.dial for dose in registration.doses] if registration else []
    found: dict[str, dict[str, float]] = {}
    for arm in arms:
        settings = settings_of(config, arm)
        levels = {path: _level(settings, path) for path in dict.fromkeys(turned)}
        found[arm] = {path: level for path, level in levels.items() if level is not None}
    return found


def _level(settings: Settings, path: str) -> float | None:
    """The number at a dotted path; None where there is none."""
    value: Any = settings
    for name in path.split("."):
        value = getattr(value, name, None) if isinstance(value, Config) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
