"""Pure: from stored calendars to specs, from a file to days, from codes to words."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.calendars import statutory
from shounuo.calendars.models import Calendar, CalendarDay
from shounuo.kernel.errors import Invalid
from shounuo.kernel.worktime import (
    WEEKDAYS,
    CalendarSpec,
    DayRule,
    Hours,
    LedgerLine,
    hours_parse,
    week_parse,
    zone_of,
)
from shounuo.kernel.worktime.spec import PROVISIONAL_TAIL

CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
YEARS = range(2000, 2101)
OFFICE_HOURS = [["08:30", "12:00"], ["13:30", "17:30"]]
DEFAULT_WEEKLY = {key: (OFFICE_HOURS if key not in ("sat", "sun") else []) for key in WEEKDAYS}

_REASONS = {
    "working": gettext_lazy("工作时间"),
    "workday": gettext_lazy("调休上班"),
    "custom": gettext_lazy("特别安排"),
    "closed": gettext_lazy("非工作时间"),
    "rest": gettext_lazy("休息日"),
    "holiday": gettext_lazy("放假"),
    "natural": gettext_lazy("按自然日计"),
    "paused": gettext_lazy("暂停计时"),
}


class BadYear(Invalid):
    """A file of days that cannot be read, or a year out of range."""

    code = "bad_year"


@dataclass(frozen=True, slots=True)
class YearDay:
    """A day of an imported year."""

    date: date
    kind: Literal["holiday", "workday"]
    name: str = ""


def spec_of(calendar: Calendar, days: Iterable[CalendarDay]) -> CalendarSpec:
    """What the arithmetic needs to know of a calendar; `days` are all its stored ones."""
    zone = zone_of(calendar.zone)
    if calendar.kind == Calendar.Kind.ALWAYS:
        return CalendarSpec.always(zone, code=calendar.code)
    rules: dict[date, DayRule] = {}
    published = None
    if calendar.statutory:
        rules |= statutory.days(without=calendar.imported_years)
        published = statutory.years() | frozenset(calendar.imported_years)
    # imported days first, so that an own day of the same date stands above
    for day in sorted(days, key=lambda day: day.source == CalendarDay.Source.OWN):
        rules[day.date] = rule_of(day)
    return CalendarSpec(zone, week_parse(calendar.weekly), rules, published, calendar.code)


def rule_of(day: CalendarDay) -> DayRule:
    """A stored day as the arithmetic knows it."""
    return DayRule(
        day.kind,  # type: ignore[arg-type]
        day.name,
        day.source,  # type: ignore[arg-type]
        None if day.intervals is None else hours_parse(day.intervals),
        WEEKDAYS.index(day.like) if day.like else None,
    )


def day_check(kind: str, intervals: Any, like: str) -> tuple[Hours, ...] | None:
    """The hours of a day to be stored, after checking that they fit its kind; raises Invalid with the field."""
    if kind not in CalendarDay.Kind.values:
        raise Invalid(_("没有这种日期类型：%(kind)s") % {"kind": kind}, field="kind")
    if like and (kind != CalendarDay.Kind.WORKDAY or like not in WEEKDAYS):
        raise Invalid(_("只有调休上班可以参照星期（mon 到 sun）"), field="like")
    if intervals is None:
        if kind == CalendarDay.Kind.CUSTOM:
            raise Invalid(_("特别安排须给出时段；全天不开放请给空列表"), field="intervals")
        return None
    if kind == CalendarDay.Kind.HOLIDAY or like:
        raise Invalid(_("放假或参照星期时不能再给时段"), field="intervals")
    hours = hours_parse(intervals)
    if kind == CalendarDay.Kind.WORKDAY and not hours:
        raise Invalid(_("调休上班须有工作时段"), field="intervals")
    return hours


def year_check(year: int) -> int:
    """The year, when calendars are kept for it."""
    if year not in YEARS:
        raise BadYear(
            _("年份须在 %(first)d 到 %(last)d 之间") % {"first": YEARS[0], "last": YEARS[-1]}, field="year"
        )
    return year


def year_days_check(year: int, days: Iterable[YearDay]) -> dict[date, YearDay]:
    """The days of an import by date: each once, all in the year or in the last days of the year before."""
    year_check(year)
    found: dict[date, YearDay] = {}
    for day in days:
        before = day.date.year == year - 1 and (day.date.month, day.date.day) >= PROVISIONAL_TAIL
        if day.date.year != year and not before:
            raise BadYear(_("%(date)s 不在 %(year)d 年") % {"date": day.date, "year": year}, field="days")
        if day.date in found:
            raise BadYear(_("%(date)s 出现了两次") % {"date": day.date}, field="days")
        found[day.date] = day
    if not found:
        raise BadYear(_("没有任何日期"), field="days")
    return found


def year_parse(text: str) -> list[YearDay]:
    """The days of a year from a file: JSON `{"days": [{"date": "2027-01-01", "isOffDay": true, "name":
    "元旦"}]}`, or CSV with the columns date, kind and name (kind: 放假 or 上班, holiday or workday; a
    heading is optional).

    Raises `BadYear` with the line.
    """
    text = text.lstrip("\ufeff").strip()
    return _year_json(text) if text.startswith(("{", "[")) else _year_csv(text)


_KINDS: dict[str, Literal["holiday", "workday"]] = {
    "holiday": "holiday",
    "放假": "holiday",
    "休": "holiday",
    "workday": "workday",
    "上班": "workday",
    "班": "workday",
}


def _year_json(text: str) -> list[YearDay]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise BadYear(_("JSON 无法读取：%(why)s") % {"why": error}, field="days") from error
    rows = value.get("days") if isinstance(value, Mapping) else value
    if not isinstance(rows, list):
        raise BadYear(_("JSON 中没有 days 列表"), field="days")
    days = []
    for number, row in enumerate(rows, 1):
        off = row.get("isOffDay") if isinstance(row, Mapping) else None
        if not isinstance(off, bool):
            raise BadYear(_("第 %(number)d 项缺少 isOffDay") % {"number": number}, field="days")
        kind: Literal["holiday", "workday"] = "holiday" if off else "workday"
        days.append(YearDay(_date(row.get("date"), number), kind, str(row.get("name") or "")[:60]))
    return days


def _year_csv(text: str) -> list[YearDay]:
    days = []
    for number, row in enumerate(csv.reader(io.StringIO(text)), 1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (number == 1 and cells[0] in ("date", "日期")):
            continue
        kind = _KINDS.get(cells[1]) if len(cells) > 1 else None
        if kind is None:
            raise BadYear(_("第 %(number)d 行第二列应为 放假 或 上班") % {"number": number}, field="days")
        days.append(YearDay(_date(cells[0], number), kind, cells[2][:60] if len(cells) > 2 else ""))
    return days


def _date(value: Any, number: int) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise BadYear(
            _("第 %(number)d 行的日期“%(value)s”无法识别，例如 2027-01-01")
            % {"number": number, "value": value},
            field="days",
        ) from error


def reason_words(line: LedgerLine) -> str:
    """Why a stretch counted or did not, for people: "放假（国庆节）"."""
    words = str(_REASONS[line.reason])
    if line.name:
        words = _("%(reason)s（%(name)s）") % {"reason": words, "name": statutory.name_words(line.name)}
    if line.provisional:
        words = _("%(reason)s，该年放假安排尚未公布，暂按每周安排计") % {"reason": words}
    return words
