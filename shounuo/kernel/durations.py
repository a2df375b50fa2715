"""Lengths of time as the policies write them: ISO 8601 durations with working days and working hours, and
shares.

`PT30M` thirty minutes · `PT4H` · `P7D` seven days · `P3M` three months · `P1Y` · `P2W` · `P3BD` three
working days · `PT2BH` two working hours (`BM`, `BS` for minutes and seconds) · `80%` a share. Numbers are
whole; units come in the order Y M W D BD, then after a T: H M S BH BM BS.

A `Span` says how long, never when: where it ends is asked of a calendar (`kernel.worktime`).
"""

from __future__ import annotations

import re
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from shounuo.kernel.errors import Invalid

MAX_YEARS = 100

_DATE_UNITS = {
    "Y": ("months", 12),
    "M": ("months", 1),
    "W": ("days", 7),
    "D": ("days", 1),
    "BD": ("business_days", 1),
}
_TIME_UNITS = {
    "H": ("seconds", 3600),
    "M": ("seconds", 60),
    "S": ("seconds", 1),
    "BH": ("business_seconds", 3600),
    "BM": ("business_seconds", 60),
    "BS": ("business_seconds", 1),
}
_MOST = {
    "months": MAX_YEARS * 12,
    "days": MAX_YEARS * 366,
    "seconds": MAX_YEARS * 366 * 86_400,
    "business_days": MAX_YEARS * 366,
    "business_seconds": MAX_YEARS * 366 * 86_400,
}
_PART = re.compile(r"([0-9]+)([A-Za-z]*)")
_PERCENT = re.compile(r"([0-9]{1,6})(?:\.([0-9]{1,2}))?%")

_WORDS: dict[str, Any] = {
    "year": ngettext_lazy("%(n)d 年", "%(n)d 年", "n"),
    "month": ngettext_lazy("%(n)d 个月", "%(n)d 个月", "n"),
    "day": ngettext_lazy("%(n)d 天", "%(n)d 天", "n"),
    "business_day": ngettext_lazy("%(n)d 个工作日", "%(n)d 个工作日", "n"),
    "hour": ngettext_lazy("%(n)d 小时", "%(n)d 小时", "n"),
    "minute": ngettext_lazy("%(n)d 分钟", "%(n)d 分钟", "n"),
    "second": ngettext_lazy("%(n)d 秒", "%(n)d 秒", "n"),
    "business_hour": ngettext_lazy("%(n)d 个工作小时", "%(n)d 个工作小时", "n"),
    "business_minute": ngettext_lazy("%(n)d 个工作分钟", "%(n)d 个工作分钟", "n"),
    "business_second": ngettext_lazy("%(n)d 个工作秒", "%(n)d 个工作秒", "n"),
}


class BadDuration(Invalid):
    """A text that is no duration; the message says what is wrong with it and shows a right one."""

    code = "bad_duration"


