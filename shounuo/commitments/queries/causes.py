"""Why promises were broken, as their supervisors noted it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count

from shounuo.commitments.models import Clock


def causes(clauses: Iterable[str], start: datetime, end: datetime) -> list[tuple[str, int]]:
    """(cause code, count) of the promises due in [start, end) that were broken, most first; "" = not said yet. One
    query."""
    rows = (
        Clock.objects.filter(
            clause_code__in=list(clauses), state=Clock.State.BREACHED, due_at__gte=start, due_at__lt=end
        )
        .order_by()
        .values_list("cause")
        .annotate(n=Count("id"))
    )
    return sorted(rows, key=lambda row: (row[0] == "", -row[1]))
