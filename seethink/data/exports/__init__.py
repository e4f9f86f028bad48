"""Exports: the finished sets in the formats that others read as they are.

export         the whole of it: a table, a format, a card
sample         one row on its way out, and the words it is shown with
form           what has to be known of a format
target         the folder that is written: pictures, JSON, Parquet
card           README.md of that folder: what it is, how it was made, what it cost, under which licences

parquet        tables with their pictures inside, for ``datasets.load_dataset``
vlaa_thinking  the released VLAA-Thinking files
trl            TRL
verl, easyr1   verl and EasyR1
ms_swift       ms-swift
llama_factory  LLaMA-Factory
"""

from seethink.data.exports.export import export_sets
from seethink.data.exports.form import Exported, Format

__all__ = ["Exported", "Format", "export_sets"]
