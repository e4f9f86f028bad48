"""What a response earns, term by term."""

from seethink.core.graded import Decoding, GradedResponse
from seethink.core.item import Verifier
from seethink.core.verdict import Outcome, Verdict, correct, undecided
from seethink.rewards.shaping import Shaping, Term
from seethink.study.reward_terms import reward_terms


def response(arm: str, verdict: Verdict) -> GradedResponse:
    told = ("s", "g", Verifier.DIGIT, "?", "3", (), "abc", 1, 1, False)
    return GradedResponse("i", arm, Decoding.GREEDY, 0, *told, verdict, verdict)


def test_every_term_stands_by_itself_and_an_arm_without_shaping_has_the_plain_reward():
    terms = reward_terms({"rl": Shaping({Verifier.DIGIT: 0.5}, (Term("length", lambda text: -len(text), 0.5),))})
    assert terms(response("rl", correct("3"))) == {"digit": 0.5, "length": -1.5}
    assert terms(response("sft", correct("3"))) == {"digit": 1.0}
    assert terms(response("rl", undecided(Outcome.TIMEOUT, ""))) == {"digit": None, "length": None}
