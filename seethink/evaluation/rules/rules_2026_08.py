"""The newest rules: VLMEvalKit of August 2026."""

from seethink.evaluation.rules.rule_set import OptionRules, RuleSet

RULES_2026_08 = RuleSet(
    name="2026-08",
    commit="e8e78f05 (2026-08-18)",
    options=OptionRules(last_tokens=4, answer_is=True, text_share=2),
    settles_free_form=True,
    stops_at_missing=False,
    formulas=True,
)
