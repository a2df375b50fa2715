"""Clocks of subjects, and single ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shounuo.calendars import queries as calendars
from shounuo.commitments.hours import BUSINESS, hours_of
from shounuo.commitments.models import Clock, Pause, Rebase
from shounuo.events import subjects
from shounuo.kernel import prepared, worktime
from shounuo.kernel.actors import Actor
from shounuo.kernel.durations import Span
from shounuo.kernel.errors import NotFound
from shounuo.staff import queries as staff

UNAWARE = timedelta(hours=1)
"""A process may count on a calendar as it was for a moment after its change; seconds, an hour is generous."""


_OF_SUBJECTS = (
    f"SELECT {prepared.columns(Clock)} FROM commitments_clock WHERE subject_kind = %s"  # noqa: S608  names of ours
    " AND subject_id = ANY(%s::bigint[])"
)


def of_subjects(kind: str, ids: Iterable[int]) -> dict[int, list[Clock]]:
    """The clocks of subjects that the caller may see, by subject: what is owed first, by due moment, then the rest by
    the time it was decided, latest first. One query."""
    found: dict[int, list[Clock]] = {id: [] for id in ids}
    for clock in prepared.instances(Clock, prepared.by_ids(_OF_SUBJECTS, list(found), kind)):
        found[clock.subject_id].append(clock)
    for clocks in found.values():
        clocks.sort(key=_order)
    return found


def nearest_of(kind: str, ids: Iterable[int]) -> dict[int, Clock]:
    """Of each subject the clock that a list shows: of what is owed (running or overdue, else paused) the one due
    first. Subjects that owe nothing are missing. One query, whatever the number."""
    rows = prepared.execute(_NEAREST, [kind, list(ids)])
    return {clock.subject_id: clock for clock in prepared.instances(Clock, rows)}


_NEAREST = f"""SELECT DISTINCT ON (subject_id) {prepared.columns(Clock)} FROM commitments_clock
WHERE subject_kind = %s AND subject_id = ANY(%s::bigint[])
  AND (state IN ('{Clock.State.RUNNING}', '{Clock.State.PAUSED}')
       OR state = '{Clock.State.BREACHED}' AND met_at IS NULL AND cancelled_at IS NULL)
ORDER BY subject_id, state = '{Clock.State.PAUSED}', due_at, id"""  # noqa: S608  names of ours


def _order(clock: Clock) -> tuple[bool, float, int]:
    if clock.is_live:
        return (False, clock.due_at.timestamp(), clock.id)
    decided = clock.met_at or clock.cancelled_at or clock.due_at
    return (True, -decided.timestamp(), clock.id)


def may_see(actor: Actor, subject: tuple[str, int]) -> bool:
    """True when the actor may see the subject, and so its clocks."""
    if actor.is_system:
        return True
    registered = subjects.get(subject[0])
    return registered is not None and subject[1] in registered.visible_ids(actor, [subject[1]])


def clock_of(actor: Actor, clock_id: int) -> Clock:
    """One clock; NotFound where the actor may not see its subject."""
    clock = Clock.objects.filter(pk=clock_id).first()
    if clock is None or not may_see(actor, (clock.subject_kind, clock.subject_id)):
        raise NotFound(_("没有这项时限"))
    return clock


def live() -> QuerySet[Clock]:
    """The clocks on which something is still owed, whoever asks."""
    return Clock.objects.filter(
        Q(state__in=[Clock.State.RUNNING, Clock.State.PAUSED])
        | Q(state=Clock.State.BREACHED, met_at=None, cancelled_at=None)
    )


def clock_json(clock: Clock) -> dict[str, Any]:
    """A clock as the API gives it."""
    return {
        "id": clock.id,
        "clause": clock.clause_code,
        "commitment": clock.commitment,
        "round": clock.round,
        "state": str(clock.state),
        "started_at": clock.started_at,
        "warn_at": clock.warn_at,
        "due_at": clock.due_at,
        "met_at": clock.met_at,
        "breached_at": clock.breached_at,
        "cancelled_at": clock.cancelled_at,
        "cancel_reason": clock.cancel_reason or None,
    }


def rebases(clock: Clock) -> list[tuple[Rebase, str]]:
    """How the due moment was moved by people, oldest first, with the person's name. Two queries."""
    rows = list(clock.rebases.order_by("id"))
    names = staff.names(r.person_id for r in rows)
    return [(r, names.get(r.person_id or 0, "")) for r in rows]


def due_from_figures(clock: Clock, pauses: Sequence[worktime.Pause]) -> datetime:
    """The due moment by the clock's figures on its calendar as it is now, with the pauses that are over. Of a clock that
    follows another: the other's."""
    if clock.follows is not None:
        return clock.follows.due_at
    return hours_of(clock.calendar).add(clock.counted_from, Span.parse(clock.within), pauses)


def affected_by(calendar_code: str, *, actor: Actor, chunk: int = 2000) -> Iterator[tuple[Clock, datetime]]:
    """The running and paused clocks whose due moment would be another by the calendar as it is now, with that moment;
    those that a person has rebased keep his. Of subjects that the actor may see; NotFound for a code that no calendar has.

    Looks at the running clocks that began before the calendar last changed, by index; those that began since were
    reckoned by it already.
    """
    on_it = Q(calendar=calendar_code)
    if calendar_code == BUSINESS:
        on_it |= Q(calendar="always", within__contains="B")
    changed_at = calendars.calendar_of(calendar_code).changed_at
    rows = Clock.objects.filter(
        on_it,
        state__in=[Clock.State.RUNNING, Clock.State.PAUSED],
        counted_from__lt=changed_at + UNAWARE,
        follows=None,
        rebases=None,
    )
    ids = sorted(rows.values_list("id", flat=True))
    for start in range(0, len(ids), chunk):
        clocks = list(Clock.objects.filter(id__in=ids[start : start + chunk]).order_by("id"))
        pauses: dict[int, list[worktime.Pause]] = {}
        for pause in Pause.objects.filter(clock__in=clocks, ended_at__isnull=False):
            assert pause.ended_at is not None
            pauses.setdefault(pause.clock_id, []).append((pause.started_at, pause.ended_at))
        seen = visible(actor, clocks)
        for clock in clocks:
            due = due_from_figures(clock, pauses.get(clock.id, []))
            if due != clock.due_at and (clock.subject_kind, clock.subject_id) in seen:
                yield clock, due


def visible(actor: Actor, clocks: Iterable[Clock]) -> set[tuple[str, int]]:
    """The subjects among these clocks' that the actor may see, one question per kind of subject."""
    ids: dict[str, set[int]] = {}
    for clock in clocks:
        ids.setdefault(clock.subject_kind, set()).add(clock.subject_id)
    seen: set[tuple[str, int]] = set()
    for kind, of_kind in ids.items():
        if actor.is_system:
            seen |= {(kind, id) for id in of_kind}
        elif (subject := subjects.get(kind)) is not None:
            seen |= {(kind, id) for id in subject.visible_ids(actor, of_kind)}
    return seen
