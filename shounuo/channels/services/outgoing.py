"""Mail out: an agent's answer as a mail that finds its way back, receipts, and the test of a mailbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.cases import services as cases
from shounuo.cases.models import Case, Interaction, Option
from shounuo.cases.queries import reply_addresses
from shounuo.cases.rules.plans import without_options
from shounuo.channels import permissions, rules
from shounuo.channels.mail.compose import Outgoing, OutgoingFile, compose, envelope_to
from shounuo.channels.mail.dnscheck import DomainCheck, check_domain
from shounuo.channels.mail.headers import Address
from shounuo.channels.mail.look import Letter, Way
from shounuo.channels.mail.tokens import make_subject_tag
from shounuo.channels.models import Mailbox, RawMessage
from shounuo.channels.queries import mailbox_book
from shounuo.channels.services import naming
from shounuo.channels.services.links import link_path
from shounuo.files.queries import by_ref, content
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed, NotFound, TooMany
from shounuo.kernel.html import to_text
from shounuo.kernel.secrets import signature
from shounuo.kernel.text import normalise_mail, truncate
from shounuo.notices.models import OutgoingMail, Relay
from shounuo.notices.services import mail_queue
from shounuo.staff import throttle
from shounuo.staff.queries import organisation

HOUR: Final = timedelta(hours=1)
QUOTED_CHARS: Final = 2000
MAX_FILES_BYTES: Final = 20 * 1024 * 1024  # beyond it most servers refuse a mail; the rest is linked


def interaction_send(*, interaction_id: int, again: int = 0, at: datetime) -> OutgoingMail | None:
    """Writes a public reply as a mail and queues it; None when it goes to nobody by mail. Safe to repeat: one
    mail per interaction, one more for each time it is sent again (`again` is that event's id).

    In the caller's transaction. Without any mailbox or relay address the interaction is marked as failed.
    """
    reply = (
        Interaction.objects.select_related("case__customer", "person")
        .filter(pk=interaction_id, direction="out", state=Interaction.State.QUEUED)
        .first()
    )
    if reply is None or not reply.recipients:
        return None
    case = reply.case
    mailbox = mailbox_for(case)
    relay_id = mailbox.relay_id if mailbox else None
    sender = mailbox.address if mailbox else _relay_sender()
    if not sender:
        why = _("没有可用的发信邮箱")
        cases.delivery_note(interaction_id=reply.pk, ok=False, error=why, actor=Actor.system(), at=at)
        return None
    with translation.override(case.customer.language or organisation().language):
        mail = _letter(reply, case, mailbox, sender, at)
        try:
            raw = compose(mail)
            recipients = envelope_to(mail)
        except Invalid as error:
            cases.delivery_note(
                interaction_id=reply.pk, ok=False, error=str(error), actor=Actor.system(), at=at
            )
            return None
    cases.message_id_set(interaction_id=reply.pk, message_id=mail.message_id, actor=Actor.system(), at=at)
    return mail_queue(
        key=f"interaction:{reply.pk}:{again}" if again else f"interaction:{reply.pk}",
        raw=raw,
        message_id=mail.message_id,
        # A machine's mail gets no bounce that could become a mail again; a person's must come back when it
        # fails.
        sender="" if reply.automatic else sender,
        recipients=recipients,
        relay_id=relay_id,
        subject=("case", case.pk),
        ref=reply.pk,
        at=at,
    )


def mailbox_for(case: Case) -> Mailbox | None:
    """The mailbox that a case's mails leave by: its own, else the oldest active one."""
    if case.mailbox_id is not None:
        own = Mailbox.objects.filter(pk=case.mailbox_id, active=True).first()
        if own is not None:
            return own
    return Mailbox.objects.filter(active=True).order_by("id").first()


def _relay_sender() -> str:
    relay = Relay.objects.filter(is_default=True).first()
    return relay.sender if relay is not None else ""


def _letter(reply: Interaction, case: Case, mailbox: Mailbox | None, sender: str, at: datetime) -> Outgoing:
    last = (
        Interaction.objects.filter(case=case, direction="in", channel="mail", at__lte=reply.at)
        .exclude(message_id="")
        .order_by("-at", "-pk")
        .first()
    )
    files, linked = _files(reply)
    letter = _parts(reply, case, mailbox, last, linked, at)
    plus = naming.plus_address(mailbox, case) if mailbox is not None else ""
    name = (mailbox.from_name if mailbox else "") or organisation().name
    return Outgoing(
        message_id=naming.message_id(case, reply.pk, sender),
        from_=Address(sender, name),
        reply_to=[Address(plus, name)] if plus else [],
        to=[Address(a) for a in reply.recipients],
        cc=[Address(a) for a in reply.copies],
        subject=_subject(case),
        text=letter.plain(_said(reply)),
        html=letter.html(),
        date=at,
        instance=naming.instance(),
        auto_submitted="auto-replied" if reply.automatic else "no",
        in_reply_to=last.message_id if last is not None else "",
        references=_references(case, reply),
        files=files,
    )


def _subject(case: Case) -> str:
    tag = make_subject_tag(case.number)
    subject = case.subject if case.channel != "mail" else f"Re: {case.subject}"
    return subject if tag in subject else f"{subject} {tag}"


def _references(case: Case, reply: Interaction) -> list[str]:
    """The thread as it stands, the newest last."""
    rows = (
        Interaction.objects.filter(case=case, pk__lt=reply.pk)
        .exclude(message_id="")
        .exclude(direction="note")
        .order_by("-pk")
        .values_list("message_id", flat=True)
    )
    return list(reversed(rows[:20]))


def _parts(
    reply: Interaction,
    case: Case,
    mailbox: Mailbox | None,
    last: Interaction | None,
    linked: bool,
    at: datetime,
) -> Letter:
    """What was written, with its options as cards, the signature, the way to the progress page, and what the customer
    last wrote, shortened.
    """
    base = organisation().public_address.rstrip("/")
    options = (
        list(Option.objects.filter(plan__interaction=reply))
        if reply.purpose == Interaction.Purpose.PLAN
        else []
    )
    text = _said(reply)
    return Letter(
        text=without_options(text, [vars(o) for o in options]) if options else text,
        note=_("部分附件较大，请在进度页面下载。") if linked else "",
        signature=mailbox.signature.strip() if mailbox else "",
        url=base + link_path(case, at) if base else "",
        quoted=truncate(last.text.strip(), QUOTED_CHARS) if last is not None and not reply.automatic else "",
        ways=[Way(o.title, o.cost, o.time, o.pros, o.cons, o.steps, o.recommended) for o in options],
    )


def _said(reply: Interaction) -> str:
    return reply.text.rstrip() or to_text(reply.html)


def _files(reply: Interaction) -> tuple[list[OutgoingFile], bool]:
    """The public files of the message as far as a mail can carry them, and whether some are left for the
    page.
    """
    found: list[OutgoingFile] = []
    left = MAX_FILES_BYTES
    linked = False
    for file in by_ref("case", reply.case_id, internal=False).get(reply.pk, []):
        if file.blob.size > left:
            linked = True
            continue
        try:
            data = content(file)
        except NotFound:
            linked = True
            continue
        left -= file.blob.size
        found.append(OutgoingFile(file.name, data, file.blob.content_type))
    return found, linked


def receipt_send(*, case_id: int, at: datetime) -> Interaction | None:
    """Tells the writer of a new case by mail or form that it was received, with its number and page.

    Only where the mailbox wants it, once, never to a machine, to ourselves, to one who forbids it, and to one
    address at most three an hour: no loop lives on that. Event: interaction.sent, automatic.
    """
    case = Case.objects.select_related("customer").filter(pk=case_id).first()
    if case is None or case.channel not in ("mail", "form"):
        return None
    mailbox = mailbox_for(case)
    if mailbox is None or not mailbox.receipt:
        return None
    first = Interaction.objects.filter(case=case, direction="in").order_by("at", "pk").first()
    if first is None or first.automatic or not _may_answer(first, case):
        return None
    if Interaction.objects.filter(case=case, direction="out").exists():
        return None
    to = normalise_mail(next(iter(reply_addresses(case)), ""))
    if not to or to in mailbox_book().addresses:
        return None
    try:
        throttle.hit(throttle.key_of("receipt", mailbox.pk, to), rules.RECEIPTS_PER_PAIR, HOUR, at)
    except TooMany:
        return None
    with translation.override(case.customer.language or organisation().language):
        text = _(
            "您好：\n\n我们已收到您的来信，工单号 %(number)s。我们会尽快处理并回复您。\n"
            "直接回复本邮件即可补充说明，无需重复提交。"
        ) % {"number": case.number}
    return cases.reply_send(case_id=case.pk, text=text, automatic=True, actor=Actor.system(), at=at)


def _may_answer(first: Interaction, case: Case) -> bool:
    """What came by mail may be answered by itself only when the mail itself allows it; imports never."""
    if first.raw_id is None:
        return case.channel == "form"
    row = RawMessage.objects.filter(pk=first.raw_id).first()
    return row is not None and row.may_answer and row.via != "import"


def system_mail(
    *,
    key: str,
    to: str,
    subject: str,
    text: str,
    html: str = "",
    subject_of: tuple[str, int] | None,
    at: datetime,
) -> OutgoingMail | None:
    """A mail of the house itself (a sign-in code), marked as automatic; None when there is nothing to send
    it by.
    """
    mailbox = Mailbox.objects.filter(active=True).order_by("id").first()
    sender = mailbox.address if mailbox is not None else _relay_sender()
    if not sender:
        return None
    domain = sender.rpartition("@")[2]
    name = (mailbox.from_name if mailbox else "") or organisation().name
    message_id = f"<sn.{signature('channels.system', key, size=18)}@{domain}>"
    raw = compose(
        Outgoing(
            message_id=message_id,
            from_=Address(sender, name),
            to=[Address(to)],
            subject=subject,
            text=text + "\n",
            html=html,
            date=at,
            instance=naming.instance(),
            auto_submitted="auto-generated",
        )
    )
    return mail_queue(
        key=key,
        raw=raw,
        message_id=message_id,
        sender=sender,
        recipients=[to],
        relay_id=mailbox.relay_id if mailbox else None,
        subject=subject_of,
        at=at,
    )


@dataclass(frozen=True, slots=True)
class SendTest:
    """The mail that was queued and what the world's name servers say of the sending domain."""

    mail: OutgoingMail
    domain: DomainCheck


def send_test(
    *, mailbox_id: int, to: str, selector: str = "", resolver: Any = None, actor: Actor, at: datetime
) -> SendTest:
    """Sends a test mail from the mailbox and looks up SPF, DKIM, DMARC and MX of its domain, in some
    seconds.
    """
    if not actor.may(permissions.MANAGE):
        raise NotAllowed(gettext_lazy("您没有管理邮箱的权限"))
    mailbox = Mailbox.objects.filter(pk=mailbox_id).first()
    if mailbox is None:
        raise NotFound(gettext_lazy("没有这个邮箱"))
    address = normalise_mail(to)
    if not address:
        raise Invalid(gettext_lazy("请填写完整的邮箱地址"), field="to", code="bad_mail")
    throttle.hit(throttle.key_of("send-test", actor.id), 20, HOUR, at)
    key = f"send-test:{mailbox.pk}:{at.timestamp():.6f}"
    domain = mailbox.address.rpartition("@")[2]
    message_id = f"<sn.{signature('channels.system', key, size=18)}@{domain}>"
    raw = compose(
        Outgoing(
            message_id=message_id,
            from_=Address(mailbox.address, mailbox.from_name or organisation().name),
            to=[Address(address)],
            subject=_("发信测试"),
            text=_("这是守诺的发信测试。收到这封邮件，说明发信设置可用。") + "\n",
            date=at,
            instance=naming.instance(),
            auto_submitted="auto-generated",
        )
    )
    mail = mail_queue(
        key=key,
        raw=raw,
        message_id=message_id,
        sender=mailbox.address,
        recipients=[address],
        relay_id=mailbox.relay_id,
        subject=("mailbox", mailbox.pk),
        at=at,
    )
    return SendTest(mail, check_domain(domain, selector=selector, resolver=resolver))
