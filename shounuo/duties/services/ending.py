"""Duties that end without being done, and those that are opened again."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.duties import events, registry, rules
from shounuo.duties.models import Duty
from shounuo.duties.services.common import event_of, locked, need, need_open, reason_of, tell
from shounuo.events.services import publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid


def duty_cancel(*, duty_id: int, reason: str, actor: Actor, at: datetime) -> Duty:
    """It is no longer wanted; its clocks are called off without a verdict. For those who manage duties and whoever asked
    for it; what a rule demands by managers only. Invalid without a reason. Publishes duty.cancelled."""
    return _ended(duty_id, Duty.State.CANCELLED, events.CANCELLED, reason, actor, at)


def duty_miss(*, duty_id: int, reason: str, actor: Actor, at: datetime) -> Duty:
    """It was not done and will not be any more: written off. Needs duties.manage; Invalid without a reason, Conflict
    before its due moment. Publishes duty.missed."""
    return _ended(duty_id, Duty.State.MISSED, events.MISSED, reason, actor, at)


def duty_reopen(
    *, duty_id: int, reason: str, due_at: datetime | None = None, actor: Actor, at: datetime
) -> Duty:
    """A duty that is over is owed again: by `due_at`, else as before while that lies ahead, else its full time from now.

    Needs duties.manage, or to be the one who did it or asked for it. Its evidence stays. Conflict when it is open. Publishes
    duty.reopened, by which its clocks begin a new round.
    """
    reason = reason_of(reason)
    if due_at is not None and due_at <= at:
        raise Invalid(_("到期时间须在现在之后"), field="due_at", code="in_the_past")
    with transaction.atomic():
        duty = locked(duty_id, actor)
        if duty.is_open:
            raise Conflict(_("这项待办还没有结束"), code="duty_open")
        _by_its_part_only(duty, actor)
        own = actor.person_id is not None and actor.person_id in (duty.ended_by_id, duty.created_by_id)
        need(own or rules.may_manage(actor, duty))
        was, outcome = duty.state, duty.outcome
        due = rules.due_again(duty, due_at, at)
        if due is not None and duty.due_at is not None and duty.lapses_at is not None:
            duty.lapses_at += max(due - duty.due_at, timedelta())
        duty.state, duty.outcome, duty.reason = Duty.State.OPEN, "", reason
        duty.ended_at = duty.ended_by_id = None
        duty.due_at = duty.owed_at = due
        duty.save()
        return tell(events.REOPENED, duty, actor, at, was=was, outcome=outcome or None)


def duties_lapse(*, at: datetime, limit: int = 500) -> int:
    """Open duties whose time is over for good count as missed; returns how many. Safe to repeat. Publishes duty.missed
    for each at the moment of its lapse."""
    total = 0
    while True:
        with transaction.atomic():
            rows = list(
                Duty.objects.select_for_update(of=("self",), skip_locked=True)
                .filter(state=Duty.State.OPEN, lapses_at__lte=at)
                .order_by("lapses_at", "id")[:limit]
            )
            news = []
            for duty in rows:
                assert duty.lapses_at is not None
                duty.state, duty.ended_at = Duty.State.MISSED, duty.lapses_at
                news.append(event_of(events.MISSED, duty, Actor.system(), duty.lapses_at))
            Duty.objects.bulk_update(rows, ["state", "ended_at"])
            publish(news)
        total += len(rows)
        if len(rows) < limit:
            return total


def _ended(duty_id: int, state: Duty.State, kind: str, reason: str, actor: Actor, at: datetime) -> Duty:
    reason = reason_of(reason)
    with transaction.atomic():
        duty = locked(duty_id, actor)
        need_open(duty)
        _by_its_part_only(duty, actor)
        need(
            rules.may_cancel(actor, duty) if state == Duty.State.CANCELLED else rules.may_manage(actor, duty)
        )
        if state == Duty.State.MISSED and (duty.due_at is None or duty.due_at >= at):
            raise Conflict(_("还没有到期，不能记为未完成"), code="not_due")
        duty.state, duty.reason = state, reason
        duty.ended_at, duty.ended_by_id, duty.snoozed_until = at, actor.person_id, None
        duty.save(update_fields=["state", "reason", "ended_at", "ended_by", "snoozed_until"])
        return tell(kind, duty, actor, at)


def _by_its_part_only(duty: Duty, actor: Actor) -> None:
    """What its part alone ends is ended by the part, as the system."""
    if registry.kind_of(duty.kind).held and not actor.is_system:
        raise Conflict(_("这项待办要在它自己的页面了结"), code="done_elsewhere")
