"""A read mail on its way into a case: whose mailbox, what kind, which words are new, and its files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from shounuo.cases import services as cases
from shounuo.channels.mail.classify import Verdict, kind_of
from shounuo.channels.mail.parse import ParsedMail, parse
from shounuo.channels.mail.quote import split_text
from shounuo.channels.models import Mailbox, RawMessage
from shounuo.channels.queries import book_of
from shounuo.channels.services import naming
from shounuo.channels.services.bodies import stored_html
from shounuo.channels.services.threading import Place
from shounuo.customers.models import ContactPoint
from shounuo.files.models import Blob
from shounuo.files.services import blob_store, file_attach
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import TooLarge
from shounuo.kernel.text import normalise_mail

MAX_FILES: Final = 100


@dataclass(slots=True)
class Letter:
    """A read mail on its way into a case: `blobs` are its attachments, stored; `notes` what is told beside
    it.
    """

    row: RawMessage
    mail: ParsedMail
    verdict: Verdict
    mailbox: Mailbox | None
    own: frozenset[str]
    fingerprint: str
    text: str
    folded: str
    html: str
    remote_images: bool
    blobs: list[tuple[Blob, str, str]] = field(default_factory=list)

    @property
    def sender(self) -> str:
        return normalise_mail(self.mail.from_.mail) if self.mail.from_ else ""


def read_letter(row: RawMessage, mail: ParsedMail, raw: bytes) -> Letter:
    """The mail judged, with the mailbox that it came to and its text divided; one query."""
    boxes = {box.pk: box for box in Mailbox.objects.filter(active=True).order_by("pk")}
    book = book_of(boxes.values())
    addressed = [
        *row.envelope_to,
        *(a.mail for a in (*mail.to, *mail.cc)),
        *mail.headers.texts("delivered-to"),
    ]
    mailbox_id = row.mailbox_id or book.first(addressed) or book.catch_all
    mailbox = boxes.get(mailbox_id) if mailbox_id is not None else None
    if mailbox is None:
        mailbox = row.mailbox  # switched off since
    own = frozenset(book.addresses)
    envelope = row.envelope_from if row.via == "smtp" else None
    verdict = kind_of(mail, envelope_from=envelope, own_addresses=own, instance=naming.instance())
    if verdict.kind == "loop" and verdict.header == "From":
        # A colleague writes from one of our mailboxes in his mail program: no mark of ours, so no machine.
        verdict = Verdict("message", verdict.reason, verdict.header, verdict.value, False)
    parts = split_text(mail.text)
    html, remote = stored_html(mail.html) if mail.html else ("", False)
    return Letter(
        row=row,
        mail=mail,
        verdict=verdict,
        mailbox=mailbox,
        own=own,
        fingerprint=fingerprint(mail, raw),
        text=parts.visible.strip("\n"),
        folded=parts.folded.strip("\n"),
        html=html,
        remote_images=remote,
    )


def fingerprint(mail: ParsedMail, raw: bytes) -> str:
    """The same for one message that came by two ways: what the writer wrote, without what servers put in
    front.

    A Message-ID used again with other content gives another one. Without a Message-ID and a date nothing
    tells two equal mails from one that came twice: then the bytes decide.
    """
    if not mail.message_id and mail.date is None:
        return hashlib.sha256(raw).hexdigest()
    head, _sep, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    del head
    parts = (
        mail.message_id,
        mail.date.isoformat() if mail.date else "",
        mail.from_.mail.lower() if mail.from_ else "",
        mail.subject,
    )
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "replace"))
    digest.update(b"\0" + body.strip())
    return digest.hexdigest()


def store_files(letter: Letter, at: datetime) -> None:
    """Puts the attachments into the store, before the transaction that hangs them on the case."""
    if letter.verdict.kind in ("loop", "bounce"):
        return
    for attachment in letter.mail.attachments[:MAX_FILES]:
        try:
            blob = blob_store(data=attachment.content, at=at)
        except TooLarge:
            letter.text += "\n\n" + _("（附件 %(name)s 过大，只保存在原始邮件中）") % {
                "name": attachment.name
            }
            continue
        letter.blobs.append((blob, attachment.name, attachment.cid))


def writer(letter: Letter) -> tuple[str, str]:
    """Address and name of the customer: From; Reply-To where the mail claims to come from ourselves (web
    forms do).
    """
    mail = letter.mail
    if letter.sender and letter.sender not in letter.own:
        assert mail.from_ is not None
        return letter.sender, mail.from_.name
    for one in mail.reply_to:
        address = normalise_mail(one.mail)
        if address and address not in letter.own:
            return address, one.name
    name = (mail.from_.name or mail.from_.mail) if mail.from_ else ""
    return letter.sender, name or letter.row.envelope_from or _("未知发件人")


def message_of(letter: Letter, place: Place, *, automatic: bool) -> cases.IncomingMessage:
    mail = letter.mail
    return cases.IncomingMessage(
        html=letter.html,
        folded=letter.folded,
        sender=_answer_address(letter, place),
        recipients=[a.mail for a in mail.to] or list(letter.row.envelope_to),
        copies=[a.mail for a in mail.cc],
        message_id=mail.message_id,
        raw_id=letter.row.pk,
        threaded_by=place.by,
        automatic=automatic,
        remote_images=letter.remote_images,
    )


def _answer_address(letter: Letter, place: Place) -> str:
    """Where an answer goes. A Reply-To is followed when the mail opens a case; on a case that exists it
    could lead the next answer to a stranger, so there it counts only when it belongs to one who has part
    in it.
    """
    wanted = [normalise_mail(a.mail) for a in letter.mail.reply_to]
    wanted = [a for a in wanted if a and a not in letter.own]
    if wanted and (place.case is None or wanted[0] in place.participants):
        return wanted[0]
    return letter.sender


def attach(
    letter: Letter, case_id: int, interaction_id: int, actor: Actor, *, internal: bool = False
) -> None:
    for blob, name, cid in letter.blobs:
        file_attach(
            blob=blob,
            name=name,
            subject=("case", case_id),
            ref=interaction_id,
            cid=cid,
            internal=internal,
            actor=actor,
            at=letter.row.received_at,
        )


def customer_of(address: str) -> int | None:
    point = ContactPoint.objects.filter(kind="mail", value=address).values_list("customer_id", flat=True)
    return point.first() if address else None


def bare_mail(raw: bytes) -> ParsedMail:
    """What cannot be read as a mail, in the shape of one: its text as it stands."""
    text = raw.decode("utf-8", "replace")
    head = b"Subject: " + _("（无法解析的邮件）").encode() + b"\nContent-Type: text/plain; charset=utf-8\n\n"
    return parse(head + (text.strip() or _("（空邮件）")).encode())
