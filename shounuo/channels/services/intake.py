"""From a kept mail to a case: read, judge, find whose it is and where it belongs, write it down.

One transaction per mail. Whatever happens the raw mail stays, and its row says what became of it and why.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from shounuo.cases import services as cases
from shounuo.cases.models import Interaction
from shounuo.channels import events, rules
from shounuo.channels.mail.parse import Unparseable, parse
from shounuo.channels.models import Mailbox, RawMessage
from shounuo.channels.services import naming
from shounuo.channels.services.accepting import HANDLE_TASK, PRIORITY, QUEUE
from shounuo.channels.services.letters import (
    Letter,
    attach,
    bare_mail,
    customer_of,
    message_of,
    read_letter,
    store_files,
    writer,
)
from shounuo.channels.services.threading import Place, place_of
from shounuo.customers.services import customer_find_or_create
from shounuo.events.services import NewEvent, publish, together
from shounuo.files.services import raw_get
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotFound, TooMany
from shounuo.kernel.text import clean_line
from shounuo.staff import throttle

log = logging.getLogger("shounuo.channels.intake")
State = RawMessage.State
HOUR: Final = timedelta(hours=1)
_SETTLED: Final = (
    "message_id",
    "fingerprint",
    "sender",
    "subject",
    "mailbox",
    "may_answer",
    "handled_at",
    "state",
    "reason",
    "case_id",
    "interaction_id",
)


def mail_handle(*, raw_id: int, at: datetime, force: bool = False) -> RawMessage | None:
    """Makes of a kept mail what it is: a case, a message on one, a bounce, a duplicate, or a row in
    quarantine.

    Case, events and the row's new state commit together; a row that is no longer `stored` is left alone.
    Events on the case carry the moment of arrival. `force` makes a case of it whatever the rules say (release
    from quarantine). A fault of ours is raised; `fault_note` counts it. Events: those of the case service,
    mail.quarantined, mail.bounced, mail.turned_away.
    """
    row = RawMessage.objects.select_related("mailbox").filter(pk=raw_id, state=State.STORED).first()
    if row is None:
        return None
    try:
        raw = raw_get(row.sha256) if row.sha256 else b""
        mail = parse(raw)
    except NotFound:
        return quarantine(row.pk, "content_missing", _("邮件内容已不在存储中"), at)
    except Unparseable as error:
        if not force:
            return quarantine(row.pk, error.code, str(error), at)
        mail = bare_mail(raw)
    letter = read_letter(row, mail, raw)
    if not force and letter.verdict.kind == "message":
        try:
            _check_flood(letter, at)
        except TooMany as error:
            return quarantine(row.pk, "flood", str(error), at)
    if mail.attachments:
        store_files(letter, at)
    with transaction.atomic():
        locked = (
            RawMessage.objects.select_for_update(of=("self",)).filter(pk=raw_id, state=State.STORED).first()
        )
        if locked is None:
            return None
        letter.row = locked
        _one_at_a_time(letter.fingerprint)
        locked.message_id = clean_line(mail.message_id)[:255]
        locked.fingerprint = letter.fingerprint
        locked.sender = letter.sender[:320]
        locked.subject = clean_line(mail.subject, 300)
        locked.mailbox = letter.mailbox
        locked.may_answer = letter.verdict.may_auto_reply and not force
        locked.handled_at = at
        _settle(letter, at, force)
        locked.save(update_fields=_SETTLED)
        _note_mailbox(locked)
    return locked


def _note_mailbox(row: RawMessage) -> None:
    """When the mailbox last got something, to the minute: a burst must not queue up for one row."""
    if row.mailbox_id is not None:
        before = row.received_at - timedelta(minutes=1)
        stale = Q(last_received_at=None) | Q(last_received_at__lt=before)
        Mailbox.objects.filter(stale, pk=row.mailbox_id).update(last_received_at=row.received_at)


def _settle(letter: Letter, at: datetime, force: bool) -> None:
    """Decides what the mail becomes and does it; the row's state, reason, case and interaction are set,
    not saved.
    """
    row = letter.row
    twin = None if force else known_twin(letter.fingerprint, row.pk)
    if twin is not None:
        row.state, row.reason = State.DUPLICATE, _("与第 %(id)s 封内容相同") % {"id": twin.pk}
        row.case_id, row.interaction_id = twin.case_id, twin.interaction_id
        return
    verdict = letter.verdict
    kind = "message" if force else verdict.kind
    if kind == "loop":
        _turn_away(letter, State.LOOP, at)
    elif kind == "bounce":
        _bounced(letter, at)
    elif kind in ("auto_reply", "list"):
        place = place_of(letter.mail, letter.sender, letter.row.envelope_to, letter.own)
        if place.case is not None:
            _add(letter, place, automatic=True)
            row.state, row.reason = State.AUTO, str(verdict.reason)[:300]
        else:
            _turn_away(letter, State.AUTO, at)
    else:
        place = place_of(letter.mail, letter.sender, letter.row.envelope_to, letter.own)
        if place.case is None:
            _open(letter, place)
        elif place.colleague is not None:
            _note(letter, place)
        else:
            _add(letter, place, automatic=False)
        row.state, row.reason = State.CASE, place.by


def _one_at_a_time(fingerprint: str) -> None:
    """Two deliveries of one message, handled at the same moment, go one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))", [fingerprint])