class BadPercent(Invalid):
    """A text that is no share."""

    code = "bad_percent"


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time in five parts that cannot be turned into one another without a calendar.

    Months and days are those of the wall calendar, seconds run on the calendar that the rule names,
    business days and business seconds on a business calendar. Equal spans compare equal however they were
    written (P1W = P7D).
    """

    months: int = 0
    days: int = 0
    seconds: int = 0
    business_days: int = 0
    business_seconds: int = 0

    def __post_init__(self) -> None:
        for name, most in _MOST.items():
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise BadDuration(
                    gettext_lazy("时长须在 0 到 %(years)d 年之间") % {"years": MAX_YEARS},
                    code="duration_range",
                )

    @classmethod
    def parse(cls, text: str) -> Span:
        """The span that the text says; raises `BadDuration` with the exact reason."""
        return parse(text)

    @property
    def is_zero(self) -> bool:
        return self == Span()

    @property
    def needs_business(self) -> bool:
        """True when a part of it can only be counted on a business calendar."""
        return bool(self.business_days or self.business_seconds)

    @property
    def is_natural(self) -> bool:
        """True when it is made of calendar days and months only, so that opening hours play no part."""
        return not (self.seconds or self.needs_business)

    def __str__(self) -> str:
        """The one canonical ISO form: `parse(str(span)) == span`."""
        date = ""
        if self.months:
            date += f"{self.months // 12}Y" if self.months % 12 == 0 else f"{self.months}M"
        if self.days:
            date += f"{self.days}D"
        if self.business_days:
            date += f"{self.business_days}BD"
        time = "".join(f"{n}{unit}" for n, unit in zip(_hms(self.seconds), ("H", "M", "S"), strict=True) if n)
        time += "".join(
            f"{n}{unit}" for n, unit in zip(_hms(self.business_seconds), ("BH", "BM", "BS"), strict=True) if n
        )
        if not date and not time:
            return "PT0S"
        return f"P{date}T{time}" if time else f"P{date}"

    def words(self, lang: str | None = None) -> str:
        """For people: "3 个工作日", in the active language or in the one named (`zh-hans`, `en`)."""
        parts: list[tuple[str, int]] = []
        if self.months:
            parts.append(("year", self.months // 12) if self.months % 12 == 0 else ("month", self.months))
        parts.append(("day", self.days))
        parts.append(("business_day", self.business_days))
        parts += zip(("hour", "minute", "second"), _hms(self.seconds), strict=True)
        parts += zip(
            ("business_hour", "business_minute", "business_second"), _hms(self.business_seconds), strict=True
        )
        told = [(unit, n) for unit, n in parts if n] or [("second", 0)]
        with translation.override(lang) if lang else nullcontext():
            return " ".join(str(_WORDS[unit] % {"n": n}) for unit, n in told)


@dataclass(frozen=True, slots=True, order=True)
class Percent:
    """A share of something, exact to a hundredth of a percent: `80%`, `12.5%`, `150%`."""

    basis_points: int

    @classmethod
    def parse(cls, text: str) -> Percent:
        """The share that the text says; raises `BadPercent`."""
        return parse_percent(text)

    def of(self, length: timedelta) -> timedelta:
        """This share of a length of calendar time, to the microsecond, rounded down."""
        return length * self.basis_points // 10_000

    def point(self, start: datetime, end: datetime) -> datetime:
        """The moment when this share of the time from start to end has passed; over 100%: after the end."""
        return start + self.of(end - start)

    def __str__(self) -> str:
        whole, rest = divmod(self.basis_points, 100)
        return f"{whole}%" if not rest else f"{whole}.{rest:02d}".rstrip("0") + "%"


def parse(text: str) -> Span:
    """The span that the text says (`PT30M`, `P3BD`); raises `BadDuration` with the exact reason."""
    if not isinstance(text, str) or not text:
        raise BadDuration(gettext_lazy("时长为空；例如 PT30M、P3BD"), code="duration_empty")
    if not text.startswith("P"):
        raise _bad(text, _("须以大写字母 P 开头，例如 PT30M、P3BD"))
    date, t, time = text[1:].partition("T")
    if not date and not t:
        raise _bad(text, _("P 之后没有内容，例如 PT30M、P3BD"))
    if t and not time:
        raise _bad(text, _("T 之后没有内容，例如 PT30M"))
    if "T" in time:
        raise _bad(text, _("只能有一个 T"))
    total = dict.fromkeys(_MOST, 0)
    for part, units, other in ((date, _DATE_UNITS, _TIME_UNITS), (time, _TIME_UNITS, _DATE_UNITS)):
        _read(text, part, units, other, total)
    for name, most in _MOST.items():
        if total[name] > most:
            raise _bad(text, _("超过 %(years)d 年") % {"years": MAX_YEARS})
    return Span(**total)


def parse_percent(text: str) -> Percent:
    """The share that the text says (`80%`, `12.5%`); raises `BadPercent`."""
    found = _PERCENT.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise BadPercent(
            gettext_lazy("百分比“%(text)s”无法识别：应为数字加 %%，最多两位小数，例如 80%%") % {"text": text}
        )
    whole, rest = found.groups()
    return Percent(int(whole) * 100 + int((rest or "").ljust(2, "0")))


def parse_offset(text: str) -> Span | Percent:
    """A point on a ladder: a share of the time (`150%`) or a length after the start (`PT5M`)."""
    return parse_percent(text) if isinstance(text, str) and text.endswith("%") else parse(text)


def _read(
    text: str,
    part: str,
    units: dict[str, tuple[str, int]],
    other: dict[str, tuple[str, int]],
    total: dict[str, int],
) -> None:
    """Add the numbers of one side of the T to `total`."""
    order = list(units)
    last = -1
    at = 0
    while at < len(part):
        found = _PART.match(part, at)
        if found is None:
            raise _bad(text, _("“%(part)s”处应为整数") % {"part": part[at:]})
        number, unit = found.groups()
        if not unit and part[found.end() : found.end() + 1] in {".", ","}:
            raise _bad(text, _("不能用小数，请换成更小的单位，例如 PT90M"))
        if not unit:
            raise _bad(text, _("数字 %(number)s 之后缺少单位") % {"number": number})
        if unit not in units:
            if unit in other and units is _DATE_UNITS:
                raise _bad(text, _("单位 %(unit)s 须写在 T 之后，例如 PT4H") % {"unit": unit})
            if unit in other:
                raise _bad(text, _("单位 %(unit)s 须写在 T 之前，例如 P3BD") % {"unit": unit})
            raise _bad(
                text, _("没有单位 %(unit)s；可用 %(units)s") % {"unit": unit, "units": ", ".join(order)}
            )
        if order.index(unit) <= last:
            raise _bad(text, _("单位须各出现一次，顺序为 %(units)s") % {"units": ", ".join(order)})
        if len(number) > 12:
            raise _bad(text, _("超过 %(years)d 年") % {"years": MAX_YEARS})
        last = order.index(unit)
        name, size = units[unit]
        total[name] += int(number) * size
        at = found.end()


def _bad(text: str, why: str) -> BadDuration:
    return BadDuration(_("时长“%(text)s”无法识别：%(why)s") % {"text": text[:60], "why": why})


def _hms(seconds: int) -> tuple[int, int, int]:
    return seconds // 3600, seconds // 60 % 60, seconds % 60
