"""Who has a duty, and when he wants to be reminded of it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.duties import events, registry, rules
from shounuo.duties.models import Duty
from shounuo.duties.services.common import locked, need, need_open, tell
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid
from shounuo.staff import queries as staff
from shounuo.staff.models import Person

MOST_NAMED = 5


def duty_take(*, duty_id: int, actor: Actor, at: datetime) -> Duty:
    """The actor takes a duty that nobody has and that is for people like him; twice is once. Conflict when another has
    it by now, NotAllowed where its kind keeps him from having it. Publishes duty.taken."""
    with transaction.atomic():
        duty = locked(duty_id, actor)
        need_open(duty)
        if duty.owner_id is not None and duty.owner_id == actor.person_id:
            return duty
        if duty.owner_id is not None:
            raise Conflict(_("这项待办已有人领取"), code="taken")
        need(rules.may_take(actor, duty))
        able = registry.holders_of(duty, at)
        need(able is None or actor.person_id in able)
        duty.owner_id, duty.taken_at = actor.person_id, at
        duty.save(update_fields=["owner", "taken_at"])
        return tell(events.TAKEN, duty, actor, at)


def duty_release(*, duty_id: int, actor: Actor, at: datetime) -> Duty:
    """Gives a duty back to its team or roles. For its owner and those who manage duties; Conflict when there is nobody
    else who could take it. Publishes duty.released."""
    with transaction.atomic():
        duty = locked(duty_id, actor)
        need_open(duty)
        need(rules.may_do(actor, duty))
        if not rules.may_release(actor, duty):
            raise Conflict(_("这项待办没有其他人可以领取，请改为分派"), code="nobody_else")
        was, duty.owner_id, duty.taken_at, duty.snoozed_until = duty.owner_id, None, None, None
        duty.save(update_fields=["owner", "taken_at", "snoozed_until"])
        return tell(events.RELEASED, duty, actor, at, was=was)


def duty_assign(*, duty_id: int, person_id: int, actor: Actor, at: datetime) -> Duty:
    """Gives a duty to a person who works here; to the one who has it already changes nothing. Needs duties.manage.

    Invalid (field person): `no_person`, or `may_not` where only some may have a duty of this kind and he is none of them.
    Publishes duty.assigned, of which its new owner is told.
    """
    with transaction.atomic():
        duty = locked(duty_id, actor)
        need_open(duty)
        need(rules.may_manage(actor, duty))
        if duty.owner_id == person_id:
            return duty
        person = staff.people().filter(pk=person_id).first()
        if person is None:
            raise Invalid(_("没有这位同事，或其账号已停用"), field="person", code="no_person")
        able = registry.holders_of(duty, at)
        if able is not None and person_id not in able:
            raise _may_not(person, able)
        was, duty.owner_id, duty.taken_at, duty.snoozed_until = duty.owner_id, person_id, at, None
        duty.save(update_fields=["owner", "taken_at", "snoozed_until"])
        return tell(events.ASSIGNED, duty, actor, at, was=was)


def _may_not(person: Person, able: frozenset[int]) -> Invalid:
    """Why not this person, and who instead."""
    others = [p.name for p in staff.people().filter(pk__in=able)[: MOST_NAMED + 1]]
    if not others:
        said = _("%(who)s无权处理这项待办，现在也没有别人有权处理") % {"who": person.name}
        return Invalid(said, field="person", code="may_not")
    names = _("、").join(others[:MOST_NAMED]) + (" …" if len(others) > MOST_NAMED else "")
    said = _("%(who)s无权处理这项待办，可以交给：%(names)s") % {"who": person.name, "names": names}
    return Invalid(said, field="person", code="may_not")


def duty_snooze(*, duty_id: int, until: datetime | None, actor: Actor, at: datetime) -> Duty:
    """Out of sight until a moment (None: back at once). It moves no due moment, and what is overdue is shown all the
    same. For whoever may do it; Invalid for a moment that has passed. Publishes duty.snoozed."""
    with transaction.atomic():
        duty = locked(duty_id, actor)
        need_open(duty)
        need(rules.may_do(actor, duty))
        if until is not None and until <= at:
            raise Invalid(_("提醒时间须在现在之后"), field="until", code="in_the_past")
        duty.snoozed_until = until
        duty.save(update_fields=["snoozed_until"])
        return tell(events.SNOOZED, duty, actor, at, until=until.isoformat() if until is not None else None)
