"""Exceptions to clauses: where somebody was served sooner or better."""

from __future__ import annotations

from shounuo.events import subjects
from shounuo.kernel.actors import Actor
from shounuo.policy.models import Deviation


def deviations_of(actor: Actor, clause: str, *, limit: int = 20) -> list[Deviation]:
    """The latest exceptions to a clause on subjects that the actor may see, newest first; a query, and one for each kind
    of subject among them."""
    rows = list(
        Deviation.objects.filter(clause=clause).select_related("by").order_by("-at", "-id")[: limit * 3]
    )
    seen: dict[str, set[int]] = {}
    for kind in {r.subject_kind for r in rows}:
        subject = subjects.get(kind)
        ids = [r.subject_id for r in rows if r.subject_kind == kind]
        seen[kind] = subject.visible_ids(actor, ids) if subject is not None else set()
    return [r for r in rows if r.subject_id in seen.get(r.subject_kind, ())][:limit]