def known_twin(fingerprint: str, own_id: int) -> RawMessage | None:
    """The same message, handled before."""
    return (
        RawMessage.objects.filter(fingerprint=fingerprint)
        .exclude(pk=own_id)
        .exclude(state__in=[State.STORED, State.QUARANTINED, State.DUPLICATE])
        .order_by("pk")
        .first()
    )


def _check_flood(letter: Letter, at: datetime) -> None:
    """TooMany for one sender who floods a mailbox, or says the same again and again: a machine, marked or
    not.

    Only those who write often are counted: a count is a write of its own.
    """
    if letter.row.via == "import" or not letter.sender:
        return
    lately = RawMessage.objects.filter(sender=letter.sender[:320], handled_at__gt=at - HOUR).order_by("-pk")
    if len(lately.values_list("pk")[: rules.SAME_TEXT_PER_PAIR]) < rules.SAME_TEXT_PER_PAIR:
        return
    mailbox = letter.mailbox.pk if letter.mailbox else 0
    throttle.hit(throttle.key_of("mail-pair", mailbox, letter.sender), rules.MAILS_PER_PAIR, HOUR, at)
    said = hashlib.sha256((rules.bare_subject(letter.mail.subject) + "\0" + letter.text).encode()).hexdigest()
    throttle.hit(
        throttle.key_of("mail-same", mailbox, letter.sender, said), rules.SAME_TEXT_PER_PAIR, HOUR, at
    )


def _open(letter: Letter, place: Place) -> None:
    row, mailbox = letter.row, letter.mailbox
    address, name = writer(letter)
    with together():
        customer, _new = customer_find_or_create(
            name=name, mail=address, actor=Actor.system(), at=row.received_at
        )
        case, first = cases.case_open(
            channel="mail",
            subject=letter.mail.subject,
            text=letter.text,
            customer_id=customer.pk,
            team_id=mailbox.team_id if mailbox else None,
            channel_class=mailbox.channel_class if mailbox else "primary",
            mailbox_id=mailbox.pk if mailbox else None,
            message=message_of(letter, place, automatic=False),
            actor=Actor.customer(customer.pk),
            at=row.received_at,
        )
    attach(letter, case.pk, first.pk, Actor.customer(customer.pk))
    if place.related is not None:
        cases.cases_link(
            source_id=place.related.pk, target_id=case.pk, actor=Actor.system(), at=row.received_at
        )
    row.case_id, row.interaction_id = case.pk, first.pk


def _add(letter: Letter, place: Place, *, automatic: bool) -> None:
    assert place.case is not None
    row = letter.row
    wrote = customer_of(letter.sender)
    actor = Actor.customer(wrote) if wrote is not None and wrote == place.case.customer_id else Actor.system()
    message = message_of(letter, place, automatic=automatic)
    added = cases.message_receive(
        case_id=place.case.pk,
        text=letter.text,
        html=message.html,
        folded=message.folded,
        channel="mail",
        sender=message.sender,
        recipients=message.recipients,
        copies=message.copies,
        message_id=message.message_id,
        raw_id=message.raw_id,
        threaded_by=message.threaded_by,
        automatic=automatic,
        remote_images=message.remote_images,
        customer_id=wrote,
        actor=actor,
        at=row.received_at,
    )
    attach(letter, added.case_id, added.pk, actor)
    row.case_id, row.interaction_id = added.case_id, added.pk


def _note(letter: Letter, place: Place) -> None:
    """A colleague's mail on a case stays in the house: an address in From proves nothing, so nothing
    leaves in its name, no clock stops and no state changes.
    """
    assert place.case is not None
    row = letter.row
    said = _("来自同事邮箱 %(address)s 的邮件（发件人未经验证）：") % {"address": letter.sender}
    added = cases.note_add(
        case_id=place.case.pk, text=f"{said}\n\n{letter.text}", actor=Actor.system(), at=row.received_at
    )
    attach(letter, added.case_id, added.pk, Actor.system(), internal=True)
    row.case_id, row.interaction_id = added.case_id, added.pk


