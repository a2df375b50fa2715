"""What a calendar is: a zone, hours for each weekday, and days that differ from them.

Everything here is plain, frozen data with its reading and checking; the arithmetic stands in `calendar.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.kernel.errors import Invalid

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEKDAY_WORDS = {
    "mon": gettext_lazy("星期一"),
    "tue": gettext_lazy("星期二"),
    "wed": gettext_lazy("星期三"),
    "thu": gettext_lazy("星期四"),
    "fri": gettext_lazy("星期五"),
    "sat": gettext_lazy("星期六"),
    "sun": gettext_lazy("星期日"),
}
MINUTES = 24 * 60

RuleKind = Literal["holiday", "workday", "custom"]
DayKind = Literal["working", "rest", "holiday", "workday", "custom"]
Source = Literal["weekly", "statutory", "own", "import"]

PROVISIONAL_TAIL = (12, 28)
"""The New Year's holiday of a year reaches back to here at most (29 December in 2018): until that year is
published, these last days of the year before are not final either."""

_CLOCK = re.compile(r"([0-9]{2}):([0-9]{2})")


class BadHours(Invalid):
    """Hours that cannot be used; the message names the day and the interval."""

    code = "bad_hours"


class BadZone(Invalid):
    """No such IANA time zone."""

    code = "bad_zone"


@dataclass(frozen=True, slots=True, order=True)
class Hours:
    """One opening interval, in minutes after the day's midnight: start 0..1439, end after it.

    An end over 1440 lies on the next day: 22:00-06:00 is (1320, 1800). The whole interval belongs to the
    day on which it starts.
    """

    start: int
    end: int

    def __post_init__(self) -> None:
        if not (
            0 <= self.start < MINUTES and self.start < self.end < self.start + MINUTES + (self.start == 0)
        ):
            raise ValueError(f"no interval of one day: {self.start}-{self.end}")

    @classmethod
    def parse(cls, start: str, end: str) -> Hours:
        """From "08:30" and "12:00"; an end at or before the start is on the next day. Raises `BadHours`."""
        first, last = _minutes(start), _minutes(end)
        if first == MINUTES:
            raise BadHours(_("开始时间不能是 24:00"))
        if first == last:
            raise BadHours(
                _("%(start)s-%(end)s 开始与结束相同；全天请写 00:00-24:00") % {"start": start, "end": end}
            )
        return cls(first, last if last > first else last + MINUTES)

    @property
    def overnight(self) -> bool:
        return self.end > MINUTES

    def pair(self) -> list[str]:
        """As stored and shown: ["22:00", "06:00"]."""
        return [_clock(self.start), _clock(self.end if self.end <= MINUTES else self.end - MINUTES)]

    def __str__(self) -> str:
        return "-".join(self.pair())


@dataclass(frozen=True, slots=True)
class DayRule:
    """What makes a date differ from its weekday.

    `holiday`: no hours. `workday`: a make-up working day (调休上班) with its own `hours`, else with those
    of the weekday `like` (0 = Monday), else with those of the first weekday of the week that has any.
    `custom`: own `hours`, maybe none.
    """

    kind: RuleKind
    name: str = ""
    source: Source = "own"
    hours: tuple[Hours, ...] | None = None
    like: int | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """A date as the calendar sees it; `provisional` = its year's holidays are not published yet."""

    date: date
    kind: DayKind
    hours: tuple[Hours, ...]
    name: str = ""
    source: Source = "weekly"
    provisional: bool = False


Week = tuple[tuple[Hours, ...], ...]
_ALWAYS: Week = ((Hours(0, MINUTES),),) * 7


@dataclass(frozen=True)
class CalendarSpec:
    """A calendar to compile. Raises `BadHours` when the week overlaps itself.

    `published`: the years whose statutory days are known; None where the calendar does not follow them
    (then no day is ever provisional).
    """

    zone: ZoneInfo
    week: Week
    days: Mapping[date, DayRule] = field(default_factory=lambda: MappingProxyType({}))
    published: frozenset[int] | None = None
    code: str = ""

    def __post_init__(self) -> None:
        week_check(self.week)

    @classmethod
    def always(cls, zone: str | ZoneInfo, *, code: str = "always") -> CalendarSpec:
        """Open day and night, every day."""
        return cls(zone_of(zone), _ALWAYS, code=code)

    @property
    def makeup_hours(self) -> tuple[Hours, ...]:
        """The hours that a make-up day takes when nothing else is said."""
        return next((hours for hours in self.week if hours), ())

    @property
    def has_weekly_hours(self) -> bool:
        return any(self.week)

    def is_provisional(self, day: date) -> bool:
        """True while the statutory days around this date are unknown."""
        if self.published is None:
            return False
        if day.year not in self.published:
            return True
        return (day.month, day.day) >= PROVISIONAL_TAIL and day.year + 1 not in self.published

    def hours_on(self, day: date) -> tuple[Hours, ...]:
        """The intervals that start on this date."""
        rule = self.days.get(day)
        if rule is None:
            return self.week[day.weekday()]
        if rule.kind == "holiday":
            return ()
        if rule.hours is not None or rule.kind == "custom":
            return rule.hours or ()
        return self.makeup_hours if rule.like is None else self.week[rule.like]

    def day(self, day: date) -> Day:
        """Everything known of the date."""
        rule = self.days.get(day)
        hours = self.hours_on(day)
        provisional = self.is_provisional(day)
        if rule is None:
            return Day(day, "working" if hours else "rest", hours, provisional=provisional)
        # what a person has set by hand stays as it is whatever will be published
        return Day(day, rule.kind, hours, rule.name, rule.source, provisional and rule.source == "statutory")


