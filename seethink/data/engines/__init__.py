"""Engines: what carries a step over a table.

parts     the unit of work, and how it is sealed
local     one process, a bounded number of rows at once
on_daft   workers on this machine or a Ray cluster, each running parts as ``local`` does (the only file that knows Daft)
choice    which of them, and what workers need
"""

from seethink.data.engines.choice import DaftEngine, Engine, LocalEngine, Workshop, engine_config
from seethink.data.engines.parts import Counts, Progress

__all__ = ["Counts", "DaftEngine", "Engine", "LocalEngine", "Progress", "Workshop", "engine_config"]
