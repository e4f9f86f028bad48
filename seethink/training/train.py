"""Training by imitation and by GRPO: claim the folder, hand the work to the back end, seal what it left.

Nothing here needs torch before a training begins.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seethink.core.chat import prompt_hash
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.protocols import Reward
from seethink.core.rejected import InputError, Rejected
from seethink.core.tables import data_hash, read_manifest, write_rows
from seethink.rewards.shaping import Shaping
from seethink.training.grpo import GRPOConfig
from seethink.training.imitation import Imitated
from seethink.training.processes import claimed_together, first_process, seal_together
from seethink.training.samples import SPIKED, Demonstration, count_reasons, fitting, tell_aside
from seethink.training.sft import SFTConfig


def train_sft(
    config: SFTConfig, base: str | Path, demonstrations: Sequence[Demonstration], images: ImageStore, out: Path
) -> dict[str, Any]:
    """Train ``base`` on demonstrations; the model lies in ``out/model``, what was not trained on in ``out/set_aside``.
    Finished runs return their manifest at once, killed ones go on from their last checkpoint."""
    from seethink.models.load import checkpoint_folder, read_config, weights_hash
    from seethink.models.processor import load_processor
    from seethink.training.backends.with_trl import run_sft
    from seethink.training.reruns import Watch, train_with_reruns

    if not demonstrations:
        raise InputError("SFT has no demonstrations: every trace was set aside, see the funnel of the data run")
    started = time.time()
    data = {
        "base": weights_hash(base),
        "demonstrations": data_hash((one.item.id, one.item.images, one.response) for one in demonstrations),
        "order": data_hash(one.item.id for one in demonstrations),
        "prompt": prompt_hash(),
    }
    with claimed_together(out, config, data) as finished:
        if finished:
            return read_manifest(out) or {}
        read_config(base)
        processor = load_processor(checkpoint_folder(base), max_pixels=config.max_pixels)
        kept, aside = fitting(processor, demonstrations, images, config.max_tokens)
        steps = config.steps or -(-len(kept) // config.batch)

        def run(order: Sequence[int], watch: Watch) -> Any:
            return run_sft(config, base, [kept[row] for row in order], images, out, watch)

        (log, cost), mended = train_with_reruns(config, len(kept), steps, out / "checkpoints", run)
        aside += [Rejected(SPIKED, f"step {one.spike.step}", kept[row].item.id) for one in mended for row in one.rows]
        if first_process():
            write_rows(out / "set_aside", [row._asdict() for row in aside])
            tell_aside(aside, len(demonstrations), out / "set_aside")
        return seal_together(
            out,
            config,
            seeds={"training": config.seed},
            data=data,
            started=started,
            log=log,
            cost=cost | {"set_aside": float(len(aside)), "reruns": float(len(mended))},
            more={"set_aside": count_reasons(aside), "reruns": [one.record() for one in mended]},
        )


def train_grpo(
    config: GRPOConfig,
    base: str | Path,
    items: Sequence[Item],
    images: ImageStore,
    reward: Reward,
    out: Path,
    *,
    shaping: Shaping | None = None,
    made_of: Mapping[str, str] | None = None,
    imitated: Imitated | None = None,
) -> dict[str, Any]:
    """Train ``base`` by GRPO; the model lies in ``out/model``. Finished runs return their manifest at once, killed ones
    go on from their last checkpoint, which always falls between two rollouts.

    Args:
        shaping: weights and terms beside the reward; none where None.
        made_of: hashes of what the reward is made of, a scorer's weights or a judge's prompt; recorded with the data,
            and where they change the run is another one.
        imitated: demonstrations of a further term of the loss; none where None. ``config`` has to say so too.
    """
    from seethink.models.load import weights_hash
    from seethink.training.backends.with_trl import run_grpo

    different = len({item.id for item in items})
    if different < config.rollout:
        name = "prompts_per_step" if config.prompts_per_rollout is None else "prompts_per_rollout"
        raise InputError(
            f"GRPO wants {name}={config.rollout} different items at a time and got {different}: "
            f"lower {name} or give more items"
        )
    if config.steps < 1:
        raise InputError(
            f"GRPO: completions={config.completions} is less than one rollout of "
            f"{config.rollout} prompts x {config.group} completions: raise completions"
        )
    started, shaping = time.time(), shaping or Shaping()
    data = {
        "base": weights_hash(base),
        "items": data_hash((item.id, item.images) for item in items),
        "order": data_hash(item.id for item in items),
        "prompt": prompt_hash(),
        **(made_of or {}),
    }
    if shaping.weights or shaping.terms:
        data["shaping"] = data_hash([dict(shaping.weights), *((term.name, term.weight) for term in shaping.terms)])
    if imitated is not None:
        shown = imitated.demonstrations
        data["imitated"] = data_hash((one.item.id, one.item.images, one.response) for one in shown)
    with claimed_together(out, config, data) as finished:
        if finished:
            return read_manifest(out) or {}
        log, cost = run_grpo(config, base, items, images, reward, out, shaping, imitated)
        return seal_together(
            out, config, seeds={"training": config.seed}, data=data, started=started, log=log, cost=cost
        )
