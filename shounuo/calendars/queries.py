"""Reading calendars: compiled for arithmetic, listed, and seen year by year."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date, timedelta
from threading import Lock

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from shounuo.calendars import rules, statutory
from shounuo.calendars.models import Calendar
from shounuo.kernel import worktime
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotFound
from shounuo.kernel.worktime import CompiledCalendar, Day

TRUST_SECONDS = 2.0
"""How long a process counts on a calendar without looking whether it has changed."""

_Stamp = tuple[int, int, int]


class CalendarNotFound(NotFound):
    """No calendar has this code."""

    code = "calendar_not_found"


@dataclass(frozen=True, slots=True)
class _Entry:
    stamp: _Stamp
    compiled: CompiledCalendar
    checked: float


@dataclass(frozen=True, slots=True)
class YearView:
    """A calendar's year, for its page; `provisional` while its statutory days are unknown (in a known year the last
    days of December are, until the next one is: each day says so itself)."""

    calendar: Calendar
    year: int
    days: tuple[Day, ...]
    provisional: bool

    @property
    def working_days(self) -> int:
        return sum(1 for day in self.days if day.hours)


_cache: dict[str, _Entry] = {}
_unsure: set[str] = set()
_lock = Lock()


def visible_to(actor: Actor) -> QuerySet[Calendar]:
    """All calendars for staff, who must be able to explain a due time; none for anyone else."""
    calendars = Calendar.objects.order_by("code")
    return calendars if actor.is_system or actor.kind == "person" else calendars.none()


def calendar_of(code: str) -> Calendar:
    """The calendar with this code; raises `CalendarNotFound`."""
    calendar = Calendar.objects.filter(code=code).first()
    if calendar is None:
        raise _not_found(code)
    return calendar


def exists(code: str) -> bool:
    """Whether there is such a calendar: packs name theirs by code."""
    return Calendar.objects.filter(code=code).exists()


def compiled(code: str) -> CompiledCalendar:
    """The calendar ready for arithmetic, kept in this process; raises `CalendarNotFound`.

    Whether it has changed is asked at most every `TRUST_SECONDS` (one indexed row), so a change made
    elsewhere reaches a process that late. The transaction that changes a calendar sees its own change.
    """
    entry = _cache.get(code)
    now = time.monotonic()
    if entry is not None and now - entry.checked < TRUST_SECONDS and code not in _unsure:
        return entry.compiled
    # xmin, the transaction that wrote the row, tells a version that was rolled back from the next of the same number
    stamp = (
        Calendar.objects.filter(code=code)
        .values_list("id", "version", RawSQL("calendars_calendar.xmin::text::bigint", ()))
        .first()
    )
    if stamp is None:
        _cache.pop(code, None)
        raise _not_found(code)
    if entry is None or entry.stamp != stamp:
        calendar = Calendar.objects.prefetch_related("days").get(pk=stamp[0])
        this_year = _this_year()
        compiled = worktime.compile(
            rules.spec_of(calendar, calendar.days.all()), this_year - 1, this_year + 1
        )
    else:
        compiled = entry.compiled
    with _lock:
        _cache[code] = _Entry(stamp, compiled, now)
    return compiled


def forget(code: str) -> None:
    """For the services: what is kept of this calendar is no longer to be trusted, from now until the commit is seen."""
    with _lock:
        _cache.pop(code, None)
        _unsure.add(code)
    transaction.on_commit(lambda: _settle(code))


def year_view(calendar: Calendar, year: int) -> YearView:
    """Each day of the year as the calendar sees it; raises `BadYear` for one out of range."""
    rules.year_check(year)
    spec = rules.spec_of(calendar, calendar.days.all())
    first = date(year, 1, 1)
    count = (date(year + 1, 1, 1) - first).days
    days = tuple(spec.day(first + timedelta(days=n)) for n in range(count))
    return YearView(calendar, year, days, spec.published is not None and year not in spec.published)


def missing_years(on: date) -> list[tuple[Calendar, int]]:
    """What an administrator should be told: statutory calendars that do not know the year of this date, or from
    December on the next one (the State Council publishes in November)."""
    wanted = [on.year] if on.month < 12 else [on.year, on.year + 1]
    return [
        (calendar, year)
        for calendar in Calendar.objects.filter(statutory=True).order_by("code")
        for year in wanted
        if year not in statutory.years() and year not in calendar.imported_years
    ]


def _settle(code: str) -> None:
    with _lock:
        _cache.pop(code, None)
        _unsure.discard(code)


def _this_year() -> int:
    return time.gmtime().tm_year


def _not_found(code: str) -> CalendarNotFound:
    return CalendarNotFound(_("没有日历“%(code)s”") % {"code": code}, field="calendar")
