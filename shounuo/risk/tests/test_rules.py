"""When an alarm holds, and when it is over."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shounuo.kernel.durations import Percent, Span
from shounuo.metrics.rules import Aggregate, Unit
from shounuo.policy.schema import UNSET, Alarm, Threshold
from shounuo.risk import rules
from shounuo.risk.rules import Reading

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 10, 14, 12, 0, tzinfo=ZONE)
verdicts = st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=6)


def alarm(op=">", value=Decimal(20), **more) -> Alarm:
    return Alarm(
        name="a", metric="complaint_count", threshold=Threshold(op, value), notify=("manager",), **more
    )


@pytest.mark.parametrize(
    ("value", "unit", "limit"),
    [
        (Percent(8000), Unit.SHARE, 0.8),
        (Percent(8500), Unit.SCORE, 85),
        (Decimal(85), Unit.SCORE, 85),
        (Decimal(90), Unit.SHARE, 0.9),
        (Percent(15000), Unit.RATIO, 1.5),
        (Span(seconds=1800), Unit.SECONDS, 1800),
        (Span(seconds=1800), Unit.COUNT, None),
        (Span(months=1), Unit.SECONDS, None),
        (UNSET, Unit.COUNT, None),
    ],
)
def test_a_threshold_is_read_in_the_metrics_unit(value, unit, limit):
    assert rules.limit_of(Threshold(">", value), unit) == limit


@pytest.mark.parametrize(("n", "held"), [(20, False), (21, True)])
def test_more_than_twenty_is_twenty_one(n, held):
    assert rules.holds(alarm(), Reading(float(n), n), limit=20, least=0) is held


def test_too_few_answers_say_nothing():
    low = alarm("<", Decimal(85))
    assert rules.least_of(low, Aggregate.MEAN, 1) == 10
    assert rules.least_of(low, Aggregate.COUNT, 1) == 0
    assert rules.least_of(alarm(least=3), Aggregate.MEAN, 1) == 3
    assert rules.holds(low, Reading(40.0, 9), limit=85, least=10) is None
    assert rules.holds(low, Reading(40.0, 10), limit=85, least=10) is True
    assert rules.holds(low, Reading(None, 50), limit=85, least=10) is None


@given(verdicts)
def test_it_lasts_only_where_every_day_says_so(days):
    found = rules.lasts(days)
    assert (found is True) == all(d is True for d in days)
    assert (found is False) == any(d is False for d in days)


@pytest.mark.parametrize(
    ("trend", "values", "moved"),
    [
        ("rising", [1, 2, 3, 4], True),
        ("rising", [9, 1, 2, 3, 4], True),
        ("rising", [1, 2, 2, 4], False),
        ("falling", [4, 3, 2, 1], True),
        ("same_direction", [4, 3, 2, 1], True),
        ("same_direction", [4, 3, 2, 3], False),
        ("rising", [2, 3, 4], None),
        ("rising", [1, None, 3, 4], None),
    ],
)
def test_a_trend_is_three_changes_in_one_direction(trend, values, moved):
    assert rules.moves(trend, values) is moved


@given(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=8))
def test_what_rises_does_not_fall(values):
    up, down = rules.moves("rising", values), rules.moves("falling", values)
    assert not (up and down)
    assert rules.moves("same_direction", values) is (up or down)


@pytest.mark.parametrize(
    ("span", "start", "end"),
    [
        (None, "2026-10-14", "2026-10-15"),
        (Span(days=1), "2026-10-14", "2026-10-15"),
        (Span(days=7), "2026-10-08", "2026-10-15"),
        (Span(months=1), "2026-10-01", "2026-10-15"),
        (Span(months=3), "2026-08-01", "2026-10-15"),
    ],
)
def test_windows_are_days_of_the_organisation(span, start, end):
    window = rules.window_of(span, NOON.astimezone(UTC), ZONE)
    assert window.start == datetime.fromisoformat(start).replace(tzinfo=ZONE)
    assert window.end == datetime.fromisoformat(end).replace(tzinfo=ZONE)


def test_hours_roll_with_the_clock():
    window = rules.window_of(Span(seconds=86_400), NOON, ZONE)
    assert (window.start, window.end) == (NOON - timedelta(days=1), NOON)


def test_a_days_alarm_ends_after_a_whole_day_without_it():
    late = NOON.replace(hour=23)
    assert not rules.is_over(alarm(window=Span(days=1)), late, late + timedelta(hours=2), ZONE)
    assert not rules.is_over(alarm(window=Span(days=1)), late, late + timedelta(hours=24), ZONE)
    assert rules.is_over(alarm(window=Span(days=1)), late, late + timedelta(hours=26), ZONE)


def test_a_rolling_alarm_ends_after_an_hour():
    rolling = alarm(window=Span(seconds=3600))
    assert not rules.is_over(rolling, NOON, NOON + timedelta(minutes=59), ZONE)
    assert rules.is_over(rolling, NOON, NOON + timedelta(hours=1), ZONE)
