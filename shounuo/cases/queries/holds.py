"""Cases that a legal hold names, by themselves or through their customer."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from shounuo.audit.queries import held
from shounuo.cases.models import Case
from shounuo.customers.queries import held_ids


def held_cases() -> QuerySet[Case, Any]:
    """Their ids, for a condition. A case that went up in another is held with it, and the other way round."""
    ids = fresh = held("case")
    while fresh:
        tied = Case.objects.filter(Q(merged_into__in=fresh) | Q(pk__in=_above(fresh)))
        fresh = set(tied.values_list("pk", flat=True)) - ids
        ids = ids | fresh
    return Case.objects.filter(Q(pk__in=ids) | Q(customer_id__in=held_ids())).values("pk")


def _above(ids: set[int]) -> list[int]:
    rows = Case.objects.filter(pk__in=ids).exclude(merged_into=None)
    return [pk for pk in rows.values_list("merged_into_id", flat=True) if pk is not None]
