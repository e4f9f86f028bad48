"""What commands write to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console


def terminal() -> Console:
    """A new console, as wide as the window is now. Of several processes of a launcher only the first speaks."""
    from rich.console import Console

    return Console(quiet=os.environ.get("RANK", "0") != "0")
