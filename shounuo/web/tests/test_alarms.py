"""The calendar of the alarms: what held on several days is one bar."""

from datetime import date, timedelta

from django.utils import translation

from shounuo.risk.models import Alarm, AlarmDay
from shounuo.web.alarms.showing import bars, given_for
from shounuo.web.words import days_span

MONDAY = date(2026, 11, 2)
WEEK = [MONDAY + timedelta(days=n) for n in range(7)]
NAMES = {1: "单日投诉量", 2: "连续三天蓝色预警", 3: "重大投诉"}
LEVELS = {1: "blue", 2: "yellow", 3: "red"}


def held(*days):
    """Days of the week (0 to 6) on which alarms held, as the query tells them."""
    found = {}
    for number, day in days:
        row = AlarmDay(alarm=Alarm(pk=number, level=LEVELS[number]), day=WEEK[day], held=True)
        found.setdefault(WEEK[day], []).append(row)
    return found


def told(*days):
    return [(b["name"], b["start"], b["span"], b["days"]) for b in bars(WEEK, held(*days), NAMES, MONDAY)]


def test_days_on_end_are_one_bar_and_a_gap_begins_another():
    assert told((1, 0), (1, 1), (1, 2), (1, 5), (1, 6)) == [
        ("单日投诉量", 1, 3, "11月2日 – 11月4日"),
        ("单日投诉量", 6, 2, "11月7日 – 11月8日"),
    ]


def test_the_gravest_stands_first_then_what_held_longest():
    assert [row[0] for row in told((1, 0), (1, 1), (2, 0), (2, 1), (2, 2), (3, 4))] == [
        "重大投诉",
        "连续三天蓝色预警",
        "单日投诉量",
    ]


def test_a_week_without_alarms_has_no_bars():
    assert told() == []


def test_a_day_alone_stands_alone_and_the_year_is_said_where_it_is_another():
    assert days_span(MONDAY, MONDAY, MONDAY) == "11月2日"
    assert days_span(MONDAY, date(2026, 11, 8)) == "2026年11月2日 – 11月8日"
    assert days_span(date(2025, 12, 29), date(2026, 1, 4), MONDAY) == "2025年12月29日 – 1月4日"
    assert days_span(date(2026, 12, 28), date(2027, 1, 3)) == "2026年12月28日 – 2027年1月3日"
    with translation.override("en"):
        assert days_span(MONDAY, date(2026, 11, 8)) == "2 Nov – 8 Nov 2026"


def test_a_board_tells_the_figure_that_the_alarm_was_given_for():
    line = {"stands": True, "figure": "23 件", "raised_figure": "21 件"}
    assert given_for(line) == "23 件"
    assert given_for(line | {"stands": False, "figure": "未计"}) == "发出时 21 件"
    assert given_for(line | {"stands": False, "raised_figure": ""}) == ""
