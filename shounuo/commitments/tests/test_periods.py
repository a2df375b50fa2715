"""Periods tile time: each moment lies in one, and the next begins where it ends."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shounuo.commitments.periods import Periods
from shounuo.commitments.timing import PLAIN, Hours
from shounuo.kernel.durations import parse

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
HOURS = Hours(PLAIN, PLAIN)
ANCHOR = datetime(2026, 1, 31, 7, 0, tzinfo=UTC)
LENGTHS = [
    "P1D",
    "P1W",
    "P2W",
    "P10D",
    "P1M",
    "P2M",
    "P3M",
    "P5M",
    "P6M",
    "P1Y",
    "P2Y",
    "PT4H",
    "P3BD",
    "P1M15D",
]


def periods(length, zone=SHANGHAI):
    return Periods(parse(length), zone=zone, anchor=ANCHOR, hours=HOURS)


@given(
    st.sampled_from(LENGTHS),
    st.sampled_from([SHANGHAI, BERLIN]),
    st.integers(0, 900 * 86_400).map(lambda s: ANCHOR + timedelta(seconds=s)),
)
def test_every_moment_lies_in_one_period_and_they_follow_without_a_gap(length, zone, moment):
    these = periods(length, zone)
    one = these.at(moment)
    assert one.start <= moment < one.end
    assert these.at(one.start) == one and these.at(one.end - timedelta(microseconds=1)) == one
    assert these.at(one.end).start == one.end and these.at(one.end).name != one.name


@pytest.mark.parametrize(
    ("length", "moment", "start", "end"),
    [
        ("P1D", "2026-11-22T23:59", "2026-11-22", "2026-11-23"),
        ("P1W", "2026-11-22T12:00", "2026-11-16", "2026-11-23"),
        ("P1M", "2026-11-22T12:00", "2026-11-01", "2026-12-01"),
        ("P3M", "2026-11-22T12:00", "2026-10-01", "2027-01-01"),
        ("P6M", "2026-11-22T12:00", "2026-07-01", "2027-01-01"),
        ("P1Y", "2026-11-22T12:00", "2026-01-01", "2027-01-01"),
        ("P2W", "2026-02-20T12:00", "2026-02-14", "2026-02-28"),
        ("P5M", "2026-07-01T12:00", "2026-06-30", "2026-11-30"),
    ],
)
def test_they_lie_as_on_the_wall_calendar(length, moment, start, end):
    one = periods(length).at(datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI))
    assert [
        one.start.astimezone(SHANGHAI).date().isoformat(),
        one.end.astimezone(SHANGHAI).date().isoformat(),
    ] == [
        start,
        end,
    ]


def test_a_day_of_changed_clocks_is_a_day():
    one = periods("P1D", BERLIN).at(datetime(2026, 3, 29, 12, tzinfo=UTC))
    assert one.end - one.start == timedelta(hours=23)


def test_between_gives_each_once():
    found = list(periods("P1M").between(ANCHOR, ANCHOR + timedelta(days=100)))
    assert [p.name for p in found] == ["20260101", "20260201", "20260301", "20260401", "20260501"]
