"""Who is told of what. Named in web/wiring.py; each is a job, safe to repeat: a notice's key makes it once.

Nobody is told of what he did himself.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from shounuo.events import subjects
from shounuo.events.services import Published
from shounuo.events.subjects import People
from shounuo.kernel.actors import Actor
from shounuo.notices import kinds
from shounuo.notices.composing import reset_words
from shounuo.notices.models import OutgoingMail, Relay
from shounuo.notices.services import notify, staff_mail_queue
from shounuo.staff import queries as staff
from shounuo.staff import services as staff_services

CASE_KINDS = (
    "case.assigned",
    "case.transferred",
    "case.mentioned",
    "case.helper_added",
    "case.disputed",
    "case.reopened",
    "plan.chosen",
    "interaction.received",
    "interaction.failed",
)
DUTY_KINDS = ("duty.created", "duty.assigned", "duty.reopened", "collaboration.answered")
CLOCK_KINDS = ("clock.warned", "clock.breached", "clock.escalated")


def worth_telling(kind: str, payload: dict[str, Any]) -> bool:
    """Nobody is told of a case's first message (its assignment is), nor of what a machine wrote."""
    return kind != "interaction.received" or not (payload.get("first") or payload.get("automatic"))


def case_happened(event: Published, at: datetime) -> None:
    """Tells the owner of what happens to his case, a team's supervisors of a case that nobody has, and those
    named.
    """
    people, payload = _people(event), event.payload
    match event.kind:
        case "case.assigned" if payload.get("was") and not payload.get("by_self"):
            return  # the transfer that came with it tells the new owner
        case "case.assigned" | "case.transferred":
            owner = payload.get("owner")
            moved = kinds.ASSIGNED if event.kind == "case.assigned" else kinds.TRANSFERRED
            _tell(event, [owner] if owner else people.supervisor_ids, moved if owner else kinds.TEAM_GOT, at)
        case "case.mentioned":
            _tell(event, payload.get("persons", []), kinds.MENTIONED, at)
        case "case.helper_added":
            _tell(event, [payload.get("person")], kinds.HELP_ASKED, at)
        case "case.disputed":
            _tell(event, _owner_or_supervisors(people), kinds.DISPUTED, at)
        case "case.reopened":
            _tell(event, _owner_or_supervisors(people), kinds.REOPENED, at)
            if payload.get("count", 0) >= 2:
                _tell(event, people.supervisor_ids, kinds.REOPENED_AGAIN, at, part="again")
        case "plan.chosen":
            _tell(event, [people.owner_id], kinds.CHOSEN, at)
        case "interaction.received":
            _tell(event, [people.owner_id], kinds.RECEIVED, at)
        case "interaction.failed":
            _tell(event, _owner_or_supervisors(people), kinds.FAILED, at, urgent=True)


def clock_happened(event: Published, at: datetime) -> None:
    """Tells of warnings and breaches the owner (and, breached, his supervisors), of escalations whom the rule
    names.
    """
    people = _people(event)
    match event.kind:
        case "clock.warned":
            _tell(event, _owner_or_supervisors(people), kinds.WARNED, at)
        case "clock.breached":
            _tell(event, [people.owner_id, *people.supervisor_ids], kinds.BREACHED, at)
        case "clock.escalated":
            _tell(event, escalation_people(event.payload.get("to", ""), people), kinds.ESCALATED, at)


def duty_worth_telling(kind: str, payload: dict[str, Any]) -> bool:
    """What comes back every week is found in the inbox and told of by its clock, not each time it begins."""
    return payload.get("kind") != "cadence" or kind != "duty.created"


def duty_happened(event: Published, at: datetime) -> None:
    """Tells the owner of a duty that he has got it; of one that nobody has, those who may take it: the holders of its
    roles (in its team, where one is named), or the whole team. Who asked a department is told of its answer.
    """
    owner, team = event.payload.get("owner"), event.payload.get("team")
    if event.kind == "collaboration.answered":
        _tell(event, [event.payload.get("asker")], kinds.HELP_ANSWERED, at)
        return
    if owner:
        _tell(event, [owner], kinds.DUTY_GIVEN, at)
        return
    named = {i for role in event.payload.get("roles", []) for i in staff.people_with_role(role)}
    if team:
        members = set(staff.members(team).values_list("id", flat=True))
        named = named & members if event.payload.get("roles") else members
    _tell(event, sorted(named), kinds.DUTY_OPEN, at)


def escalation_people(to: str, people: People) -> list[int]:
    """Ids of whom a step of a ladder names: owner, owner_supervisor, dept_head, role:<code>.

    A step never falls on nobody: without an owner his team's supervisors are told, without those the
    managers.
    """
    if to.startswith("role:"):
        named = staff.people_with_role(to.removeprefix("role:"))
    elif to == "owner":
        named = [people.owner_id] if people.owner_id else list(people.supervisor_ids)
    elif to == "dept_head":
        named = list(people.dept_head_ids or people.supervisor_ids)
    else:
        named = list(people.supervisor_ids)
    return named or staff.people_with_role("manager") or staff.people_with_role("admin")


def password_reset_asked(event: Published, at: datetime) -> None:
    """Makes the one-time link and mails it. The link is not in the event, so that the log opens no
    account.
    """
    person = staff.people().filter(pk=event.subject[1]).first()
    relay = Relay.objects.filter(is_default=True).first()
    if person is None or not person.mail or relay is None:
        return
    key = f"reset:{event.id}"
    if OutgoingMail.objects.filter(key=key).exists():
        return  # a second link would end the one that is on its way
    path = staff_services.link_create(person_id=person.id, purpose="reset", actor=Actor.system(), at=at)
    staff_mail_queue(person=person, relay=relay, key=key, words=reset_words(person, path), at=at)


def _tell(
    event: Published,
    person_ids: Iterable[int | None],
    kind: str,
    at: datetime,
    *,
    urgent: bool = False,
    part: str = "",
) -> None:
    named = {i for i in person_ids if i} - ({event.actor_id} if event.actor_kind == "person" else set())
    codes = ("clause", "commitment", "step", "count", "clock")
    notify(
        key=f"{event.id}{part}",
        person_ids=[i for i in named if i is not None],
        kind=kind,
        params={name: event.payload[name] for name in codes if name in event.payload},
        subject=event.subject,
        urgent=urgent,
        at=at,
    )


def _people(event: Published) -> People:
    subject = subjects.get(event.subject[0])
    return subject.people(event.subject[1]) if subject else People()


def _owner_or_supervisors(people: People) -> list[int | None]:
    return [people.owner_id] if people.owner_id else list(people.supervisor_ids)
