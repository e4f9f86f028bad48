"""Step 6, curate: the verified rows divided into an SFT and an RL set (VLAA-Thinking section 2, step 6).

In this order: questions asked twice go, what a benchmark asks goes, the split says which pool, bands keep a range of
measured values, traces that break the tag grammar go, quotas are drawn. The two sets share no item, and no picture with
the same question.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, repeat
from random import Random

from seethink.core.images import ImageStore
from seethink.core.rejected import Rejected
from seethink.data.config import AnswerBlock, Quota
from seethink.data.curation.band import Band, outside, read_values
from seethink.data.curation.leakage import Benchmarks
from seethink.data.curation.pool import Pool
from seethink.data.curation.response import sft_response
from seethink.data.curation.split import BY_CUES, BandSplit, CueSplit, RandomSplit, open_split
from seethink.data.curation.twins import Twins
from seethink.data.row import Row

_LOOKED_AT = 256
"""Rows whose pictures are decoded together."""


def curate(
    rows: Iterable[Row],
    *,
    quotas: Mapping[str, Quota],
    seed: int,
    answer_block: AnswerBlock,
    split: CueSplit | BandSplit | RandomSplit = BY_CUES,
    bands: Sequence[Band] = (),
    benchmarks: Benchmarks | None = None,
    images: ImageStore | None = None,
) -> dict[str, Pool | Rejected]:
    """Where every row goes, by item id.

    Quotas are filled by uniform sampling per source and pool; who is drawn depends on seed, source, pool and the ids in
    it, not on the order of the rows.

    Args:
        images: holds the rows' pictures; where None only equal files are equal pictures.

    Reasons: those of ``Twins``, ``Benchmarks``, the split and the bands; "trace breaks the tag grammar", "over quota".
    """
    fate: dict[str, Pool | Rejected] = {}
    pools: dict[tuple[str, Pool], list[str]] = defaultdict(list)
    twins, pool_of_row = Twins(images), open_split(split)
    measured = [(band, read_values(band)) for band in bands]
    for row, known in _looked_up(rows, twins, benchmarks):
        item = row.item
        outcome = known or pool_of_row(row)
        if isinstance(outcome, Pool):
            outcome = _beyond(item.id, outcome, measured) or outcome
        if outcome is Pool.SFT and isinstance(broken := sft_response(row, answer_block), Rejected):
            outcome = broken
        fate[item.id] = outcome
        if isinstance(outcome, Pool):
            pools[item.source, outcome].append(item.id)
    for (source, pool), ids in pools.items():
        quota = quotas.get(source, Quota())
        limit = quota.sft if pool is Pool.SFT else quota.rl
        if limit is not None and len(ids) > limit:
            drawn = set(Random(f"{seed}:{source}:{pool}").sample(sorted(ids), limit))
            left_over = Rejected("over quota", f"{limit} of {len(ids)} rows drawn for {pool}")
            fate.update({item_id: left_over for item_id in ids if item_id not in drawn})
    return fate


def _looked_up(
    rows: Iterable[Row], twins: Twins, benchmarks: Benchmarks | None
) -> Iterator[tuple[Row, Rejected | None]]:
    """Every row with why it is known already: a twin, or a benchmark's."""
    left = iter(rows)
    with ThreadPoolExecutor() as threads:
        while batch := list(islice(left, _LOOKED_AT)):
            items = [row.item for row in batch]
            leaks = threads.map(benchmarks.find, items) if benchmarks is not None else repeat(None, len(batch))
            twins.look_ahead(items, threads)
            yield from ((row, twins.meet(row.item) or leak) for row, leak in zip(batch, leaks, strict=True))


def _beyond(item_id: str, pool: Pool, measured: Sequence[tuple[Band, Mapping[str, float]]]) -> Rejected | None:
    for band, values in measured:
        if pool in band.pools and not (band.unmeasured and item_id not in values):
            beyond = outside(band, values, item_id)
            if beyond is not None:
                return beyond
    return None
