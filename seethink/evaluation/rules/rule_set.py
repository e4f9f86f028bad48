"""RuleSet: what differs between the dated rules; all else is shared."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OptionRules:
    """How an option is read out of a text.

    Attributes:
        last_tokens: a lone letter counts where its first occurrence is among so many last tokens; None counts it
            anywhere.
        answer_is: whether "answer is" and a letter settle what the tokens did not.
        text_share: texts longer than so many times all options together are not searched for an option's text; None
            searches them all.
    """

    last_tokens: int | None
    answer_is: bool
    text_share: int | None


@dataclass(frozen=True)
class RuleSet:
    """The rules of one version of the harness (open-compass/VLMEvalKit).

    Attributes:
        name: year and month.
        commit: of the harness, with its date.
        options: for MathVista, MATH-V and We-Math.
        settles_free_form: whether MATH-V's equality is tried before the judge. Where it is not, its time limit works by
            signals, which fail in the threads that prepare the judge's calls: a right free-form answer goes to the
            judge as well.
        stops_at_missing: whether DynaMath's evaluation stops at a prediction that is missing.
        formulas: whether a spreadsheet's cell with a leading ``=`` is stored as a formula.
    """

    name: str
    commit: str
    options: OptionRules
    settles_free_form: bool
    stops_at_missing: bool
    formulas: bool
