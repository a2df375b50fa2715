"""Figures over a year of bench rows: building them, one metric cut by three dimensions, a dashboard of ten."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

Add = Callable[[str, str, str, bool | None], None]
CUTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("cases_opened", ("channel", "team", "kind")),
    ("first_response_time", ("channel", "team", "level")),
    ("resolution_median", ("team", "topic_top", "kind")),
    ("kept_share", ("clause", "team", "channel")),
    ("messages_in", ("channel", "topic", "hour")),
    ("cases_per_agent_per_day", ("team", "channel", "kind")),
    ("waiting_internal_share", ("team", "channel", "kind")),
)
DASHBOARD = (
    "cases_opened", "backlog", "queue_size", "first_response_time", "first_response_within_30min", "response_time_avg",
    "same_day_fcr", "kept_share", "reopen_rate", "complaint_count",
)  # fmt: skip


def rebuild(add: Add) -> None:
    """All sources anew."""
    from shounuo.metrics import services

    began = time.monotonic()
    report = services.rebuild(at=datetime.now(UTC))
    seconds = time.monotonic() - began
    add(
        f"figures: rebuild of a year ({report.total:,} observations)", f"{seconds:.0f} s", "<= 300 s", seconds <= 300
    )  # fmt: skip


def answers(add: Add) -> None:
    """Each metric cut by three dimensions over a year, then ten of a dashboard: of thirty days by day, and of a year by month."""
    from shounuo.metrics.rules import Window

    at, zone = datetime.now(UTC), ZoneInfo("Asia/Shanghai")
    year, month = Window.last(365, at, zone), Window.last(30, at, zone)
    for code, by in CUTS:
        spans = [_timed(lambda code=code, by=by: _figure(code, year, at, by=by)) for _i in range(5)]
        mid = statistics.median(spans)
        add(f"figures: {code} by {', '.join(by)}, a year", f"{mid:.0f} ms", "<= 500 ms", mid <= 500)
    for name, window, bucket in (("30 days by day", month, "day"), ("a year by month", year, "month")):
        spans = [
            _timed(lambda w=window, b=bucket: [_figure(code, w, at, bucket=b) for code in DASHBOARD]) for _i in range(5)
        ]  # fmt: skip
        mid = statistics.median(spans)
        wanted = "<= 300 ms" if bucket == "day" else ""
        add(f"figures: ten of a dashboard, {name}", f"{mid:.0f} ms", wanted, mid <= 300 if wanted else None)


def keeping_up(add: Add) -> None:
    """A thousand cases touched at once: until their figures are right again."""
    from django.db import transaction

    from shounuo.cases.models import Case
    from shounuo.events.services import NewEvent, publish
    from shounuo.kernel.actors import Actor
    from shounuo.metrics import services

    at = datetime.now(UTC)
    services.catch_up(at=at)
    ids = Case.objects.order_by("-id").values_list("id", flat=True)[:1000]
    with transaction.atomic():
        publish([NewEvent("case.described", ("case", id), at, Actor.system(), {"version": 2}) for id in ids])
        publish([NewEvent("case.triaged", ("case", id), at, Actor.system(), {"version": 3}) for id in ids])
    began = time.monotonic()
    touched = services.catch_up(at=at)
    seconds = time.monotonic() - began
    add(f"figures: {touched} touched subjects observed anew", f"{seconds:.1f} s", "<= 5 s", seconds <= 5)


def _timed(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def _figure(code: str, window: Any, at: datetime, **more: Any) -> Any:
    from shounuo.kernel.actors import Actor
    from shounuo.metrics import queries

    return queries.figure(code, window, actor=Actor.system(), at=at, **more)
