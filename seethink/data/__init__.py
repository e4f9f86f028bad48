"""The data factory: from visual questions to an SFT set and an RL set, in six steps (VLAA-Thinking section 2).

sources/   where items come from; a bad row comes out as a reason and the rest go on
collect    1  one table, every item once
caption    2  the picture in words
distill    3  a text-only reasoner thinks over the words
rewrite    4  words that betray the caption are replaced
verify     5  does the answer agree with the gold?
curate     6  an SFT and an RL set, by cue or by what a model gets right; curation/ has what it decides with

row        what travels through the steps
config     the run's settings
per_source what one source does otherwise; brought: what it brings itself; source_names: none that is not there
roles      the four teachers and how each is asked; the instructions are ``prompts/*.txt``
steps      the list of steps 2 to 5
engines/   what carries a step over a table
stage      a step's folder, and when it is out of date
pipeline   the whole run
sets       the finished tables; derived: tables made of them, and when those are out of date
funnel     what every step kept, by source and reason
step_truth how many kept traces hold a wrong step, where the truth is known
decided    what each rule decided about single items
exports/   the finished sets in the formats that others read, with a card
progress   the same while it runs
lock       one run per folder
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seethink.data.config import AnswerBlock, DataConfig, Quota, RoleConfig
    from seethink.data.curation.pool import Pool
    from seethink.data.curation.response import final_answer, sft_response
    from seethink.data.curation.split import pool_of
    from seethink.data.decided import decided_table, decisions
    from seethink.data.exports import export_sets
    from seethink.data.funnel import FunnelRow, funnel_from_record, funnel_table, sources_table
    from seethink.data.pipeline import Summary, run_pipeline
    from seethink.data.row import Row
    from seethink.data.sources import SourceConfig, open_source
    from seethink.data.step_truth import write_step_truth

_HOME = {
    "AnswerBlock": "config",
    "DataConfig": "config",
    "FunnelRow": "funnel",
    "Pool": "curation.pool",
    "Quota": "config",
    "RoleConfig": "config",
    "Row": "row",
    "SourceConfig": "sources",
    "Summary": "pipeline",
    "decided_table": "decided",
    "decisions": "decided",
    "export_sets": "exports",
    "final_answer": "curation.response",
    "funnel_from_record": "funnel",
    "funnel_table": "funnel",
    "open_source": "sources",
    "pool_of": "curation.split",
    "run_pipeline": "pipeline",
    "sft_response": "curation.response",
    "sources_table": "funnel",
    "write_step_truth": "step_truth",
}

__all__ = [
    "AnswerBlock",
    "DataConfig",
    "FunnelRow",
    "Pool",
    "Quota",
    "RoleConfig",
    "Row",
    "SourceConfig",
    "Summary",
    "decided_table",
    "decisions",
    "export_sets",
    "final_answer",
    "funnel_from_record",
    "funnel_table",
    "open_source",
    "pool_of",
    "run_pipeline",
    "sft_response",
    "sources_table",
    "write_step_truth",
]


def __getattr__(name: str) -> Any:
    """Load a name on first use: the pipeline brings the teachers' SDK with it."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
