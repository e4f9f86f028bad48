from seethink.study.arms import ARMS, Stage, stage_name, stages_of


def test_an_arm_needs_the_chain_that_it_goes_through():
    assert stages_of(("base",)) == []
    assert stages_of(("sft+rl",)) == [(Stage.SFT,), (Stage.SFT, Stage.RL)]


def test_stages_that_arms_share_are_run_once_and_after_what_they_start_from():
    chains = stages_of(tuple(ARMS))
    assert sorted(chains) == sorted({(Stage.SFT,), (Stage.RL,), (Stage.SFT, Stage.RL)}) and len(chains) == 3
    for place, chain in enumerate(chains):
        assert chain[:-1] == () or chain[:-1] in chains[:place]


def test_a_stage_is_named_as_its_arm():
    assert [stage_name(chain) for chain in (ARMS["sft"], ARMS["rl"], ARMS["sft+rl"])] == ["sft", "rl", "sft+rl"]
