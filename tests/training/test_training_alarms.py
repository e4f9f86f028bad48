import random

import pytest

from seethink.training.alarms import AlarmConfig, Watch

WINDOW = AlarmConfig(window=2, reward_window=2, reward_errors=0)


def raised(key, values, config=WINDOW):
    """Step and name of every alarm that a column of the log raises."""
    watch = Watch(config)
    return [(step, one.name) for step, value in enumerate(values) for one in watch.see({key: value})]


@pytest.mark.parametrize(
    ("key", "values", "name"),
    [
        ("entropy", [1.0, 1.0, 0.5, 0.1, 0.1], "entropy_low"),
        ("entropy", [1.0, 1.0, 2.0, 4.0, 5.0], "entropy_high"),
        ("completions/mean_length", [100, 100, 80, 40, 30], "length_low"),
        ("completions/mean_length", [100, 100, 150, 210, 260], "length_high"),
        ("completions/clipped_ratio", [0.0, 0.1, 0.2, 0.3, 0.6], "truncated"),
        ("clip_ratio/region_mean", [0.0, 0.0, 0.1, 0.2, 0.3], "clipped"),
        ("frac_reward_zero_std", [0.5, 0.5, 0.7, 0.8, 0.9], "zero_variance"),
        ("mixed/unparseable", [0.1, 0.2, 0.3, 0.6, 0.6], "unparseable"),
        ("mixed/undecided", [0.0, 0.0, 0.0, 0.1, 0.2], "undecided"),
        ("mixed/iou", [0.4, 0.5, 0.5, 0.4, 0.1], "reward_iou"),
    ],
)
def test_each_column_has_its_alarm(key, values, name):
    assert raised(key, values) == [(4, name)]
    assert raised(key, values[:3]) == []


def test_an_alarm_rings_once_per_episode():
    values = [0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 1]
    assert raised("mixed/unparseable", values) == [(3, "unparseable"), (9, "unparseable")]


def test_one_odd_batch_is_no_alarm():
    assert raised("mixed/unparseable", [0.1, 0.1, 1.0, 0.1, 0.1, 0.1], AlarmConfig(window=5)) == []


def test_the_noise_of_a_few_prompts_a_step_is_no_fall():
    noise = random.Random(0)
    steady = [0.4 + noise.gauss(0, 0.25) for _ in range(400)]
    assert raised("mixed/iou", steady, AlarmConfig()) == []
    fallen = [value - 0.4 for value in steady[:40]]
    assert [name for _, name in raised("mixed/iou", steady + fallen, AlarmConfig())] == ["reward_iou"]


def test_a_step_without_the_column_changes_nothing():
    assert raised("mixed/digit", [0.9, 0.9, None, float("nan"), 0.9, 0.1, 0.1]) == [(5, "reward_digit")]


def test_it_says_what_was_seen_and_what_to_do():
    watch = Watch(WINDOW)
    [found] = [one for share in (0.9, 0.95) for one in watch.see({"frac_reward_zero_std": share})]
    assert found.seen.startswith("92% of the groups") and "resample" in found.remedy
    assert watch.ringing == ("zero_variance",)
