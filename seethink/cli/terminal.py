"""What commands write to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def terminal() -> Console:
    """A new console, as wide as the window is now."""
    from rich.console import Console

    return Console()
