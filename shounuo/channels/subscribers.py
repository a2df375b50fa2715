"""What follows from events in the channels. Wired in `web.wiring`; each is a job and safe to repeat."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from shounuo.cases import services as cases
from shounuo.cases.models import Interaction
from shounuo.channels import permissions, services
from shounuo.channels.models import Webhook
from shounuo.events.services import Published
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotFound
from shounuo.notices import kinds
from shounuo.notices.models import OutgoingMail
from shounuo.notices.services import notify
from shounuo.staff.queries import organisation, people_with_permission

QUARANTINED = kinds.declare("mail.quarantined", "mail-off", lambda s, p: _("有邮件被隔离，请查看"))
FAILING = kinds.declare(
    "mailbox.failing", "mail-x", lambda s, p: _("邮箱收取失败：%(mailbox)s") % {"mailbox": s}
)
STOPPED = kinds.declare(
    "webhook.stopped", "plug-off", lambda s, p: _("推送因持续失败已停用：%(webhook)s") % {"webhook": s}
)


def answer_sent(event: Published, at: datetime) -> None:
    """interaction.sent: an answer to somebody with an address leaves as a mail."""
    interaction_id = event.payload.get("interaction")
    if interaction_id is not None:
        again = event.id if event.payload.get("again") else 0
        services.interaction_send(interaction_id=interaction_id, again=again, at=at)


def wants_receipt(kind: str, payload: dict[str, Any]) -> bool:
    return payload.get("channel") in ("mail", "form") and not payload.get("split_from")


def case_opened(event: Published, at: datetime) -> None:
    """case.opened: the writer is told that his message was received."""
    services.receipt_send(case_id=event.subject[1], at=at)


def agreement_proposed(event: Published, at: datetime) -> None:
    """agreement.proposed: who is to sign it gets the link by mail."""
    services.agreement_send(agreement_id=event.subject[1], at=at)


MAIL_OUTCOMES = ("mail.sent", "mail.failed")


def mail_outcome(event: Published, at: datetime) -> None:
    """mail.sent, mail.failed: the answer is delivered, or the case is told why not."""
    if event.payload.get("on") != "case" or event.payload.get("ref") is None:
        return
    ok = event.kind == "mail.sent"
    mail = OutgoingMail.objects.filter(pk=event.subject[1]).first()
    interaction_id = event.payload["ref"]
    if ok and not Interaction.objects.filter(pk=interaction_id, state=Interaction.State.QUEUED).exists():
        return  # a bounce was quicker
    try:
        cases.delivery_note(
            interaction_id=interaction_id,
            ok=ok,
            error="" if ok or mail is None else mail.error,
            actor=Actor.system(),
            at=event.at,
        )
    except NotFound:
        return  # the case is gone


def mail_quarantined(event: Published, at: datetime) -> None:
    """mail.quarantined: those who manage channels hear of it, once an hour however many there are."""
    hour = event.at.replace(minute=0, second=0, microsecond=0)
    notify(
        key=f"mail.quarantined:{hour:%Y%m%d%H}",
        person_ids=people_with_permission(permissions.MANAGE),
        kind=QUARANTINED,
        subject=event.subject,
        urgent=True,
        at=at,
    )


def mailbox_failing(event: Published, at: datetime) -> None:
    """mailbox.failing: those who manage channels hear of it, once a day of the organisation's for a mailbox."""
    day = event.at.astimezone(ZoneInfo(organisation().zone)).date()
    notify(
        key=f"mailbox.failing:{event.subject[1]}:{day}",
        person_ids=people_with_permission(permissions.MANAGE),
        kind=FAILING,
        subject=event.subject,
        urgent=True,
        at=at,
    )


def webhook_stopped(event: Published, at: datetime) -> None:
    """webhook.stopped: who made it hears of it."""
    person_id = Webhook.objects.filter(pk=event.subject[1]).values_list("person_id", flat=True).first()
    if person_id is not None:
        notify(
            key=f"webhook.stopped:{event.id}",
            person_ids=[person_id],
            kind=STOPPED,
            subject=event.subject,
            at=at,
        )


def case_erased(event: Published, at: datetime) -> None:
    """What was mailed goes with the words of the case."""
    services.case_mails_empty(event.subject[1], at)
