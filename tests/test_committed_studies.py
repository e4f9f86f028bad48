"""Every study whose tables are committed can be told again from them."""

from pathlib import Path

import pytest

from seethink.analysis import read_study_data

STUDIES = sorted((Path(__file__).parent.parent / "docs" / "study").glob("**/study.json"))


@pytest.mark.parametrize("record", STUDIES, ids=lambda path: path.parent.relative_to(path.parents[4]).as_posix())
def test_its_tables_are_whole(record):
    study = read_study_data([record.parent])
    assert len(study.runs) >= len(study.arms) > 1
