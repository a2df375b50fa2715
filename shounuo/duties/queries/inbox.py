"""The inbox 待办: what is owed, by whom, in the order in which it is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from django.db.models import Count, Q, QuerySet

from shounuo.duties.models import Duty
from shounuo.duties.queries.visibility import shared, stood_in, visible_to
from shounuo.kernel import paging
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.composed import Composed, figures

Box = Literal["mine", "open", "todo", "led", "asked", "all"]
BOXES: tuple[Box, ...] = ("mine", "open", "led", "asked", "all")
_NEVER = "never"


@dataclass(frozen=True, slots=True)
class Filters:
    """box: mine = what I owe; open = nobody has it and I may take it, or
    I stand in for whoever may; todo = both; led = what the people whom I lead owe or may take;
    asked = what I asked of others; all = what I may see. `overdue` and `snoozed` narrow it; `about` is a subject."""

    box: Box = "mine"
    kind: str = ""
    state: str = Duty.State.OPEN
    overdue: bool = False
    snoozed: bool = False
    text: str = ""
    owner_id: int | None = None
    team_id: int | None = None
    clause: str = ""
    about: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """Open duties: mine, of these overdue and due within a day; those that nobody has and I may take."""

    mine: int
    overdue: int
    soon: int
    open: int


def counts(actor: Actor, at: datetime) -> Counts:
    """What the navigation shows. One query; what is put off and not overdue is not counted."""
    if actor.person_id is None:
        return Counts(0, 0, 0, 0)
    [row] = _counted.rows(actor, at=at, reading=now())
    return Counts(*row)


@Composed
def _counted(actor: Actor, *, at: datetime, reading: datetime) -> QuerySet[Any, Any]:
    mine = Q(owner_id=actor.person_id)
    free = (Q(owner=None) & shared(actor)) | stood_in(actor, reading)
    rows = Duty.objects.filter(state=Duty.State.OPEN).filter(mine | free)
    return figures(
        rows.filter(_in_sight(at)),
        mine=Count("id", filter=mine),
        overdue=Count("id", filter=mine & Q(owed_at__lte=at)),
        soon=Count("id", filter=mine & Q(owed_at__gt=at, owed_at__lte=at + timedelta(days=1))),
        open=Count("id", filter=~mine),
    )


def inbox(
    actor: Actor, filters: Filters, at: datetime, *, cursor: str | None = None, limit: int = 50
) -> tuple[list[Duty], str | None]:
    """The duties by when they are owed (overdue first, without a due moment last), and the cursor of the next page. Ended
    ones: the last first. Two queries at most, however many there are."""
    rows = _narrowed(actor, filters, at).select_related("owner", "team", "ended_by")
    if filters.state != Duty.State.OPEN:
        return _page_back(rows, cursor, limit)
    if cursor:
        moment, last = paging.decode(cursor, str, int)
        if moment == _NEVER:
            rows = rows.filter(owed_at=None, id__gt=last)
        else:
            when = paging.moment_of(moment)
            rows = rows.filter(Q(owed_at__gt=when) | Q(owed_at=when, id__gt=last) | Q(owed_at=None))
    found = list(rows.order_by("owed_at", "id")[: limit + 1])
    if len(found) <= limit:
        return found, None
    last_row = found[limit - 1]
    moment = last_row.owed_at.isoformat() if last_row.owed_at is not None else _NEVER
    return found[:limit], paging.encode(moment, last_row.pk)


def total(actor: Actor, filters: Filters, at: datetime) -> int:
    """How many duties the filters hold."""
    return _narrowed(actor, filters, at).count()


def _narrowed(actor: Actor, filters: Filters, at: datetime) -> QuerySet[Duty]:
    rows = visible_to(actor).filter(_box(actor, filters.box))
    if filters.state:
        rows = rows.filter(state=filters.state)
    if filters.kind:
        rows = rows.filter(kind=filters.kind)
    if filters.overdue:
        rows = rows.filter(owed_at__lte=at)
    if filters.owner_id is not None:
        rows = rows.filter(owner_id=filters.owner_id)
    if filters.team_id is not None:
        rows = rows.filter(team_id=filters.team_id)
    if filters.clause:
        rows = rows.filter(clause_code=filters.clause)
    if filters.about is not None:
        rows = rows.filter(subject_kind=filters.about[0], subject_id=filters.about[1])
    if filters.text.strip():
        rows = rows.filter(
            Q(title__icontains=filters.text.strip()) | Q(title_en__icontains=filters.text.strip())
        )
    if filters.state == Duty.State.OPEN and filters.box in ("mine", "open", "todo"):
        rows = rows.exclude(_in_sight(at)) if filters.snoozed else rows.filter(_in_sight(at))
    return rows


def _box(actor: Actor, box: Box) -> Q:
    if box == "mine":
        return Q(owner_id=actor.person_id or 0)
    if box == "open":
        return (Q(owner=None) & shared(actor)) | stood_in(actor)
    if box == "todo":
        return Q(owner_id=actor.person_id or 0) | (Q(owner=None) & shared(actor)) | stood_in(actor)
    if box == "led":
        return ~Q(owner_id=actor.person_id or 0)
    if box == "asked":
        return Q(created_by_id=actor.person_id or 0)
    return Q()


def _in_sight(at: datetime) -> Q:
    """Not put off, or overdue all the same."""
    return Q(snoozed_until=None) | Q(snoozed_until__lte=at) | Q(owed_at__lte=at)


def _page_back(rows: QuerySet[Duty], cursor: str | None, limit: int) -> tuple[list[Duty], str | None]:
    if cursor:
        moment, last = paging.decode(cursor, str, int)
        when = paging.moment_of(moment)
        rows = rows.filter(Q(ended_at__lt=when) | Q(ended_at=when, id__lt=last))
    rows = rows.filter(ended_at__isnull=False)
    found = list(rows.order_by("-ended_at", "-id")[: limit + 1])
    if len(found) <= limit:
        return found, None
    last_row = found[limit - 1]
    assert last_row.ended_at is not None
    return found[:limit], paging.encode(last_row.ended_at.isoformat(), last_row.pk)
