"""What periods are called."""

from __future__ import annotations

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from shounuo.analytics.rules import Period
from shounuo.web import words


def period_name(period: Period, *, own: bool = False) -> str:
    """2026年第 47 周 · 2026年11月 · 2026年第 4 季 · 11月22日 · 10月24日 – 11月22日."""
    return (
        words.days_span(period.first, period.last)
        if own
        else days_name(period.kind, period.first, period.last)
    )


def days_name(kind: str, first: date, last: date) -> str:
    """The same by the kind and the days."""
    year = first.isocalendar().year if kind == "week" else first.year
    match kind:
        case "days":
            return words.days_span(first, last)
        case "week":
            return _("%(year)s年第 %(n)s 周") % {"year": year, "n": first.isocalendar().week}
        case "month":
            return date_format(first, "YEAR_MONTH_FORMAT")
        case "quarter":
            return _("%(year)s年第 %(n)s 季") % {"year": year, "n": (first.month - 1) // 3 + 1}
    return words.full_day(first)
