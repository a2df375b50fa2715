"""What a person does with mail that became no case: look at it, try again, make it one."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.audit.services import record
from shounuo.channels import events, permissions
from shounuo.channels.models import RawMessage
from shounuo.channels.services.importing import import_again
from shounuo.channels.services.intake import mail_handle
from shounuo.events.services import NewEvent, publish
from shounuo.files.services import raw_get
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, NotAllowed, NotFound

State = RawMessage.State
SET_ASIDE = (State.QUARANTINED, State.AUTO, State.LOOP, State.BOUNCE)


def raw_read(*, raw_id: int, actor: Actor, at: datetime, address: str | None = None) -> bytes:
    """The mail as it came. It shows a customer's data in full, so who looked is written down."""
    _manager(actor)
    row = RawMessage.objects.filter(pk=raw_id).first()
    if row is None or not row.sha256:
        raise NotFound(_("没有这封邮件，或它的内容没有取到"))
    record(action="raw.read", target=("raw", row.pk), actor=actor, at=at, address=address)
    return raw_get(row.sha256)


def quarantine_retry(*, raw_id: int, actor: Actor, at: datetime) -> RawMessage:
    """Handles the mail again by the rules of now; it may end where it was. Conflict when it is in a case
    already.
    """
    return _again(raw_id, actor, at, force=False)


def quarantine_release(*, raw_id: int, actor: Actor, at: datetime) -> RawMessage:
    """Makes a case of the mail whatever the rules say. Events: those of the case, mail.released."""
    return _again(raw_id, actor, at, force=True)


def quarantine_dismiss(*, raw_id: int, actor: Actor, at: datetime) -> RawMessage:
    """Done with without a case; the raw mail stays for its retention."""
    _manager(actor)
    with transaction.atomic():
        row = _aside(raw_id)
        row.state, row.handled_at = State.RELEASED, at
        row.save(update_fields=["state", "handled_at"])
        publish([NewEvent(events.MAIL_RELEASED, ("raw", row.pk), at, actor, {})])
        record(action="raw.dismiss", target=("raw", row.pk), actor=actor, at=at)
    return row


def _again(raw_id: int, actor: Actor, at: datetime, *, force: bool) -> RawMessage:
    _manager(actor)
    with transaction.atomic():
        row = _aside(raw_id)
        if row.via == "import":  # what is of the past goes among the past
            import_again(row, at=at)
        else:
            row.state, row.attempts, row.reason = State.STORED, 0, ""
            row.save(update_fields=["state", "attempts", "reason"])
            mail_handle(raw_id=raw_id, at=at, force=force)
        row.refresh_from_db()
        if row.case_id is not None and row.state == State.CASE:
            payload = {"case": row.case_id}
            publish([NewEvent(events.MAIL_RELEASED, ("raw", row.pk), at, actor, payload)])
        action = "raw.release" if force else "raw.retry"
        record(action=action, target=("raw", row.pk), actor=actor, at=at)
    return row


def _aside(raw_id: int) -> RawMessage:
    row = RawMessage.objects.select_for_update(of=("self",)).filter(pk=raw_id).first()
    if row is None:
        raise NotFound(_("没有这封邮件"))
    if row.state not in SET_ASIDE or (row.case_id is not None and row.state == State.AUTO):
        raise Conflict(_("这封邮件已经处理过"), code="handled")
    return row


def _manager(actor: Actor) -> None:
    if not actor.may(permissions.MANAGE):
        raise NotAllowed(_("您没有管理隔离邮件的权限"))
