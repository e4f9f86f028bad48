"""What curation decides with, one idea per file; ``data.curate`` puts them together.

pool        the two sets
split       which pool a row belongs to: the paper's cues, or a band of a measured value
band        rows whose measured value lies in a range, read from a table with one row per item
twins       questions asked twice, of the same picture or of a copy of it
leakage     questions and pictures of benchmarks, by their fingerprints
likeness    pictures found again among many
response    what an SFT row teaches
stripped    the same without hesitating and repeating steps
perplexity  the SFT rows that a model finds least likely
blind       how much of an item can be answered without its picture
guesses     a teacher asked without it
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seethink.data.curation.band import Band
    from seethink.data.curation.blind import BlindScore, blind_row, blind_scores
    from seethink.data.curation.guesses import ask_blind
    from seethink.data.curation.leakage import Benchmarks, LeakageConfig, read_fingerprints
    from seethink.data.curation.perplexity import PerplexityConfig, Subset, perplexity_subsets
    from seethink.data.curation.pool import Pool
    from seethink.data.curation.response import final_answer, sft_response
    from seethink.data.curation.split import BandSplit, CueSplit, RandomSplit, pool_of
    from seethink.data.curation.stripped import StripConfig, Stripped, responses_of, strip_steps, write_stripped

__all__ = [
    "Band",
    "BandSplit",
    "Benchmarks",
    "BlindScore",
    "CueSplit",
    "LeakageConfig",
    "PerplexityConfig",
    "Pool",
    "RandomSplit",
    "StripConfig",
    "Stripped",
    "Subset",
    "ask_blind",
    "blind_row",
    "blind_scores",
    "final_answer",
    "perplexity_subsets",
    "pool_of",
    "read_fingerprints",
    "responses_of",
    "sft_response",
    "strip_steps",
    "write_stripped",
]

_HOMES = {
    "band": ("Band",),
    "blind": ("BlindScore", "blind_row", "blind_scores"),
    "guesses": ("ask_blind",),
    "leakage": ("Benchmarks", "LeakageConfig", "read_fingerprints"),
    "perplexity": ("PerplexityConfig", "Subset", "perplexity_subsets"),
    "pool": ("Pool",),
    "response": ("final_answer", "sft_response"),
    "split": ("BandSplit", "CueSplit", "RandomSplit", "pool_of"),
    "stripped": ("StripConfig", "Stripped", "responses_of", "strip_steps", "write_stripped"),
}


def __getattr__(name: str) -> Any:
    """Load a name on first use: the config of a run needs a few of these files, and some need teachers."""
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
