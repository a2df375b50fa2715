"""When people are on duty, as plain spans."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed, NotFound
from shounuo.staff import events
from shounuo.staff.models import Membership, Shift
from shounuo.staff.permissions import MANAGE
from shounuo.staff.services import guards


def shift_add(*, person_id: int, starts_at: datetime, ends_at: datetime, actor: Actor, at: datetime) -> Shift:
    """Puts a person on duty for a span of at most two days; needs staff.manage or to lead a team of his.

    Raises Invalid for a span that does not run forward or overlaps another of his; publishes shift.added.
    """
    if not timedelta(0) < ends_at - starts_at <= timedelta(days=2):
        raise Invalid(_("班次须早于结束时间开始，且不超过两天"), field="ends_at")
    with transaction.atomic():
        person = guards.locked(person_id)
        _may_roster(actor, person_id)
        if Shift.objects.filter(person=person, starts_at__lt=ends_at, ends_at__gt=starts_at).exists():
            raise Invalid(_("与此人已有的班次重叠"), field="starts_at", code="overlap")
        shift = Shift.objects.create(person=person, starts_at=starts_at, ends_at=ends_at)
        publish([_event(events.SHIFT_ADDED, shift, actor, at)])
    return shift


def shift_remove(*, shift_id: int, actor: Actor, at: datetime) -> None:
    """Takes a shift away; publishes shift.removed."""
    with transaction.atomic():
        shift = Shift.objects.select_for_update().filter(pk=shift_id).first()
        if shift is None:
            raise NotFound(_("没有这个班次"))
        _may_roster(actor, shift.person_id)
        publish([_event(events.SHIFT_REMOVED, shift, actor, at)])
        shift.delete()


def _event(kind: str, shift: Shift, actor: Actor, at: datetime) -> NewEvent:
    payload = {"starts": shift.starts_at.isoformat(), "ends": shift.ends_at.isoformat()}
    return NewEvent(kind, ("person", shift.person_id), at, actor, payload)


def _may_roster(actor: Actor, person_id: int) -> None:
    leads = Membership.objects.filter(person_id=person_id, team_id__in=actor.led_team_ids)
    if not actor.may(MANAGE) and not leads.exists():
        raise NotAllowed(_("您没有给此人排班的权限"))
