"""What is asked of a dashboard in an address: `period` (day, week, month, quarter, days), `back` (how many of it before the
present one) or `from` and `to`, and conditions by dimension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from shounuo.analytics import rules
from shounuo.analytics.rules import Kind, Period
from shounuo.kernel import reach
from shounuo.kernel.errors import Invalid
from shounuo.kernel.text import whole
from shounuo.metrics import queries as metrics
from shounuo.metrics import registry
from shounuo.metrics.queries.conditions import values_of

Given = Mapping[str, Sequence[str]]
DEFAULT: Kind = "days"
FILTERS = ("team", "channel", "topic")
MOST_DAYS = 366 * 5


@dataclass(frozen=True, slots=True)
class Lens:
    """Through what a dashboard looks: a period, and conditions whose values have been checked. `own` is True for days that
    the reader chose himself."""

    period: Period
    where: dict[str, list[Any]]
    own: bool = False


def read(given: Given, at: datetime) -> Lens:
    """The question in an address; the last thirty days where it names no time. Invalid names what cannot be read."""
    where = {code: _values(code, given[code]) for code in FILTERS if given.get(code)}
    zone = metrics.zone()
    first, last = _one(given, "from"), _one(given, "to")
    if first or last:
        today = at.astimezone(zone).date()
        start, end = _day(first, "from") if first else None, _day(last, "to") if last else today
        start = start or end.replace(day=1)
        if start > end or (end - start).days > MOST_DAYS:
            raise Invalid(_("时间范围的结束须在开始之后，且不超过五年"), field="to", code="bad_window")
        return Lens(rules.between(start, end, at, zone), where, own=True)
    kind = next((k for k in rules.KINDS if k == (_one(given, "period") or DEFAULT)), None)
    back = whole(_one(given, "back") or "0", rules.MOST_BACK)
    try:
        if kind is None or back is None:
            raise ValueError(_one(given, "period"))
        return Lens(rules.period(kind, at, zone, back=back), where)
    except ValueError as error:
        raise Invalid(_("没有这样的时间范围"), field="period", code="bad_choice") from error


def _values(code: str, texts: Sequence[str]) -> list[Any]:
    return values_of(registry.dimensions()[code], [None if text == "none" else text for text in texts])


def _one(given: Given, name: str) -> str:
    return (given.get(name) or [""])[-1].strip()


def _day(text: str, field: str) -> date:
    try:
        day = date.fromisoformat(text)
        if not reach.can_be_named(day):
            raise ValueError(text)
    except ValueError as error:
        raise Invalid(_("应为日期"), field=field, code="bad_day") from error
    return day
