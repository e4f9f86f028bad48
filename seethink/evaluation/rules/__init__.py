"""How the leaderboard's harness scores, by dated rule sets.

``score`` is the whole interface: rows of the harness's table and predictions in, a ``Scored`` out. Nothing here knows
``seethink.answers``: what the harness counts and what we count as right are two truths, and a report shows both.
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
