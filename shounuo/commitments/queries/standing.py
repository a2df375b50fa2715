"""How the clocks of clauses stand at this very moment. No figures: how promises were kept is asked of `figures`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count, Q

from shounuo.commitments.models import Clock

State = Clock.State
OWED = Q(state__in=[State.RUNNING, State.PAUSED]) | Q(state=State.BREACHED, met_at=None, cancelled_at=None)


def clocks_now(clauses: Iterable[str]) -> dict[str, dict[str, int]]:
    """By clause code what is owed now: `running` in all, of these `overdue` and `at_risk`; clauses that owe nothing are left
    out. One query."""
    rows: Iterable[Mapping[str, Any]] = (
        Clock.objects.filter(OWED, clause_code__in=list(clauses))
        .order_by()
        .values("clause_code")
        .annotate(
            running=Count("id"),
            overdue=Count("id", filter=Q(state=State.BREACHED)),
            at_risk=Count("id", filter=Q(state=State.RUNNING, warned_at__isnull=False)),
        )
    )
    return {
        row["clause_code"]: {name: row[name] for name in ("running", "overdue", "at_risk")} for row in rows
    }


def usual_length(clause: str, start: datetime, end: datetime) -> int | None:
    """The counted seconds that clocks due in [start, end) most often had; None without one. One query."""
    rows = Clock.objects.filter(clause_code=clause, due_at__gte=start, due_at__lt=end, length_s__gt=0)
    most = rows.order_by().values("length_s").annotate(n=Count("id")).order_by("-n", "length_s").first()
    return most["length_s"] if most is not None else None
