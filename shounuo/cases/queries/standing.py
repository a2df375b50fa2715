"""How an actor stands to a case, and what he may do with it now."""

from __future__ import annotations

from shounuo.cases import permissions
from shounuo.cases.models import Case
from shounuo.cases.rules import states
from shounuo.kernel.actors import Actor


def standing_of(actor: Actor, case: Case, *, helps: bool = False) -> frozenset[str]:
    """The actor's standing on a case that he may see. Whether he is a helper is for the caller to know."""
    if actor.is_system:
        return frozenset({states.SYSTEM})
    if actor.kind == "customer":
        return frozenset({states.CUSTOMER}) if actor.id == case.customer_id else frozenset()
    found = {states.WORKER}
    if actor.kind == "person":
        if actor.id == case.owner_id:
            found.add(states.OWNER)
        if case.owner_id is None or case.handed_at is not None:
            found.add(states.FINDER)
        if actor.may(permissions.ASSIGN):
            found.add(states.LEAD)
        if helps:
            found.add(states.HELPER)
    return frozenset(found)


def held_by(actor: Actor) -> frozenset[str] | None:
    """The permissions that are asked of the actor: None for the system, and for customers, who have no roles."""
    return actor.permissions if actor.kind in ("person", "bot") else None


def allowed_actions(
    actor: Actor, case: Case, *, helps: bool = False, choosable: bool = True
) -> frozenset[str]:
    """What the actor may do with the case now; nothing with one that was merged, which is where its pointer leads.

    `choosable` says that a plan is open to choose from."""
    if case.merged_into_id is not None:
        return frozenset()
    found = states.allowed(
        status=case.status, standing=standing_of(actor, case, helps=helps), permissions=held_by(actor)
    )
    if actor.id == case.owner_id or (case.owner_id is not None and case.handed_at is None):
        found -= {"take"}
    if case.accepted_at is not None or actor.id != case.owner_id:
        found -= {"accept"}
    if not choosable:
        found -= {"choose"}
    if case.record_completed_at is None or case.record_verified_at is not None:
        found -= {"verify"}
    return found
