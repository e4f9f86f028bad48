"""A study in small tables: per arm and training seed what every item came to, so that later work adds seeds.

run_table    one run on all items, in numbers
curve_table  its learning curves, thinned
record       arms, controls and runs as study.json holds them
study        all of it in memory, from graded responses
folder       all of it in a folder; several folders brought together
"""

from seethink.analysis.study_data.folder import find_study_data, read_study_data, write_study_data
from seethink.analysis.study_data.record import ArmRecord, asking
from seethink.analysis.study_data.run_table import ItemFacts, RunTable
from seethink.analysis.study_data.study import Run, RunData, Study, study_of

__all__ = [
    "ArmRecord",
    "ItemFacts",
    "Run",
    "RunData",
    "RunTable",
    "Study",
    "asking",
    "find_study_data",
    "read_study_data",
    "study_of",
    "write_study_data",
]
