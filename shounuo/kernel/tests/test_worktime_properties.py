"""Work-time arithmetic agrees with a walk over every minute: any week, any exceptions, clocks that change."""

import os
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shounuo.kernel import worktime
from shounuo.kernel.durations import Span
from shounuo.kernel.tests.worktime_walk import WINDOWS, Walk
from shounuo.kernel.worktime import CalendarSpec, DayRule, Hours

DAY = 1440
# enough to catch a slip in each run; SHOUNUO_EXAMPLES=2000 searches for an hour
examples = settings(max_examples=int(os.environ.get("SHOUNUO_EXAMPLES", "25")), deadline=None)


@st.composite
def intervals(draw, until=DAY):
    """Intervals of one day in order, some touching each other, none past `until`."""
    if draw(st.booleans()) and draw(st.booleans()):
        return ((0, DAY),) if until == DAY else ()
    cuts = sorted(draw(st.sets(st.integers(0, until // 15).map(lambda n: n * 15), max_size=6)))
    if draw(st.booleans()):
        return tuple(zip(cuts[::2], cuts[1::2], strict=False))
    return tuple(pairwise(cuts))[:3]


@st.composite
def weeks(draw):
    """A week: often a few weekdays only, sometimes with nights."""
    open_days = draw(st.sets(st.integers(0, 6), min_size=1))
    week = [draw(intervals()) if n in open_days else () for n in range(7)]
    for n in range(7):
        morning = week[(n + 1) % 7][0][0] if week[(n + 1) % 7] else 12 * 60
        if week[n] and morning and draw(st.booleans()):
            start = week[n][-1][0]
            end = DAY + draw(st.integers(1, morning // 15 or 1)) * 15
            if start > 0 and end - start < DAY and end - DAY <= morning:
                week[n] = (*week[n][:-1], (start, end))
    assume(any(week))
    return tuple(week)


@st.composite
def cases(draw):
    window = draw(st.sampled_from(WINDOWS))
    week = draw(weeks())
    rules = {}
    for offset in draw(st.sets(st.integers(0, window[2]), max_size=6)):
        day = window[1] + timedelta(days=offset)
        kind = draw(st.sampled_from(["holiday", "workday", "custom", "like", "night"]))
        if kind == "holiday":
            rules[day] = ("holiday", None, None)
        elif kind == "like":
            rules[day] = ("workday", None, draw(st.integers(0, 6)))
        elif kind == "night":
            rules[day] = ("custom", ((20 * 60, 20 * 60 + draw(st.integers(1, 1439))),), None)
        else:
            rules[day] = (kind, draw(intervals()) if kind == "custom" else None, None)
    return window, week, rules


def built(case):
    """The calendar under test, and the walk."""
    window, week, rules = case

    def hours(day):
        kind, own, like = rules.get(day, (None, None, None))
        if kind is None:
            return week[day.weekday()]
        if kind == "holiday":
            return ()
        if own is not None:
            return own
        return week[like] if like is not None else next(h for h in week if h)

    def as_hours(pairs):
        return tuple(Hours(*pair) for pair in pairs)

    spec = CalendarSpec(
        ZoneInfo(window[0]),
        tuple(as_hours(h) for h in week),
        {
            day: DayRule(kind, "x", hours=None if own is None else as_hours(own), like=like)
            for day, (kind, own, like) in rules.items()
        },
    )
    return worktime.compile(spec, window[1].year, window[1].year), Walk(window, hours)


minutes = st.integers(0, 24 * DAY)


@examples
@given(cases(), minutes, minutes)
def test_working_time_between_two_moments_is_what_a_walk_counts(case, one, other):
    calendar, walk = built(case)
    low, high = sorted((one, other))
    assert calendar.between(walk.moment(low), walk.moment(high)) == walk.between(low, high)
    assert calendar.between(walk.moment(high), walk.moment(low)) == -walk.between(low, high)
    assert calendar.is_open(walk.moment(low % walk.size)) == walk.is_open(low % walk.size)


@examples
@given(cases(), minutes, st.integers(0, 5 * DAY))
def test_adding_working_time_ends_where_a_walk_ends(case, start, length):
    calendar, walk = built(case)
    end = walk.add(start, length)
    assume(end is not None)
    assert calendar.add(walk.moment(start), length * 60) == walk.moment(end)
    opening = walk.next_open(start)
    if opening is not None:
        assert calendar.next_open(walk.moment(start)) == walk.moment(opening)


@examples
@given(cases(), minutes, st.integers(0, 4))
def test_business_days_end_where_a_walk_ends(case, start, days):
    calendar, walk = built(case)
    end = walk.add_business_days(start, days)
    assume(end is not None)
    assert calendar.add_business_days(walk.moment(start), days) == walk.moment(end)


lengths = st.timedeltas(timedelta(0), timedelta(hours=60))  # years, on a week with a quarter of an hour
offsets = st.timedeltas(timedelta(0), timedelta(days=24))


@examples
@given(cases(), offsets, lengths)
def test_time_elapsed_until_the_end_is_the_time_added(case, offset, length):
    calendar, walk = built(case)
    start = walk.start + offset
    assert calendar.worked(start, calendar.add(start, length)) == length


@examples
@given(cases(), offsets, offsets, lengths, lengths)
def test_no_later_start_and_no_longer_time_ends_earlier(case, one, other, shorter, longer):
    calendar, walk = built(case)
    early, late = sorted((walk.start + one, walk.start + other))
    short, long_ = sorted((shorter, longer))
    assert calendar.add(early, short) <= calendar.add(early, long_)
    assert calendar.add(early, short) <= calendar.add(late, short)
    assert calendar.add(early, short) >= early


spans = st.builds(
    Span,
    months=st.integers(0, 3),
    days=st.integers(0, 10),
    business_days=st.integers(0, 6),
    seconds=st.integers(0, 10**5),
    business_seconds=st.integers(0, 10**5),
)


@examples
@given(cases(), offsets, offsets, spans)
def test_a_later_start_of_any_span_never_ends_earlier(case, one, other, span):
    calendar, walk = built(case)
    early, late = sorted((walk.start + one, walk.start + other))
    assert early <= calendar.add_span(early, span) <= calendar.add_span(late, span)


pauses = st.lists(st.tuples(offsets, offsets), max_size=3)


@examples
@given(cases(), offsets, lengths, pauses)
def test_paused_time_does_not_count_however_the_pauses_lie(case, offset, length, pauses):
    calendar, walk = built(case)
    start = walk.start + offset
    paused = [(walk.start + a, walk.start + b) for a, b in pauses]
    end = calendar.add(start, length, paused=paused)
    assert calendar.worked(start, end, paused=paused) == length
    assert end >= calendar.add(start, length)
    # moving the end pause by pause, as a running clock does, comes to the same
    moved = calendar.add(start, length)
    for low, high in joined_pauses(paused, start):
        if low < moved:
            moved = calendar.postpone(moved, max(low, start), high, Span(seconds=1))
    assert moved == end


def joined_pauses(paused, start):
    """Pauses in order and joined, from `start` on."""
    joined = []
    for low, high in sorted((max(a, start), b) for a, b in paused):
        if high <= low:
            continue
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return joined


@examples
@given(cases(), offsets, offsets, pauses)
def test_the_lines_of_a_ledger_have_no_gap_and_add_up(case, one, other, pauses):
    calendar, walk = built(case)
    start, end = sorted((walk.start + one, walk.start + other))
    paused = [(walk.start + a, walk.start + b) for a, b in pauses]
    ledger = worktime.explain(calendar, start, end, paused=paused)
    assert ledger.counted == calendar.between(start, end, paused=paused)
    check_lines(ledger, start, end)


@examples
@given(cases(), offsets, spans, pauses)
def test_the_ledger_of_any_span_ends_where_the_span_ends(case, offset, span, pauses):
    calendar, walk = built(case)
    start = walk.start + offset
    paused = [(walk.start + a, walk.start + b) for a, b in pauses]
    ledger = worktime.explain_add(calendar, start, span, paused=paused)
    check_lines(ledger, start, calendar.add_span(start, span, paused=paused))
    numbers = [line.business_day for line in ledger if line.business_day is not None]
    assert numbers == sorted(numbers)
    if span.business_days and not paused:
        # a last day of which nothing passes (due as it opens at midnight) has no line
        assert numbers[0] == 0 and span.business_days - numbers[-1] in (0, 1)


def check_lines(ledger, start, end):
    assert (ledger.start, ledger.end) == (start, end)
    at = start
    for line in ledger:
        assert line.start == at < line.end
        assert line.counted >= 0
        at = line.end
    assert at == end


@examples
@given(
    st.sampled_from(WINDOWS),
    st.integers(0, 6),
    st.integers(0, 95),
    st.integers(1, 95),
    minutes,
    st.integers(1, 600),
)
def test_a_week_with_a_single_day_or_night_counts_right(window, weekday, quarter, length, start, add):
    week = [()] * 7
    week[weekday] = ((quarter * 15, (quarter + length) * 15),)
    calendar, walk = built((window, tuple(week), {}))
    end = walk.add(start, add)
    assume(end is not None)
    assert calendar.add(walk.moment(start), add * 60) == walk.moment(end)
    assert calendar.between(walk.moment(0), walk.moment(start)) == walk.between(0, start)


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: f"{window[0]} {window[1]:%Y-%m}")
def test_around_the_clock_counts_every_second_through_any_change_of_the_clock(window):
    calendar = worktime.compile(CalendarSpec.always(window[0]), window[1].year, window[1].year)
    _calendar, walk = built((window, (((0, DAY),),) * 7, {}))
    for hour in range(0, window[2] * 24, 7):
        start = walk.start + timedelta(hours=hour)
        assert calendar.add(start, 100_000) == start + timedelta(seconds=100_000)
        assert calendar.is_open(start)
    assert len(worktime.explain(calendar, walk.start, walk.start + timedelta(days=window[2]))) == 1


def test_the_table_grows_as_questions_come_from_other_years():
    week = worktime.week_parse({"wed": [["09:00", "10:00"]]})
    grown = worktime.compile(CalendarSpec(ZoneInfo("Europe/London"), week), 2026, 2026)
    whole = worktime.compile(CalendarSpec(ZoneInfo("Europe/London"), week), 2015, 2045)
    for year in (2026, 2030, 2018, 2040, 2022):
        start = june(year)
        assert grown.add(start, 200 * 3600) == whole.add(start, 200 * 3600)
        assert grown.add_business_days(start, 200) == whole.add_business_days(start, 200)
        assert grown.between(june(2017), start) == whole.between(june(2017), start)


def june(year):
    return datetime(year, 6, 5, 12, 0, tzinfo=UTC)


def test_a_night_across_new_year_counts_whichever_year_is_written_out_first():
    week = worktime.week_parse({"thu": [["20:00", "08:00"]]})  # 31 December 2026 is a Thursday
    calendar = worktime.compile(CalendarSpec(ZoneInfo("Asia/Shanghai"), week), 2027, 2027)
    zone = ZoneInfo("Asia/Shanghai")
    assert calendar.is_open(datetime(2027, 1, 1, 7, 59, tzinfo=zone))
    assert not calendar.is_open(datetime(2027, 1, 1, 8, 0, tzinfo=zone))
    assert (
        calendar.between(datetime(2026, 12, 31, 0, 0, tzinfo=zone), datetime(2027, 1, 2, 0, 0, tzinfo=zone))
        == 12 * 3600
    )
    assert calendar.day(date(2027, 1, 1)).kind == "rest"
