"""Who has a case open now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shounuo.cases.models import Viewer

HERE_FOR = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Present:
    """A colleague who has the case open, and whether he is writing."""

    person_id: int
    name: str
    writing: bool


def present(case_id: int, at: datetime) -> list[Present]:
    """Who was seen on the case within the last 30 seconds, writers first."""
    rows = (
        Viewer.objects.filter(case_id=case_id, seen_at__gt=at - HERE_FOR)
        .order_by("-writing", "person_id")
        .values_list("person_id", "person__name", "writing")
    )
    return [Present(*row) for row in rows]
