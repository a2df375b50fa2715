"""Who has to have read a version, and who has said so."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, QuerySet

from shounuo.policy.models import Acknowledgement, ClauseComment, PolicyVersion
from shounuo.staff import queries as staff
from shounuo.staff.models import Person


def readers(version: PolicyVersion) -> QuerySet[Person]:
    """The people of the house who have to acknowledge a version: those of its roles, everybody where it names none."""
    people = staff.people()
    if not version.readers:
        return people
    return people.filter(roles__code__in=version.readers).distinct()


def missing_readers(version: PolicyVersion) -> QuerySet[Person]:
    """Those of them who have not done it."""
    done = Acknowledgement.objects.filter(version=version, person=OuterRef("pk"))
    return readers(version).filter(~Exists(done))


def comments_of(version: PolicyVersion, clause: str | None = None) -> Sequence[ClauseComment]:
    """What was said about the clauses of a version, oldest first, with who said it; one query."""
    rows = ClauseComment.objects.filter(version=version).select_related("by", "settled_by").order_by("id")
    return list(rows if clause is None else rows.filter(clause=clause))
