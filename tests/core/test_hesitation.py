from seethink.core.hesitation import hesitates, repeats


def test_a_hedging_word_in_any_case_is_hesitation():
    assert hesitates("Wait, is that so?") and hesitates("PERHAPS three") and not hesitates("I count three.")


def test_a_repetition_is_the_same_step_up_to_case_and_spacing():
    assert repeats(["I see a circle.", "So three.", "i see  A circle.", "So four."]) == [False, False, True, False]
