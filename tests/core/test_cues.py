import pytest

from seethink.core.cues import CURATION_CUES, count_cues, has_cue


@pytest.mark.parametrize("cue", CURATION_CUES)
def test_every_cue_fires_in_any_case(cue: str) -> None:
    assert has_cue(f"so {cue.upper()}, then") and not has_cue("so then")


def test_matching_is_by_substring_as_in_the_paper_and_by_word_where_asked() -> None:
    assert has_cue("a force against the waiter") and not has_cue("a force against the waiter", whole_words=True)
    assert count_cues("Wait. Wait, alternatively") == {"wait": 2, "alternatively": 1}
