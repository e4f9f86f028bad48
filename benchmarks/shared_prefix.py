"""What sharing a prompt saves, part by part: attention, a pass with gradients, sampling. CPU.

    OMP_NUM_THREADS=1 python benchmarks/shared_prefix.py [--repeats 5] [--prompts 4]

Attention: batched branches against one dense mask over the packed row, and against one row per completion, all on the
same numbers. Pass: log-probabilities and their gradients against one row per completion. Sampling: against
transformers' generate on repeated rows. Both on the tiny base, 8 completions that never end.

Best of the repeats, peers in turns, in processor time, so that other work on the machine counts little. Every ratio is
peer over ours, in this run. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch
from PIL import Image
from rich.console import Console
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from seethink.models.groups import PromptBatch, encode_prompts, group_logps, sample_groups
from seethink.models.groups.attention import attend_packed
from seethink.models.groups.layout import Group, Packed
from seethink.models.groups.plain import plain_draws, plain_scores
from seethink.models.load import load_checkpoint
from seethink.models.prompt import Prompt

ATTENTION = ((390, 8, 64), (390, 8, 256), (1350, 8, 400))
"""Tokens of the prompt, completions, tokens of one."""

COMPLETIONS = 8


def best(ways: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Seconds of each way."""
    found = dict.fromkeys(ways, float("inf"))
    for _ in range(repeats):
        for name, way in ways.items():
            started = time.process_time()
            way()
            found[name] = min(found[name], time.process_time() - started)
    return found


def attention(prefix: int, group: int, said: int, repeats: int) -> dict[str, float]:
    """A forward and backward pass; 8 query heads and 2 key heads of 64."""
    total = prefix + group * said
    query, key, value = (torch.randn(1, heads, total, 64, requires_grad=True) for heads in (8, 2, 2))
    layout = Packed((Group(0, prefix, group, said, None, None),))
    branch_N = torch.cat([torch.zeros(prefix), torch.arange(1, group + 1).repeat_interleave(said)])

    def heads(part: Tensor) -> Tensor:
        return part.repeat_interleave(4, dim=1)

    def dense() -> Tensor:
        own = (branch_N[None] == 0) | (branch_N[None] == branch_N[:, None])
        mask = torch.ones(total, total, dtype=torch.bool).tril() & own
        return scaled_dot_product_attention(query, heads(key), heads(value), attn_mask=mask)

    def row(part: Tensor) -> Tensor:
        branches = part[0, :, prefix:].unflatten(1, (group, said)).transpose(0, 1)
        return torch.cat([part[:, :, :prefix].expand(group, -1, -1, -1), branches], dim=2)

    def rows() -> Tensor:
        return scaled_dot_product_attention(row(query), heads(row(key)), heads(row(value)), is_causal=True)

    ways = {"branches": lambda: attend_packed(query, key, value, layout, 64**-0.5, 0.0), "dense": dense, "rows": rows}
    return best({name: lambda way=way: way().sum().backward() for name, way in ways.items()}, repeats)


def asked(processor: Any, prompts: int) -> PromptBatch:
    """Prompts of 256 picture tokens and about 120 of text."""
    side = 16 * processor.image_processor.patch_size * processor.image_processor.merge_size
    pictures = [Image.effect_noise((side, side), 40 + number).convert("RGB") for number in range(prompts)]
    content = [{"type": "image"}, {"type": "text", "text": "How many red circles are there? " * 15}]
    return encode_prompts(processor, [Prompt([{"role": "user", "content": content}], [one]) for one in pictures])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--prompts", type=int, default=4)
    options = parser.parse_args()
    console, found = Console(width=160), {}
    torch.manual_seed(0)
    for prefix, group, said in ATTENTION:
        seconds = attention(prefix, group, said, options.repeats)
        told = ", ".join(f"{way} {1e3 * took:.0f} ms" for way, took in seconds.items())
        console.print(f"attention, P {prefix}, G {group}, C {said}: {told}")
        for peer in ("dense", "rows"):
            found[f"attention_{peer}_{prefix}_{said}"] = seconds[peer] / seconds["branches"]

    model, processor, _ = load_checkpoint("base")
    prompts, tokenizer = asked(processor, options.prompts), processor.tokenizer
    with torch.no_grad():
        model.lm_head.weight[tokenizer.eos_token_id] = 0
    shape = f"{len(prompts)} prompts of {len(prompts.ids_P[0])} tokens, G {COMPLETIONS}"
    for said in (64, 256):
        ids = torch.randint(100, 300, (len(prompts), COMPLETIONS, said))
        mask, lengths = torch.ones_like(ids), [[said] * COMPLETIONS] * len(prompts)
        drawing: dict[str, Any] = {"draws": COMPLETIONS, "max_tokens": said, "temperature": 1.0}
        drawing |= {"end": tokenizer.eos_token_id, "pad": tokenizer.pad_token_id}

        def ours(ids: Tensor = ids, mask: Tensor = mask) -> None:
            group_logps(model, prompts, ids, mask).logps_PGC.sum().backward()

        def plain(ids: Tensor = ids, lengths: list[list[int]] = lengths) -> None:
            plain_scores(model, prompts, ids, lengths, temperature=1.0, entropy=False).sum().backward()

        measured = {
            "pass": best({"ours": ours, "plain": plain}, options.repeats),
            "sampling": best(
                {
                    "ours": lambda drawing=drawing: sample_groups(model, prompts, **drawing),
                    "plain": lambda drawing=drawing: torch.no_grad()(plain_draws)(model, prompts, **drawing),
                },
                options.repeats,
            ),
        }
        for name, seconds in measured.items():
            found[f"{name}_{said}"] = seconds["plain"] / seconds["ours"]
            console.print(f"{name}, {shape}, C {said}: ours {seconds['ours']:.2f} s, plain {seconds['plain']:.2f} s")
    print(json.dumps({name: round(ratio, 2) for name, ratio in found.items()}))


if __name__ == "__main__":
    main()
