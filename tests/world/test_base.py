"""The shipped base model: what it must be for a study on a laptop to say anything. Never skipped."""

from importlib.resources import files
from pathlib import Path

import pytest

from seethink.core.tables import read_json

RULES = ("digit", "mcq", "math", "iou")
HOSTILE = [
    "",
    " ",
    "plain words",
    "Ünïcödé ✓ 漢字 🦜",
    "\x00\x07\ttabs\r\nlines\n\n",
    "\\frac{1}{2}  0.25 </think>",
    "-12.50",
]


@pytest.fixture(scope="module")
def folder():
    return Path(str(files("seethink.world").joinpath("base")))


@pytest.fixture(scope="module")
def card(folder):
    return read_json(folder / "card.json")


@pytest.fixture(scope="module")
def base():
    from seethink.models.load import load_checkpoint

    return load_checkpoint("base")


def test_it_is_small_and_holds_nothing_that_could_run(folder):
    found = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.suffix for path in found} == {".safetensors", ".json", ".jinja"}
    assert sum(path.stat().st_size for path in found) <= 8_000_000


def test_it_is_a_qwen2_5_vl(folder, base):
    assert read_json(folder / "config.json")["model_type"] == base.model.config.model_type == "qwen2_5_vl"


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_comes_back_from_its_tokens(base, text):
    tokenizer = base.processor.tokenizer
    assert tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"]) == text


def test_every_byte_has_a_token_so_that_a_character_cut_in_two_can_be_written(base):
    vocabulary = base.processor.tokenizer.get_vocab()
    from tokenizers.pre_tokenizers import ByteLevel

    assert set(ByteLevel.alphabet()) <= set(vocabulary)


@pytest.mark.parametrize("verifier", RULES)
def test_sampling_finds_what_greedy_and_voting_do_not(card, verifier):
    means = {name: measured["mean"] for name, measured in card["groups"][verifier].items()}
    assert means["pass@8"] - means["pass@1"] >= 0.25
    assert means["pass@8"] - max(means["greedy"], means["maj@8"]) >= 0.10


def test_it_sees_well(card):
    assert card["description_exact"]["mean"] >= 0.95


def test_it_keeps_the_format_often_but_not_always(card):
    assert 0.5 < card["in_format_sampled"]["mean"] < 1.0


def test_the_card_was_measured_on_enough_pictures_it_was_not_trained_on(card):
    assert card["split"] == "heldout" and card["items"] >= 400
    assert all(card["groups"][verifier]["greedy"]["n"] >= 50 for verifier in RULES)


@pytest.mark.slow
def test_measuring_again_agrees_with_the_card(card, tmp_path):
    from seethink.core.images import ImageStore
    from seethink.core.item import Item
    from seethink.evaluation.run import evaluate
    from seethink.evaluation.settings import EvaluationConfig
    from seethink.study.rewards import evaluation_judges
    from seethink.world.questions import Split
    from seethink.world.source import WorldConfig, WorldSource

    images = ImageStore(tmp_path / "images")
    found = WorldSource(WorldConfig(split=Split.HELDOUT, count=40)).items(images)
    items = [item for item in found if isinstance(item, Item)]
    config = EvaluationConfig(draws=0)
    responses = evaluate(config, "base", "base", items, images, evaluation_judges(items), tmp_path / "out")
    promised = [card["groups"][response.group]["greedy"]["mean"] for response in responses]
    scores = [response.strict.score or 0.0 for response in responses]
    # A score in [0, 1] with mean p varies by at most p (1 - p): three deviations, and one item of grace.
    deviation = sum(p * (1 - p) for p in promised) ** 0.5
    assert abs(sum(scores) - sum(promised)) <= 3 * deviation + 1
