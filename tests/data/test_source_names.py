"""A setting for a source that there is not is told, and nothing is paid."""

from __future__ import annotations

from typing import Any

import pytest

from seethink.core.rejected import InputError, Rejected
from seethink.data.curation import ask_blind
from seethink.data.pipeline import run_until


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"quotas": {"first": {"sft": 1}, "frist": {"sft": 1}}}, r"quotas\.frist \(did you mean first\?\)"),
        ({"per_source": {"secnd": {"captions": "none"}}}, r"per_source\.secnd \(did you mean second\?\)"),
        ({"quotas": {"zzz": {}}, "per_source": {"qqq": {}}}, r"per_source\.qqq, quotas\.zzz: "),
    ],
)
def test_a_misspelt_source_is_named_beside_those_there_are(
    run: Any, items: Any, teachers: Any, fields: Any, told: str
) -> None:
    with pytest.raises(InputError, match=told) as error:
        run([*items(2, "first"), *items(2, "second")], **fields)
    assert str(error.value).endswith("no such source, there are first, second") and not teachers.requests


def test_it_is_told_before_the_shards_of_a_run_begin(items: Any, images: Any, settings: Any, tmp_path: Any) -> None:
    with pytest.raises(InputError, match="no such source"):
        run_until("collect", items(2), images, settings(quotas={"t": {}}), tmp_path / "out")


def test_a_source_that_the_config_names_may_have_given_no_row(run: Any, items: Any) -> None:
    """The paper's nine may all be in a released file, or a part of it."""
    released = {"kind": "vlaa_thinking", "path": "x", "image_root": "x"}
    mine = {"kind": "records", "path": "mine.jsonl", "image_root": "x"}
    quotas = {"s": {"sft": 1}, "docvqa": {"sft": 1}, "mine": {"rl": 1}}
    assert run(items(2), sources=[released, mine], quotas=quotas).sft == 1


def test_where_no_row_could_be_read_the_rows_are_the_matter(run: Any) -> None:
    assert run([Rejected("not JSON")], quotas={"s": {"sft": 1}}).rejected == 1


def test_the_blind_audit_reads_the_same_settings(items: Any, images: Any, settings: Any, tmp_path: Any) -> None:
    with pytest.raises(InputError, match=r"per_source\.x: no such source, there are s"):
        ask_blind(items(1), settings(per_source={"x": {}}), 1, images, tmp_path)
