"""What an update of GRPO costs by count, with each prompt and picture seen once per group or once per completion."""

from __future__ import annotations

from sized_model import Size

FORMULA = """multiply-adds of an update (P prompt, C completion, G per prompt; backward is twice the forward)
  stock: G · [ tower + 3 · (linear · (P+C) + pairs · (P+C)²/2 + head · H) ]
  ours:      tower + 3 · (linear · (P + G·(C-1)) + pairs · (P²/2 + G·(C-1)·(P + (C-1)/2)) + head · G·C)
  tower counts three times where it is trained; where it is frozen, once for stock, and not at all for ours, which keeps
  what it made of a picture when it sampled. H is P+C on a CPU, where TRL scores every position, and C on a GPU."""


def multiply_adds(size: Size, group: int, completion: int, *, shared: bool, frozen: bool, device: str) -> float:
    """Of one prompt's update, by FORMULA."""
    h, v = size.hidden, size.vision_hidden
    head_width = h // size.heads
    linear = size.layers * (2 * h * h + 2 * h * size.kv_heads * head_width + 3 * h * size.inner)
    pairs = size.layers * 2 * h
    head = h * size.vocabulary
    rows, columns = size.picture
    patches = 4 * rows * columns
    window = 64
    per_patch = size.vision_layers * (4 * v * v + 3 * v * size.vision_inner)
    seen = sum(patches if layer in size.whole_picture_layers else window for layer in range(size.vision_layers))
    merger = rows * columns * ((4 * v) ** 2 + 4 * v * h)
    passes = 3 if not frozen else int(not shared)
    tower = passes * (patches * (per_patch + 2 * v * seen) + merger)
    prompt, branch = size.prompt, completion - 1
    if not shared:
        scored = prompt + completion if device == "cpu" else completion
        each = linear * (prompt + completion) + pairs * (prompt + completion) ** 2 / 2 + head * scored
        return group * (tower + 3 * each)
    tokens = prompt + group * branch
    between = prompt**2 / 2 + group * branch * (prompt + branch / 2)
    return tower + 3 * (linear * tokens + pairs * between + head * group * completion)


def count_ratio(size: Size, group: int, completion: int, *, frozen: bool, device: str) -> float:
    stock, ours = (
        multiply_adds(size, group, completion, shared=shared, frozen=frozen, device=device) for shared in (False, True)
    )
    return stock / ours
