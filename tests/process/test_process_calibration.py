"""Calibration: a head that is too sure of itself is mended on steps it has not seen."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from seethink.analysis.figures import reliability_figure
from seethink.cli import app
from seethink.core.rejected import InputError
from seethink.models.load import weights_hash
from seethink.process.calibrate import calibrate
from seethink.process.calibration import calibration, fit_log_odds, probability
from seethink.process.collect.rows import LabelledTrace, value_counts
from seethink.process.prm_config import HeadConfig, PRMConfig
from seethink.process.step_head import Trace, load_step_head, new_step_head, save_step_head, step_logits
from seethink.process.targets import kept_back, up_to_first_error
from seethink.process.train import train_prm

WORDS = ["red", "blue", "green", "a1", "b2", "c3", "left", "right", "circle", "square"]


def test_slope_and_offset_of_known_log_odds_are_found():
    rng = np.random.default_rng(0)
    said = rng.normal(size=4_000) * 8
    targets = (rng.random(4_000) < 1 / (1 + np.exp(-(said / 8 + 0.5)))).astype(float)
    slope, offset = fit_log_odds(said.tolist(), targets.tolist())
    assert slope == pytest.approx(1 / 8, rel=0.1) and offset == pytest.approx(0.5, abs=0.1)


def test_a_few_steps_without_a_mistake_give_no_certainty():
    slope, offset = fit_log_odds([1.0, 2.0, -1.0, -2.0], [1.0, 1.0, 0.0, 0.0])
    assert 0.6 < probability(slope * 2.0 + offset) < 0.99


@pytest.fixture
def too_sure(tiny, tmp_path):
    """A head whose log-odds are ten times those of the labels, and two halves of labelled traces."""
    rng = np.random.default_rng(0)
    made = new_step_head(tiny, HeadConfig(), seed=0)
    steps = [tuple(" ".join(rng.choice(WORDS, 2)) for _ in range(12)) for _ in range(48)]
    shown = [Trace(f"Which? {n % 24}", (), told) for n, told in enumerate(steps)]
    logits = np.array(step_logits(made, shown))
    truth = 1.5 * (logits - logits.mean()) / logits.std()
    made.model.head.weight.data *= 15 / logits.std()
    made.model.head.bias.data.fill_(-15 * logits.mean() / logits.std())
    values = (rng.random(truth.shape) < 1 / (1 + np.exp(-truth))).astype(float)
    traces = [
        LabelledTrace(trace.question, (), trace.steps, tuple(row))
        for trace, row in zip(shown, values.tolist(), strict=True)
    ]
    return save_step_head(made, tmp_path / "prm"), traces[:24], traces[24:], shown[24:]


def test_a_fit_lowers_the_error_on_steps_that_it_has_not_seen(too_sure, world_images):
    folder, fitted, others, shown = too_sure
    targets = [value for one in others for value in one.values]

    def said():
        return np.concatenate([np.array(row) for row in step_logits(load_step_head(folder), shown)])

    before, old_hash = said(), weights_hash(folder)
    told = calibrate(folder, fitted, world_images)
    after = said()
    assert told.slope == pytest.approx(0.1, rel=0.4) and told.error < told.error_before and told.steps == 288
    old, new = (calibration([probability(one) for one in logits], targets) for logits in (before, after))
    assert old.error > 0.15 and new.error < old.error / 2 and new.brier < old.brier
    # Nothing changes places, and stored scores of the old head are none of the new one's.
    assert (np.diff(after[np.argsort(before)]) >= -1e-5).all()
    assert weights_hash(folder) != old_hash
    assert calibrate(folder, fitted, world_images).slope == pytest.approx(told.slope, rel=1e-3)


def test_without_right_and_wrong_steps_nothing_is_fitted(too_sure, world_images):
    folder, fitted, *_ = too_sure
    sound = [one._replace(values=tuple(1.0 for _ in one.values)) for one in fitted]
    with pytest.raises(InputError, match="needs right and wrong"):
        calibrate(folder, sound, world_images)


def test_training_keeps_questions_back_and_calibrates_on_them(tiny, too_sure, world_images, tmp_path):
    _, traces, *_ = too_sure
    config = PRMConfig(learning_rate=1e-3, head_learning_rate=1e-1, batch=16, epochs=1, held_back=0.3)
    manifest = train_prm(config, tiny, traces, world_images, tmp_path / "run")
    told = manifest["calibration"]
    assert told["steps"] == manifest["cost"]["kept_back"] > 0
    assert manifest["cost"]["labels"] + told["steps"] == 288
    loaded = load_step_head(tmp_path / "run" / "model").model
    assert float(loaded.slope) == pytest.approx(told["slope"]) and float(loaded.offset) == pytest.approx(told["offset"])


def test_what_is_kept_back_ends_at_its_first_error_as_well(tiny, too_sure, world_images, tmp_path):
    _, traces, *_ = too_sure
    config = PRMConfig(batch=64, epochs=1, held_back=0.3, first_error=0.0)
    told = train_prm(config, tiny, traces, world_images, tmp_path / "run")
    _, back = kept_back(traces, config.held_back, config.seed)
    assert told["calibration"]["steps"] == value_counts(up_to_first_error(back, 0.0)) < value_counts(back)


def test_the_command_calibrates_in_place(too_sure, world_items, world_images, tmp_path):
    folder, fitted, *_ = too_sure
    rows = tmp_path / "rows.jsonl"
    (tmp_path / "a.png").write_bytes(world_images.read(world_items[0].images[0]))
    rows.write_text(
        "\n".join(
            json.dumps({"image_path": "a.png", "question": "?", "process": "\n".join(one.steps[:end]), "value": value})
            for one in fitted[:4]
            for end, value in enumerate(one.values, start=1)
        )
    )
    arguments = ["process", "calibrate", folder, "--rows", rows, "--images", tmp_path, "--splitting", "lines"]
    told = CliRunner().invoke(app, list(map(str, arguments)))
    assert told.exit_code == 0, told.output
    assert "48 steps" in " ".join(told.output.split()) and float(load_step_head(folder).model.slope) < 0.5


def test_the_figure_shows_every_scorer_against_the_diagonal():
    fit = calibration([0.9] * 10 + [0.2] * 10, [1.0] * 5 + [0.0] * 15)
    told = {"error": fit.error, "brier": fit.brier, "n": fit.n, "bins": [one._asdict() for one in fit.bins]}
    empty = {"error": None, "brier": None, "n": 0, "bins": []}
    svg = reliability_figure({"scorers": {"prm": {"calibration": told}, "none": {"calibration": empty}}}).svg
    assert "prm, ECE 0.30" in svg and "none, ECE" not in svg
