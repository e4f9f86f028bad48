"""The shared prefix in the trainer: the same losses as stock TRL over the same rollouts, from fewer pictures."""

import pytest
import torch
import trl
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from seethink.core.item import make_item
from seethink.core.rejected import InputError
from seethink.core.tables import read_rows
from seethink.core.verdict import graded
from seethink.models.load import load_checkpoint
from seethink.rewards import Shaping
from seethink.training.backends import with_trl
from seethink.training.backends.shared_prefix import SharedPrefix
from seethink.training.grpo import GRPOConfig
from seethink.training.settings import LoRA
from seethink.training.train import train_grpo

CONFIG = GRPOConfig(
    completions=40,
    group=4,
    prompts_per_step=2,
    device_batch=4,
    max_completion_tokens=12,
    temperature=1.0,
    learning_rate=1e-2,
    minimum_learning_rate=1e-3,
    warmup=0.0,
    kl=0.0,
    max_grad_norm=1e9,
)


class Parity:
    """1 or 0, so that some groups of four have one reward."""

    def __call__(self, items, responses):
        return [graded(float(sum(map(ord, text)) % 4 == 0), text) for text in responses]


PLAIN = {"source": "test", "gold": "3", "verifier": "digit"}


@pytest.fixture
def shown(items):
    """Five prompts over four pictures: one has two of them, and one picture is asked about twice."""
    first, second, third, fourth = items[:4]
    both = make_item(**PLAIN, question="How many objects do both hold?", images=(*first.images, *second.images))
    return [first, second, third, fourth, both]


@pytest.fixture
def asked(shown):
    """The same, one of them without a picture: stock TRL cannot read such a batch."""
    return [*shown[:3], make_item(**PLAIN, question="How many sides has a triangle?"), shown[4]]


def trained(config, base, items, images, out, reward=None):
    """The log of a run by plain gradient descent in full precision."""
    checkpoint = load_checkpoint(base)
    by_id = {item.id: item for item in items}
    trainer = with_trl.grpo_trainer(config, checkpoint, by_id, images, reward or Parity(), out, Shaping())
    trainer.args.optim = "sgd"
    trainer.train()
    return [row for row in trainer.state.log_history if "loss" in row], trainer


def recorded(monkeypatch):
    """Completions of each rollout of a shared-prefix run, in order."""
    kept, sample = [], SharedPrefix._generate_single_turn

    def sampled(trainer, *arguments, **named):
        kept.append(sample(trainer, *arguments, **named))
        return kept[-1]

    monkeypatch.setattr(SharedPrefix, "_generate_single_turn", sampled)
    return kept


def replay(monkeypatch, kept):
    """Stock TRL, which is given those completions in the place of its own."""
    rollouts = iter(kept)
    monkeypatch.setattr(trl.GRPOTrainer, "_generate_single_turn", lambda *_, **__: next(rollouts))
    monkeypatch.setattr(with_trl, "_kind", lambda *_: (trl.GRPOTrainer, {}))


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"completions": 80}, id="groups without an advantage are passed over"),
        pytest.param({"completions": 80, "kl": 0.05, "kl_target": None, "frozen": ()}, id="a reference, all trained"),
        # A rollout in several parts has no counterpart: TRL takes the rows of a group apart.
        pytest.param(
            {"completions": 80, "iterations": 2, "frozen": ("vision", "merger")}, id="two updates of a rollout"
        ),
        pytest.param({"completions": 80, "loss": "dapo", "gradient_checkpointing": True}, id="dapo, recomputed"),
    ],
)
def test_ten_steps_over_recorded_rollouts_are_those_of_stock_trl(
    settings, tiny, shown, world_images, tmp_path, monkeypatch
):
    config = CONFIG.model_copy(update=settings)
    with monkeypatch.context() as patch:
        kept = recorded(patch)
        ours, trainer = trained(config, tiny, shown, world_images, tmp_path / "ours")
        assert isinstance(trainer, SharedPrefix)
    with monkeypatch.context() as patch:
        replay(patch, kept)
        stock, trainer = trained(config, tiny, shown, world_images, tmp_path / "stock")
        assert type(trainer) is trl.GRPOTrainer
    assert len(ours) == len(stock) == config.steps >= 10
    assert max(abs(row["grad_norm"]) for row in stock) > 1e-2
    for one, other in zip(ours, stock, strict=True):
        assert one.get("reward") == other.get("reward")
        assert one["loss"] == pytest.approx(other["loss"], abs=1e-5)
        assert one["grad_norm"] == pytest.approx(other["grad_norm"], rel=1e-4, abs=1e-7)
    if config.kl == 0 and config.iterations == 1:
        assert 0 < sum(row["zero_variance/skipped"] for row in ours) < len(ours)


