"""Calendars over the API: which there are, how a year lies, and when a length of time ends and why."""

from __future__ import annotations

import re
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema
from pydantic import Field

from shounuo.calendars import queries, rules, statutory
from shounuo.calendars.models import Calendar
from shounuo.kernel import paging, reach, worktime
from shounuo.kernel.actors import Actor
from shounuo.kernel.durations import parse
from shounuo.kernel.errors import Invalid, NotAllowed
from shounuo.kernel.worktime import hours_json

router = Router(tags=["calendars"])
LONGEST = timedelta(days=5 * 366)

# a plus sign that was not encoded arrives as a space
_UNENCODED_PLUS = re.compile(r"(T[0-9:.]+) ([0-9]{2}:?[0-9]{2})$")


class CalendarOut(Schema):
    code: str
    name: str
    kind: str
    zone: str
    statutory: bool
    version: int
    weekly: dict[str, list[list[str]]]


class CalendarPage(Schema):
    items: list[CalendarOut]
    next_cursor: str | None


class LineOut(Schema):
    from_: datetime = Field(serialization_alias="from")
    to: datetime
    counted: int = Field(description="seconds")
    day: Date
    reason: str = Field(description="working, workday, custom, closed, rest, holiday, natural, paused")
    words: str
    name: str
    provisional: bool
    business_day: int | None


class AddOut(Schema):
    start: datetime
    within: str
    within_words: str
    due_at: datetime
    counted: int
    provisional: bool
    ledger: list[LineOut]


class DayOut(Schema):
    date: Date
    kind: str
    name: str
    source: str
    intervals: list[list[str]]
    provisional: bool


class YearOut(Schema):
    code: str
    year: int
    version: int
    provisional: bool
    working_days: int
    days: list[DayOut]


@router.get("/calendars", response=CalendarPage, by_alias=True, summary="The calendars")
def calendars(request: HttpRequest, limit: int | None = None, cursor: str | None = None) -> dict[str, Any]:
    size = paging.limit_of(limit)
    found = queries.visible_to(_actor(request))
    if cursor:
        found = found.filter(code__gt=paging.decode(cursor, str)[0])
    page = list(found[: size + 1])
    return {
        "items": page[:size],
        "next_cursor": paging.encode(page[size - 1].code) if len(page) > size else None,
    }


@router.get(
    "/calendars/{code}/add",
    response=AddOut,
    by_alias=True,
    summary="When a length of time ends, and why then",
)
def add(request: HttpRequest, code: str, start: str, within: str) -> dict[str, Any]:
    calendar = _calendar(request, code)
    begin = _moment(start)
    span = parse(within)
    compiled = queries.compiled(calendar.code)
    if compiled.add_span(begin, span) - begin > LONGEST:
        raise Invalid(_("结果超出 5 年，请缩短时长"), field="within", code="too_long")
    ledger = worktime.explain_add(compiled, begin, span)
    zone = compiled.zone
    return {
        "start": _local(ledger.start, zone),
        "within": str(span),
        "within_words": span.words(),
        "due_at": _local(ledger.end, zone),
        "counted": ledger.counted,
        "provisional": ledger.provisional,
        "ledger": [
            {
                "from_": _local(line.start, zone),
                "to": _local(line.end, zone),
                "counted": line.counted,
                "day": line.day,
                "reason": line.reason,
                "words": rules.reason_words(line),
                "name": statutory.name_words(line.name),
                "provisional": line.provisional,
                "business_day": line.business_day,
            }
            for line in ledger
        ],
    }


@router.get("/calendars/{code}/year/{year}", response=YearOut, by_alias=True, summary="Every day of a year")
def year(request: HttpRequest, code: str, year: int) -> dict[str, Any]:
    calendar = _calendar(request, code)
    view = queries.year_view(calendar, year)
    return {
        "code": calendar.code,
        "year": view.year,
        "version": calendar.version,
        "provisional": view.provisional,
        "working_days": view.working_days,
        "days": [
            {
                "date": day.date,
                "kind": day.kind,
                "name": statutory.name_words(day.name),
                "source": day.source,
                "intervals": hours_json(day.hours),
                "provisional": day.provisional,
            }
            for day in view.days
        ],
    }


def _actor(request: HttpRequest) -> Actor:
    """Who asks: the API root's authentication answers with the actor."""
    actor = getattr(request, "auth", None)
    if not isinstance(actor, Actor):
        raise NotAllowed(_("请先登录"), code="unauthenticated")
    return actor


def _calendar(request: HttpRequest, code: str) -> Calendar:
    calendar = queries.visible_to(_actor(request)).filter(code=code).first()
    if calendar is None:
        raise queries.CalendarNotFound(_("没有日历“%(code)s”") % {"code": code}, field="calendar")
    return calendar


def _moment(text: str) -> datetime:
    """A moment with its offset; raises Invalid that shows how it is written."""
    try:
        moment = datetime.fromisoformat(_UNENCODED_PLUS.sub(r"\1+\2", text))
    except ValueError as error:
        raise Invalid(
            _("时间“%(text)s”无法识别，例如 2026-10-09T15:00:00+08:00") % {"text": text[:60]},
            field="start",
            code="bad_moment",
        ) from error
    if moment.utcoffset() is None:
        raise Invalid(
            _("时间“%(text)s”缺少时区，例如 2026-10-09T15:00:00+08:00") % {"text": text[:60]},
            field="start",
            code="no_offset",
        )
    if not reach.can_be_named(moment):
        raise Invalid(
            _("时间“%(text)s”不在 %(first)d 年到 %(last)d 年之间")
            % {"text": text[:60], "first": reach.FIRST.year, "last": reach.LAST.year},
            field="start",
            code="bad_moment",
        )
    return moment


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone)
