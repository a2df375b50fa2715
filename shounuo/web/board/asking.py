"""What the board asks about cases and clocks: counts, three lists, people. Composed once; each takes the reader and,
as a value, his team."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import (
    BooleanField,
    Count,
    ExpressionWrapper,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)

from shounuo.cases import queries as cases
from shounuo.cases.models import Case
from shounuo.cases.permissions import VIEW_ALL
from shounuo.commitments import queries as commitments
from shounuo.commitments.models import Clock
from shounuo.kernel.actors import Actor
from shounuo.kernel.composed import Composed
from shounuo.staff import queries as staff
from shounuo.staff.models import Person

OPEN = ("new", "open", "waiting_customer", "waiting_internal")
AHEAD = timedelta(hours=2)
MOST_DOTS = 300
MOST_PRESSING = 24


class Held(NamedTuple):
    """How many open cases a person (None: nobody) holds within or without the view, how many of these are overdue, and
    when the oldest was opened."""

    owner: int | None
    inside: bool
    n: int
    late: int
    oldest: datetime


class Owed(NamedTuple):
    """Clocks in view: overdue, due within the hour, and those of the latter whose case nobody holds."""

    overdue: int
    soon: int
    free: int


class Dot(NamedTuple):
    """What the chart says of a clock that is running or overdue."""

    subject_id: int
    clause_code: str
    calendar: str
    state: str
    warn_at: datetime | None
    warned_at: datetime | None
    due_at: datetime
    met_at: datetime | None
    cancelled_at: datetime | None


class Known(NamedTuple):
    """What a dot and a row say of a case."""

    pk: int
    number: int
    subject: str
    owner_id: int | None
    owner: str | None
    presence: str | None
    team: str | None
    customer: str
    company: str | None


def held(actor: Actor, team: int | None) -> list[Held]:
    """All open cases, counted in one pass."""
    return [Held(*row) for row in _held.rows(actor, **_in(team))]


def owed(actor: Actor, team: int | None, at: datetime) -> Owed:
    counts: Counter[tuple[bool, bool | None]] = Counter()
    for state, free, n in _owed.rows(actor, at=at, **_in(team)):
        counts[state == Clock.State.BREACHED, free] += n
    late, soon, free = (counts[True, False] + counts[True, True]), counts[False, False], counts[False, True]
    return Owed(late, soon + free, free)


def upcoming(actor: Actor, team: int | None, at: datetime) -> list[Dot]:
    """The clocks of open cases that the chart draws, by due moment."""
    return [Dot(*row) for row in _upcoming.rows(actor, at=at, **_in(team))]


def pressing(actor: Actor, team: int | None, at: datetime) -> list[Clock]:
    """The clocks of open cases that want a hand, at most `MOST_PRESSING`."""
    late = _late.objects(actor, **_in(team))
    soon = _soon.objects(actor, at=at, **_in(team))
    return commitments.pressing(late, soon, MOST_PRESSING)


def known(ids: set[int]) -> dict[int, Known]:
    """The cases of clocks in view."""
    rows = Case.objects.filter(pk__in=ids).order_by()
    return {
        row[0]: Known(*row)
        for row in rows.values_list(
            *("pk", "number", "subject", "owner_id", "owner__name", "owner__presence", "team__name"),
            *("customer__name", "customer__company__name"),
        )
    }


def people(actor: Actor, team: int | None) -> list[Person]:
    """Those who work on the cases in view, in the order of their names' sound."""
    return _people.objects(actor, **_in(team))


# -- as Django says it -----------------------------------------------------------------------------------------------
def _in(team: int | None) -> dict[str, Any]:
    return {} if team is None else {"team": team}


def _seen(actor: Actor, team: int | None) -> QuerySet[Case]:
    rows = cases.visible_to(actor).order_by()
    return rows if team is None else rows.filter(team=team)


def _open(actor: Actor, team: int | None) -> QuerySet[Case]:
    return _seen(actor, team).filter(status__in=OPEN)


def _of_clock(rows: QuerySet[Case]) -> QuerySet[Case]:
    """The case of a clock among these. Looked up by itself, not joined: PostgreSQL, which cannot know that few of the
    running clocks are due, would read all cases for them."""
    return rows.filter(pk=OuterRef("subject_id"))


def _of_open(clocks: QuerySet[Clock], actor: Actor, team: int | None) -> QuerySet[Clock]:
    rows = clocks.annotate(of_open=Subquery(_of_clock(_open(actor, team)).values("pk")))
    return rows.filter(of_open__isnull=False)


def _sees_all(actor: Actor, team: int | None) -> bool:
    return team is None and actor.may(VIEW_ALL)


@Composed
def _held(actor: Actor, *, team: int | None = None) -> QuerySet[Any, Any]:
    seen = Value(True) if _sees_all(actor, team) else Q(pk__in=_open(actor, team).values("pk"))
    return (
        Case.objects.filter(status__in=OPEN)
        .order_by()
        .annotate(inside=ExpressionWrapper(seen, output_field=BooleanField()))
        .values("owner", "inside")
        .annotate(n=Count("pk"), late=Count("pk", filter=Q(overdue=True)), oldest=Min("opened_at"))
        .values_list("owner", "inside", "n", "late", "oldest")
    )


@Composed
def _owed(actor: Actor, *, at: datetime, team: int | None = None) -> QuerySet[Any, Any]:
    free = ExpressionWrapper(Q(status__in=OPEN, owner=None), output_field=BooleanField())
    case = _of_clock(_seen(actor, team)).annotate(free=free).values("free")
    return (
        commitments.owed(at, kind="case")
        .annotate(free=Subquery(case))
        .values("state", "free")
        .annotate(n=Count("pk"))
        .values_list("state", "free", "n")
    )


SHOWN = (
    *("rule_id", "clause_code", "commitment", "subject_kind", "subject_id", "calendar", "state", "length_s"),
    *("used_s", "started_at", "warn_at", "warned_at", "due_at", "met_at", "cancelled_at"),
)


@Composed
def _upcoming(actor: Actor, *, at: datetime, team: int | None = None) -> QuerySet[Any, Any]:
    rows = _of_open(commitments.upcoming(at, kind="case", within=AHEAD), actor, team)
    return rows.values_list(*Dot._fields)[:MOST_DOTS]


@Composed
def _late(actor: Actor, *, team: int | None = None) -> QuerySet[Clock]:
    return _of_open(commitments.lately_broken(kind="case"), actor, team).only(*SHOWN)[:MOST_PRESSING]


@Composed
def _soon(actor: Actor, *, at: datetime, team: int | None = None) -> QuerySet[Clock]:
    return _of_open(commitments.due_soon(at, kind="case"), actor, team).only(*SHOWN)[:MOST_PRESSING]


@Composed
def _people(actor: Actor, *, team: int | None = None) -> QuerySet[Person]:
    rows = staff.people().filter(teams__isnull=False)
    if team is not None:
        rows = rows.filter(teams=team)
    elif not actor.may(VIEW_ALL):
        rows = rows.filter(teams__in=sorted(actor.team_ids))
    return rows.distinct().only("name", "presence", "presence_at", "capacity", "sort_key")
