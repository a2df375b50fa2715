"""A calendar's year as its page shows it. Builds the context of calendars/year.html; writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy

from shounuo.calendars import rules, statutory
from shounuo.calendars.models import Calendar, CalendarDay
from shounuo.calendars.queries import YearView
from shounuo.kernel.worktime import Day, Hours, week_parse
from shounuo.web import words
from shounuo.web.console.hours import hours_shown

LAST = (
    pgettext_lazy("end of a range of weekdays", "一"),
    pgettext_lazy("end of a range of weekdays", "二"),
    pgettext_lazy("end of a range of weekdays", "三"),
    pgettext_lazy("end of a range of weekdays", "四"),
    pgettext_lazy("end of a range of weekdays", "五"),
    pgettext_lazy("end of a range of weekdays", "六"),
    pgettext_lazy("end of a range of weekdays", "日"),
)
_KINDS = {
    "working": "work",
    "rest": "weekend",
    "holiday": "holiday",
    "workday": "makeup",
    "custom": "exception",
}


def address(calendar: Calendar, year: int, day: date | None = None) -> str:
    url = f"/settings/calendars/{calendar.code}/{year}/"
    return f"{url}?day={day.isoformat()}" if day is not None else url


def months(view: YearView, selected: date | None, today: date) -> list[dict[str, Any]]:
    """Twelve months with their cells, Monday first."""
    shown = []
    for number, group in groupby(view.days, key=lambda d: d.date.month):
        days = list(group)
        cells: list[dict[str, Any]] = [{"pad": True}] * days[0].date.weekday()
        cells += [_cell(view.calendar, day, selected, today) for day in days]
        shown.append(
            {
                "number": number,
                "label": _("%(month)s月") % {"month": number, "month_name": date_format(days[0].date, "M")},
                "note": _note(days),
                "work_days": sum(1 for d in days if d.hours),
                "cells": cells,
            }
        )
    return shown


def _cell(calendar: Calendar, day: Day, selected: date | None, today: date) -> dict[str, Any]:
    return {
        "day": day.date.day,
        "kind": "exception" if day.source == "own" else _KINDS[day.kind],
        "title": statutory.name_words(day.name) or (kind_words(day) if day.source != "weekly" else ""),
        "url": address(calendar, day.date.year, day.date) + "#day",
        "is_on": day.date == selected,
        "is_today": day.date == today,
        "guess": day.provisional,
    }


def _note(days: Sequence[Day]) -> str:
    """What differs in a month by statute or import: 国庆节 1–7 休，10 班."""
    given = [d for d in days if d.source in ("statutory", "import")]
    parts = [
        _("%(name)s %(days)s 休") % {"name": statutory.name_words(name), "days": _ranges(of_name)}
        for name, of_name in _by_name(d for d in given if d.kind == "holiday")
    ]
    if makeup := [d.date.day for d in given if d.kind == "workday"]:
        parts.append(_("%(days)s 班") % {"days": _listed(makeup)})
    return _("，").join(p.strip() for p in parts)


def _by_name(days: Iterable[Day]) -> list[tuple[str, list[int]]]:
    found: dict[str, list[int]] = {}
    for day in days:
        found.setdefault(day.name, []).append(day.date.day)
    return list(found.items())


def _ranges(days: list[int]) -> str:
    """1, 2, 3, 7 as 1–3、7."""
    runs: list[list[int]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return _listed(str(r[0]) if len(r) == 1 else f"{r[0]}–{r[-1]}" for r in runs)


def _listed(items: Iterable[Any]) -> str:
    return _("、").join(str(i) for i in items)


def kind_words(day: Day) -> str:
    """What kind of day it is, in a word or two."""
    return {
        "working": _("工作日"),
        "rest": _("休息日"),
        "holiday": _("放假"),
        "workday": _("调休上班"),
        "custom": _("特别安排"),
    }[day.kind]


def selected(calendar: Calendar, day: Day) -> dict[str, Any]:
    """The day beside the months: what it is, by whose word, its hours."""
    source = {
        "weekly": _("按每周安排"),
        "statutory": _("国务院安排"),
        "own": _("本单位设定"),
        "import": _("导入的安排"),
    }[day.source]
    name = statutory.name_words(day.name)
    seconds = sum(h.end - h.start for h in day.hours) * 60
    note = hours_shown(day.hours)
    if seconds:
        note = _("%(hours)s，共 %(span)s") % {"hours": note, "span": words.span(seconds, day=10**9)}
    if day.provisional:
        note = _("%(note)s。该年放假安排尚未公布") % {"note": note}
    return {
        "title": words.full_day(day.date),
        "tag": kind_words(day),
        "tag_kind": "" if day.source == "weekly" else "vip",
        "text": " · ".join(t for t in (name, source) if t),
        "hours": [_within_day(h) for h in day.hours],
        "note": note,
        "act": _("改这一天") if calendar.kind == Calendar.Kind.BUSINESS else "",
        "act_url": f"/settings/calendars/{calendar.code}/day/?date={day.date.isoformat()}",
    }


def _within_day(hours: Hours) -> tuple[str, str]:
    """An interval on the day's line of 24 hours: a night ends at its edge."""
    start, end = hours.pair()
    return start, "24:00" if hours.overnight else end


