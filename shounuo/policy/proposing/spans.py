"""Lengths of time in the wording: 30分钟, 三个工作日, 半小时, 一个半小时, 3至5天, 当日, and blanks (XX小时)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from shounuo.kernel import durations
from shounuo.policy.proposing.numbers import NUMBER, number

UNSET = "unset"
_UNIT = r"(?:工作小时|工作日|工作天|营业日|小时|钟头|分钟|秒钟?|星期|礼拜|周|天|日|季度|季|个?学期|个月|月|年|min|h(?![a-z]))"
_BLANK = r"(?:[xX×_＿]{1,4}|[○〇□◯]{1,4}|若干|_+)"
LENGTH = re.compile(
    rf"(?P<low>{NUMBER}个?(?:半)?(?P<lowunit>{_UNIT})?(?:至|到|-|~|—|－|–))?"
    rf"(?:(?P<half>半)个?|(?P<n>{NUMBER})(?P<ge>个?)(?P<andhalf>半)?|(?P<blank>{_BLANK})个?)"
    rf"(?P<business>工作|自然|日历)?(?P<unit>{_UNIT})(?P<tail>半)?"
)
SAME_DAY = re.compile(r"(?:当日|当天|即日|同日|次日|第二天|隔日)(?=内|[^期常均度历])")
_MINUTES = {"分钟": 1, "min": 1, "小时": 60, "钟头": 60, "h": 60, "工作小时": 60}
_SECONDS = {"秒": 1, "秒钟": 1}
_DAYS = {"日": 1, "天": 1, "周": 7, "星期": 7, "礼拜": 7}
_BUSINESS_DAYS = {"工作日": 1, "工作天": 1, "营业日": 1}
_MONTHS = {"月": 1, "个月": 1, "季": 3, "季度": 3, "年": 12}


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time in a normalised text. `iso`: as a pack writes it, or `unset` where the text leaves it open."""

    start: int
    end: int
    iso: str


def lengths(text: str, start: int = 0, end: int | None = None) -> Iterator[Length]:
    """Every length of time in the text, in order; of a range the upper end."""
    stop = len(text) if end is None else end
    found = [*(_length(m) for m in LENGTH.finditer(text, start, stop))]
    found += [Length(m.start(), m.end(), UNSET) for m in SAME_DAY.finditer(text, start, stop)]
    yield from sorted((f for f in found if f is not None), key=lambda f: f.start)


def read(text: str) -> str | None:
    """The length that the whole text says, None when it says none."""
    match = LENGTH.fullmatch(text)
    found = _length(match) if match else None
    return found.iso if found else None


def _length(match: re.Match[str]) -> Length | None:
    unit = match["unit"]
    if unit.removeprefix("个") == "学期" or match["blank"]:
        return Length(match.start(), match.end(), UNSET)
    if unit == "月" and not match["ge"] and not match["half"]:  # 3月 is March
        return None
    half = Decimal("0.5")
    if match["half"]:
        amount = half
    else:
        value = number(match["n"])
        if value is None or value == 0:
            return None
        amount = value + (half if match["andhalf"] or match["tail"] else 0)
    iso = iso_of(amount, unit, business=match["business"] == "工作")
    return Length(match.start(), match.end(), iso) if iso else None


def iso_of(amount: Decimal, unit: str, *, business: bool = False) -> str | None:
    """`PT90M` of one and a half 小时; None where it cannot be written in whole units, or is no length of this world."""
    found = _iso(amount, unit, business=business)
    try:
        return found if found is None or not durations.parse(found).is_zero else None
    except durations.BadDuration:
        return None


def _iso(amount: Decimal, unit: str, *, business: bool) -> str | None:
    if unit in _MONTHS:
        months = amount * _MONTHS[unit]
        if months != int(months):
            return None
        return f"P{int(months) // 12}Y" if months % 12 == 0 else f"P{int(months)}M"
    if unit in _BUSINESS_DAYS or (business and unit in ("日", "天")):
        return f"P{int(amount)}BD" if amount == int(amount) else None
    if unit in _DAYS:
        days = amount * _DAYS[unit]
        return f"P{int(days)}D" if days == int(days) else f"PT{int(days * 24)}H"
    seconds = amount * (_SECONDS[unit] if unit in _SECONDS else _MINUTES[unit] * 60)
    if seconds != int(seconds):
        return None
    mark = "B" if business or unit.startswith("工作") else ""
    for size, letter in ((3600, "H"), (60, "M"), (1, "S")):
        if int(seconds) % size == 0:
            return f"PT{int(seconds) // size}{mark}{letter}"
    return None
