"""The rules of the VLAA-Thinking paper's time: VLMEvalKit of April 2025."""

from dataclasses import replace

from seethink.evaluation.rules.rule_set import OptionRules
from seethink.evaluation.rules.rules_2026_08 import RULES_2026_08

RULES_2025_04 = replace(
    RULES_2026_08,
    name="2025-04",
    commit="1774d8cd (2025-04-01)",
    options=OptionRules(last_tokens=None, answer_is=False, text_share=None),
    settles_free_form=False,
    stops_at_missing=True,
)