def zone_of(zone: str | ZoneInfo) -> ZoneInfo:
    """The IANA zone of that name; raises `BadZone`."""
    if isinstance(zone, ZoneInfo):
        return zone
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:  # unknown; not a name; a folder such as "Asia"
        raise BadZone(
            gettext_lazy("没有时区“%(zone)s”；应为 IANA 名称，例如 Asia/Shanghai") % {"zone": zone},
            field="zone",
        ) from error


def hours_parse(value: Any, *, where: object = "") -> tuple[Hours, ...]:
    """The intervals of one day from `[["08:30", "12:00"], ["13:30", "17:30"]]`, in order.

    Raises `BadHours`, its message led by `where` (the day's name), when the shape is wrong or intervals
    overlap.
    """
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise _bad(where, _('应为时段列表，例如 [["08:30", "12:00"]]'))
    hours = []
    for pair in value:
        if (
            not isinstance(pair, Sequence)
            or isinstance(pair, str)
            or len(pair) != 2
            or not all(isinstance(part, str) for part in pair)
        ):
            raise _bad(where, _('时段应为开始与结束两个时间，例如 ["08:30", "12:00"]'))
        try:
            hours.append(Hours.parse(*pair))
        except BadHours as error:
            raise _bad(where, str(error)) from error
    hours.sort()
    _ordered(hours, where)
    return tuple(hours)


def hours_json(hours: Iterable[Hours]) -> list[list[str]]:
    """The intervals as stored; `hours_parse` reads them back."""
    return [each.pair() for each in hours]


def week_parse(value: Any) -> Week:
    """The week from `{"mon": [["08:30", "12:00"]], ...}`; a weekday left out is closed. Raises `BadHours`."""
    if not isinstance(value, Mapping):
        raise BadHours(_("每周时段应按 mon 到 sun 给出"))
    unknown = [str(key) for key in value if key not in WEEKDAYS]
    if unknown:
        raise BadHours(
            _("没有星期“%(days)s”；可用 %(known)s")
            % {"days": ", ".join(unknown), "known": ", ".join(WEEKDAYS)}
        )
    week = tuple(hours_parse(value.get(key, []), where=WEEKDAY_WORDS[key]) for key in WEEKDAYS)
    week_check(week)
    return week


def week_json(week: Week) -> dict[str, list[list[str]]]:
    """The week as stored; `week_parse` reads it back."""
    return {key: hours_json(hours) for key, hours in zip(WEEKDAYS, week, strict=True)}


def week_check(week: Week) -> None:
    """Raises `BadHours` unless there are seven days in order whose nights end before the next day begins."""
    if len(week) != len(WEEKDAYS):
        raise BadHours(_("每周须有七天"))
    for number, hours in enumerate(week):
        where = WEEKDAY_WORDS[WEEKDAYS[number]]
        _ordered(hours, where)
        following = week[(number + 1) % 7]
        if hours and following and hours[-1].end - MINUTES > following[0].start:
            raise _bad(
                where,
                _("时段 %(night)s 与次日的 %(morning)s 重叠") % {"night": hours[-1], "morning": following[0]},
            )


def _ordered(hours: Sequence[Hours], where: object) -> None:
    for earlier, later in pairwise(hours):
        if later.start < earlier.end:
            raise _bad(where, _("时段 %(one)s 与 %(two)s 重叠") % {"one": earlier, "two": later})


def _bad(where: object, why: str) -> BadHours:
    if not str(where):
        return BadHours(why)
    return BadHours(_("%(where)s：%(why)s") % {"where": where, "why": why})


def _minutes(clock: str) -> int:
    found = _CLOCK.fullmatch(clock)
    hour, minute = (int(found[1]), int(found[2])) if found else (99, 0)
    total = hour * 60 + minute
    if minute > 59 or total > MINUTES:
        raise BadHours(_("“%(clock)s”不是时间；应为 00:00 到 24:00") % {"clock": clock})
    return total


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
