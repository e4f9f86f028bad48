from rich.console import Console

from seethink.core.item import RULE_VERIFIERS
from seethink.core.tables import read_json
from seethink.study.card import base_card, card_table
from seethink.world.questions import Split, flawed_templates
from seethink.world.source import WorldConfig

SHARES = ("description_exact", "in_format_greedy", "in_format_sampled")


def test_a_card_says_of_every_verifier_and_template_what_was_measured(tiny, tmp_path):
    world = WorldConfig(split=Split.HELDOUT, count=6)
    card = base_card(str(tiny), world, tmp_path)
    assert read_json(tmp_path / "card.json") == card and card["items"] == 6
    assert set(card["groups"]) >= {verifier.value for verifier in RULE_VERIFIERS}
    assert set(card["flawed_templates"]) == flawed_templates()
    # Random weights see nothing; how often the tags come out in the right order is chance.
    assert card["description_exact"]["mean"] == 0 and all(0 <= card[share]["mean"] <= 1 for share in SHARES)
    console = Console(record=True, width=200)
    console.print(card_table(card))
    shown = console.export_text()
    assert all(verifier.value in shown for verifier in RULE_VERIFIERS)