def week(calendar: Calendar) -> list[dict[str, str]]:
    """The hours of the week, equal neighbours on one line; zone and holidays."""
    rows = []
    if calendar.kind == Calendar.Kind.ALWAYS:
        rows.append({"label": _("每天"), "text": _("全天")})
    else:
        numbered = enumerate(week_parse(calendar.weekly))
        for hours, group in groupby(numbered, key=lambda pair: pair[1]):
            days = [n for n, _hours in group]
            label = str(words.WEEKDAYS[days[0]])
            if len(days) > 1:
                label = _("%(first)s至%(last)s") % {"first": label, "last": LAST[days[-1]]}
            rows.append({"label": label, "text": hours_shown(hours)})
        follows = _("随国务院安排") if calendar.statutory else _("不随法定安排")
        rows.append({"label": _("节假日"), "text": follows})
    return [*rows, {"label": _("时区"), "text": calendar.zone}]


def week_line(calendar: Calendar) -> str:
    """The week on one line, for the list."""
    rows = [r for r in week(calendar)[:-1] if r["label"] != _("节假日")]
    return _("；").join(f"{r['label']} {r['text']}" for r in rows)


def exceptions(calendar: Calendar, year: int) -> list[dict[str, str]]:
    """The own days of a year, in order."""
    own = calendar.days.filter(source=CalendarDay.Source.OWN, date__year=year).order_by("date")
    shown = []
    for day in own:
        what = {"holiday": _("休"), "workday": _("上班"), "custom": ""}[day.kind]
        hours = rules.rule_of(day).hours
        if hours is not None:
            what = hours_shown(hours)
        shown.append(
            {
                "day": words.full_day(day.date, day.date, weekday=False),
                "text": _("，").join(t for t in (day.name, what) if t),
                "url": f"/settings/calendars/{calendar.code}/day/?date={day.date.isoformat()}",
            }
        )
    return shown


def summary(view: YearView) -> tuple[str, str]:
    """How many days are worked, and by whose arrangement."""
    count = ngettext("%(n)s 个工作日", "%(n)s 个工作日", view.working_days) % {"n": view.working_days}
    calendar = view.calendar
    if calendar.kind == Calendar.Kind.ALWAYS:
        return count, _("全天候，没有节假日")
    if not calendar.statutory:
        return count, _("不随法定节假日")
    if view.provisional:
        return count, _("放假安排尚未公布")
    source = _("导入的安排") if view.year in calendar.imported_years else _("国务院办公厅安排")
    off = sum(1 for d in view.days if d.kind == "holiday" and d.source != "own")
    makeup = sum(1 for d in view.days if d.kind == "workday" and d.source != "own")
    return count, _("%(source)s，%(off)s 天假日、%(makeup)s 天调休") % {
        "source": source,
        "off": off,
        "makeup": makeup,
    }