def test_every_picture_is_processed_once_a_rollout_and_seen_once_a_pass(
    tiny, asked, world_images, tmp_path, monkeypatch
):
    processed, seen, preprocess = [], [], Qwen2VLImageProcessorPil.preprocess

    def counted(processor, images, *arguments, **named):
        processed.append(len(images))
        return preprocess(processor, images, *arguments, **named)

    monkeypatch.setattr(Qwen2VLImageProcessorPil, "preprocess", counted)
    checkpoint = load_checkpoint(tiny)
    config = CONFIG.model_copy(update={"completions": 20, "prompts_per_step": 5, "device_batch": 20, "frozen": ()})
    by_id = {item.id: item for item in asked}
    trainer = with_trl.grpo_trainer(config, checkpoint, by_id, world_images, Parity(), tmp_path, Shaping())
    checkpoint.model.model.visual.register_forward_hook(
        lambda tower, inputs, named, output: seen.append(len(named.get("grid_thw", inputs[1:] or [None])[0:99])),
        with_kwargs=True,
    )
    trainer.train()
    assert processed == [3]
    assert max(seen) <= 5


def test_groups_that_all_have_one_reward_cost_no_pass_and_change_nothing(tiny, asked, world_images, tmp_path):
    config = CONFIG.model_copy(update={"completions": 16})
    manifest = train_grpo(
        config, tiny, asked, world_images, lambda items, texts: [graded(1.0, "")] * len(items), tmp_path
    )
    assert manifest["cost"]["groups_skipped"] == 4 and manifest["cost"]["completions"] == 16
    before, after = (dict(load_checkpoint(one).model.named_parameters()) for one in (tiny, tmp_path / "model"))
    assert all(weight.equal(after[name]) for name, weight in before.items())
    assert [row["zero_variance/skipped"] for row in read_rows(tmp_path / "log")] == [1.0, 1.0]


def test_prompts_that_teach_nothing_give_way_to_others_within_bounds(tiny, asked, world_images, tmp_path):
    easy = {asked[0].id, asked[3].id}

    def judged(items, responses):
        spread = range(len(items))
        return [graded(1.0 if item.id in easy else place % 2, "") for item, place in zip(items, spread, strict=True)]

    def log(resample, folder):
        config = CONFIG.model_copy(update={"resample": resample, "completions": 48, "prompts_per_step": 2})
        train_grpo(config, tiny, asked, world_images, judged, folder)
        return list(read_rows(folder / "log"))

    plain, resampled = log(0, tmp_path / "plain"), log(2, tmp_path / "resampled")
    assert [row["frac_reward_zero_std"] for row in plain[:2]] == [row["frac_reward_zero_std"] for row in resampled[:2]]
    dull = [row["frac_reward_zero_std"] for row in plain]
    assert max(dull) > 0 and sum(row["zero_variance/skipped"] for row in plain) == sum(dull)
    assert all(row["resample/left"] == 0 and row["zero_variance/skipped"] == 0 for row in resampled)
    assert all((row["completions/sampled"] > 8) == (share > 0) for row, share in zip(resampled, dull, strict=True))


def test_where_trl_has_moved_its_own_path_is_taken_with_a_warning(
    tiny, shown, world_images, tmp_path, monkeypatch, capsys
):
    generate = trl.GRPOTrainer._generate
    monkeypatch.setattr(trl.GRPOTrainer, "_generate", lambda self, prompts, turns=1: generate(self, prompts))
    _, trainer = trained(CONFIG.model_copy(update={"completions": 8}), tiny, shown, world_images, tmp_path)
    assert not isinstance(trainer, SharedPrefix)
    told = " ".join(capsys.readouterr().err.split())
    assert "(_generate differ): training takes TRL's own path" in told and "Install trl==1.16.0" in told
    with pytest.raises(InputError, match="resample needs shared_prefix"):
        trained(CONFIG.model_copy(update={"resample": 1}), tiny, shown, world_images, tmp_path)


