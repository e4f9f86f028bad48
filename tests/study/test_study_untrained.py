"""A study that trains nothing here: two ways of asking the base, or finished runs alone."""

import io

from rich.console import Console

from seethink.analysis import check_results
from seethink.core.config import parse_config
from seethink.core.tables import read_json
from seethink.study.run import run_study
from seethink.study.settings import StudyConfig


def test_a_study_without_a_training_needs_no_data_and_has_no_funnel(tiny, tmp_path):
    study = {
        "base": str(tiny),
        "arms": {"base": [], "base-direct": {"changes": {"evaluation.prompt": "direct"}}, "rl": ["rl"]},
        "heldout": {"count": 4, "seed": 0, "split": "heldout"},
        "evaluation": {"draws": 0, "max_tokens": 4},
        "accept": {"code": "the checkout may be committed to while its tests run"},
    }
    config = parse_config(StudyConfig, study, "the study").only(["base", "base-direct"])
    results = run_study(config, tmp_path, Console(file=io.StringIO()))
    check_results(read_json(tmp_path / "results.json"))
    assert set(results["arms"]) == {"base", "base-direct"} and results["funnel"] == []
    assert not (tmp_path / "data").exists() and (tmp_path / "tables" / "study.json").is_file()
