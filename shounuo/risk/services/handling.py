"""What people do with alarms."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed
from shounuo.kernel.text import clean
from shounuo.risk import events, queries
from shounuo.risk.models import Alarm
from shounuo.risk.permissions import HANDLE
from shounuo.risk.services.common import tell

MAX_REVIEW = 20_000


def alarm_acknowledge(*, alarm_id: int, actor: Actor, at: datetime) -> Alarm:
    """The actor has seen the alarm and looks after it. A second time changes nothing. Event: alarm.acknowledged.

    NotFound, NotAllowed without `alarms.handle`, Conflict for one that is closed.
    """
    with transaction.atomic():
        alarm = _locked(alarm_id, actor)
        if alarm.state == Alarm.State.CLOSED:
            raise Conflict(_("这条预警已经关闭"), code="alarm_closed")
        if alarm.acknowledged_at is None:
            alarm.acknowledged_at, alarm.acknowledged_by_id = at, actor.person_id
            alarm.save(update_fields=["acknowledged_at", "acknowledged_by"])
            tell(events.ACKNOWLEDGED, alarm, actor, at)
    return alarm


def alarm_close(*, alarm_id: int, review: str, actor: Actor, at: datetime) -> Alarm:
    """Closes an alarm with what was learnt (复盘). Event: alarm.closed.

    One on a figure must have been released first: as long as the figure is past its threshold there is nothing to close
    (Conflict). Invalid without a review; NotFound, NotAllowed without `alarms.handle`.
    """
    text = clean(review).strip()
    if not text:
        raise Invalid(_("请写复盘：原因、做了什么、怎样避免再发生"), field="review", code="missing")
    if len(text) > MAX_REVIEW:
        raise Invalid(
            _("复盘最多 %(most)d 字，现有 %(n)d 字") % {"most": MAX_REVIEW, "n": len(text)},
            field="review",
            code="too_long",
        )
    with transaction.atomic():
        alarm = _locked(alarm_id, actor)
        if alarm.state == Alarm.State.CLOSED:
            raise Conflict(_("这条预警已经关闭"), code="alarm_closed")
        if alarm.is_open and alarm.metric:
            raise Conflict(_("指标还没有回到正常，解除后才能关闭"), code="alarm_holds")
        alarm.state, alarm.closed_at, alarm.closed_by_id, alarm.review = (
            Alarm.State.CLOSED,
            at,
            actor.person_id,
            text,
        )
        alarm.save(update_fields=["state", "closed_at", "closed_by", "review"])
        tell(events.CLOSED, alarm, actor, at)
    return alarm


def _locked(alarm_id: int, actor: Actor) -> Alarm:
    alarm = queries.get(actor, alarm_id, lock=True)
    if not actor.may(HANDLE):
        raise NotAllowed(_("您没有处理预警的权限"))
    return alarm
