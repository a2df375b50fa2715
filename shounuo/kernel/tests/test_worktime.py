"""What work-time arithmetic promises, case by case."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shounuo.kernel import worktime
from shounuo.kernel.durations import Span, parse
from shounuo.kernel.tests.worktime_office import AUTUMN, MON_TO_FRI, OFFICE, at, office
from shounuo.kernel.worktime import (
    BadHours,
    BadZone,
    BeyondHorizon,
    CalendarSpec,
    DayRule,
    Hours,
    NoWorkingTime,
    hours_json,
    hours_parse,
    week_json,
    week_parse,
    zone_of,
)

# working hours


@pytest.mark.parametrize(
    ("start", "length", "due"),
    [
        ("09-28 08:30", "PT30M", "09-28 09:00"),
        ("09-28 11:45", "PT30M", "09-28 13:45"),  # over lunch
        ("09-28 12:30", "PT30M", "09-28 14:00"),  # in the lunch break
        ("09-28 11:30", "PT30M", "09-28 12:00"),  # runs out as the doors close: due then, not after lunch
        ("09-28 17:15", "PT30M", "09-29 08:45"),
        ("09-28 03:00", "PT30M", "09-28 09:00"),
        ("09-26 10:00", "PT30M", "09-28 09:00"),  # holiday weekend
        ("09-30 17:00", "PT1H", "10-08 09:00"),  # over National Day
        ("10-09 17:00", "PT1H", "10-10 09:00"),  # into the make-up Saturday
        ("10-10 17:00", "PT1H", "10-12 09:00"),
        ("09-28 09:00", "PT24H", "10-08 10:30"),  # 24 working hours: 28, 29, 30 September, 8 October
        ("09-28 09:00", "PT0S", "09-28 09:00"),
        ("09-26 09:00", "PT0S", "09-26 09:00"),
        ("09-28 11:45", "PT2BH", "09-28 15:15"),
    ],
)
def test_hours_run_in_opening_hours_only(start, length, due):
    calendar = office(days=AUTUMN)
    assert calendar.add_span(at(start), parse(length)) == at(due)
    assert worktime.explain_add(calendar, at(start), parse(length)).end == at(due)


def test_results_are_utc_and_exact_to_the_microsecond():
    calendar = office()
    start = at("09-28 08:30") + timedelta(microseconds=123_457)
    due = calendar.add(start, 1800)
    assert due.tzinfo is UTC
    assert due == start + timedelta(seconds=1800)
    assert calendar.worked(start, due) == timedelta(seconds=1800)
    assert calendar.between(start, due - timedelta(microseconds=1)) == 1799
    assert calendar.between(due - timedelta(microseconds=1), start) == -1799


def test_opening_times_are_told():
    calendar = office(days=AUTUMN)
    assert calendar.is_open(at("09-28 08:30"))
    assert not calendar.is_open(at("09-28 12:00"))
    assert calendar.next_open(at("09-28 12:00")) == at("09-28 13:30")
    assert calendar.next_open(at("09-28 10:00")) == at("09-28 10:00")
    assert calendar.next_open(at("09-30 18:00")) == at("10-08 08:30")


def test_a_night_belongs_to_the_day_on_which_it_began():
    nights = {day: [["22:00", "06:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    calendar = office(nights, {date(2026, 9, 30): DayRule("holiday", "厂休")})
    assert calendar.is_open(at("09-30 05:59"))  # Tuesday's night, on Wednesday's holiday
    assert not calendar.is_open(at("09-30 22:00"))
    assert not calendar.is_open(at("10-01 05:00"))
    assert calendar.add(at("09-29 22:00"), 9 * 3600) == at("10-01 23:00")
    assert calendar.is_open(at("10-03 05:59"))  # Friday's night ends on Saturday


def test_a_night_that_runs_into_the_next_days_hours_counts_once():
    days = {date(2026, 9, 28): DayRule("custom", "盘点", hours=(Hours(20 * 60, 34 * 60),))}  # 20:00 - 10:00
    calendar = office(days=days)
    assert calendar.between(at("09-28 20:00"), at("09-29 12:00")) == 16 * 3600
    assert [line.reason for line in worktime.explain(calendar, at("09-28 20:00"), at("09-29 12:00"))] == [
        "custom",
        "working",
    ]


def test_holidays_lengthen_a_limit_and_never_shorten_it():
    five_days = Span(business_days=5)
    plain, holidays = office(), office(days=AUTUMN)
    start = at("09-24 10:00")
    assert plain.add_span(start, five_days) == at("10-01 10:00")
    assert holidays.add_span(start, five_days) == at("10-09 10:00")


# business days


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("09-28 10:00", 1, "09-29 10:00"),
        ("09-28 10:00", 3, "10-08 10:00"),  # 29, 30, then 8 October
        ("09-29 15:00", 3, "10-09 15:00"),
        ("09-30 10:00", 3, "10-10 10:00"),  # the make-up Saturday counts
        ("10-09 17:29", 1, "10-10 17:29"),
        ("10-10 10:00", 1, "10-12 10:00"),
        ("09-28 08:30", 1, "09-29 08:30"),
        ("09-28 07:00", 1, "09-29 08:30"),  # before opening: from the opening
        ("09-28 12:30", 1, "09-29 13:30"),  # in the lunch break: from its end
        ("09-28 17:30", 1, "09-30 08:30"),  # closed: from the next morning
        ("09-26 10:00", 1, "09-29 08:30"),  # holiday: from Monday morning
        ("09-26 10:00", 3, "10-08 08:30"),
        ("09-28 10:00", 0, "09-28 10:00"),
        ("09-27 10:00", 0, "09-28 08:30"),
    ],
)
def test_business_days_end_at_the_same_time_of_day_counted_from_the_next_opening(start, days, due):
    calendar = office(days=AUTUMN)
    assert calendar.add_business_days(at(start), days) == at(due)


@pytest.mark.parametrize(
    ("hours", "start", "due"),
    [
        ([["10:00", "12:00"]], "09-28 09:00", "09-29 10:00"),  # not open yet: its opening
        ([["10:00", "12:00"]], "09-28 11:00", "09-29 11:00"),
        ([["10:00", "12:00"]], "09-28 15:00", "09-29 12:00"),  # closed by then: its closing
        (
            [["09:00", "11:00"], ["15:00", "16:00"]],
            "09-28 14:00",
            "09-29 11:00",
        ),  # in a break: the end before it
        ([["09:00", "11:00"], ["15:00", "16:00"]], "09-28 15:30", "09-29 15:30"),
        ([["20:00", "23:00"]], "09-28 09:00", "09-29 20:00"),
    ],
)
def test_a_time_of_day_outside_the_last_days_hours_is_moved_into_them(hours, start, due):
    special = {date(2026, 9, 29): DayRule("custom", "培训", hours=hours_parse(hours))}
    assert office(days=special).add_business_days(at(start), 1) == at(due)


def test_a_business_day_of_a_night_is_the_night():
    nights = {day: [["22:00", "06:00"]] for day in ("mon", "wed", "fri")}
    calendar = office(nights)
    assert calendar.add_business_days(at("09-28 23:00"), 1) == at("09-30 23:00")
    assert calendar.add_business_days(at("09-29 03:00"), 1) == at("10-01 03:00")  # both in Monday's night
    assert calendar.add_business_days(at("09-29 12:00"), 1) == at("10-02 22:00")


def test_business_days_around_the_clock_are_days():
    always = worktime.compile(CalendarSpec.always("Asia/Shanghai"), 2026, 2026)
    assert always.add_business_days(at("09-30 03:15"), 3) == at("10-03 03:15")


def test_business_parts_run_on_the_business_calendar_and_the_rest_on_its_own():
    always = worktime.compile(CalendarSpec.always("Asia/Shanghai"), 2026, 2026)
    business = office(days=AUTUMN)
    friday = at("10-09 17:00")
    assert always.add_span(friday, parse("PT4H"), business=business) == at("10-09 21:00")
    assert always.add_span(friday, parse("P1BD"), business=business) == at("10-10 17:00")
    assert always.add_span(friday, parse("PT1BH"), business=business) == at("10-10 09:00")
    assert always.add_span(friday, parse("P1BDT4H"), business=business) == at("10-10 21:00")
    ledger = worktime.explain_add(always, friday, parse("P1BDT4H"), business=business)
    assert ledger.end == at("10-10 21:00")
    assert [line.reason for line in ledger] == ["working", "workday", "working"]


# the wall calendar


@pytest.mark.parametrize(
    ("start", "length", "due"),
    [
        ("09-26 03:00", "P7D", "10-03 03:00"),  # opening hours play no part
        ("01-31 10:00", "P1M", "02-28 10:00"),
        ("2024-01-31 10:00", "P1M", "2024-02-29 10:00"),
        ("2024-02-29 10:00", "P1Y", "2025-02-28 10:00"),
        ("11-30 10:00", "P3M", "2027-02-28 10:00"),
        ("08-31 23:59", "P6M", "2027-02-28 23:59"),
        ("01-31 10:00", "P1M1D", "03-01 10:00"),
    ],
)
def test_days_and_months_follow_the_wall_calendar(start, length, due):
    assert office(days=AUTUMN).add_span(at(start), parse(length)) == at(due)


# clocks that change


def test_hours_keep_to_the_wall_clock_when_it_changes():
    new_york = ZoneInfo("America/New_York")
    calendar = office({"sun": [["01:00", "04:00"]], "mon": [["01:00", "04:00"]]}, zone="America/New_York")
    # 8 March 2026: 02:00-03:00 does not exist
    assert calendar.between(at("03-08 00:00", new_york), at("03-09 00:00", new_york)) == 2 * 3600
    assert calendar.add(at("03-08 01:00", new_york), 3600) == datetime(2026, 3, 8, 7, 0, tzinfo=UTC)
    # 1 November 2026: 01:00-02:00 is lived through twice
    assert calendar.between(at("11-01 00:00", new_york), at("11-02 00:00", new_york)) == 4 * 3600
    assert calendar.add_business_days(at("03-08 01:30", new_york), 1) == at("03-09 01:30", new_york)
    assert calendar.add_business_days(at("03-01 02:30", new_york), 2) == datetime(
        2026, 3, 8, 7, 0, tzinfo=UTC
    )
    assert calendar.add_days(at("03-07 02:30", new_york), 1) == datetime(2026, 3, 8, 7, 0, tzinfo=UTC)
    assert calendar.add_days(at("03-07 12:00", new_york), 1) == at("03-08 12:00", new_york)


def test_a_day_that_the_zone_left_out_is_no_working_day():
    apia = ZoneInfo("Pacific/Apia")  # went from 29 to 31 December 2011
    calendar = office(zone="Pacific/Apia")
    assert calendar.add_business_days(at("2011-12-29 10:00", apia), 1) == at("2012-01-02 10:00", apia)
    assert calendar.add_days(at("2011-12-29 10:00", apia), 1) == at("2011-12-31 00:00", apia)


# what cannot be counted


@pytest.mark.parametrize(
    "ask",
    [
        lambda calendar, t: calendar.add(t, 1),
        lambda calendar, t: calendar.next_open(t),
        lambda calendar, t: calendar.add_business_days(t, 1),
        lambda calendar, t: calendar.add_span(t, parse("P1BD")),
        lambda calendar, t: worktime.explain_add(calendar, t, 60),
    ],
)
def test_a_calendar_without_open_days_says_so_and_does_not_loop(ask):
    empty = office({"mon": []}, code="night")
    with pytest.raises(NoWorkingTime, match=r"日历“night”没有工作时间，无法计时"):
        ask(empty, at("09-28 10:00"))
    assert empty.between(at("09-28 10:00"), at("12-28 10:00")) == 0
    assert not empty.is_open(at("09-28 10:00"))


def test_a_calendar_with_single_open_dates_counts_on_them_and_then_says_that_none_is_left():
    days = {date(2027, 5, 4): DayRule("custom", "展会", hours=(Hours(540, 600),))}
    calendar = office({"mon": []}, days)
    assert calendar.add(at("09-28 10:00"), 3600) == at("2027-05-04 10:00")
    with pytest.raises(NoWorkingTime):
        calendar.add(at("09-28 10:00"), 3601)


def test_a_make_up_day_of_a_calendar_without_hours_has_none():
    with pytest.raises(NoWorkingTime):
        office({"mon": []}, {date(2026, 10, 10): DayRule("workday", "x")}).next_open(at("09-28 10:00"))


def test_a_count_beyond_a_hundred_years_is_refused():
    sparse = office({"wed": [["09:00", "09:15"]]})
    with pytest.raises(BeyondHorizon, match=r"时间超出可计算的范围（100 年）"):
        sparse.add(at("09-28 10:00"), 55 * 86_400)
    with pytest.raises(BeyondHorizon):
        sparse.add_months(at("09-28 10:00"), 1201)
    with pytest.raises(BeyondHorizon):
        sparse.is_open(datetime(1850, 1, 1, tzinfo=UTC))
    with pytest.raises(BeyondHorizon):
        sparse.between(at("09-28 10:00"), datetime(9999, 12, 31, tzinfo=UTC))


def test_a_moment_without_zone_or_a_negative_length_is_a_fault():
    calendar = office()
    with pytest.raises(ValueError, match="aware datetime"):
        calendar.add(datetime(2026, 9, 28, 10, 0), 60)
    with pytest.raises(ValueError, match="forward"):
        calendar.add(at("09-28 10:00"), -1)
    with pytest.raises(ValueError, match="forward"):
        calendar.add_business_days(at("09-28 10:00"), -1)


# pauses


def test_a_paused_clock_ends_later_by_the_working_time_of_the_pause():
    calendar = office(days=AUTUMN)
    start = at("09-28 09:00")
    assert calendar.add(start, 4 * 3600) == at("09-28 14:30")
    # paused over night: only the working time in it moves the end
    paused = [(at("09-28 11:00"), at("09-29 09:00"))]
    assert calendar.add(start, 4 * 3600, paused=paused) == at("09-29 11:00")
    assert calendar.postpone(at("09-28 14:30"), *paused[0], parse("PT4H")) == at("09-29 11:00")
    # paused outside of working hours: nothing moves
    assert calendar.add(start, 4 * 3600, paused=[(at("09-28 12:10"), at("09-28 13:20"))]) == at("09-28 14:30")
    # a pause after the end does not matter
    assert calendar.add(start, 4 * 3600, paused=[(at("09-28 14:30"), at("09-30 10:00"))]) == at("09-28 14:30")


def test_a_pause_moves_business_days_by_working_time_and_calendar_days_by_plain_time():
    calendar = office(days=AUTUMN)
    pause = (at("09-29 10:00"), at("09-30 10:00"))
    assert calendar.add_span(at("09-28 10:00"), parse("P2BD"), paused=[pause]) == at("10-08 10:00")
    assert calendar.add_span(at("09-28 10:00"), parse("P2D"), paused=[pause]) == at("10-01 10:00")
    assert calendar.postpone(at("09-28 10:00"), *pause, parse("P2D")) == at("09-28 10:00")


# days


def test_a_day_tells_its_kind_hours_and_name():
    days = AUTUMN | {
        date(2026, 9, 29): DayRule("custom", "盘点", hours=()),
        date(2026, 10, 11): DayRule("workday", "加班", hours=hours_parse([["09:00", "12:00"]])),
        date(2026, 10, 17): DayRule("workday", "加班", like=4),
    }
    week = {**MON_TO_FRI, "fri": [["08:30", "12:00"]]}
    calendar = office(week, days)

    def seen(*day):
        found = calendar.day(date(2026, *day))
        return found.kind, hours_json(found.hours), found.name, found.source

    assert seen(9, 28) == ("working", OFFICE, "", "weekly")
    assert seen(9, 19) == ("rest", [], "", "weekly")
    assert seen(10, 1) == ("holiday", [], "国庆节", "statutory")
    assert seen(10, 10) == ("workday", OFFICE, "国庆节", "statutory")  # as on a Monday
    assert seen(9, 29) == ("custom", [], "盘点", "own")
    assert seen(10, 11) == ("workday", [["09:00", "12:00"]], "加班", "own")
    assert seen(10, 17) == ("workday", [["08:30", "12:00"]], "加班", "own")  # as on a Friday
    assert calendar.day_bounds(date(2026, 9, 28)) == (at("09-28 00:00"), at("09-29 00:00"))
    assert calendar.date_of(datetime(2026, 9, 28, 16, 0, tzinfo=UTC)) == date(2026, 9, 29)


# reading and checking


def test_a_week_is_read_and_written_back():
    stored = {
        **{day: [] for day in worktime.WEEKDAYS},
        "mon": OFFICE,
        "sat": [["22:00", "06:00"]],
        "tue": [["00:00", "24:00"]],
    }
    assert week_json(week_parse(stored)) == stored
    assert hours_parse([["13:30", "17:30"], ["08:30", "12:00"]]) == (Hours(510, 720), Hours(810, 1050))
    assert hours_parse([["20:00", "00:00"]]) == (Hours(1200, 1440),)
    assert hours_parse([["22:00", "06:00"]])[0].overnight


@pytest.mark.parametrize(
    ("week", "why"),
    [
        ({"mon": [["8:30", "12:00"]]}, "星期一：“8:30”不是时间；应为 00:00 到 24:00"),
        ({"mon": [["08:30", "12:60"]]}, "星期一：“12:60”不是时间；应为 00:00 到 24:00"),
        ({"mon": [["08:30", "24:01"]]}, "星期一：“24:01”不是时间；应为 00:00 到 24:00"),
        ({"mon": [["24:00", "06:00"]]}, "星期一：开始时间不能是 24:00"),
        ({"mon": [["08:00", "08:00"]]}, "星期一：08:00-08:00 开始与结束相同；全天请写 00:00-24:00"),
        ({"tue": [["08:00", "12:00"], ["11:00", "13:00"]]}, "星期二：时段 08:00-12:00 与 11:00-13:00 重叠"),
        (
            {"sun": [["22:00", "06:00"]], "mon": [["05:00", "09:00"]]},
            "星期日：时段 22:00-06:00 与次日的 05:00-09:00 重叠",
        ),
        ({"mon": "08:00-12:00"}, '星期一：应为时段列表，例如 [["08:30", "12:00"]]'),
        ({"mon": ["08:00-12:00"]}, '星期一：时段应为开始与结束两个时间，例如 ["08:30", "12:00"]'),
        ({"mon": [["08:00"]]}, '星期一：时段应为开始与结束两个时间，例如 ["08:30", "12:00"]'),
        ({"mon": [[8, 12]]}, '星期一：时段应为开始与结束两个时间，例如 ["08:30", "12:00"]'),
        ({"mo": []}, "没有星期“mo”；可用 mon, tue, wed, thu, fri, sat, sun"),
        ([], "每周时段应按 mon 到 sun 给出"),
    ],
)
def test_bad_hours_are_refused_with_the_exact_reason(week, why):
    with pytest.raises(BadHours) as refused:
        week_parse(week)
    assert str(refused.value) == why


@pytest.mark.parametrize("zone", ["Asia/Peking", "", "Asia", "../etc/passwd", "Asia/Shanghai\x00"])
def test_an_unknown_zone_is_refused(zone):
    with pytest.raises(BadZone):
        zone_of(zone)


@pytest.mark.parametrize(
    ("start", "end"), [(1440, 1500), (600, 600), (600, 500), (600, 2040), (-1, 5), (0, 1441)]
)
def test_an_interval_is_within_a_day_and_a_night(start, end):
    with pytest.raises(ValueError, match="no interval"):
        Hours(start, end)


# speed


def test_adding_over_a_year_is_one_search():
    """The promise is under 50 us; the test allows for a machine busy with other things."""
    from timeit import repeat

    calendar = office(days=AUTUMN)
    start = at("01-05 09:00")
    calendar.add(start, 1800 * 3600)  # the years are written out
    best = min(repeat(lambda: calendar.add(start, 1800 * 3600), number=200, repeat=5)) / 200
    assert best < 50e-6
