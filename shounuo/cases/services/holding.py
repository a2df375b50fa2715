"""The verbs of ownership on a locked case, for every service in which somebody stands for it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shounuo.cases import events, permissions
from shounuo.cases.rules import states
from shounuo.cases.services.changing import Change, staff_only
from shounuo.kernel import prepared
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid
from shounuo.staff.queries import actor_for, with_rights_by_id


def engage(change: Change) -> None:
    """One who answers the customer stands for it: takes a case that nobody has, accepts one that is his."""
    actor, case = change.actor, change.case
    if actor.kind != "person":
        return
    if case.owner_id == actor.id:
        if case.handed_at is None and case.accepted_at is None:
            accept(change)
    elif case.owner_id is None or (case.handed_at is not None and case.team_id in actor.team_ids):
        take(change)


def take(change: Change) -> None:
    """Makes the acting person the owner, accepted."""
    case, me = change.case, staff_only(change.actor)
    if case.owner_id != me:
        was = case.owner_id
        change.set(owner_id=me, accepted_at=None)
        if case.first_owner_id is None:
            change.set(first_owner_id=me)
        if case.team_id is None and len(change.actor.team_ids) == 1:
            change.set(team_id=next(iter(change.actor.team_ids)))
        change.tell(events.ASSIGNED, owner=me, team=case.team_id, was=was, by_self=True)
    accept(change)


def accept(change: Change) -> None:
    """The owner has it from now on, also where he had handed it to a team that has not taken it; a new case becomes open."""
    case = change.case
    if case.accepted_at is not None:
        return
    change.set(accepted_at=change.at, handed_at=None)
    if case.status == states.NEW:
        change.set(status=states.OPEN)
    change.tell(events.ACCEPTED, owner=case.owner_id)


def give(change: Change, person_id: int | None, team_id: int | None, *, note_id: int | None = None) -> None:
    """Gives the case to a person, a team or both; a change of owner, or of team on an owned case, is a transfer."""
    case = change.case
    if person_id is None and team_id is None:
        raise Invalid(_("请指定人员或小组"), field="person", code="no_target")
    if team_id is not None:
        team(team_id)
    was, was_team = case.owner_id, case.team_id
    if person_id is not None:
        person = able(person_id)
        if team_id is None and case.team_id not in person.team_ids and person.team_ids:
            team_id = min(person.team_ids)
        if was == person_id and team_id in (None, case.team_id) and case.handed_at is None:
            raise Conflict(_("工单已由此人负责"), code="same_owner")
        change.set(owner_id=person_id, handed_at=None)
        if was != person_id:
            change.set(accepted_at=None)
        if case.first_owner_id is None:
            change.set(first_owner_id=person_id)
    else:
        if was_team == team_id and (was is None or case.handed_at is not None):
            raise Conflict(_("工单已在这个小组"), code="same_team")
        if was is not None:
            change.set(handed_at=change.at, accepted_at=None)
    if team_id is not None:
        change.set(team_id=team_id)
    if was is not None and (person_id is None or was != person_id):
        change.set(transfer_count=case.transfer_count + 1)
        change.tell(
            events.TRANSFERRED,
            owner=person_id,
            team=case.team_id,
            was=was,
            was_team=was_team,
            count=case.transfer_count,
            interaction=note_id,
        )
    change.tell(
        events.ASSIGNED,
        owner=person_id,
        team=case.team_id,
        was=was,
        by_self=person_id is not None and person_id == change.actor.person_id,
    )
    if person_id is not None and person_id == change.actor.person_id:
        accept(change)


def able(person_id: int) -> Actor:
    """The person as one who can be given a case: active, and handles cases."""
    person = with_rights_by_id(person_id)
    actor = actor_for(person) if person is not None else None
    if actor is None or not actor.may(permissions.WORK):
        raise Invalid(_("此人不能处理工单"), field="person", code="bad_person")
    return actor


def team(team_id: int) -> int:
    """The id of an active team; Invalid when there is none such."""
    if not prepared.execute("SELECT 1 FROM staff_team WHERE id = %s AND active", [team_id]):
        raise Invalid(_("没有这个小组，或已停用"), field="team", code="bad_team")
    return team_id
