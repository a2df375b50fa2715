"""Changing calendars: what is kept, what is refused, what is told, and who may."""

from datetime import date

import pytest

from shounuo.calendars import queries, services, statutory
from shounuo.calendars.models import Calendar, CalendarDay
from shounuo.calendars.permissions import MANAGE
from shounuo.calendars.rules import DEFAULT_WEEKLY, BadYear, YearDay
from shounuo.calendars.testing import AT, make_calendar, make_defaults
from shounuo.events.models import Event
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.kernel.worktime import BadHours, BadZone

pytestmark = pytest.mark.django_db

MANAGER = Actor.person(7, permissions=frozenset({MANAGE}))
BY = {"actor": MANAGER, "at": AT}


def changes(calendar):
    """What was told of a calendar: (version, change), in order."""
    events = Event.objects.filter(kind="calendar.changed", subject_kind="calendar", subject_id=calendar.pk)
    return [(e.payload["version"], e.payload["change"]) for e in events.order_by("seq")]


def test_every_installation_has_two_calendars_and_making_them_again_changes_nothing():
    make_defaults()
    make_defaults("Europe/London")
    always, business = Calendar.objects.order_by("code")
    assert (always.code, always.kind, always.zone, always.statutory) == (
        "always",
        "always",
        "Asia/Shanghai",
        False,
    )
    assert (business.code, business.kind, business.zone, business.statutory) == (
        "business",
        "business",
        "Asia/Shanghai",
        True,
    )
    assert business.weekly == DEFAULT_WEEKLY
    assert business.known_through == statutory.known_through()
    assert changes(always) == changes(business) == [(1, "created")]


def test_an_installation_that_learns_of_a_new_year_tells_so_once(monkeypatch):
    make_defaults()
    known = statutory.known_through()
    monkeypatch.setattr(statutory, "known_through", lambda: known + 1)
    make_defaults()
    make_defaults()
    business = queries.calendar_of("business")
    assert business.known_through == known + 1
    assert changes(business) == [(1, "created"), (2, "published")]
    assert changes(queries.calendar_of("always")) == [(1, "created")]


def test_a_calendar_is_created_with_its_event():
    calendar = services.calendar_create(
        code="night-shift", name=" 夜班 ", zone="Asia/Shanghai", weekly={"mon": [["22:00", "06:00"]]}, **BY
    )
    assert (calendar.name, calendar.version, calendar.statutory) == ("夜班", 1, True)
    assert calendar.weekly["mon"] == [["22:00", "06:00"]] and calendar.weekly["sun"] == []
    event = Event.objects.get(kind="calendar.changed")
    assert (event.actor_id, event.at) == (7, AT)
    assert event.payload == {"version": 1, "code": "night-shift", "change": "created"}


@pytest.mark.parametrize(
    ("given", "error", "field"),
    [
        ({"code": "Büro"}, Invalid, "code"),
        ({"code": ""}, Invalid, "code"),
        ({"code": "taken"}, Conflict, "code"),
        ({"name": "  "}, Invalid, "name"),
        ({"name": "长" * 61}, Invalid, "name"),
        ({"zone": "Asia/Peking"}, BadZone, "zone"),
        ({"kind": "sometimes"}, Invalid, "kind"),
        ({"weekly": {}}, Invalid, "weekly"),
        ({"weekly": None}, Invalid, "weekly"),
        ({"weekly": {"mon": [["12:00", "25:00"]]}}, BadHours, None),
    ],
)
def test_a_calendar_that_could_not_count_is_refused(given, error, field):
    make_calendar("taken")
    fields = {"code": "new", "name": "新", "zone": "Asia/Shanghai", "weekly": DEFAULT_WEEKLY, **given}
    with pytest.raises(error) as refused:
        services.calendar_create(**fields, **BY)
    assert refused.value.field == field
    assert Calendar.objects.count() == 1


def test_changing_hours_makes_a_new_version_only_when_they_differ():
    calendar = make_calendar()
    services.calendar_change_hours(code="office", weekly=DEFAULT_WEEKLY, **BY)
    services.calendar_change_hours(code="office", weekly={"tue": [["09:00", "10:00"]]}, **BY)
    calendar.refresh_from_db()
    assert calendar.version == 2
    assert changes(calendar) == [(1, "created"), (2, "hours")]


def test_name_zone_and_statutory_days_can_be_changed():
    calendar = make_calendar()
    for _twice in range(2):
        services.calendar_rename(code="office", name="一线", **BY)
        services.calendar_change_zone(code="office", zone="Asia/Urumqi", **BY)
        services.calendar_follow_statutory(code="office", follow=True, **BY)
    calendar.refresh_from_db()
    assert (calendar.name, calendar.zone, calendar.statutory) == ("一线", "Asia/Urumqi", True)
    assert changes(calendar) == [(1, "created"), (1, "renamed"), (2, "zone"), (3, "statutory")]
    assert queries.compiled("office").day(date(2026, 10, 1)).kind == "holiday"


def test_the_calendar_that_is_always_open_has_no_hours_to_change():
    make_defaults()
    for change in (
        lambda: services.calendar_change_hours(code="always", weekly=DEFAULT_WEEKLY, **BY),
        lambda: services.calendar_follow_statutory(code="always", follow=True, **BY),
        lambda: services.day_set(code="always", date=date(2026, 12, 24), kind="holiday", **BY),
        lambda: services.year_import(code="always", year=2027, days=[], **BY),
    ):
        with pytest.raises(Conflict):
            change()


