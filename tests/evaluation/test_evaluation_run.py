import itertools

import pytest

from seethink.core.graded import Decoding
from seethink.core.images import ImageStore
from seethink.core.item import Item, Verifier
from seethink.core.rejected import InputError
from seethink.core.tables import parts, read_manifest
from seethink.core.trace import write_tags
from seethink.core.verdict import Outcome
from seethink.evaluation.catalogue import find_entry
from seethink.evaluation.endpoint import EndpointModel
from seethink.evaluation.prompts import PromptStyle
from seethink.evaluation.purse import EndpointConfig
from seethink.evaluation.questions import benchmark_items
from seethink.evaluation.run import evaluate
from seethink.evaluation.settings import EvaluationConfig
from seethink.study.rewards import evaluation_judges
from seethink.world.truth import WorldTruth

CONFIG = EvaluationConfig(draws=2, max_tokens=12, part=4, batch=8)


@pytest.fixture
def measure(tiny, world_items, world_images, tmp_path):
    """Evaluate the random tiny model on ten items of the world, again and again in one folder."""

    def again(config=CONFIG, items=world_items[:10], arm="base", model=tiny):
        judges = evaluation_judges(items)
        return evaluate(config, arm, model, items, world_images, judges, tmp_path / "out", truth=WorldTruth())

    return again


def test_every_item_gets_one_greedy_and_all_sampled_responses_in_sealed_parts(measure, world_items, tmp_path):
    responses = measure()
    assert len(parts(tmp_path / "out")) == 3 and len(responses) == 10 * 3
    for item in world_items[:10]:
        mine = [response for response in responses if response.item_id == item.id]
        assert sorted((one.decoding, one.draw) for one in mine) == [
            (Decoding.GREEDY, 0),
            (Decoding.SAMPLED, 0),
            (Decoding.SAMPLED, 1),
        ]
        assert {(one.group, one.gold, one.verifier) for one in mine} == {
            (item.meta["template"], item.gold, item.verifier)
        }
    assert all(one.completion_tokens <= 12 and one.steps_true is not None for one in responses)
    assert all(one.strict.outcome is Outcome.UNPARSEABLE or "</think>" in one.response for one in responses)


def test_a_killed_evaluation_draws_the_same_responses_again(measure, tmp_path):
    whole, out = measure(), tmp_path / "out"
    (out / "manifest.json").unlink()
    parts(out)[-1].unlink()
    kept = {path: path.stat().st_mtime_ns for path in parts(out)}
    assert measure() == whole
    assert read_manifest(out)["resumed_parts"] == 2
    assert all(path.stat().st_mtime_ns == written for path, written in kept.items())


def test_a_finished_evaluation_is_read_and_loads_no_model(measure, monkeypatch):
    whole = measure()
    monkeypatch.setattr("seethink.models.load.load_checkpoint", lambda *_, **__: pytest.fail("loaded a model"))
    assert measure() == whole


@pytest.mark.parametrize("change", ["seed", "items", "arm", "prompt"])
def test_other_work_in_the_same_folder_is_done_anew(measure, world_items, tmp_path, change):
    first = measure()
    changed = {
        "seed": {"config": CONFIG.model_copy(update={"seed": 5})},
        "items": {"items": world_items[10:14]},
        "arm": {"arm": "rl"},
        "prompt": {"config": CONFIG.model_copy(update={"prompt": PromptStyle.DIRECT})},
    }[change]
    second = measure(**changed)
    assert second != first and len(second) == 3 * len({one.item_id for one in second})
    assert read_manifest(tmp_path / "out")["resumed_parts"] == 0
    greedy = [[one.response for one in found if one.decoding is Decoding.GREEDY] for found in (first, second)]
    assert (greedy[0] == greedy[1]) is (change in ("seed", "arm"))


def test_draws_differ_between_parts_and_draws(measure, world_items):
    responses = measure(CONFIG.model_copy(update={"part": 5}))
    sampled = [one.response for one in responses if one.decoding is Decoding.SAMPLED]
    pairs = [a == b for a, b in itertools.combinations(sampled, 2)]
    assert sum(pairs) < 0.1 * len(pairs)


def test_greedy_only_where_no_draws_are_asked_for(measure):
    assert {one.decoding for one in measure(CONFIG.model_copy(update={"draws": 0}))} == {Decoding.GREEDY}


def test_the_same_item_twice_and_no_items_are_refused_before_anything_is_written(measure, world_items, tmp_path):
    with pytest.raises(InputError, match="the same item twice: remove duplicates"):
        measure(items=[*world_items[:3], world_items[0]])
    with pytest.raises(InputError, match="no items: every row was set aside"):
        measure(items=[])
    assert not (tmp_path / "out").exists()


def test_pictures_of_a_benchmark_go_all_the_way(tiny, real_data, tmp_path):
    images, folder = ImageStore(tmp_path / "images"), real_data / "logicvista"
    logic = find_entry("logicvista").benchmark
    found = benchmark_items(logic, folder / "dataset_subset.jsonl", folder / "images", images)
    items = [item for item in itertools.islice(found, 12) if isinstance(item, Item)][:4]
    config = CONFIG.model_copy(update={"max_pixels": 12_544, "draws": 1})
    responses = evaluate(config, "tiny", tiny, items, images, evaluation_judges(items), tmp_path / "out")
    assert len(responses) == 8 and {one.group for one in responses} == {"logicvista"}
    assert all(one.strict.score is not None and one.steps_true is None for one in responses)


def test_items_of_ones_own_are_asked_of_an_endpoint_too(server, world_items, world_images, tmp_path):
    server.answer = lambda body: write_tags("I look.", "3")
    config = EndpointConfig(base_url=server.base_url, timeout=5)
    items = [item for item in world_items if item.verifier is Verifier.DIGIT][:4]

    def again(**settings):
        model, judges = EndpointModel("m", config, tmp_path / "ledger"), evaluation_judges(items)
        drawing = EvaluationConfig(draws=1, **settings)
        return evaluate(drawing, "m", model, items, world_images, judges, tmp_path / "out")

    found = again()
    assert server.billed == 8 and found == again() and server.billed == 8
    assert [one.strict.extracted for one in found] == ["3"] * 8 and found[0].completion_tokens == 5
    assert len(again(blind=True)) == 8
    assert all(isinstance(body["messages"][1]["content"], str) for body in server.requests[8:])


def test_what_an_endpoint_refuses_is_undecided_and_not_wrong(server, Fault, world_items, world_images, tmp_path):
    server.fault = lambda body, attempt: Fault(400)
    model = EndpointModel("m", EndpointConfig(base_url=server.base_url, timeout=5), tmp_path / "ledger")
    items = world_items[:2]
    found = evaluate(CONFIG, "m", model, items, world_images, evaluation_judges(items), tmp_path / "out")
    assert {one.strict.outcome for one in found} == {Outcome.ERROR} and all(one.strict.score is None for one in found)
