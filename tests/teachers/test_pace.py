"""How an endpoint that says "too many" is asked by fewer, and by more again; and limits per minute."""

from __future__ import annotations

from itertools import pairwise

from seethink.teachers.pace import Pace, PerMinute, Sent


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def fill(pace: Pace) -> list[Sent]:
    """Send until every place is taken."""
    sent = []
    while pace.wait() == 0:
        sent.append(pace.sent(0))
    return sent


def clean_round(pace: Pace) -> None:
    for _ in range(pace.limit):
        fill(pace)
        pace.answered()
        pace.back()


def storm(pace: Pace, retry_after: float | None = None) -> None:
    """Every call under way comes back with 429."""
    for sent in fill(pace):
        pace.limited(sent, retry_after)
        pace.back()


def test_it_begins_at_the_configured_width_and_never_exceeds_it() -> None:
    pace = Pace(8)
    assert len(fill(pace)) == 8 and pace.wait() is None
    clean_round(pace)
    assert pace.limit == 8


def test_a_storm_is_one_episode_and_one_cut() -> None:
    pace = Pace(64)
    storm(pace)
    assert pace.limit == 32
    storm(pace)
    assert pace.limit == 16


def test_a_lone_429_in_a_round_cuts_nothing() -> None:
    pace = Pace(64)
    for _ in range(20):
        sent = fill(pace)
        pace.limited(sent[0], None)
        pace.back()
        clean_round(pace)
    assert pace.limit == 64


def test_the_width_keeps_a_tenth() -> None:
    pace = Pace(64)
    for _ in range(12):
        storm(pace)
    assert pace.limit == 6


def test_nobody_is_sent_until_the_time_the_server_asked_for_is_over() -> None:
    clock = Clock()
    pace = Pace(4, clock=clock)
    storm(pace, retry_after=7.0)
    assert pace.wait() == 7.0
    clock.now += 7.0
    assert pace.wait() == 0.0


def test_growth_follows_a_clean_round_with_every_place_taken() -> None:
    pace = Pace(40)
    storm(pace)
    assert pace.limit == 20
    for _ in range(60):
        pace.sent(0)
        pace.answered()
        pace.back()
    assert pace.limit == 20, "places were free all the time"
    clean_round(pace)
    assert pace.limit == 24


def test_a_failing_server_pauses_growth_and_cuts_nothing() -> None:
    pace = Pace(40)
    storm(pace)
    for _ in range(40):
        fill(pace)
        (pace.failed if pace.under_way % 10 == 0 else pace.answered)()
        pace.failed()
        pace.back()
    assert pace.limit == 20


def test_requests_per_minute_are_spread_evenly() -> None:
    clock = Clock()
    pace = Pace(50, PerMinute(requests=120), clock)
    times = []
    for _ in range(121):
        clock.now += pace.wait() or 0.0
        pace.sent(0)
        pace.back()
        times.append(clock.now)
    assert round(times[-1] - times[0], 3) == 60.0
    assert max(later - sooner for sooner, later in pairwise(times)) < 0.501


def test_tokens_per_minute_are_taken_at_worst_and_put_right_by_what_was_counted() -> None:
    clock = Clock()
    pace = Pace(50, PerMinute(tokens=6_000), clock)
    first = pace.sent(1_000)
    assert pace.wait() == 10.0
    pace.counted(first, 100)
    assert round(pace.wait() or 0, 6) == 1.0
    clock.now += 1.0
    assert pace.wait() == 0.0
    pace.sent(1_000)
    assert round(pace.wait() or 0, 6) == 1.0, "calls used 100 tokens so far"
