"""What the services of duties share: the row under lock, the words of refusal, the event."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from shounuo.duties import events, queries, registry
from shounuo.duties.models import Duty
from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed
from shounuo.kernel.text import clean_line

MAX_REASON = 300


def locked(duty_id: int, actor: Actor) -> Duty:
    """The duty under its row's lock; NotFound also when the actor may not see it. Needs a transaction."""
    duty = Duty.objects.select_for_update(of=("self",)).filter(pk=duty_id).first()
    if duty is None or duty_id not in queries.visible_ids(actor, [duty_id]):
        raise queries.not_found()
    return duty


def need_open(duty: Duty) -> None:
    """Raises Conflict for a duty that is over."""
    if not duty.is_open:
        raise Conflict(_("这项待办已经结束"), code="duty_over", state=duty.state)


def need(allowed: bool) -> None:
    """Raises NotAllowed unless the rules allow it."""
    if not allowed:
        raise NotAllowed(_("这项待办不归您处理"), code="not_yours")


def reason_of(reason: str) -> str:
    """The reason as kept; Invalid when there is none."""
    reason = clean_line(reason, MAX_REASON)
    if not reason:
        raise Invalid(_("请写明理由"), field="reason", code="missing")
    return reason


def event_of(kind: str, duty: Duty, actor: Actor, at: datetime, **extra: Any) -> NewEvent:
    """What happened to the duty, as ids, codes and times."""
    about = f"{duty.subject_kind}:{duty.subject_id}" if duty.subject_id is not None else None
    payload: dict[str, Any] = {
        "kind": duty.kind,
        "about": about,
        "owner": duty.owner_id,
        "team": duty.team_id,
        "roles": list(duty.roles) or None,
        "rule": duty.rule_id,
        "clause": duty.clause_code or None,
        "item": duty.item or None,
        "due": duty.due_at.isoformat() if duty.due_at is not None else None,
        "status": duty.state,
    } | extra
    given = {name: value for name, value in payload.items() if value is not None}
    return NewEvent(kind, ("duty", duty.pk), at, actor, given)


def named_as(kind: str, duty: Duty, actor: Actor, at: datetime) -> list[NewEvent]:
    """The event by which regulations know the beginning or the end of a duty of this kind; none for most."""
    if not kind:
        return []
    dept = duty.team.department if duty.team is not None else None
    return [event_of(kind, duty, actor, at, dept=dept, asker=duty.created_by_id)]


def begun(duty: Duty, actor: Actor, at: datetime) -> list[NewEvent]:
    """What is told when a duty comes to be."""
    made = event_of(events.CREATED, duty, actor, at, origin=duty.origin_code or None)
    return [made, *named_as(registry.kind_of(duty.kind).begun, duty, actor, at)]


def tell(kind: str, duty: Duty, actor: Actor, at: datetime, **extra: Any) -> Duty:
    """Publishes and gives the duty back as its clocks have left it."""
    ended = registry.kind_of(duty.kind).ended if kind == events.DONE else ""
    publish([event_of(kind, duty, actor, at, **extra), *named_as(ended, duty, actor, at)])
    duty.refresh_from_db(fields=["owed_at"])
    return duty
