"""Addresses that lead from a dashboard to a metric, to what stands behind a number, and to another look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from shounuo.analytics import queries
from shounuo.kernel.actors import Actor
from shounuo.metrics import queries as metrics
from shounuo.metrics.rules import Window

Where = Mapping[str, Sequence[Any]]


def metric_url(code: str, window: Window, where: Where, **more: Any) -> str:
    """The page of the metric, through the same window and conditions."""
    return reverse("metric", args=[code]) + _asked(code, window, where, more)


def behind_url(actor: Actor, code: str, window: Window, where: Where, **more: Any) -> str:
    """The list of what a number counts; nothing where that list is not one for the reader."""
    narrowed, _apart = queries.narrow(code, where)
    if not metrics.may_list(
        actor, code, {**narrowed, **{name: [v] for name, v in more.items() if name != "which"}}
    ):
        return ""
    return reverse("metric-subjects", args=[code]) + _asked(code, window, where, more)


def _asked(code: str, window: Window, where: Where, more: Mapping[str, Any]) -> str:
    kept, _apart = queries.narrow(code, where)
    first, last = window.start.astimezone(window.zone), window.end.astimezone(window.zone)
    pairs: list[tuple[str, Any]] = [("from", first.date().isoformat()), ("to", _last(last))]
    pairs += [(name, "none" if v in (None, "") else v) for name, values in kept.items() for v in values]
    pairs += [(name, "none" if v in (None, "") else v) for name, v in more.items()]
    return "?" + urlencode(pairs)


def _last(end: datetime) -> str:
    return (end - timedelta(microseconds=1)).date().isoformat()
