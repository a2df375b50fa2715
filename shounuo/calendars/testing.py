"""Calendars for tests, built through the services."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from shounuo.calendars import services
from shounuo.calendars.models import Calendar
from shounuo.calendars.rules import DEFAULT_WEEKLY
from shounuo.kernel.actors import Actor

AT = datetime(2026, 10, 10, 2, 0, tzinfo=UTC)  # Saturday, a make-up working day, 10:00 in Shanghai


def make_defaults(zone: str = "Asia/Shanghai", *, at: datetime = AT) -> None:
    """`always` and `business`, as every installation has them."""
    services.ensure_defaults(zone=zone, at=at)


def make_calendar(
    code: str = "office",
    *,
    weekly: dict[str, Any] | None = None,
    zone: str = "Asia/Shanghai",
    statutory_days: bool = False,
    at: datetime = AT,
) -> Calendar:
    """A business calendar, by default with office hours and without holidays."""
    return services.calendar_create(
        code=code,
        name=code,
        zone=zone,
        weekly=DEFAULT_WEEKLY if weekly is None else weekly,
        statutory_days=statutory_days,
        actor=Actor.system(),
        at=at,
    )
