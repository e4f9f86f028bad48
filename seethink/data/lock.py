"""Lock: one run per output folder, so that two do not pay for the same rows side by side; or several shards of one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from seethink.core.lock import Held, held
from seethink.core.rejected import InputError


@contextmanager
def only_run(folder: Path, shard: str | None = None) -> Iterator[None]:
    """Hold the folder: alone, or together with its other shards as the only ``shard`` of that name.

    InputError where another process holds it; a killed process holds nothing.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(held(folder / "run.lock", shared=shard is not None))
            if shard is not None:
                stack.enter_context(held(folder / f"shard-{shard}.lock"))
        except Held as error:
            raise InputError(
                f"{folder} is in use by another run ({error}): wait for it, or choose another folder"
            ) from None
        yield
