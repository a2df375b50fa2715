"""Somebody is away: another stands in for him."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.duties import events, queries
from shounuo.duties.models import Delegation
from shounuo.duties.permissions import MANAGE
from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.kernel.text import clean_line
from shounuo.staff import queries as staff

LONGEST = timedelta(days=366)


def delegation_make(
    *,
    person_id: int,
    delegate_id: int,
    starts_at: datetime,
    ends_at: datetime,
    reason: str = "",
    actor: Actor,
    at: datetime,
) -> Delegation:
    """The delegate decides in the person's place from the one moment to the other, a year at most.

    For oneself; for others one needs duties.manage. Invalid (field delegate, starts_at, ends_at) for oneself as the delegate,
    for nobody who works here, for a span that is over or upside down; Conflict `overlaps` where somebody stands in for the
    person then already. It goes no further: what the delegate was himself lent is not passed on. Publishes delegation.made.
    """
    if person_id != actor.person_id and not actor.may(MANAGE):
        raise NotAllowed(_("只能为自己指定代办人"), code="not_yours")
    if delegate_id == person_id:
        raise Invalid(_("请选择别的同事代办"), field="delegate", code="same_person")
    working = set(staff.people().filter(pk__in={person_id, delegate_id}).values_list("pk", flat=True))
    if delegate_id not in working or person_id not in working:
        raise Invalid(_("没有这位同事，或其账号已停用"), field="delegate", code="no_person")
    if ends_at <= starts_at:
        raise Invalid(_("结束须晚于开始"), field="ends_at", code="upside_down")
    if ends_at <= at:
        raise Invalid(_("结束须在现在之后"), field="ends_at", code="in_the_past")
    if ends_at - starts_at > LONGEST:
        raise Invalid(_("最长一年"), field="ends_at", code="too_long")
    with transaction.atomic():
        # the person's row keeps two who write at once apart
        staff.people().select_for_update(of=("self",)).filter(pk=person_id).first()
        if Delegation.objects.filter(
            person_id=person_id, ended_at=None, starts_at__lt=ends_at, ends_at__gt=starts_at
        ).exists():
            raise Conflict(_("这段时间已指定代办人，请先结束那一项"), code="overlaps", field="starts_at")
        made = Delegation.objects.create(
            person_id=person_id,
            delegate_id=delegate_id,
            starts_at=starts_at,
            ends_at=ends_at,
            reason=clean_line(reason, 200),
            made_at=at,
            made_by_id=actor.person_id,
        )
        _tell(events.DELEGATION_MADE, made, actor, at)
    return made


def delegation_end(*, delegation_id: int, actor: Actor, at: datetime) -> Delegation:
    """Ends it now; one that has ended is left as it is. For the person, for the delegate, and with duties.manage for whoever
    sees it. NotFound for others. Publishes delegation.ended."""
    with transaction.atomic():
        found = (
            queries.delegations_visible_to(actor)
            .select_for_update(of=("self",))
            .filter(pk=delegation_id)
            .first()
        )
        if found is None:
            raise NotFound(_("没有这项委托"), code="delegation_not_found")
        if not (actor.may(MANAGE) or actor.person_id in (found.person_id, found.delegate_id)):
            raise NotAllowed(_("这项委托不归您处理"), code="not_yours")
        if found.ended_at is None and found.ends_at > at:
            found.ended_at, found.ended_by_id = at, actor.person_id
            found.save(update_fields=["ended_at", "ended_by"])
            _tell(events.DELEGATION_ENDED, found, actor, at)
    return found


def _tell(kind: str, it: Delegation, actor: Actor, at: datetime) -> None:
    payload = {
        "delegation": it.pk,
        "delegate": it.delegate_id,
        "starts": it.starts_at.isoformat(),
        "ends": it.ends_at.isoformat(),
    }
    publish([NewEvent(kind, ("person", it.person_id), at, actor, payload)])
