"""When an alarm holds, and when it is over."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shounuo.kernel.durations import Percent, Span
from shounuo.metrics.rules import Aggregate, Unit
from shounuo.policy.schema import UNSET, Alarm, Target, Threshold
from shounuo.policy.thresholds import limit_of
from shounuo.risk import rules
from shounuo.risk.rules import Reading

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 10, 14, 12, 0, tzinfo=ZONE)
verdicts = st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=6)


def alarm(op=">", value=Decimal(20), **more) -> Alarm:
    more.setdefault("threshold", Threshold(op, value))
    return Alarm(name="a", metric="complaint_count", notify=("manager",), **more)


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
    assert limit_of(Threshold(">", value), unit) == limit


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


# -- leaps, silence ----------------------------------------------------------------------------------------------------
def leap(change, now, before, least=10):
    rule = Alarm(name="a", metric="cases_opened", change=change, notify=("manager",))
    return rules.leaps(rule, Reading(float(now), now), Reading(float(before), before), least=least)


@pytest.mark.parametrize(
    ("change", "now", "before", "held"),
    [
        ("+50%", 15, 10, True),
        ("+50%", 14, 10, False),
        ("+50%", 9, 3, None),
        ("+50%", 10, 0, True),
        ("-30%", 7, 10, True),
        ("-30%", 8, 10, False),
        ("-30%", 0, 0, None),
    ],
)
def test_a_leap_is_a_change_of_enough(change, now, before, held):
    assert leap(change, now, before)[0] is held


@given(st.integers(0, 500), st.integers(1, 500), st.integers(1, 300))
def test_a_leap_is_what_plain_arithmetic_says(now, before, percent):
    held, share = leap(f"+{percent}%", now, before, least=1)
    assert held is (now * 100 >= before * (100 + percent))
    assert share == pytest.approx(now / before - 1)


@given(st.integers(1, 20_000), st.integers(0, 3_000))
def test_working_time_is_counted_back_to_the_second(seconds, begin):
    def between(start, end):  # the first half of every hour is worked
        whole, low = 0, int(start.timestamp())
        for second in (low, int(end.timestamp())):
            hours, rest = divmod(second, 3_600)
            whole = hours * 1_800 + min(rest, 1_800) - whole
        return whole

    at = NOON + timedelta(seconds=begin)
    start = rules.worked_back(between, at, seconds)
    assert between(start, at) >= seconds
    assert between(start + timedelta(seconds=1), at) < seconds


# -- targets -----------------------------------------------------------------------------------------------------------
EIGHTY_FIVE = Percent(8500)


def target(op=">=", value=EIGHTY_FIVE, **more) -> Target:
    return Target(name="t", metric="fcr", threshold=Threshold(op, value), **more)


def test_a_target_looks_a_month_back_where_it_names_no_window():
    window = rules.goal_window(None, NOON, ZONE)
    assert (window.start.date(), window.end.date()) == (
        datetime(2026, 9, 15).date(),
        datetime(2026, 10, 15).date(),
    )
    last = datetime(2026, 3, 31, 12, tzinfo=ZONE)
    assert rules.goal_window(Span(months=1), last, ZONE).start.date() == datetime(2026, 3, 1).date()


@given(st.dates(datetime(2000, 1, 1).date(), datetime(2200, 1, 1).date()), st.integers(-120, 120))
def test_a_day_some_months_on_keeps_its_number_where_it_can(day, months):
    found = rules.shifted(day, months)
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == months
    assert found.day == day.day or (found.day < day.day and (found + timedelta(days=1)).day == 1)


@pytest.mark.parametrize(
    ("op", "value", "reached", "gap"),
    [(">=", 0.85, True, 0), (">=", 0.8, False, 0.05), ("<=", 0.9, False, 0.05), ("=", 0.85, True, 0)],
)
def test_a_target_is_reached_or_short_by_the_gap(op, value, reached, gap):
    rule = target(op)
    assert rules.reaches(rule, Reading(value, 50), limit=0.85, least=10) is reached
    assert rules.gap(rule, value, 0.85) == pytest.approx(gap)


@given(st.sampled_from(["<", "<=", ">", ">="]), st.floats(0, 1), st.floats(0, 1))
def test_what_is_reached_lacks_nothing(op, value, limit):
    rule = target(op)
    if rules.reaches(rule, Reading(value, 50), limit=limit, least=10):
        assert rules.gap(rule, value, limit) == 0


def test_too_few_are_not_judged():
    assert rules.reaches(target(), Reading(0.2, 9), limit=0.85, least=10) is None
    assert rules.goal_least(target(), Aggregate.SHARE, 1) == 10
    assert rules.goal_least(target(least=3), Aggregate.SHARE, 1) == 3


def test_a_change_is_against_the_rules_own_baseline_or_what_was_measured():
    rule = target(value=UNSET, change="+20%", baseline=Decimal(50))
    assert rules.goal_limit(rule, Unit.RATIO, 10.0) == 60
    assert rules.goal_limit(target(value=UNSET, change="-30%"), Unit.COUNT, 10.0) == 7
    assert rules.goal_limit(target(value=UNSET, change="-30%"), Unit.COUNT, None) is None
    assert rules.goal_limit(target(change="+20%"), Unit.SHARE, None) == 0.85, (
        "the value decides where there is one"
    )


def test_falling_short_is_no_fault_before_the_date():
    due = rules.goal_due(target(horizon=Span(months=6)), NOON, ZONE)
    assert due == datetime(2027, 4, 14, 12, tzinfo=ZONE)
    assert [rules.goal_state(False, due, at) for at in (NOON, due)] == ["short", "missed"]
    assert [rules.goal_state(x, None, NOON) for x in (True, False, None)] == ["reached", "missed", "unknown"]


@given(verdicts)
def test_all_groups_reach_it_when_none_of_which_something_is_known_does_not(groups):
    found = rules.all_reach(groups)
    assert (found is False) == (False in groups)
    assert (found is None) == all(g is None for g in groups)


@pytest.mark.parametrize(
    ("rule", "value", "limit", "said"),
    [
        (alarm(), 21.0, 20.0, True),
        (alarm(), 20.0, 20.0, False),
        (alarm(), None, 20.0, False),  # today nobody has asked yet
        (alarm(threshold=None, change="+50%"), 0.3 / 0.2 - 1, None, True),
        (alarm(threshold=None, change="+50%"), -0.57, None, False),
        (alarm(threshold=None, change="-30%"), -0.4, None, True),
        (alarm(threshold=None, absent=True), 0.0, None, True),
        (alarm(threshold=None, absent=True), 3.0, None, False),
        (alarm(threshold=None, trend="rising"), 4.0, None, True),
        (alarm(threshold=None, trend="rising"), None, None, False),
    ],
)
def test_a_figure_stands_where_the_rule_gives_alarm_or_has_gone_back(rule, value, limit, said):
    assert rules.stands(rule, value, limit=limit) is said
