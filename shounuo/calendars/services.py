"""All changes of calendars. None of them moves a running clock: `calendar.changed` tells who offers that."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date as Date
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from shounuo.calendars import queries, rules, statutory
from shounuo.calendars.events import CALENDAR_CHANGED
from shounuo.calendars.models import Calendar, CalendarDay
from shounuo.calendars.permissions import MANAGE
from shounuo.calendars.rules import YearDay
from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.kernel.worktime import WEEKDAYS, hours_json, week_json, week_parse, zone_of

ALWAYS = "always"
BUSINESS = "business"


def calendar_create(
    *,
    code: str,
    name: str,
    zone: str,
    kind: str = Calendar.Kind.BUSINESS,
    weekly: dict[str, Any] | None = None,
    statutory_days: bool = True,
    actor: Actor,
    at: datetime,
) -> Calendar:
    """Adds a calendar; the code is for policies and never changes. `weekly` is required of a business
    calendar.

    Raises Invalid (BadHours, BadZone) with the field. Publishes calendar.changed.
    """
    _need(actor)
    if not rules.CODE.fullmatch(code):
        raise Invalid(_("代码只用小写字母、数字、横线和下划线，最多 40 位"), field="code")
    if kind not in Calendar.Kind.values:
        raise Invalid(_("没有这种日历：%(kind)s") % {"kind": kind}, field="kind")
    business = kind == Calendar.Kind.BUSINESS
    follows = business and statutory_days
    with transaction.atomic():
        calendar, created = Calendar.objects.get_or_create(
            code=code,
            defaults={
                "name": _name(name),
                "kind": kind,
                "zone": zone_of(zone).key,
                "weekly": _weekly(weekly) if business else {},
                "statutory": follows,
                "known_through": statutory.known_through() if follows else None,
                "created_at": at,
                "changed_at": at,
            },
        )
        if not created:
            raise Conflict(_("代码“%(code)s”已被使用") % {"code": code}, field="code", code="taken")
        _publish(calendar, "created", actor, at)
    return calendar


def calendar_change_hours(*, code: str, weekly: dict[str, Any], actor: Actor, at: datetime) -> Calendar:
    """Sets the hours of the week. Raises BadHours, CalendarNotFound; publishes calendar.changed when they differ."""
    with transaction.atomic():
        calendar = _locked(code, actor, business=True)
        stored = _weekly(weekly)
        if calendar.weekly != stored:
            calendar.weekly = stored
            _changed(calendar, "hours", actor, at)
    return calendar


def calendar_rename(*, code: str, name: str, actor: Actor, at: datetime) -> Calendar:
    """Changes the name; no due time moves, so the version stays. Publishes calendar.changed."""
    with transaction.atomic():
        calendar = _locked(code, actor)
        name = _name(name)
        if calendar.name != name:
            calendar.name, calendar.changed_at = name, at
            calendar.save(update_fields=["name", "changed_at"])
            _publish(calendar, "renamed", actor, at)
    return calendar


def calendar_change_zone(*, code: str, zone: str, actor: Actor, at: datetime) -> Calendar:
    """Moves the calendar to another zone. Raises BadZone; publishes calendar.changed."""
    with transaction.atomic():
        calendar = _locked(code, actor)
        key = zone_of(zone).key
        if calendar.zone != key:
            calendar.zone = key
            _changed(calendar, "zone", actor, at)
    return calendar


def calendar_follow_statutory(*, code: str, follow: bool, actor: Actor, at: datetime) -> Calendar:
    """Whether statutory holidays and make-up days count. Publishes calendar.changed."""
    with transaction.atomic():
        calendar = _locked(code, actor, business=True)
        if calendar.statutory != follow:
            calendar.statutory = follow
            calendar.known_through = statutory.known_through() if follow else None
            _changed(calendar, "statutory", actor, at)
    return calendar


def day_set(
    *,
    code: str,
    date: Date,
    kind: str,
    name: str = "",
    intervals: list[list[str]] | None = None,
    like: str = "",
    actor: Actor,
    at: datetime,
) -> CalendarDay:
    """Sets a date by the organisation's own word, above what is published or imported.

    `holiday`; `workday` with `intervals`, or the hours of the weekday `like`, or the usual ones; `custom`
    with `intervals` (an empty list: closed). Raises Invalid with the field; publishes calendar.changed when
    something differs.
    """
    with transaction.atomic():
        calendar = _locked(code, actor, business=True)
        rules.year_check(date.year)
        hours = rules.day_check(kind, intervals, like)
        if like and not week_parse(calendar.weekly)[WEEKDAYS.index(like)]:
            raise Invalid(_("这个星期没有工作时间"), field="like")
        wanted = {
            "kind": kind,
            "name": _name(name, needed=False),
            "intervals": None if hours is None else hours_json(hours),
            "like": like,
        }
        day = calendar.days.filter(date=date, source=CalendarDay.Source.OWN).first()
        if day is not None and all(getattr(day, field) == value for field, value in wanted.items()):
            return day
        day, _created = CalendarDay.objects.update_or_create(
            calendar=calendar, date=date, source=CalendarDay.Source.OWN, defaults=wanted
        )
        _changed(calendar, "day", actor, at)
    return day


def day_clear(*, code: str, date: Date, actor: Actor, at: datetime) -> None:
    """Takes an own day back, so that what is published or imported holds again. Raises NotFound when there
    is none; publishes calendar.changed."""
    with transaction.atomic():
        calendar = _locked(code, actor, business=True)
        deleted, _rows = calendar.days.filter(date=date, source=CalendarDay.Source.OWN).delete()
        if not deleted:
            raise NotFound(_("%(date)s 没有本单位的设定") % {"date": date}, field="date")
        _changed(calendar, "day", actor, at)


def year_import(
    *, code: str, year: int, days: Iterable[YearDay], actor: Actor, at: datetime
) -> tuple[int, int]:
    """Makes these days the whole truth about a year's holidays and make-up days; own days stay above them.

    Replaces an earlier import of the year. The year is no longer provisional. Returns (holidays, make-up
    days). Raises BadYear; publishes calendar.changed.
    """
    with transaction.atomic():
        calendar = _locked(code, actor, business=True)
        found = rules.year_days_check(year, days)
        imported = calendar.days.filter(source=CalendarDay.Source.IMPORT)
        imported.filter(import_year=year).delete()
        imported.filter(
            date__in=list(found)
        ).delete()  # the last days of December that another year had brought
        CalendarDay.objects.bulk_create(
            CalendarDay(
                calendar=calendar,
                date=day.date,
                kind=day.kind,
                name=_name(day.name, needed=False),
                source=CalendarDay.Source.IMPORT,
                import_year=year,
            )
            for day in found.values()
        )
        calendar.imported_years = sorted({*calendar.imported_years, year})
        _changed(calendar, "year", actor, at)
    holidays = sum(1 for day in found.values() if day.kind == "holiday")
    return holidays, len(found) - holidays


def year_forget(*, code: str, year: int, actor: Actor, at: datetime) -> None:
    """Takes an import back. Raises NotFound when the year was not imported; publishes calendar.changed."""
    with transaction.atomic():
        calendar = _locked(code, actor, business=True)
        if year not in calendar.imported_years:
            raise NotFound(_("%(year)d 年没有导入过") % {"year": year}, field="year")
        calendar.days.filter(source=CalendarDay.Source.IMPORT, import_year=year).delete()
        calendar.imported_years = [each for each in calendar.imported_years if each != year]
        _changed(calendar, "year", actor, at)


def ensure_defaults(*, zone: str, actor: Actor | None = None, at: datetime) -> None:
    """Makes the calendars that every installation has, where they are missing: `always` and `business`
    (Monday to Friday 08:30-12:00 and 13:30-17:30, statutory). Changes nothing that is there.

    Also tells by calendar.changed of each statutory calendar for which this installation has come to know
    more years. Run at every start; safe to repeat.
    """
    actor = actor or Actor.system()
    with transaction.atomic():
        have = set(Calendar.objects.filter(code__in=[ALWAYS, BUSINESS]).values_list("code", flat=True))
        if ALWAYS not in have:
            calendar_create(
                code=ALWAYS,
                name=_("全天候"),
                zone=zone,
                kind=Calendar.Kind.ALWAYS,
                actor=actor,
                at=at,
            )
        if BUSINESS not in have:
            calendar_create(
                code=BUSINESS,
                name=_("工作时间"),
                zone=zone,
                weekly=rules.DEFAULT_WEEKLY,
                actor=actor,
                at=at,
            )
        through = statutory.known_through()
        behind = Calendar.objects.filter(statutory=True, known_through__lt=through)
        for calendar in behind.select_for_update().order_by("code"):
            calendar.known_through = through
            _changed(calendar, "published", actor, at)


def _need(actor: Actor) -> None:
    if not actor.may(MANAGE):
        raise NotAllowed(_("您没有做这件事的权限"))


def _locked(code: str, actor: Actor, *, business: bool = False) -> Calendar:
    """The calendar's row under lock, for one who may change it."""
    _need(actor)
    calendar = Calendar.objects.select_for_update().filter(code=code).first()
    if calendar is None:
        raise queries.CalendarNotFound(_("没有日历“%(code)s”") % {"code": code}, field="calendar")
    if business and calendar.kind != Calendar.Kind.BUSINESS:
        raise Conflict(_("全天候日历没有工作时间和节假日"), code="always_open")
    return calendar


def _weekly(weekly: dict[str, Any] | None) -> dict[str, list[list[str]]]:
    """The week as stored. One without any hours is refused: every clock on it would stand still for ever."""
    week = week_parse({} if weekly is None else weekly)
    if not any(week):
        raise Invalid(_("每周至少要有一段工作时间"), field="weekly", code="no_hours")
    return week_json(week)


def _name(name: str, *, needed: bool = True) -> str:
    name = " ".join(name.split())
    if (needed and not name) or len(name) > 60:
        raise Invalid(_("名称须为 1 到 60 个字"), field="name")
    return name


def _changed(calendar: Calendar, change: str, actor: Actor, at: datetime) -> None:
    """Saves a changed calendar as its next version, and tells of it."""
    calendar.version += 1
    calendar.changed_at = at
    calendar.save()
    _publish(calendar, change, actor, at)


def _publish(calendar: Calendar, change: str, actor: Actor, at: datetime) -> None:
    queries.forget(calendar.code)
    payload = {"version": calendar.version, "code": calendar.code, "change": change}
    publish([NewEvent(CALENDAR_CHANGED, ("calendar", calendar.pk), at, actor, payload)])
