"""Filters: times, durations, money, numbers and names as words."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext

from shounuo.kernel import clock as kernel_clock
from shounuo.web import words
from shounuo.web.templatetags.sn.library import register
from shounuo.web.words import of

NEVER = 10**9  # a "day" so long that hours are never made days


def hour_minute(value: Any) -> str:
    """10:54 in the organisation's zone; takes a datetime or a time."""
    local = timezone.localtime(value) if isinstance(value, datetime) else value
    return str(local.strftime("%H:%M"))


@register.filter
def moment(value: datetime | None, style: str = "") -> str:
    """`{{ at|moment }}` 今天 10:54, 周一 09:20, 10月8日 周四 08:34; styles due, short, full."""
    return words.moment_words(value, kernel_clock.now(), style) if value else gettext("未定")


@register.filter
def day(value: date | datetime | None, style: str = "") -> str:
    """`{{ d|day }}` 今天, else 10月12日 周一; styles full (never 今天), short (no weekday)."""
    if not value:
        return gettext("未定")
    if style == "full":
        that = timezone.localtime(value).date() if isinstance(value, datetime) else value
        return words.full_day(that, timezone.localtime(kernel_clock.now()).date())
    return words.day_words(value, kernel_clock.now(), weekday=style != "short")


@register.filter
def hm(value: datetime | None) -> str:
    """`{{ at|hm }}` 10:54 in the organisation's zone."""
    return hour_minute(value) if value else ""


@register.filter
def since(value: datetime | None) -> str:
    """`{{ at|since }}` 2 小时 7 分前."""
    return words.since_words(value, kernel_clock.now()) if value else ""


@register.filter
def span(seconds: Any, style: str = "") -> str:
    """`{{ seconds|span }}` 6 小时 32 分 (a timedelta too); styles exact (seconds), hours (no days)."""
    if seconds is None or seconds == "":
        return gettext("未计")
    value = seconds.total_seconds() if hasattr(seconds, "total_seconds") else float(seconds)
    return words.span(value, exact=style == "exact", day=NEVER if style == "hours" else words.DAY)


@register.filter
def clock_text(thing: Any) -> str:
    """`{{ c|clock_text }}`: a clock's words alone."""
    return words.clock_words(thing, kernel_clock.now())


@register.filter
def money(fen: int | str | None) -> str:
    """`{{ fen|money }}` 9,480 元."""
    return words.money(fen)


@register.filter
def num(value: Any, places: int | None = None) -> str:
    """`{{ n|num }}` 1,288; `{{ n|num:1 }}`."""
    return words.number(value, places)


@register.filter
def pct(share: Any, places: int = 1) -> str:
    """`{{ share|pct }}` 0.974 as 97.4%."""
    return words.percent(share, places)


@register.filter
def surname(name: str) -> str:
    """`{{ name|surname }}` 宋, 欧阳."""
    return words.family_name(name or "")


@register.filter
def size(value: int | None) -> str:
    """`{{ bytes|size }}` 812 KB."""
    return words.file_size(value)


@register.filter
def attr(thing: Any, name: str) -> Any:
    """`{{ thing|attr:"name" }}`: a value of a mapping or object by a name that is itself a value."""
    return of(thing, name, "")
