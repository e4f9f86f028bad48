"""Several processes of one training: what only one of them does, and what all of them must know.

Without a launcher there is one process, and all of this is free.
"""

from __future__ import annotations

import atexit
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from seethink.core.config import Config
from seethink.core.lock import only_run
from seethink.core.rejected import InputError
from seethink.core.tables import claim, read_manifest, write_manifest, write_rows


def processes() -> int:
    """How many processes train together."""
    return int(_state().num_processes)


def first_process() -> bool:
    """Whether this one writes files and speaks to people."""
    return bool(_state().is_main_process)


def wait_for_all() -> None:
    """Returns once every process has come here."""
    _state().wait_for_everyone()


@contextmanager
def claimed_together(folder: Path, config: Config, data: Mapping[str, str]) -> Iterator[bool]:
    """``claim`` by the first process, which holds the folder as long as it trains; all are told what it found, and all
    stop where it cannot or another run is at it."""
    from accelerate.utils import broadcast_object_list

    found: list[bool | str] = [False]
    with ExitStack() as holding:
        if first_process():
            try:
                holding.enter_context(only_run(folder))
                found = [claim(folder, config, data)]
            except InputError as error:
                found = [str(error)]
        broadcast_object_list(found)
        # One that leaves at once would close the connection that another still reads the answer from.
        wait_for_all()
        if isinstance(found[0], str):
            raise InputError(found[0])
        yield found[0]


def seal_together(
    folder: Path,
    config: Config,
    *,
    seeds: Mapping[str, int],
    data: Mapping[str, str],
    started: float,
    log: list[dict[str, Any]],
    cost: Mapping[str, float],
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """End a training: the first process writes its log and ``write_manifest`` with the hash of the model it left; all
    wait for it and get the manifest."""
    from seethink.models.load import trained_hash

    if first_process():
        write_rows(folder / "log", log)
        named = {"model": trained_hash(folder)} | dict(more or {})
        write_manifest(folder, config, seeds=seeds, data=data, started=started, cost=cost, more=named)
    wait_for_all()
    return read_manifest(folder) or {}


def share_of(rows: int, device_batch: int | None, group: int = 1) -> tuple[int, int]:
    """Rows of one forward on one device and the number of forwards of a step, for ``rows`` rows a step over all.

    Args:
        device_batch: rows of one forward; a device's share of the step where None.
        group: rows that must stay together.

    Raises:
        InputError: the step cannot be shared out like that.
    """
    count = processes()
    if rows % (count * group):
        raise InputError(
            f"a step of {rows} rows cannot be shared out among {count} processes in groups of {group}: "
            "change the rows of a step or the number of processes"
        )
    share = rows // count
    batch = min(device_batch or share, share)
    if share % batch or batch % group:
        raise InputError(
            f"device_batch={batch} must divide the {share} rows of a step that each of {count} processes gets, and "
            f"hold whole groups of {group}"
        )
    return batch, share // batch


def _state() -> Any:
    import torch
    from accelerate import PartialState

    return PartialState(cpu=not torch.cuda.is_available())


@atexit.register
def _leave() -> None:
    """Left to the interpreter's end, the threads of a process group may abort it."""
    dist = sys.modules.get("torch.distributed")
    if dist is not None and dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()
