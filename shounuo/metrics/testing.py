"""Figures in tests: everything observed as it is stored now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from shounuo.kernel.actors import Actor
from shounuo.metrics import queries, services
from shounuo.metrics.queries import Figure
from shounuo.metrics.rules import Window
from shounuo.staff.testing import AT


def observe_all(at: datetime = AT, *, sources: Iterable[str] | None = None) -> None:
    """Builds every source, or these, from what is stored: for tests in one transaction, whose events no reader sees
    yet."""
    services.rebuild(sources=sources, at=at)


def asked(code: str, window: Window, at: datetime, **more: Any) -> Figure:
    """The figure as the system sees it."""
    return queries.figure(code, window, actor=Actor.system(), at=at, **more)
