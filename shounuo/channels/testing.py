"""Mailboxes and mails for tests, built through the services."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from itertools import count
from typing import Any

from shounuo.channels import services
from shounuo.channels.models import Mailbox, RawMessage
from shounuo.kernel.actors import Actor

AT = datetime(2026, 10, 10, 2, 0, tzinfo=UTC)  # Saturday, a make-up working day, 10:00 in Shanghai
_numbers = count(1)


def make_mailbox(address: str = "kefu@shounuo.test", *, at: datetime = AT, **fields: Any) -> Mailbox:
    """An active mailbox."""
    return services.mailbox_create(
        name=fields.pop("name", address), address=address, actor=Actor.system(), at=at, **fields
    )


def make_mail(
    text: str = "饲料开袋后有结块，请问能不能换货？",
    *,
    sender: str = "宋建国 <song@example.cn>",
    to: str = "kefu@shounuo.test",
    subject: str = "饲料结块",
    message_id: str | None = None,
    html: str = "",
    files: Sequence[tuple[str, bytes, str]] = (),
    date: datetime = AT,
    **headers: str,
) -> bytes:
    """A mail as bytes. A header `in_reply_to=...` becomes In-Reply-To; `message_id=""` leaves it out."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Date"] = date.strftime("%a, %d %b %Y %H:%M:%S +0000")
    wanted = f"<{next(_numbers)}.test@example.cn>" if message_id is None else message_id
    if wanted:
        mail["Message-ID"] = wanted
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    for name, content, kind in files:
        main, _slash, sub = kind.partition("/")
        mail.add_attachment(content, main, sub, filename=name)
    return mail.as_bytes()


def receive(
    raw: bytes,
    *,
    to: Sequence[str] = ("kefu@shounuo.test",),
    envelope_from: str = "song@example.cn",
    at: datetime = AT,
) -> RawMessage:
    """The mail accepted by SMTP and handled; gives its row as it stands then."""
    row = services.mail_accept(
        raw=raw,
        via="smtp",
        source_key=f"test:{next(_numbers)}",
        envelope_from=envelope_from,
        envelope_to=to,
        at=at,
    )
    services.mail_handle(raw_id=row.pk, at=at)
    row.refresh_from_db()
    return row
