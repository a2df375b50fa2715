"""What is asked of a metric in an address: `from`, `to`, `bucket`, `limit`, `by`, and conditions by dimension."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from shounuo.kernel import reach
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid
from shounuo.kernel.text import whole
from shounuo.metrics import queries, registry
from shounuo.metrics.queries import Figure
from shounuo.metrics.registry import Metric
from shounuo.metrics.rules import BUCKETS, Bucket, Window
from shounuo.staff import queries as staff

DAYS = 30
MOST_YEARS = 20
MOST_SECONDS = 999_999_999
Given = Mapping[str, Sequence[str]]
# a plus sign that was not encoded arrives as a space
_UNENCODED_PLUS = re.compile(r"(T[0-9:.]+) ([0-9]{2}:?[0-9]{2})$")
OWN = ("from", "to", "bucket", "limit", "by", "which", "cursor")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that has been read; its values have been checked, its rights not."""

    metric: Metric
    window: Window
    where: dict[str, list[Any]]
    by: tuple[str, ...]
    bucket: Bucket | None
    limit: int | None

    def answer(self, actor: Actor, at: datetime, **other: Any) -> Figure:
        """The figure; `other` replaces what was asked (by, bucket, window)."""
        asked: dict[str, Any] = {
            "where": self.where,
            "by": self.by,
            "bucket": self.bucket,
            "limit": self.limit,
        }
        window = other.pop("window", self.window)
        return queries.figure(self.metric.code, window, actor=actor, at=at, **(asked | other))


def read(metric: Metric, given: Given, at: datetime) -> Asked:
    """The question in an address. `from` and `to` are days (the last included) or moments with their offset, the last 30
    days without them; a condition is `<dimension>=<value>`, several mean any of them, `none` those that have none.
    Invalid names what cannot be read."""
    zone = ZoneInfo(staff.organisation().zone)
    where = {code: given[code] for code in registry.dimensions() if given.get(code)}
    return Asked(
        metric,
        _window(_one(given, "from"), _one(given, "to"), at, zone),
        queries.read_where(metric, where) if not metric.waits_for else {},
        tuple(code for text in given.get("by", ()) for code in text.split(",") if code),
        _bucket(_one(given, "bucket")),
        _limit(_one(given, "limit")),
    )


def _one(given: Given, name: str) -> str:
    values = given.get(name) or [""]
    return values[-1].strip()


def _bucket(text: str) -> Bucket | None:
    if text and text not in BUCKETS:
        raise Invalid(
            _("“%(value)s”不在可选范围内") % {"value": text[:40]}, field="bucket", code="bad_choice"
        )
    return text if text else None


def _limit(text: str) -> int | None:
    if not text:
        return None
    seconds = whole(text, MOST_SECONDS)
    if not seconds:
        raise Invalid(_("须为正整数，单位为秒"), field="limit", code="bad_limit")
    return seconds


def _window(first: str, last: str, at: datetime, zone: ZoneInfo) -> Window:
    start = _moment(first, "from", zone) if first else None
    end = _moment(last, "to", zone, is_end=True) if last else None
    if end is None:
        end = Window.last(1, at, zone).end
        if start is not None and start >= end:
            end = start + timedelta(days=1)
    if start is None:
        start = Window.last(DAYS, end - timedelta(microseconds=1), zone).start
    if end - start > timedelta(days=366 * MOST_YEARS):
        raise Invalid(
            _("时间范围最长 %(years)s 年") % {"years": MOST_YEARS}, field="from", code="window_too_long"
        )
    return queries.window_of(start, end)


def _moment(text: str, field: str, zone: ZoneInfo, *, is_end: bool = False) -> datetime:
    try:
        if len(text) == 10:
            day = date.fromisoformat(text)
            if not reach.can_be_named(day):
                raise ValueError(text)
            return Window.days(day, day, zone).end if is_end else Window.days(day, day, zone).start
        moment = datetime.fromisoformat(_UNENCODED_PLUS.sub(r"\1+\2", text))
    except ValueError as error:
        raise Invalid(_("应为日期，或带时区的 ISO 8601 时间"), field=field, code="bad_moment") from error
    if moment.tzinfo is None or not reach.can_be_named(moment):
        raise Invalid(_("应为日期，或带时区的 ISO 8601 时间"), field=field, code="bad_moment")
    return moment
