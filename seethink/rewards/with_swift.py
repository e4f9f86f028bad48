"""A reward as ms-swift calls it: a class of its registry ``orms``, called with a batch.

Calling convention: the class is made with those keywords of its constructor that the training arguments hold, and the
object is called as ``reward(completions, **columns)``: texts, every column of the data set as a list, and
``trainer_state``; one float or None per completion. Read in modelscope/ms-swift, ``swift/rl_core/grpo_algorithm.py`` at
1ed8be3c, ``swift/rl_core/advantage.py`` at 070fedc9 and ``examples/train/grpo/plugin/plugin.py`` at e84ab60b; earlier
releases have the registry in ``swift.plugin`` and call alike. Nothing of ms-swift is imported.

None becomes NaN there, but ``advantage.py`` adds up the reward functions with NaN as 0, and so a lone None would enter
its group's baseline as a wrong answer. Where nobody decided, the reward is therefore the mean of what was decided on
the same item in the call, which gives no advantage, and None only where nothing was; each call logs how many.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from seethink.core.protocols import Reward
from seethink.core.rejected import InputError
from seethink.core.verdict import UNDECIDED
from seethink.rewards.ground_truth import read_ground_truth
from seethink.rewards.undecided import group_filled

_log = logging.getLogger(__name__)


def swift_orm(reward: Reward) -> type:
    """A class to register: ``orms["mixed"] = swift_orm(mixed())`` in the file given as ``--external_plugins``.

    The data set's column ``solution`` holds what ``ground_truth(item)`` gave, as in ms-swift's own rewards.
    """

    class SeethinkORM:
        # The registry looks at these two names and passes neither.
        def __init__(self, args: Any = None, **kwargs: Any) -> None:
            self.args = args

        def __call__(
            self, completions: Sequence[str], solution: Sequence[Any] | None = None, **columns: Any
        ) -> list[float | None]:
            if solution is None:
                raise InputError("the reward needs the column solution: fill it with seethink.rewards.ground_truth")
            items = [read_ground_truth(one) for one in solution]
            verdicts = reward(items, completions)
            undecided = sum(verdict.outcome in UNDECIDED for verdict in verdicts)
            if undecided:
                _log.warning("%d of %d completions undecided", undecided, len(verdicts))
            return group_filled(items, verdicts)

    return SeethinkORM
