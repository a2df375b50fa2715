"""What may become of a duty, and who may do it. Pure: on rows in memory, no database, no time of its own."""

from __future__ import annotations

from datetime import datetime, timedelta

from shounuo.duties import registry
from shounuo.duties.models import Duty
from shounuo.duties.permissions import MANAGE
from shounuo.kernel.actors import Actor

OPEN, DONE, MISSED, CANCELLED = Duty.State.OPEN, Duty.State.DONE, Duty.State.MISSED, Duty.State.CANCELLED
SHORTEST_AGAIN = timedelta(days=1)


def fits(actor: Actor, duty: Duty) -> bool:
    """True when the duty is for people like the actor: of its team, and with one of its roles, where these are given."""
    if duty.team_id is None and not duty.roles:
        return False
    in_team = duty.team_id is None or duty.team_id in actor.team_ids
    return in_team and (not duty.roles or not actor.roles.isdisjoint(duty.roles))


def may_take(actor: Actor, duty: Duty) -> bool:
    """Nobody has it yet and it is for people like the actor, or he manages duties and its kind is open to everybody."""
    free = duty.state == OPEN and duty.owner_id is None and actor.person_id is not None
    return free and (fits(actor, duty) or (actor.may(MANAGE) and not registry.is_reserved(duty.kind)))


def may_do(actor: Actor, duty: Duty) -> bool:
    """Its owner; where it has none, whoever may take it; those who manage duties; the system."""
    if duty.state != OPEN:
        return False
    if actor.may(MANAGE):
        return True
    if duty.owner_id is not None:
        return duty.owner_id == actor.person_id
    return fits(actor, duty)


def may_release(actor: Actor, duty: Duty) -> bool:
    """It can be given back only where others may take it."""
    others = duty.team_id is not None or bool(duty.roles)
    has = duty.owner_id is not None and duty.owner_id == actor.person_id
    return duty.state == OPEN and duty.owner_id is not None and others and (has or actor.may(MANAGE))


def may_manage(actor: Actor, duty: Duty) -> bool:
    """Assigning, cancelling, writing off, opening again: those who manage duties, of the duties that they see."""
    return actor.may(MANAGE)


def may_cancel(actor: Actor, duty: Duty) -> bool:
    """Those who manage duties, and whoever asked for it. What a rule demands is called off by managers only."""
    if duty.state != OPEN:
        return False
    asked = duty.rule_id is None and duty.created_by_id is not None and duty.created_by_id == actor.person_id
    return asked or actor.may(MANAGE)


def due_again(duty: Duty, given: datetime | None, at: datetime) -> datetime | None:
    """When a duty opened again is due: as given; else as before while that lies ahead; else its full time from now,
    a day at least. One without a due moment keeps none."""
    if given is not None:
        return given
    if duty.due_at is None or duty.due_at > at:
        return duty.due_at
    return at + max(duty.due_at - duty.opens_at, SHORTEST_AGAIN)


def is_late(duty: Duty, at: datetime) -> bool:
    """Done after its own due moment."""
    return duty.due_at is not None and at > duty.due_at
