"""Reflective cues ("aha" expressions): one lexicon for curation, a shorter one for analysis.

Both are the paper's and are kept as they are, down to plain substring matching: "against" holds "again".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

CURATION_CUES = ("wait", "again", "double-check", "hmm", "mistake", "alternatively", "check", "i should confirm")
"""VLAA-Thinking appendix A.2: a distilled trace with any of these goes to the RL pool."""

ANALYSIS_CUES = ("alternatively", "double-check", "i should check", "wait")
"""VLAA-Thinking figure 7: expressions counted in a trained model's responses."""

HESITATION_CUES = ("wait", "hmm", "let me check again", "maybe", "perhaps", "not sure", "actually", "on second thought")
"""Hedging that marks a hesitant step. The paper describes hesitation and lists no words: choice."""


def has_cue(text: str, cues: Iterable[str] = CURATION_CUES, *, whole_words: bool = False) -> bool:
    """True where any cue occurs in the lower-cased text; ``whole_words`` is ours, the paper matches substrings."""
    lowered = text.lower()
    if whole_words:
        return any(re.search(rf"\b{re.escape(cue)}\b", lowered) for cue in cues)
    return any(cue in lowered for cue in cues)


def count_cues(text: str, cues: Iterable[str] = ANALYSIS_CUES) -> Counter[str]:
    lowered = text.lower()
    return Counter({cue: count for cue in cues if (count := lowered.count(cue))})
