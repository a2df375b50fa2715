"""What people do to clocks: move a due moment with a reason, say why a promise was broken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.calendars.permissions import MANAGE
from shounuo.commitments import engine, events, queries, rules, store
from shounuo.commitments.facts import Key
from shounuo.commitments.hours import hours_of
from shounuo.commitments.models import Clock, Pause, Rebase
from shounuo.commitments.permissions import REBASE
from shounuo.commitments.rules import Changes
from shounuo.events import subjects
from shounuo.events.models import Stream
from shounuo.events.services import publish
from shounuo.kernel import worktime
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.kernel.text import clean

MAX_REASON = 300


def clock_rebase(*, clock_id: int, due_at: datetime | None, reason: str, actor: Actor, at: datetime) -> Clock:
    """Sets a running or paused clock's due moment, or with None reckons it anew from its figures on the calendar as it
    is now. Clocks that are due with it move along.

    Needs commitments.rebase and sight of the subject. Raises Invalid for a missing reason or a moment that has passed,
    Conflict for a clock that is decided already. Publishes clock.rebased.
    """
    reason = _reason(reason)
    _need(actor)
    with transaction.atomic():
        clock, clocks = _locked(clock_id, actor)
        changes = Changes()
        for one in clocks:
            rules.advance(one, at, changes)
        if not clock.is_running:
            raise Conflict(_("这项时限已有结果，不能重排"), code="clock_decided")
        if clock.follows_id is not None:
            raise Conflict(_("这项时限随另一项到期，请重排那一项"), code="clock_follows")
        pauses = _pauses(clocks)
        due = due_at if due_at is not None else queries.due_from_figures(clock, pauses.get(clock.id, []))
        if due <= (clock.paused_at or at):
            raise Invalid(_("新的到期时间已经过去"), field="due_at", code="past")
        _move(clock, due, clocks, pauses, reason, changes, actor, at)
        _keep(clock, clocks, changes, actor, at)
    return clock


def rebase_calendar(*, calendar_code: str, reason: str, actor: Actor, at: datetime) -> int:
    """Reckons anew every clock on a calendar whose due moment has changed with it; returns how many were moved.

    A moment that would have passed already becomes the moment of the rebase: nobody is late by a change of hours.
    Needs commitments.rebase and calendars.manage; each clock is its own transaction. Publishes clock.rebased for each.
    """
    reason = _reason(reason)
    _need(actor)
    if not actor.may(MANAGE):
        raise NotAllowed(_("您没有管理日历的权限"))
    ids = [clock.id for clock, _due in queries.affected_by(calendar_code, actor=Actor.system())]
    return sum(_rebase_one(clock_id, reason, actor, at) for clock_id in ids)


def clock_cause_set(*, clock_id: int, cause: str, note: str = "", actor: Actor, at: datetime) -> Clock:
    """Says why a promise was broken: a code of Clock.Cause and a note. For those who may rebase, and for the owner.

    Publishes clock.cause_noted.
    """
    if cause not in Clock.Cause.values:
        raise Invalid(_("请选择违诺的原因"), field="cause", code="bad_cause")
    note = clean(note).strip()
    if len(note) > 200:
        raise Invalid(_("说明最多 200 字"), field="note", code="too_long")
    with transaction.atomic():
        clock, _clocks = _locked(clock_id, actor)
        subject = subjects.get(clock.subject_kind)
        owner = subject.people(clock.subject_id).owner_id if subject is not None else None
        if not actor.may(REBASE) and (actor.person_id is None or actor.person_id != owner):
            raise NotAllowed(_("只有负责人和主管可以归因"))
        if clock.state != Clock.State.BREACHED:
            raise Conflict(_("只有违诺的时限才要归因"), code="not_breached")
        Clock.objects.filter(pk=clock.pk).update(cause=cause, cause_note=note)
        clock.cause, clock.cause_note = cause, note
        publish([store.as_event(clock, events.CAUSE_NOTED, at, clock.due_at, {"cause": cause}, actor)])
    return clock


def _rebase_one(clock_id: int, reason: str, actor: Actor, at: datetime) -> int:
    with transaction.atomic():
        clock, clocks = _locked(clock_id, actor, seen=False)
        changes = Changes()
        for one in clocks:
            rules.advance(one, at, changes)
        moved = 0
        if clock.is_running:
            pauses = _pauses(clocks)
            due = max(queries.due_from_figures(clock, pauses.get(clock.id, [])), clock.paused_at or at)
            if due != clock.due_at:
                _move(clock, due, clocks, pauses, reason, changes, actor, at)
                moved = 1
        _keep(clock, clocks, changes, actor, at)
    return moved


def _move(
    clock: Clock,
    due: datetime,
    clocks: Sequence[Clock],
    pauses: dict[int, list[worktime.Pause]],
    reason: str,
    changes: Changes,
    actor: Actor,
    at: datetime,
) -> None:
    row = Rebase.objects.create(
        clock=clock,
        old_due_at=clock.due_at,
        new_due_at=due,
        reason=reason,
        person_id=actor.person_id,
        at=at,
    )
    hours = hours_of(clock.calendar)
    rules.rebase(clock, due, at, changes, hours=hours, paused=pauses.get(clock.id, ()), rebase=row.id)
    for other in clocks:
        if other.follows_id == clock.id:
            rules.follow(other, clock, at, changes, hours=hours, paused=pauses.get(other.id, ()))


def _keep(clock: Clock, clocks: list[Clock], changes: Changes, actor: Actor, at: datetime) -> None:
    if changes.touched:
        key = (clock.subject_kind, clock.subject_id)
        engine.keep(changes, {key: (None, clocks)}, wake_before=at + engine.LOOK_AGAIN, actor=actor)


def _locked(clock_id: int, actor: Actor, *, seen: bool = True) -> tuple[Clock, list[Clock]]:
    """The clock and all clocks of its subject, locked in the order of every writer: the stream, then the clocks."""
    found = Clock.objects.filter(pk=clock_id).values_list("subject_kind", "subject_id").first()
    key: Key | None = found
    if key is None or (seen and not queries.may_see(actor, key)):
        raise NotFound(_("没有这项时限"))
    list(Stream.objects.filter(subject_kind=key[0], subject_id=key[1]).select_for_update(no_key=True))
    clocks = store.lock_clocks([key])[key]
    return next(c for c in clocks if c.id == clock_id), clocks


def _pauses(clocks: Sequence[Clock]) -> dict[int, list[worktime.Pause]]:
    """The pauses that are over, by clock."""
    found: dict[int, list[worktime.Pause]] = {}
    for pause in Pause.objects.filter(clock__in=clocks, ended_at__isnull=False).order_by("started_at"):
        assert pause.ended_at is not None
        found.setdefault(pause.clock_id, []).append((pause.started_at, pause.ended_at))
    return found


def _reason(reason: str) -> str:
    reason = clean(reason).strip()
    if not reason:
        raise Invalid(_("请写明重排的理由"), field="reason", code="missing")
    if len(reason) > MAX_REASON:
        raise Invalid(_("理由最多 %(max)d 字") % {"max": MAX_REASON}, field="reason", code="too_long")
    return reason


def _need(actor: Actor) -> None:
    if not actor.may(REBASE):
        raise NotAllowed(_("您没有重排时限的权限"))
