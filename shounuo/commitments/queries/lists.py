"""Lists of clocks for boards and pages, under the visibility of their subjects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from shounuo.commitments.models import Clock
from shounuo.commitments.queries.clocks import visible
from shounuo.kernel import paging
from shounuo.kernel.actors import Actor

Scope = Mapping[str, "QuerySet[Any] | None"]
"""By kind of subject, the ids that may be seen as a query (None: all of that kind); kinds not named are not seen. The part
that owns the subjects makes it from its own `visible_to(actor)`."""

State = Clock.State
_OVERDUE = Q(state=State.BREACHED, met_at=None, cancelled_at=None)
LOOKS = 8


@dataclass(frozen=True, slots=True)
class Breach:
    """A broken promise and how late it was kept, in plain time; None while it is still owed."""

    clock: Clock
    late: timedelta | None


def at_risk(
    actor: Actor,
    at: datetime,
    *,
    scope: Scope | None = None,
    within: timedelta = timedelta(hours=1),
    limit: int = 50,
    clauses: Iterable[str] | None = None,
) -> list[Clock]:
    """What is overdue, has warned or is due within a time, by due moment; at most `limit`."""
    rows = Clock.objects.filter(
        _OVERDUE
        | Q(state=State.RUNNING, due_at__lte=at + within)
        | Q(state=State.RUNNING, warned_at__isnull=False)
    ).order_by("due_at", "id")
    if clauses is not None:
        rows = rows.filter(clause_code__in=list(clauses))
    return _seen(rows, actor, scope, limit)


def pressing(late: Sequence[Clock], soon: Sequence[Clock], limit: int) -> list[Clock]:
    """What wants a hand now, of `lately_broken` and `due_soon` read to this limit each: what is overdue, then what is due;
    half of the places for either as far as it fills them."""
    return [*late[: max(limit // 2, limit - len(soon))], *soon][:limit]


def lately_broken(*, kind: str) -> QuerySet[Clock]:
    """What is overdue on subjects of this kind, whoever asks, that which became so last first."""
    return Clock.objects.filter(_OVERDUE, subject_kind=kind).order_by("-due_at", "-id")


def due_soon(at: datetime, *, kind: str, within: timedelta = timedelta(hours=1)) -> QuerySet[Clock]:
    """What has warned or is due within a time on subjects of this kind, whoever asks, the soonest first."""
    due = Q(due_at__lte=at + within) | Q(warned_at__isnull=False)
    return Clock.objects.filter(due, state=State.RUNNING, subject_kind=kind).order_by("due_at", "id")


def upcoming(at: datetime, *, kind: str, within: timedelta = timedelta(hours=2)) -> QuerySet[Clock]:
    """What is due in the next hours and what has been overdue for as long at most, on subjects of this kind, whoever
    asks, by due moment."""
    near = (_OVERDUE & Q(due_at__gt=at - within)) | Q(state=State.RUNNING, due_at__lte=at + within)
    return Clock.objects.filter(near, subject_kind=kind).order_by("due_at", "id")


def owed(at: datetime, *, kind: str, within: timedelta = timedelta(hours=1)) -> QuerySet[Clock]:
    """What is overdue (`breached`) or due within a time (`running`) on subjects of this kind, whoever asks, in no order."""
    due = Q(state=State.RUNNING, due_at__lte=at + within)
    return Clock.objects.filter(_OVERDUE | due, subject_kind=kind).order_by()


def breaches(
    actor: Actor,
    start: datetime,
    end: datetime,
    *,
    clauses: Iterable[str] | None = None,
    facts: Mapping[str, Any] | None = None,
    commitment: str = "",
    without_cause: bool = False,
    scope: Scope | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> tuple[list[Breach], str | None]:
    """The promises due in [start, end) that were broken, latest first, and the cursor of the next page."""
    rows = Clock.objects.filter(state=State.BREACHED, due_at__gte=start, due_at__lt=end)
    if clauses is not None:
        rows = rows.filter(clause_code__in=list(clauses))
    if facts:
        rows = rows.filter(facts__contains=dict(facts))
    if commitment:
        rows = rows.filter(commitment=commitment)
    if without_cause:
        rows = rows.filter(cause="")
    if cursor:
        moment, last = paging.decode(cursor, str, int)
        due = paging.moment_of(moment)
        rows = rows.filter(Q(due_at__lt=due) | Q(due_at=due, id__lt=last))
    found = _seen(rows.order_by("-due_at", "-id"), actor, scope, limit + 1)
    page = found[:limit]
    after = paging.encode(page[-1].due_at.isoformat(), page[-1].id) if len(found) > limit else None
    return [Breach(c, c.met_at - c.due_at if c.met_at is not None else None) for c in page], after


def in_scope(rows: QuerySet[Clock], scope: Scope) -> QuerySet[Clock]:
    """Only the clocks of the subjects in scope."""
    condition = Q(pk__in=[])
    for kind, ids in scope.items():
        condition |= Q(subject_kind=kind) if ids is None else Q(subject_kind=kind, subject_id__in=ids)
    return rows.filter(condition)


def _seen(rows: QuerySet[Clock], actor: Actor, scope: Scope | None, limit: int) -> list[Clock]:
    """The first `limit` rows that the actor may see: by the scope in one query, else by asking the subjects for a stretch
    of rows at a time, at most `LOOKS` times."""
    if scope is not None:
        return list(in_scope(rows, scope)[:limit])
    if actor.is_system:
        return list(rows[:limit])
    found: list[Clock] = []
    stretch = max(limit * 2, 100)
    for look in range(LOOKS):
        some: Sequence[Clock] = list(rows[look * stretch : (look + 1) * stretch])
        seen = visible(actor, some)
        found += [c for c in some if (c.subject_kind, c.subject_id) in seen]
        if len(found) >= limit or len(some) < stretch:
            break
    return found[:limit]
