"""How the leaderboard's harness scores, by dated rule sets.

``score`` is the whole interface: rows of the harness's table and predictions in, a ``Scored`` out. Nothing here knows
``seethink.answers``: what the harness counts and what we count as right are two truths, and a report shows both.

Read in this order:

- ``scoring``, ``scored``, ``judge``: the call, what it gives, and who is asked;
- ``mathvista``, ``mathvision``, ``mathverse``, ``dynamath``, ``wemath``, ``logicvista``: a page for each benchmark;
- ``rule_set``, ``rules_2026_08``, ``rules_2025_04``: what differs by date;
- ``options``, ``storage``: the option matcher, and what a spreadsheet makes of a column;
- ``equality``, ``equality_worker``: MATH-V's equality; ``tokens``, ``tree``, ``expression``, ``arithmetic``: a text's
  value as Python would have it, without running it;
- ``case``, ``asking``, ``wording``, ``verdicts``, ``tally``, ``stops``: what the pages share.
"""

from seethink.evaluation.rules.judge import (
    API_FAILURE,
    BatchJudge,
    Judge,
    JudgeCall,
    JudgeFailed,
    JudgeRequest,
    SingleJudge,
    Stage,
)
from seethink.evaluation.rules.scored import RowVerdict, Scored
from seethink.evaluation.rules.scoring import RULE_SETS, STORAGES, score
from seethink.evaluation.rules.wording import judge_prompt_hash

__all__ = [
    "API_FAILURE",
    "RULE_SETS",
    "STORAGES",
    "BatchJudge",
    "Judge",
    "JudgeCall",
    "JudgeFailed",
    "JudgeRequest",
    "RowVerdict",
    "Scored",
    "SingleJudge",
    "Stage",
    "judge_prompt_hash",
    "score",
]
