"""What a response earns, term by term, under the reward of its arm: what a report shows beside the response."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from seethink.core.graded import GradedResponse
from seethink.rewards.shaping import Shaping


def reward_terms(shaping_by_arm: Mapping[str, Shaping]) -> Callable[[GradedResponse], dict[str, float | None]]:
    """The verifier's weighted score and every extra term, by name; None where nobody decided, as the trainer has it.

    Args:
        shaping_by_arm: an arm that is not named has the plain reward.
    """
    plain = Shaping()

    def terms(response: GradedResponse) -> dict[str, float | None]:
        shaping, score = shaping_by_arm.get(response.arm, plain), response.strict.score
        found: dict[str, float | None] = {
            response.verifier.value: None if score is None else score * shaping.weights.get(response.verifier, 1.0)
        }
        for term in shaping.terms:
            found[term.name] = None if score is None else term.weight * term.of(response.response)
        return found

    return terms
