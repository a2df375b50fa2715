"""Reading calendars: compiled once, never stale after a change, and seen year by year."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from shounuo.calendars import queries, services
from shounuo.calendars.models import Calendar
from shounuo.calendars.rules import BadYear, YearDay
from shounuo.calendars.testing import AT, make_calendar, make_defaults
from shounuo.events import subjects
from shounuo.kernel.actors import Actor
from shounuo.kernel.durations import parse

BY = {"actor": Actor.system(), "at": AT}
START = datetime(2026, 9, 30, 15, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
SHORT = {"wed": [["15:00", "15:30"]]}


@pytest.mark.django_db
def test_the_calendars_of_every_installation_count():
    make_defaults()
    assert queries.compiled("always").add_span(START, parse("PT4H")) == START + timedelta(hours=4)
    assert queries.compiled("business").add_span(START, parse("P3BD")) == START + timedelta(days=10)
    assert queries.exists("business") and not queries.exists("none")


@pytest.mark.django_db
def test_an_unknown_code_is_a_named_problem():
    with pytest.raises(queries.CalendarNotFound, match="没有日历“none”"):
        queries.compiled("none")
    with pytest.raises(queries.CalendarNotFound):
        queries.calendar_of("none")


@pytest.mark.django_db
def test_a_calendar_without_extra_days_never_counts_for_ever():
    """`always` and every business calendar have hours in each week: no count can run into nothing."""
    make_defaults()
    for calendar in Calendar.objects.all():
        assert queries.compiled(calendar.code).spec.has_weekly_hours


@pytest.mark.django_db(transaction=True)
def test_a_compiled_calendar_is_kept_and_not_asked_for_again(django_assert_num_queries, monkeypatch):
    make_calendar()
    with django_assert_num_queries(3):  # is there one; it; its days
        first = queries.compiled("office")
    with django_assert_num_queries(0):
        assert queries.compiled("office") is first
    monkeypatch.setattr(queries, "TRUST_SECONDS", 0)
    with django_assert_num_queries(1):
        assert queries.compiled("office") is first


@pytest.mark.django_db(transaction=True)
def test_a_change_is_seen_at_once_where_it_was_made():
    make_calendar()
    before = queries.compiled("office")
    services.calendar_change_hours(code="office", weekly=SHORT, **BY)
    after = queries.compiled("office")
    assert before.add(START, 3600) == START + timedelta(hours=1)
    assert after.add(START, 3600) == START + timedelta(days=7, minutes=30)


@pytest.mark.django_db(transaction=True)
def test_a_change_made_by_another_process_is_seen_when_the_trust_has_run_out(monkeypatch):
    calendar = make_calendar()
    before = queries.compiled("office")
    # another process: same rows, but this one is not told
    Calendar.objects.filter(pk=calendar.pk).update(weekly=SHORT, version=2)
    assert queries.compiled("office") is before
    monkeypatch.setattr(queries, "TRUST_SECONDS", 0)
    assert queries.compiled("office").add(START, 3600) == START + timedelta(days=7, minutes=30)


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_rolled_back_leaves_no_trace():
    make_calendar()
    with pytest.raises(RuntimeError), transaction.atomic():
        services.calendar_change_hours(code="office", weekly=SHORT, **BY)
        # the transaction itself sees its change
        assert queries.compiled("office").add(START, 3600) == START + timedelta(days=7, minutes=30)
        raise RuntimeError
    assert queries.compiled("office").add(START, 3600) == START + timedelta(hours=1)
    # the next version has the same number and other hours
    services.calendar_change_hours(code="office", weekly={"wed": [["15:00", "15:15"]]}, **BY)
    assert queries.compiled("office").add(START, 1800) == START + timedelta(days=7, minutes=15)


@pytest.mark.django_db
def test_a_year_is_seen_day_by_day():
    make_defaults()
    view = queries.year_view(queries.calendar_of("business"), 2026)
    assert (len(view.days), view.working_days, view.provisional) == (365, 248, False)
    seen = {day.date: day for day in view.days}
    assert (seen[date(2026, 10, 1)].kind, seen[date(2026, 10, 1)].name) == ("holiday", "国庆节")
    assert (seen[date(2026, 10, 10)].kind, len(seen[date(2026, 10, 10)].hours)) == ("workday", 2)
    assert seen[date(2026, 12, 30)].provisional  # until 2027 is published
    following = queries.year_view(queries.calendar_of("business"), 2027)
    assert following.provisional and all(day.provisional for day in following.days)
    assert not queries.year_view(queries.calendar_of("always"), 2027).provisional
    with pytest.raises(BadYear):
        queries.year_view(queries.calendar_of("business"), 1999)


@pytest.mark.django_db
def test_administrators_are_told_of_years_that_are_missing():
    make_defaults()
    assert queries.missing_years(date(2026, 11, 30)) == []
    assert [(c.code, year) for c, year in queries.missing_years(date(2026, 12, 1))] == [("business", 2027)]
    assert [(c.code, year) for c, year in queries.missing_years(date(2027, 3, 1))] == [("business", 2027)]
    services.year_import(
        code="business", year=2027, days=[YearDay(date(2027, 1, 1), "holiday", "元旦")], **BY
    )
    assert queries.missing_years(date(2027, 3, 1)) == []


@pytest.mark.django_db
def test_all_staff_see_all_calendars_and_nobody_else_any():
    make_defaults()
    assert queries.visible_to(Actor.person(5)).count() == 2
    assert queries.visible_to(Actor.customer(5)).count() == 0
    subject = subjects.get("calendar")
    ids = list(Calendar.objects.values_list("id", flat=True))
    assert subject.visible_ids(Actor.person(5), ids) == set(ids)
    assert subject.visible_ids(Actor.customer(5), ids) == set()
    assert sorted(subject.label(ids).values()) == ["全天候", "工作时间"]
    assert {facts["code"] for facts in subject.facts(ids).values()} == {"always", "business"}


@pytest.mark.django_db
def test_reading_a_calendar_costs_the_same_however_many_days_it_has(django_assert_num_queries):
    make_calendar()
    days = [YearDay(date(2027, 1, 1) + timedelta(days=n), "holiday") for n in range(300)]
    services.year_import(code="office", year=2027, days=days, **BY)
    with django_assert_num_queries(3):
        queries.compiled("office")
