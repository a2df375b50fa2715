"""Periods, and what each is compared with."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from shounuo.analytics import rules

ZONE = ZoneInfo("Asia/Shanghai")
WEDNESDAY = datetime(2026, 10, 14, 15, 30, tzinfo=ZONE)


def days(window):
    return window.start.astimezone(ZONE), window.end.astimezone(ZONE)


@pytest.mark.parametrize(
    ("kind", "first", "before_first"),
    [
        ("day", date(2026, 10, 14), date(2026, 10, 13)),
        ("week", date(2026, 10, 12), date(2026, 10, 5)),
        ("month", date(2026, 10, 1), date(2026, 9, 1)),
        ("quarter", date(2026, 10, 1), date(2026, 7, 1)),
    ],
)
def test_a_period_that_lasts_ends_today_and_is_compared_up_to_the_same_time(kind, first, before_first):
    found = rules.period(kind, WEDNESDAY, ZONE)
    assert (found.first, found.last, found.is_over) == (first, date(2026, 10, 14), False)
    start, end = days(found.before)
    assert start.date() == before_first
    assert end - start == WEDNESDAY - found.window.start


@pytest.mark.parametrize(
    ("kind", "back", "first", "last", "before"),
    [
        ("week", 1, date(2026, 10, 5), date(2026, 10, 11), date(2026, 9, 28)),
        ("month", 1, date(2026, 9, 1), date(2026, 9, 30), date(2026, 8, 1)),
        ("quarter", 1, date(2026, 7, 1), date(2026, 9, 30), date(2026, 4, 1)),
        ("quarter", 4, date(2025, 10, 1), date(2025, 12, 31), date(2025, 7, 1)),
        ("month", 10, date(2025, 12, 1), date(2025, 12, 31), date(2025, 11, 1)),
        ("days", 1, date(2026, 8, 16), date(2026, 9, 14), date(2026, 7, 17)),
    ],
)
def test_a_period_that_is_over_is_compared_with_the_whole_one_before(kind, back, first, last, before):
    found = rules.period(kind, WEDNESDAY, ZONE, back=back)
    assert (found.first, found.last, found.is_over) == (first, last, True)
    start, end = days(found.before)
    assert (start.date(), end) == (before, days(found.window)[0])


def test_a_longer_month_is_not_compared_beyond_the_end_of_a_shorter_one():
    found = rules.period("month", datetime(2026, 3, 31, 12, tzinfo=ZONE), ZONE)
    start, end = days(found.before)
    assert (start.date(), end) == (date(2026, 2, 1), datetime(2026, 3, 1, tzinfo=ZONE))


def test_own_days_are_compared_with_as_many_before():
    found = rules.between(date(2026, 10, 1), date(2026, 10, 7), WEDNESDAY, ZONE)
    start, end = days(found.before)
    assert (start.date(), end.date(), found.is_over) == (date(2026, 9, 24), date(2026, 10, 1), True)
    lasting = rules.between(date(2026, 10, 13), date(2026, 10, 14), WEDNESDAY, ZONE)
    assert days(lasting.before)[1] == datetime(2026, 10, 12, 15, 30, tzinfo=ZONE)


def test_a_course_is_cut_into_buckets_that_can_be_read():
    assert rules.period("days", WEDNESDAY, ZONE).bucket == "day"
    assert rules.period("quarter", WEDNESDAY, ZONE, back=1).bucket == "week"
    assert rules.between(date(2025, 10, 1), date(2026, 10, 1), WEDNESDAY, ZONE).bucket == "month"


@pytest.mark.parametrize(("kind", "back"), [("year", 0), ("week", -1), ("week", 5000)])
def test_what_is_no_period_is_refused(kind, back):
    with pytest.raises(ValueError):
        rules.period(kind, WEDNESDAY, ZONE, back=back)


def test_days_that_end_before_they_begin_are_refused():
    with pytest.raises(ValueError):
        rules.between(date(2026, 10, 2), date(2026, 10, 1), WEDNESDAY, ZONE)
