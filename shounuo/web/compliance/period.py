"""The quarter that a report is of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from shounuo.metrics.rules import Window

CODE = re.compile(r"^(20[0-9]{2})Q([1-4])$")


@dataclass(frozen=True, slots=True)
class Quarter:
    """A calendar quarter of the organisation's zone."""

    year: int
    number: int

    @property
    def code(self) -> str:
        return f"{self.year}Q{self.number}"

    @property
    def label(self) -> str:
        return _("%(year)s 年第 %(n)s 季度") % {"year": self.year, "n": self.number}

    @property
    def first(self) -> date:
        return date(self.year, self.number * 3 - 2, 1)

    @property
    def last(self) -> date:
        return self.after.first - timedelta(days=1)

    @property
    def before(self) -> Quarter:
        return Quarter(self.year, self.number - 1) if self.number > 1 else Quarter(self.year - 1, 4)

    @property
    def after(self) -> Quarter:
        return Quarter(self.year, self.number + 1) if self.number < 4 else Quarter(self.year + 1, 1)

    def window(self, zone: ZoneInfo) -> Window:
        return Window.days(self.first, self.last, zone)


def of_day(day: date) -> Quarter:
    """The quarter of a day."""
    return Quarter(day.year, (day.month - 1) // 3 + 1)


def asked(code: str, at: datetime, zone: ZoneInfo) -> Quarter:
    """The quarter of a code ("2026Q4"); that of the moment where it is none, or lies ahead."""
    now = of_day(at.astimezone(zone).date())
    found = CODE.match(code)
    if found is None:
        return now
    quarter = Quarter(int(found[1]), int(found[2]))
    return now if (quarter.year, quarter.number) > (now.year, now.number) else quarter
