"""Windows and buckets, without a database."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shounuo.metrics.rules import Window, after, bucket_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
AT = datetime(2026, 10, 10, 2, 0, tzinfo=UTC)


def test_a_week_begins_on_monday_and_a_month_on_its_first():
    assert bucket_of(date(2026, 10, 11), "week") == date(2026, 10, 5)
    assert bucket_of(date(2026, 10, 31), "month") == date(2026, 10, 1)
    assert bucket_of(date(2026, 10, 31), "day") == date(2026, 10, 31)


def test_after_december_comes_january():
    assert after(date(2026, 12, 1), "month") == date(2027, 1, 1)
    assert after(date(2026, 12, 28), "week") == date(2027, 1, 4)


def test_the_last_days_end_with_today_whole():
    window = Window.last(7, AT, SHANGHAI)
    assert window.start == datetime(2026, 10, 4, tzinfo=SHANGHAI)
    assert window.end == datetime(2026, 10, 11, tzinfo=SHANGHAI)


def test_a_moment_belongs_to_the_day_of_the_zone_not_of_utc():
    late = datetime(2026, 10, 9, 16, 30, tzinfo=UTC)  # half past midnight of the 10th in Shanghai
    assert Window.of("day", late, SHANGHAI).start == datetime(2026, 10, 10, tzinfo=SHANGHAI)


def test_the_window_before_has_as_many_days_also_over_the_change_of_summer_time():
    window = Window.days(date(2026, 10, 19), date(2026, 10, 25), BERLIN)  # clocks go back on the 25th
    assert window.end - window.start == timedelta(days=7)  # wall time: the zone's own arithmetic
    before = window.previous()
    assert (before.start, before.end) == (datetime(2026, 10, 12, tzinfo=BERLIN), window.start)


def test_the_window_before_a_part_of_a_day_is_as_long():
    window = Window(AT, AT + timedelta(hours=5), SHANGHAI)
    assert window.previous().start == AT - timedelta(hours=5)


def test_a_window_touches_the_buckets_that_it_cuts():
    window = Window.days(date(2026, 9, 28), date(2026, 10, 6), SHANGHAI)
    assert window.buckets("month") == [date(2026, 9, 1), date(2026, 10, 1)]
    assert window.buckets("week") == [date(2026, 9, 28), date(2026, 10, 5)]
    assert window.edges("month") == [
        window.start,
        datetime(2026, 10, 1, tzinfo=SHANGHAI),
        window.end,
    ]


def test_what_lies_before_a_moment():
    window = Window.days(date(2026, 10, 1), date(2026, 10, 31), SHANGHAI)
    assert window.until(AT).end == AT
    assert window.until(window.start) is None
    assert window.until(window.end + timedelta(days=1)) == window


def test_a_window_without_length_is_none():
    with pytest.raises(ValueError, match="ends after"):
        Window(AT, AT, SHANGHAI)
