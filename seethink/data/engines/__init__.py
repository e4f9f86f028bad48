"""Engines: what carries a step over a table.

local   one process, a bounded number of rows at once, sealed parts
"""

from seethink.data.engines.local import Counts, Progress, carry

__all__ = ["Counts", "Progress", "carry"]