def _bounced(letter: Letter, at: datetime) -> None:
    """A report on a mail of ours, recognised by the signed Message-ID in it: the answer has not arrived."""
    row, report = letter.row, letter.mail.report
    row.state, row.reason = State.BOUNCE, str(letter.verdict.reason)[:300]
    named = [report.original_message_id] if report is not None else []
    ids = naming.ids_in([*named, letter.mail.in_reply_to, *reversed(letter.mail.references)])
    sent = None
    if ids is not None:
        sent = (
            Interaction.objects.filter(pk=ids.interaction_id, direction="out").select_related("case").first()
        )
    if sent is None:
        return
    row.case_id, row.interaction_id = sent.case_id, sent.pk
    if report is not None and not report.failed:
        row.reason = _("投递延迟，尚未失败")
        return
    cases.delivery_note(
        interaction_id=sent.pk, ok=False, error=_diagnosis(letter), actor=Actor.system(), at=row.received_at
    )
    payload = {"case": sent.case_id, "interaction": sent.pk}
    publish([NewEvent(events.MAIL_BOUNCED, ("raw", row.pk), at, Actor.system(), payload)])


def _diagnosis(letter: Letter) -> str:
    report = letter.mail.report
    said = next((r for r in report.recipients if r.failed), None) if report is not None else None
    if said is None:
        return str(letter.verdict.reason)
    return clean_line(f"{said.recipient} {said.status} {said.diagnostic}", 300)


def _turn_away(letter: Letter, state: str, at: datetime) -> None:
    """Keeps the mail without a case, with the rule and the addresses that decided."""
    row, verdict = letter.row, letter.verdict
    detail = f"{verdict.header}: {verdict.value}" if verdict.header else ""
    row.state = state
    row.reason = clean_line(f"{verdict.reason} {detail}", 300)
    payload = {"state": state, "reason": verdict.kind}
    publish([NewEvent(events.MAIL_TURNED_AWAY, ("raw", row.pk), at, Actor.system(), payload)])


def quarantine(raw_id: int, code: str, reason: str, at: datetime) -> RawMessage | None:
    """Sets the mail aside with its raw text, to be looked at by a person. Event: mail.quarantined."""
    with transaction.atomic():
        row = RawMessage.objects.select_for_update(of=("self",)).filter(pk=raw_id, state=State.STORED).first()
        if row is None:
            return None
        row.state, row.reason, row.handled_at = State.QUARANTINED, clean_line(reason, 300), at
        row.save(update_fields=["state", "reason", "handled_at"])
        payload: dict[str, Any] = {"reason": code}
        if row.mailbox_id is not None:
            payload["mailbox"] = row.mailbox_id
        publish([NewEvent(events.MAIL_QUARANTINED, ("raw", row.pk), at, Actor.system(), payload)])
    return row


def fault_note(*, raw_id: int, error: Exception, at: datetime) -> None:
    """Counts a fault of ours on a mail and queues the next try; after five the mail waits in quarantine."""
    with transaction.atomic():
        row = RawMessage.objects.select_for_update(of=("self",)).filter(pk=raw_id, state=State.STORED).first()
        if row is None:
            return
        row.attempts += 1
        row.reason = clean_line(f"{type(error).__name__}: {error}", 300)
        row.save(update_fields=["attempts", "reason"])
        if row.attempts < rules.HANDLE_ATTEMPTS:
            queue_handling([raw_id], schedule_at=at + timedelta(seconds=5 * 4**row.attempts))
    if row.attempts >= rules.HANDLE_ATTEMPTS:
        quarantine(
            raw_id, "fault", _("处理失败 %(n)s 次：%(why)s") % {"n": row.attempts, "why": row.reason}, at
        )


def quarantine_poison(*, raw_id: int, at: datetime) -> None:
    """Sets aside a mail whose handling ended its worker again and again: somebody has to look at it before
    a machine does.
    """
    quarantine(raw_id, "poison", _("处理这封邮件时进程多次中断"), at)


def queue_handling(raw_ids: Sequence[int], *, schedule_at: datetime | None = None) -> None:
    """Queues the handling of kept mails, in the caller's transaction."""
    if raw_ids:
        task = app.configure_task(HANDLE_TASK, queue=QUEUE, priority=PRIORITY, schedule_at=schedule_at)
        wanted: list[dict[str, Any]] = [{"raw_id": i} for i in raw_ids]
        task.batch_defer(*wanted)


def mails_requeue(at: datetime, *, limit: int = 1000) -> int:
    """Queues mails again whose job was lost: kept for two minutes, not handled, and no job names them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT r.id FROM channels_rawmessage r
            WHERE r.state = 'stored' AND r.received_at < %s AND NOT EXISTS (
              SELECT 1 FROM procrastinate_jobs j
              WHERE j.task_name = %s AND j.status IN ('todo', 'doing') AND (j.args->>'raw_id')::bigint = r.id)
            ORDER BY r.id LIMIT %s
            """,
            [at - rules.MAIL_LOST_AFTER, HANDLE_TASK, limit],
        )
        lost = [row[0] for row in cursor.fetchall()]
    queue_handling(lost)
    return len(lost)


def queue_once(task: Any, lock: str, **args: Any) -> bool:
    """Queues a job unless one with this lock waits; False when it does. One that runs is waited for."""
    try:
        with transaction.atomic():
            task.configure(queueing_lock=lock, lock=lock).defer(**args)
    except AlreadyEnqueued:
        return False
    return True
