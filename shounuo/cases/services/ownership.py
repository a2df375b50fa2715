"""Who answers for a case: take, accept, assign, transfer, help. Once owned, a case never loses its owner."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from shounuo.cases import events
from shounuo.cases.models import Case
from shounuo.cases.services import holding, writing
from shounuo.cases.services.changing import changing, staff_only, taken
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid


def case_take(*, case_id: int, expected_version: int | None = None, actor: Actor, at: datetime) -> Case:
    """The person makes a case his that nobody has taken, and accepts it. Taking one's own again changes nothing.

    Conflict `taken` names who has it: of two who take at once one wins. Events: case.assigned, case.accepted.
    """
    staff_only(actor)
    with changing(case_id, None, actor=actor, at=at, expected_version=expected_version) as change:
        case = change.case
        change.decide("accept" if case.owner_id == actor.id else "take")
        if case.owner_id not in (None, actor.id) and case.handed_at is None:
            raise taken(case)
        holding.take(change)
    return change.case


def case_accept(*, case_id: int, expected_version: int | None = None, actor: Actor, at: datetime) -> Case:
    """The owner confirms that he has it; a second time changes nothing. Event: case.accepted."""
    with changing(case_id, None, actor=actor, at=at, expected_version=expected_version) as change:
        case = change.case
        mine = actor.is_system or case.owner_id == actor.id
        change.decide("accept" if mine else "take")
        if case.owner_id is None:
            raise Conflict(_("还没有人负责这张工单，请先受理"), code="no_owner")
        if not mine:
            raise taken(case)
        holding.accept(change)
    return change.case


def case_assign(
    *,
    case_id: int,
    person_id: int | None = None,
    team_id: int | None = None,
    expected_version: int | None = None,
    actor: Actor,
    at: datetime,
) -> Case:
    """A supervisor gives the case to a person, a team, or a person in a team. From another owner it counts as a
    transfer. Given to a team only, an owned case keeps its owner until someone there takes it.

    Events: case.assigned, with a change of owner case.transferred before it.
    """
    with changing(case_id, "assign", actor=actor, at=at, expected_version=expected_version) as change:
        holding.give(change, person_id, team_id)
    return change.case


def case_transfer(
    *,
    case_id: int,
    reason: str,
    person_id: int | None = None,
    team_id: int | None = None,
    expected_version: int | None = None,
    actor: Actor,
    at: datetime,
) -> Case:
    """The owner hands the case on with a reason, kept as a note; counted. Anyone may hand on one that nobody has.

    Events: interaction.noted, case.transferred (when it had an owner), case.assigned.
    """
    text = writing.text_of_staff(reason, field="reason")
    with changing(case_id, "transfer", actor=actor, at=at, expected_version=expected_version) as change:
        note = writing.write_note(change, text, purpose=writing.Purpose.TRANSFER)
        holding.give(change, person_id, team_id, note_id=note.pk)
    return change.case


def helper_add(*, case_id: int, person_id: int, actor: Actor, at: datetime) -> Case:
    """A colleague may work on the case beside its owner, and sees it. Event: case.helper_added."""
    with changing(case_id, "help", actor=actor, at=at) as change:
        holding.able(person_id)
        if person_id == change.case.owner_id:
            raise Invalid(_("负责人不必再作协作人"), field="person", code="is_owner")
        if not change.case.helpers.filter(pk=person_id).exists():
            change.case.helpers.add(person_id)
            change.tell(events.HELPER_ADDED, person=person_id)
    return change.case


def helper_remove(*, case_id: int, person_id: int, actor: Actor, at: datetime) -> Case:
    """The colleague helps no longer; a helper may leave by himself. Event: case.helper_removed."""
    with changing(case_id, "help", actor=actor, at=at) as change:
        if change.case.helpers.filter(pk=person_id).exists():
            change.case.helpers.remove(person_id)
            change.tell(events.HELPER_REMOVED, person=person_id)
    return change.case
