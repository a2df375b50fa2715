"""The way every mail takes out of the house: kept first, then handed to a relay by a job, again and again
until it is taken, refused for good, or two days old. Each mail carries one Message-ID through all tries.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.events.services import NewEvent, publish
from shounuo.kernel import store
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotFound
from shounuo.kernel.text import normalise_mail
from shounuo.notices import events, rules, transport
from shounuo.notices.composing import staff_mail
from shounuo.notices.models import OutgoingMail, Relay
from shounuo.staff.models import Person

State = OutgoingMail.State
MOST_RECIPIENTS = 100
QUEUE = "mail"
DELIVER_TASK = "notices.deliver"


def mail_queue(
    *,
    key: str,
    raw: bytes,
    message_id: str,
    sender: str,
    recipients: Iterable[str],
    relay_id: int | None = None,
    subject: tuple[str, int] | None = None,
    ref: int | None = None,
    not_before: datetime | None = None,
    at: datetime,
) -> OutgoingMail:
    """Accepts a mail for delivery, in the caller's transaction: bytes on the disk, row, one job. Nothing is
    sent here.

    `key` makes it once: the same key again returns the row that is there. `sender` is the envelope's (empty
    for what must not be answered), `relay_id` None means the default relay at the time of sending. With
    deliveries switched off the mail is kept as held. Raises Invalid for an address that is none. Afterwards
    mail.sent or mail.failed is published on ("mail", id), with `on`, `id` and `ref` naming what it is about.
    """
    to = list(dict.fromkeys(_address(r) for r in recipients))
    if not to:
        raise Invalid(gettext_lazy("没有收件人"), field="recipients")
    if len(to) > MOST_RECIPIENTS:
        raise Invalid(gettext_lazy("收件人太多"), field="recipients")
    held = settings.SHOUNUO_DELIVERY == "off"
    with transaction.atomic():
        known = OutgoingMail.objects.filter(key=key).first()
        if known is not None:
            return known
        content = store.put("sent", io.BytesIO(raw), limit=settings.MAX_MESSAGE_BYTES)
        mail, created = OutgoingMail.objects.get_or_create(
            key=key,
            defaults={
                "message_id": message_id,
                "relay_id": relay_id,
                "sender": _address(sender) if sender else "",
                "recipients": to,
                "remaining": to,
                "raw_sha256": content.name,
                "subject_kind": subject[0] if subject else "",
                "subject_id": subject[1] if subject else None,
                "ref": ref,
                "state": State.HELD if held else State.QUEUED,
                "next_at": None if held else max(at, not_before or at),
                "created_at": at,
            },
        )
        if created and not held:
            _defer(mail, mail.next_at if not_before else None)
    return mail


def staff_mail_queue(
    *,
    person: Person,
    relay: Relay,
    key: str,
    words: tuple[str, str],
    files: Sequence[tuple[str, str, bytes]] = (),
    about: tuple[str, int] | None = None,
    not_before: datetime | None = None,
    at: datetime,
) -> OutgoingMail:
    """A mail of ours to one of the staff: `words` are its subject and text, `files` (name, type, content). As `mail_queue`;
    it is about the person himself unless `about` says otherwise.
    """
    raw, message_id = staff_mail(person, relay, *words, key, at, files)
    return mail_queue(
        key=key,
        raw=raw,
        message_id=message_id,
        sender=relay.sender,
        recipients=[person.mail],
        subject=about or ("person", person.pk),
        not_before=not_before,
        at=at,
    )


def mail_deliver(*, mail_id: int, at: datetime) -> str:
    """One try; returns the state after it. For the job: safe to repeat, takes nothing that is not due or is
    held by another worker, holds no transaction while it talks to the relay.
    """
    with transaction.atomic():
        mail = (
            OutgoingMail.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("relay")
            .filter(pk=mail_id)
            .first()
        )
        if mail is None:
            return ""
        if mail.state != State.QUEUED or (mail.next_at is not None and mail.next_at > at):
            return str(mail.state)
        mail.attempts += 1
        mail.next_at = at + rules.LEASE
        mail.save(update_fields=["attempts", "next_at"])
    outcome, relay = _try(mail)
    return _settle(mail, outcome, relay, at)


def _try(mail: OutgoingMail) -> tuple[transport.Outcome, Relay | None]:
    raw = store.get("sent", mail.raw_sha256)
    if settings.SHOUNUO_DELIVERY == "test":
        sent = transport.Sent(mail.message_id, mail.sender, tuple(mail.remaining), raw)
        transport.outbox.append(sent)
        return transport.Outcome(), None
    relay = mail.relay or Relay.objects.filter(is_default=True).first()
    if relay is None:
        return transport.Outcome(fault=(0, _("还没有设置发信服务器"))), None
    return transport.hand_over(relay, raw, mail.sender, mail.remaining), relay


def _settle(mail: OutgoingMail, outcome: transport.Outcome, relay: Relay | None, at: datetime) -> str:
    """Writes down what became of a try and publishes it, or queues the next one."""
    code, words = outcome.fault or next(iter((outcome.refused | outcome.put_off).values()), (0, ""))
    with transaction.atomic():
        mail = OutgoingMail.objects.select_for_update().get(pk=mail.pk)
        if mail.state != State.QUEUED:
            return str(mail.state)
        if relay is not None:
            _note_relay(relay, outcome, at)
        refused = [a for a in mail.remaining if a in outcome.refused]
        if outcome.fault is None:
            mail.remaining = [a for a in mail.remaining if a in outcome.put_off]
        mail.error = f"{code} {words}" if words and code else words
        waits = bool(mail.remaining) and not outcome.permanent
        following = rules.next_try(mail.attempts, mail.created_at, at) if waits else None
        mail.next_at = following
        if following is not None:
            mail.save()
            _defer(mail, following)
            return str(mail.state)
        nobody = set(refused) | set(mail.remaining) == set(mail.recipients)
        payload = {"on": mail.subject_kind, "id": mail.subject_id, "ref": mail.ref, "attempts": mail.attempts}
        if nobody:
            mail.state = State.FAILED
            kind, payload = events.FAILED, payload | {"code": code}
        else:
            mail.state, mail.sent_at = State.SENT, at
            kind, payload = events.SENT, payload | {"refused": len(refused) + len(mail.remaining)}
        mail.save()
        publish([NewEvent(kind, ("mail", mail.id), at, Actor.system(), payload)])
    return str(mail.state)


def mail_retry(*, mail_id: int, actor: Actor, at: datetime) -> OutgoingMail:
    """Sends a failed or held mail after all, from now with a fresh two days. Conflict when it is under way or
    gone.

    Who may is decided by the caller, who shows the mail.
    """
    with transaction.atomic():
        mail = OutgoingMail.objects.select_for_update().filter(pk=mail_id).first()
        if mail is None:
            raise NotFound(gettext_lazy("没有这封邮件"))
        if mail.state not in (State.FAILED, State.HELD):
            raise Conflict(gettext_lazy("这封邮件已经发出或正在发送"), code="under_way")
        mail.state, mail.attempts, mail.next_at, mail.created_at = State.QUEUED, 0, at, at
        mail.remaining = mail.remaining or mail.recipients
        mail.save()
        _defer(mail, None)
    return mail


def mails_due(at: datetime, *, limit: int = 500) -> list[int]:
    """Queued mails whose moment has passed by more than a minute: their job was lost. For the upkeep job."""
    rows = OutgoingMail.objects.filter(state=State.QUEUED, next_at__lt=at - timedelta(minutes=1))
    return list(rows.order_by("next_at").values_list("id", flat=True)[:limit])


def mails_prune(
    *, before: datetime, spared: Mapping[str, Collection[int]], at: datetime, limit: int = 2000
) -> int:
    """Deletes the rows and, after commit, bytes of mails that were sent, held or failed before the moment, up to `limit`
    of them, in the caller's transaction; not those about `spared` subjects (ids by kind). Returns how many rows went.
    """
    old = OutgoingMail.objects.filter(created_at__lt=before).exclude(state=State.QUEUED)
    for kind, ids in spared.items():
        old = old.exclude(subject_kind=kind, subject_id__in=list(ids))
    return _forget(old.order_by("id").values_list("id", flat=True)[:limit], at - timedelta(days=1))


def mails_forget(subjects: Iterable[tuple[str, int]], *, at: datetime) -> int:
    """Deletes rows and, after commit, bytes of the mails about these subjects, in the caller's
    transaction: for the erasure of a person. Returns how many rows went.
    """
    about = Q(pk__in=[])
    for kind, id in subjects:
        about |= Q(subject_kind=kind, subject_id=id)
    return _forget(OutgoingMail.objects.filter(about).values_list("id", flat=True), at)


def _forget(ids: Iterable[int], before: datetime) -> int:
    """Bytes that no other row names go, unless they were written since `before`."""
    rows = OutgoingMail.objects.filter(id__in=list(ids))
    shas = set(rows.values_list("raw_sha256", flat=True))
    deleted = rows.delete()[0]
    shas -= set(OutgoingMail.objects.filter(raw_sha256__in=shas).values_list("raw_sha256", flat=True))

    def discard() -> None:
        for sha in shas:
            store.discard("sent", sha, before=before)

    transaction.on_commit(discard)
    return deleted


def _note_relay(relay: Relay, outcome: transport.Outcome, at: datetime) -> None:
    """The relay's state for its page: a refused recipient is not the relay's fault."""
    if outcome.fault is None or outcome.permanent:
        Relay.objects.filter(pk=relay.pk).update(last_ok_at=at)
    else:
        words = f"{outcome.fault[0] or ''} {outcome.fault[1]}".strip()
        Relay.objects.filter(pk=relay.pk).update(last_error=words, last_error_at=at)


def _defer(mail: OutgoingMail, moment: datetime | None) -> None:
    from procrastinate.contrib.django import app

    app.configure_task(DELIVER_TASK, queue=QUEUE, schedule_at=moment).defer(mail_id=mail.id)


def _address(text: str) -> str:
    if not (address := normalise_mail(text)):
        raise Invalid(gettext_lazy("这不是邮箱地址：%(text)s") % {"text": text[:80]}, field="recipients")
    return address
