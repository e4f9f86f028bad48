import pytest
import torch
import trl

from seethink.core.item import DIMENSION, Dimension, Verifier
from seethink.core.tables import read_rows
from seethink.core.verdict import Outcome, undecided
from seethink.rewards import Shaping, Term
from seethink.training.grpo import GRPOConfig, group_advantages, grpo_loss
from seethink.training.train import train_grpo

CONFIG = GRPOConfig(
    completions=8, group=4, prompts_per_step=2, max_completion_tokens=12, kl=0.05, temperature=0.8, learning_rate=1e-4
)


class SometimesSilent:
    """The checksum, but nobody decides on every third response."""

    def __init__(self, reward):
        self.reward, self.given = reward, []

    def __call__(self, items, responses):
        verdicts = self.reward(items, responses)
        verdicts = [undecided(Outcome.TIMEOUT, "test") if i % 3 == 0 else v for i, v in enumerate(verdicts)]
        self.given += [float("nan") if verdict.score is None else verdict.score for verdict in verdicts]
        return verdicts


def token_logps(model, inputs, temperature):
    """Log-probabilities of the completion's tokens, from the model alone."""
    ids = torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], 1)
    logits = model(
        input_ids=ids,
        attention_mask=torch.cat([inputs["prompt_mask"], inputs["completion_mask"]], 1),
        pixel_values=inputs["pixel_values"],
        image_grid_thw=inputs["image_grid_thw"],
        mm_token_type_ids=(ids == model.config.image_token_id).int(),
    ).logits
    completion = inputs["completion_ids"]
    chosen = logits[:, -completion.shape[1] - 1 : -1] / temperature
    return chosen.log_softmax(-1).gather(-1, completion[..., None])[..., 0]


@pytest.fixture
def step(tiny, items, world_images, checksum, tmp_path, monkeypatch):
    """One GRPO step by the back end, and what its loss was made from."""
    seen, reward, compute = {}, SometimesSilent(checksum), trl.GRPOTrainer._compute_loss

    def watched(trainer, model, inputs):
        logps = token_logps(model, inputs, CONFIG.temperature)
        noise = torch.Generator().manual_seed(0)
        # Off the policy that sampled, ratios leave the clip range and the KL term is not nought.
        drift = {
            name: logps.detach() + 0.5 * torch.randn(logps.shape, generator=noise)
            for name in ("old_per_token_logps", "ref_per_token_logps")
        }
        trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        theirs = compute(trainer, model, {**inputs, **drift})
        ours = grpo_loss(
            logps,
            drift["old_per_token_logps"],
            inputs["advantages"],
            inputs["completion_mask"],
            clip=CONFIG.clip,
            kl=CONFIG.kl,
            reference_logps_BT=drift["ref_per_token_logps"],
        )
        ratio = (logps - drift["old_per_token_logps"]).exp()
        seen.update(
            losses=(ours.item(), theirs.item()),
            gradients=[
                torch.cat([g.flatten() for g in torch.autograd.grad(one, trained, allow_unused=True) if g is not None])
                for one in (ours, theirs)
            ],
            clipped=((ratio - 1).abs() > CONFIG.clip).float().mean().item(),
            advantages=inputs["advantages"],
        )
        return compute(trainer, model, inputs)

    monkeypatch.setattr(trl.GRPOTrainer, "_compute_loss", watched)
    train_grpo(CONFIG, tiny, items[:2], world_images, reward, tmp_path)
    return seen, reward.given, list(read_rows(tmp_path / "log"))


def test_the_back_end_computes_the_loss_and_gradient_of_the_page(step):
    seen, given, log = step
    assert 0.1 < seen["clipped"] < 0.9
    assert seen["losses"][0] == pytest.approx(seen["losses"][1], rel=1e-4)
    ours, theirs = seen["gradients"]
    assert (ours - theirs).norm() < 1e-3 * ours.norm() and ours.norm() > 0
    # TRL shuffles the rows of a step, so the advantages are compared as a bag.
    wanted = group_advantages(torch.tensor(given).view(2, 4)).flatten()
    assert torch.allclose(seen["advantages"].sort().values, wanted.sort().values, atol=1e-5)
    silent = torch.tensor(given).isnan()
    assert silent.sum() == 3 and (wanted[silent] == 0).all()
    assert log[0]["rewards/mixed/mean"] == pytest.approx(torch.tensor(given).nanmean().item(), abs=1e-5)
    assert log[0]["mixed/undecided"] == pytest.approx(3 / 8)


def test_advantages_by_dimension_are_the_pages(tiny, items, world_images, checksum, tmp_path, monkeypatch):
    seen, reward, compute = {}, SometimesSilent(checksum), trl.GRPOTrainer._compute_loss

    def watched(trainer, model, inputs):
        seen.update(advantages=inputs["advantages"], logged=list(trainer._logs["advantages"]))
        return compute(trainer, model, inputs)

    monkeypatch.setattr(trl.GRPOTrainer, "_compute_loss", watched)
    by_dimension = {DIMENSION[item.verifier]: item for item in items}
    config = CONFIG.model_copy(update={"normalise": "dimension", "completions": 16, "prompts_per_step": 4, "kl": 0.0})
    doubled = Shaping(weights=dict.fromkeys(Verifier, 2.0), terms=(Term("none", lambda text: 0.0, 1.0),))
    three = [item for item in items if DIMENSION[item.verifier] is Dimension.PERCEPTION][:3]
    asked = [*three, by_dimension[Dimension.COGNITION]]
    order = []

    def judged(items, responses):
        order.extend(DIMENSION[item.verifier].value for item in items[::4])
        return reward(items, responses)

    train_grpo(config, tiny, asked, world_images, judged, tmp_path, shaping=doubled)
    rewards_PG = 2 * torch.tensor(reward.given).view(4, 4)
    wanted = group_advantages(rewards_PG, dimension_P=order).flatten()
    assert torch.allclose(seen["advantages"].sort().values, wanted.sort().values, atol=1e-5)
    assert torch.allclose(torch.tensor(seen["logged"]), wanted, atol=1e-5)
    by_group = group_advantages(rewards_PG).flatten()
    assert not torch.allclose(wanted.sort().values, by_group.sort().values, atol=1e-3)
