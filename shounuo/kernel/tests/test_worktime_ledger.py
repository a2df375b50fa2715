"""The ledger tells interval by interval what counted, what did not, and why."""

from datetime import date, timedelta

from shounuo.kernel import worktime
from shounuo.kernel.durations import parse
from shounuo.kernel.tests.worktime_office import AUTUMN, at, office, told
from shounuo.kernel.worktime import DayRule


def test_the_ledger_tells_interval_by_interval_what_counted_and_why_not():
    calendar = office(days=AUTUMN, published=frozenset({2026}))
    ledger = worktime.explain_add(calendar, at("09-29 15:00"), parse("PT12H"))
    assert told(ledger) == [
        "09-29 15:00 09-29 17:30 9000 working",
        "09-29 17:30 09-30 08:30 0 closed",
        "09-30 08:30 09-30 12:00 12600 working",
        "09-30 12:00 09-30 13:30 0 closed",
        "09-30 13:30 09-30 17:30 14400 working",
        "09-30 17:30 10-01 00:00 0 closed",
        "10-01 00:00 10-08 00:00 0 holiday 国庆节",
        "10-08 00:00 10-08 08:30 0 closed",
        "10-08 08:30 10-08 10:30 7200 working",
    ]
    assert ledger.counted == 12 * 3600
    assert ledger.end == at("10-08 10:30")
    assert not ledger.provisional


def test_the_ledger_names_weekends_and_make_up_days():
    ledger = worktime.explain(office(days=AUTUMN), at("10-09 17:00"), at("10-12 09:00"))
    assert told(ledger) == [
        "10-09 17:00 10-09 17:30 1800 working",
        "10-09 17:30 10-10 08:30 0 closed",
        "10-10 08:30 10-10 12:00 12600 workday 国庆节",
        "10-10 12:00 10-10 13:30 0 closed",
        "10-10 13:30 10-10 17:30 14400 workday 国庆节",
        "10-10 17:30 10-11 00:00 0 closed",
        "10-11 00:00 10-12 00:00 0 rest",
        "10-12 00:00 10-12 08:30 0 closed",
        "10-12 08:30 10-12 09:00 1800 working",
    ]


def test_the_ledger_of_business_days_goes_day_by_day_with_numbers():
    ledger = worktime.explain_add(office(days=AUTUMN), at("09-27 10:00"), parse("P4BD"))
    assert told(ledger) == [
        "09-27 10:00 09-28 00:00 0 holiday 中秋",
        "09-28 00:00 09-29 00:00 27000 working",
        "09-29 00:00 09-30 00:00 27000 working",
        "09-30 00:00 10-01 00:00 27000 working",
        "10-01 00:00 10-08 00:00 0 holiday 国庆节",
        "10-08 00:00 10-09 00:00 27000 working",
        "10-09 00:00 10-09 08:30 0 working",
    ]
    assert [line.business_day for line in ledger] == [None, 0, 1, 2, None, 3, 4]


def test_the_ledger_of_calendar_days_is_one_stretch():
    ledger = worktime.explain_add(office(days=AUTUMN), at("09-27 10:00"), parse("P7D"))
    assert told(ledger) == ["09-27 10:00 10-04 10:00 604800 natural"]


def test_the_ledger_shows_pauses():
    calendar = office(days=AUTUMN)
    paused = [(at("09-28 11:00"), at("09-28 14:00"))]
    ledger = worktime.explain_add(calendar, at("09-28 10:00"), parse("PT2H"), paused=paused)
    assert told(ledger) == [
        "09-28 10:00 09-28 11:00 3600 working",
        "09-28 11:00 09-28 14:00 0 paused",
        "09-28 14:00 09-28 15:00 3600 working",
    ]
    days = worktime.explain_add(calendar, at("09-28 10:00"), parse("P1BD"), paused=paused)
    assert told(days) == [
        "09-28 10:00 09-28 11:00 3600 working",
        "09-28 11:00 09-28 14:00 0 paused",
        "09-28 14:00 09-29 00:00 12600 working",
        "09-29 00:00 09-29 11:30 10800 working",
    ]
    assert [line.business_day for line in days] == [0, None, None, None]


def test_nothing_is_told_of_no_time():
    calendar = office()
    assert len(worktime.explain(calendar, at("09-28 10:00"), at("09-28 10:00"))) == 0
    assert len(worktime.explain(calendar, at("09-28 10:00"), at("09-27 10:00"))) == 0
    assert len(worktime.explain_add(calendar, at("09-28 10:00"), parse("PT0S"))) == 0


def test_rounding_never_loses_a_second_between_the_lines():
    calendar = office()
    start = at("09-28 11:59") + timedelta(microseconds=400_000)
    ledger = worktime.explain_add(calendar, start, 3600)
    assert ledger.counted == 3600
    assert [line.counted for line in ledger if line.counted] == [59, 3541]


def test_days_of_years_not_yet_published_are_provisional():
    calendar = office(
        days=AUTUMN | {date(2027, 2, 8): DayRule("holiday", "厂休")}, published=frozenset({2026})
    )
    assert not calendar.day(date(2026, 10, 1)).provisional
    assert not calendar.day(date(2026, 12, 27)).provisional
    assert calendar.day(date(2026, 12, 28)).provisional  # the New Year's holiday may reach back
    assert calendar.day(date(2027, 2, 10)).provisional
    assert not calendar.day(date(2027, 2, 8)).provisional  # set by hand
    ledger = worktime.explain_add(calendar, at("12-25 17:00"), parse("P2BD"))
    assert [line.provisional for line in ledger] == [False, False, True, True]
    assert ledger.provisional
    assert not office(days=AUTUMN).day(date(2027, 2, 10)).provisional
