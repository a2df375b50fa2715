"""The one place that reads the system's clock, for the edges (views, commands, tasks)."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """This moment in UTC, with microseconds."""
    return datetime.now(UTC)
