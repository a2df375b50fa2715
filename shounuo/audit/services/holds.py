"""Legal holds: what they name is neither erased nor taken out by retention until they are lifted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from shounuo.audit import events, queries
from shounuo.audit.models import Hold
from shounuo.audit.permissions import RETAIN
from shounuo.events import subjects
from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.kernel.text import clean_line

KINDS = ("case", "customer")


def hold_place(*, kind: str, id: int, reason: str, actor: Actor, at: datetime) -> Hold:
    """Holds a case, or a customer with all his cases. Needs audit.retain, and that the actor may see it (else NotFound);
    Conflict when it is held already. Event: hold.placed."""
    _allowed(actor)
    if not (said := clean_line(reason, 300)):
        raise Invalid(_("请写明原因，例如案号"), field="reason", code="no_reason")
    subject = subjects.get(kind) if kind in KINDS else None
    if subject is None or id not in subject.visible_ids(actor, [id]):
        raise NotFound(_("没有这个，或您无权查看"), field="id")
    with transaction.atomic():
        try:
            with transaction.atomic():
                hold = Hold.objects.create(
                    subject_kind=kind, subject_id=id, reason=said, placed_by=actor.id, placed_at=at
                )
        except IntegrityError as error:
            raise Conflict(_("已经在留存中"), code="held", field="id") from error
        publish([NewEvent(events.HOLD_PLACED, (kind, id), at, actor, {"hold": hold.pk})])
    return hold


def hold_lift(*, hold_id: int, actor: Actor, at: datetime) -> None:
    """Lifts a hold; what is past its time goes with the next night. Needs audit.retain. Event: hold.lifted."""
    _allowed(actor)
    with transaction.atomic():
        hold = Hold.objects.select_for_update().filter(pk=hold_id).first()
        if hold is None:
            raise NotFound(_("没有这条留存"))
        if hold.lifted_at is not None:
            raise Conflict(_("这条留存已经解除"), code="lifted")
        hold.lifted_at, hold.lifted_by = at, actor.id
        hold.save(update_fields=["lifted_at", "lifted_by"])
        subject = (hold.subject_kind, hold.subject_id)
        publish([NewEvent(events.HOLD_LIFTED, subject, at, actor, {"hold": hold.pk})])


def check_free(kind: str, ids: Iterable[int]) -> None:
    """Conflict `held` when one of them is held: before something is erased, in its transaction."""
    if queries.held(kind) & set(ids):
        raise Conflict(_("依法留存中，解除留存之前不能删除"), code="held")


def _allowed(actor: Actor) -> None:
    if not actor.may(RETAIN):
        raise NotAllowed(_("您没有设置留存的权限"))
