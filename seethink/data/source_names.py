"""Source names: settings for a source that there is not are a mistake, and are told before anything is paid."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from seethink.core.rejected import InputError
from seethink.data.config import DataConfig
from seethink.data.sources import open_source, source_settings
from seethink.data.stage import Stage, table_column

_LISTED = 30


def check_source_names(config: DataConfig, collected: Stage) -> None:
    """InputError where ``per_source`` or ``quotas`` name a source that was neither collected nor is in the config.

    Where nothing was collected there is nothing that a setting could miss.
    """
    there = {name for rows in (collected.rows, collected.rejected) for name in table_column(rows, "source") if name}
    if not there:
        return
    known = there | {name for source in config.sources for name in (open_source(source).name, *source_settings(source))}
    wrong = [
        f"{field}.{name}" + "".join(f" (did you mean {near}?)" for near in get_close_matches(name, sorted(known), n=1))
        for field, name in _named(config)
        if name not in known
    ]
    if wrong:
        # Records may name sources of their own, as many as there are records.
        listed = sorted(there)[:_LISTED] + ["…"] * (len(there) > _LISTED)
        raise InputError(f"{', '.join(wrong)}: no such source, there are {', '.join(listed)}")


def _named(config: DataConfig) -> Iterator[tuple[str, str]]:
    for field, settings in (("per_source", config.per_source), ("quotas", config.quotas)):
        for name in settings:
            yield field, name