def test_alarms_are_said_once_and_stand_in_the_log(tiny, asked, world_images, tmp_path, capsys):
    from seethink.core.verdict import Outcome, undecided

    def silent(items, responses):
        return [undecided(Outcome.TIMEOUT, "away")] * len(items)

    config = CONFIG.model_copy(update={"completions": 64, "alarms": CONFIG.alarms.model_copy(update={"window": 2})})
    train_grpo(config, tiny, asked, world_images, silent, tmp_path)
    rows = list(read_rows(tmp_path / "log"))
    assert rows[0]["alarms"] == "" and all("undecided" in row["alarms"].split() for row in rows[1:])
    told = " ".join(capsys.readouterr().err.split())
    assert told.count("alarm undecided: 100% of the responses were judged by nobody. look at the scorer") == 1


def test_adapters_train_alone_and_are_merged_into_a_stock_checkpoint(tiny, asked, world_images, tmp_path):
    config = CONFIG.model_copy(
        update={
            "completions": 16,
            "kl": 0.01,
            "lora": LoRA(rank=4, alpha=8, base_dtype="float32"),
            "learning_rate": 1e-2,
        }
    )
    manifest = train_grpo(config, tiny, asked, world_images, Spread(), tmp_path)
    assert manifest["cost"]["trained_vision"] == manifest["cost"]["trained_merger"] == 0
    assert 0 < manifest["cost"]["trained_language"] < 200_000
    before, after = (dict(load_checkpoint(one).model.named_parameters()) for one in (tiny, tmp_path / "model"))
    changed = {name for name, weight in before.items() if not weight.equal(after[name])}
    assert changed and all(".language_model.layers." in name and name.endswith("proj.weight") for name in changed)
    assert (tmp_path / "adapter" / "adapter_model.safetensors").is_file()


class Spread:
    """Any two responses told apart."""

    def __call__(self, items, responses):
        return [graded(sum(map(ord, text)) % 11 / 10, text) for text in responses]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"report_to": ("abacus",)}, "no tracker is called 'abacus'"),
        ({"vllm": {"mode": "colocate"}}, "vllm: it cannot be used here"),
        ({"lora": {"parts": ("eyes",)}}, "lora.parts"),
    ],
)
def test_what_cannot_be_had_here_is_named(settings, message, tiny, asked, world_images, tmp_path):
    config = GRPOConfig.model_validate(CONFIG.model_dump() | {"completions": 8} | settings)
    with pytest.raises(InputError, match=message):
        train_grpo(config, tiny, asked, world_images, Parity(), tmp_path)


def test_shuffled_groups_stay_whole():
    from seethink.models.groups import PromptBatch
    from seethink.training.backends.rollouts import PROMPTS, in_micro_batches, replaced

    ids_P = tuple(torch.tensor([place]) for place in range(6))
    rollout = {
        PROMPTS: PromptBatch(ids_P, (), (), ((),) * 6),
        "completion_ids": torch.arange(6).repeat_interleave(3)[:, None],
        "num_items_in_batch": torch.tensor(18),
    }
    torch.manual_seed(0)
    parts = in_micro_batches(rollout, 3, 3)
    for part in parts:
        asked_P = [int(ids_T) for ids_T in part[PROMPTS].ids_P]
        assert part["completion_ids"].flatten().tolist() == [place for place in asked_P for _ in range(3)]
        assert part["num_items_in_batch"] == 18
    shuffled = [int(ids_T) for part in parts for ids_T in part[PROMPTS].ids_P]
    assert sorted(shuffled) == list(range(6)) != shuffled

    longer = {**rollout, "completion_ids": torch.full((18, 2), 9)}
    both = replaced(rollout, [1], longer, [5], 3)
    assert both["completion_ids"].tolist()[2:7] == [[0, 0], [9, 9], [9, 9], [9, 9], [2, 0]]
