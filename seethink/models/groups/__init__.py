"""G completions of one prompt, its pictures and its text computed once: log-probabilities, entropies and sampling.

Letters: P prompts of a pass, G completions of a prompt, C tokens of the longest completion. Families: Qwen2-VL,
Qwen2.5-VL, Qwen3-VL; every other one takes the plain path, one row per completion, with one message.

    prompts = encode_prompts(processor, prompts)
    drawn = sample_groups(model, prompts, draws=8, end=tokenizer.eos_token_id, pad=tokenizer.pad_token_id)
    logps_PGC, entropies_PGC = group_logps(model, prompts, drawn.ids_PGC, drawn.mask_PGC, entropy=True)

A prompt that is asked about again and again, behind ever other beginnings of a response, is read once as well:

    reading = Reading(encode_prompts(processor, [prompt]))
    drawn = sample_groups(model, [Started(reading, ids), Started(reading, other_ids)], draws=8, ...)
    logps = logps_behind(model, [Started(reading, ids), Started(reading, other_ids)], [text_ids, text_ids])
"""

from seethink.models.groups.behind import logps_behind
from seethink.models.groups.decode import GroupDraws, sample_groups
from seethink.models.groups.family import vision_tokens
from seethink.models.groups.features import Features, picture_features
from seethink.models.groups.logps import GroupLogps, group_logps
from seethink.models.groups.prompts import PromptBatch, encode_prompts, started_ids, take
from seethink.models.groups.reading import Reading, Started
from seethink.models.groups.stop import Stop
from seethink.models.groups.support import supports

__all__ = [
    "Features",
    "GroupDraws",
    "GroupLogps",
    "PromptBatch",
    "Reading",
    "Started",
    "Stop",
    "encode_prompts",
    "group_logps",
    "logps_behind",
    "picture_features",
    "sample_groups",
    "started_ids",
    "supports",
    "take",
    "vision_tokens",
]
