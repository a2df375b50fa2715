"""The State Council's holidays and make-up days, as far as the installation knows them (package chinesecalendar)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from types import MappingProxyType

from django.utils.translation import gettext, gettext_noop

from shounuo.kernel.worktime import DayRule

_NAMES = {
    "New Year's Day": gettext_noop("元旦"),
    "Spring Festival": gettext_noop("春节"),
    "Tomb-sweeping Day": gettext_noop("清明节"),
    "Labour Day": gettext_noop("劳动节"),
    "Dragon Boat Festival": gettext_noop("端午节"),
    "Mid-autumn Festival": gettext_noop("中秋节"),
    "National Day": gettext_noop("国庆节"),
    "Anti-Fascist 70th Day": gettext_noop("中国人民抗日战争胜利70周年纪念日"),
}
SINCE = 2004
"""The first year known."""


@cache
def _all() -> Mapping[date, DayRule]:
    import chinese_calendar  # 10 ms and 1 MB that a process without a statutory calendar need not spend

    rules = {
        day: DayRule("holiday", _NAMES.get(name, name), "statutory")
        for day, name in chinese_calendar.holidays.items()
    }
    rules |= {
        day: DayRule("workday", _NAMES.get(name, name), "statutory")
        for day, name in chinese_calendar.workdays.items()
    }
    return MappingProxyType(rules)


@cache
def known_through() -> int:
    """The last year whose days are known here; those of later years are not published, or not yet in the package."""
    return max(day.year for day, rule in _all().items() if rule.kind == "holiday")


def years() -> frozenset[int]:
    """All years whose days are known."""
    return frozenset(range(SINCE, known_through() + 1))


def days(*, without: Iterable[int] = ()) -> dict[date, DayRule]:
    """The rule of every known day, by date, leaving out the years that an organisation has imported itself."""
    left_out = frozenset(without)
    return {day: rule for day, rule in _all().items() if day.year not in left_out}


def name_words(name: str) -> str:
    """A statutory day's name in the active language; any other name as it is."""
    return gettext(name) if name in _NAMES.values() else name