def test_a_day_is_set_changed_and_taken_back():
    calendar = make_calendar(statutory_days=True)
    day = date(2026, 10, 1)
    services.day_set(
        code="office", date=day, kind="custom", name="值班", intervals=[["09:00", "12:00"]], **BY
    )
    services.day_set(
        code="office", date=day, kind="custom", name="值班", intervals=[["09:00", "12:00"]], **BY
    )
    services.day_set(code="office", date=day, kind="workday", name="加班", like="fri", **BY)
    seen = queries.compiled("office").day(day)
    assert (seen.kind, seen.name, seen.source) == ("workday", "加班", "own")
    services.day_clear(code="office", date=day, **BY)
    assert queries.compiled("office").day(day).name == "国庆节"
    calendar.refresh_from_db()
    assert calendar.version == 4
    with pytest.raises(NotFound):
        services.day_clear(code="office", date=day, **BY)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "feast"}, "kind"),
        ({"kind": "holiday", "intervals": [["09:00", "10:00"]]}, "intervals"),
        ({"kind": "holiday", "like": "mon"}, "like"),
        ({"kind": "workday", "intervals": []}, "intervals"),
        ({"kind": "workday", "like": "monday"}, "like"),
        ({"kind": "workday", "like": "sun"}, "like"),  # has no hours
        ({"kind": "workday", "like": "mon", "intervals": [["09:00", "10:00"]]}, "intervals"),
        ({"kind": "custom"}, "intervals"),
        ({"kind": "custom", "intervals": [["9", "10"]]}, None),
        ({"kind": "holiday", "name": "长" * 61}, "name"),
        ({"kind": "holiday", "date": date(1999, 1, 1)}, "year"),
    ],
)
def test_a_day_whose_hours_do_not_fit_is_refused(given, field):
    make_calendar()
    with pytest.raises(Invalid) as refused:
        services.day_set(**{"code": "office", "date": date(2026, 12, 24), **given}, **BY)
    assert refused.value.field == field
    assert not CalendarDay.objects.exists()


NEW_YEAR = [
    YearDay(date(2026, 12, 31), "holiday", "元旦"),
    YearDay(date(2027, 1, 1), "holiday", "元旦"),
    YearDay(date(2027, 1, 9), "workday", "元旦"),
]


def test_a_year_is_imported_imported_again_and_taken_back():
    calendar = make_calendar(statutory_days=True)
    assert queries.compiled("office").day(date(2027, 1, 4)).provisional
    assert services.year_import(code="office", year=2027, days=NEW_YEAR, **BY) == (2, 1)
    compiled = queries.compiled("office")
    assert compiled.day(date(2026, 12, 31)).kind == "holiday"
    assert not compiled.day(date(2027, 1, 4)).provisional
    assert compiled.day(date(2027, 1, 9)).hours
    # again, with other days: the first import is gone
    assert services.year_import(code="office", year=2027, days=NEW_YEAR[1:2], **BY) == (1, 0)
    assert queries.compiled("office").day(date(2026, 12, 31)).kind == "working"
    services.year_forget(code="office", year=2027, **BY)
    assert queries.compiled("office").day(date(2027, 1, 4)).provisional
    assert not CalendarDay.objects.exists()
    calendar.refresh_from_db()
    assert calendar.imported_years == [] and calendar.version == 4
    with pytest.raises(NotFound):
        services.year_forget(code="office", year=2027, **BY)


def test_an_import_leaves_own_days_standing_and_overlapping_years_agree():
    make_calendar(statutory_days=True)
    services.day_set(code="office", date=date(2027, 1, 1), kind="custom", intervals=[], name="盘点", **BY)
    services.year_import(code="office", year=2026, days=[YearDay(date(2026, 12, 31), "workday", "x")], **BY)
    services.year_import(code="office", year=2027, days=NEW_YEAR, **BY)
    compiled = queries.compiled("office")
    assert compiled.day(date(2027, 1, 1)).name == "盘点"
    assert compiled.day(date(2026, 12, 31)).kind == "holiday"  # the later word
    assert compiled.day(date(2026, 10, 1)).kind == "working"  # 2026 as imported has no National Day


def test_a_bad_import_changes_nothing():
    make_calendar(statutory_days=True)
    services.year_import(code="office", year=2027, days=NEW_YEAR, **BY)
    with pytest.raises(BadYear):
        services.year_import(code="office", year=2027, days=[YearDay(date(2028, 1, 1), "holiday")], **BY)
    assert CalendarDay.objects.count() == 3
    assert queries.calendar_of("office").version == 2


@pytest.mark.parametrize(
    "outsider",
    [Actor.person(8), Actor.customer(3), Actor("bot", 1)],
    ids=["staff without the right", "customer", "bot"],
)
def test_only_who_manages_calendars_changes_them(outsider):
    make_calendar()
    by = {"actor": outsider, "at": AT}
    for change in (
        lambda: services.calendar_create(code="x", name="x", zone="UTC", weekly=DEFAULT_WEEKLY, **by),
        lambda: services.calendar_change_hours(code="office", weekly={"tue": [["09:00", "10:00"]]}, **by),
        lambda: services.calendar_rename(code="office", name="y", **by),
        lambda: services.calendar_change_zone(code="office", zone="UTC", **by),
        lambda: services.calendar_follow_statutory(code="office", follow=True, **by),
        lambda: services.day_set(code="office", date=date(2026, 12, 24), kind="holiday", **by),
        lambda: services.day_clear(code="office", date=date(2026, 12, 24), **by),
        lambda: services.year_import(code="office", year=2027, days=NEW_YEAR, **by),
        lambda: services.year_forget(code="office", year=2027, **by),
    ):
        with pytest.raises(NotAllowed):
            change()
    assert queries.calendar_of("office").version == 1


def test_a_change_of_no_calendar_says_so():
    with pytest.raises(queries.CalendarNotFound, match="没有日历“none”"):
        services.calendar_change_hours(code="none", weekly=DEFAULT_WEEKLY, **BY)
