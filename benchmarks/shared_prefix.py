"""What sharing a prompt saves, part by part: attention, a pass with gradients, sampling.

    python benchmarks/shared_prefix.py [--repeats 5] [--prompts 2]

Attention: batched branches against one dense mask over the packed row, and against one row per completion, all on the
same numbers. Pass: log-probabilities and their gradients against one row per completion. Sampling: against
transformers' generate on repeated rows. Medians; every ratio is peer over ours, in this run. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from PIL import Image
from rich.console import Console
from torch.nn.functional import scaled_dot_product_attention

from seethink.models.groups import encode_prompts, group_logps, sample_groups
from seethink.models.groups.attention import attend_packed
from seethink.models.groups.layout import Group, Packed
from seethink.models.groups.plain import plain_draws, plain_scores
from seethink.models.load import load_checkpoint
from seethink.models.prompt import Prompt

ATTENTION = ((390, 8, 64), (390, 8, 256), (1350, 8, 400))
"""Tokens of the prompt, completions, tokens of one."""


def median(work: Callable[[], object], repeats: int) -> float:
    work()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def attention(prefix: int, group: int, said: int, repeats: int) -> dict[str, float]:
    """Seconds of a forward and backward pass; 8 query heads, 2 key heads of 64."""
    total = prefix + group * said
    query, key, value = (torch.randn(1, heads, total, 64, requires_grad=True) for heads in (8, 2, 2))
    layout = Packed((Group(0, prefix, group, said, None, None),))
    branch_N = torch.cat([torch.zeros(prefix), torch.arange(1, group + 1).repeat_interleave(said)])

    def repeated(part: Any) -> Any:
        return part.repeat_interleave(4, dim=1)

    def dense() -> Any:
        own = (branch_N[None] == 0) | (branch_N[None] == branch_N[:, None])
        mask = torch.ones(total, total, dtype=torch.bool).tril() & own
        return scaled_dot_product_attention(query, repeated(key), repeated(value), attn_mask=mask)

    def rows() -> Any:
        each = [
            torch.cat(
                [
                    part[:, :, :prefix].expand(group, -1, -1, -1),
                    part[0, :, prefix:].unflatten(1, (group, said)).transpose(0, 1),
                ],
                dim=2,
            )
            for part in (query, key, value)
        ]
        return scaled_dot_product_attention(each[0], repeated(each[1]), repeated(each[2]), is_causal=True)

    ways = {"branches": lambda: attend_packed(query, key, value, layout, 64**-0.5, 0.0), "dense": dense, "rows": rows}
    return {name: median(lambda way=way: way().sum().backward(), repeats) for name, way in ways.items()}


def asked(processor: Any, prompts: int) -> Any:
    """Prompts of 256 picture tokens and about 130 of text."""
    side = 16 * processor.image_processor.patch_size * processor.image_processor.merge_size
    pictures = [Image.effect_noise((side, side), 40 + number).convert("RGB") for number in range(prompts)]
    content = [{"type": "image"}, {"type": "text", "text": "How many red circles are there? " * 15}]
    return encode_prompts(processor, [Prompt([{"role": "user", "content": content}], [one]) for one in pictures])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--prompts", type=int, default=2)
    options = parser.parse_args()
    console, found = Console(), {}
    torch.manual_seed(0)
    for prefix, group, said in ATTENTION:
        seconds = attention(prefix, group, said, options.repeats)
        shape = f"P {prefix}, G {group}, C {said}"
        console.print(f"attention {shape}: " + ", ".join(f"{way} {1e3 * took:.0f} ms" for way, took in seconds.items()))
        for peer in ("dense", "rows"):
            found[f"attention_{peer}_{prefix}_{said}"] = seconds[peer] / seconds["branches"]

    model, processor, _ = load_checkpoint("base")
    prompts, group, tokenizer = asked(processor, options.prompts), 8, processor.tokenizer
    ends: dict[str, Any] = {"end": tokenizer.eos_token_id, "pad": tokenizer.pad_token_id, "draws": group}
    tokens = len(prompts.ids_P[0])
    for said in (64, 256):
        ids = torch.randint(100, 300, (len(prompts), group, said))
        mask, lengths = torch.ones_like(ids), [[said] * group] * len(prompts)

        def ours(ids: Any = ids, mask: Any = mask) -> None:
            group_logps(model, prompts, ids, mask).logps_PGC.sum().backward()

        def plain(ids: Any = ids, lengths: Any = lengths) -> None:
            plain_scores(model, prompts, ids, lengths, temperature=1.0, entropy=False).sum().backward()

        seconds = {"ours": median(ours, options.repeats), "plain": median(plain, options.repeats)}
        found[f"pass_{said}"] = seconds["plain"] / seconds["ours"]
        # A model that never ends: every row has the same length.
        with torch.no_grad():
            model.lm_head.weight[tokenizer.eos_token_id] = 0
        settings: dict[str, Any] = {**ends, "temperature": 1.0, "max_tokens": said}
        sampling = {
            "ours": median(lambda settings=settings: sample_groups(model, prompts, **settings), options.repeats),
            "plain": median(lambda settings=settings: torch.no_grad()(plain_draws)(model, prompts, **settings), 3),
        }
        found[f"sampling_{said}"] = sampling["plain"] / sampling["ours"]
        for name, took in (("pass", seconds), ("sampling", sampling)):
            console.print(
                f"{name}, {len(prompts)} prompts of {tokens} tokens, G {group}, C {said}: "
                f"ours {took['ours']:.2f} s, plain {took['plain']:.2f} s, ratio {took['plain'] / took['ours']:.2f}"
            )
    print(json.dumps({name: round(ratio, 2) for name, ratio in found.items()}))


if __name__ == "__main__":
    main()
