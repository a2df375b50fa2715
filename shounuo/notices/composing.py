"""Mails to the staff themselves: plain text, marked as automatic, with a link to what they are about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from shounuo.events import subjects
from shounuo.kernel.secrets import signature
from shounuo.notices import kinds
from shounuo.notices.models import Notice, Relay
from shounuo.staff import queries as staff
from shounuo.staff.models import Person


def notice_words(notice: Notice, person: Person) -> tuple[str, str]:
    """(subject, text) of the mail that tells a person of a notice."""
    label, url = "", ""
    if notice.subject_id is not None and (subject := subjects.get(notice.subject_kind)) is not None:
        label, url = (
            subject.label([notice.subject_id]).get(notice.subject_id, ""),
            subject.url(notice.subject_id),
        )
    with translation.override(person.language or settings.LANGUAGE_CODE):
        line = kinds.get(notice.kind).words(label, notice.params)
        body = [line, ""]
        if url:
            body += [address_of(url), ""]
        body.append(_("这是守诺的通知。要不要收邮件，可在“我的资料”里改。"))
    return line, "\n".join(body)


def reset_words(person: Person, path: str) -> tuple[str, str]:
    """(subject, text) of the mail with the link to set a new password."""
    with translation.override(person.language or settings.LANGUAGE_CODE):
        subject = _("重设密码")
        body = _(
            "有人（想来是您）申请为账号 %(login)s 重设密码。\n\n"
            "请在 1 小时内打开下面的链接，它只能用一次：\n\n%(url)s\n\n"
            "如果不是您，请忽略这封邮件，您的密码没有变。"
        ) % {"login": person.login, "url": address_of(path)}
    return subject, body


def staff_mail(
    person: Person,
    relay: Relay,
    subject: str,
    body: str,
    key: str,
    at: datetime,
    files: Sequence[tuple[str, str, bytes]] = (),
) -> tuple[bytes, str]:
    """A plain mail of ours to a person, with files (name, type, content); the Message-ID follows from the key, so that a
    second try is the same mail.
    """
    organisation = staff.organisation()
    domain = relay.sender.rpartition("@")[2] or "localhost"
    message_id = f"<sn.{signature('notices.message', key, size=18)}@{domain}>"
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = Address(_one_line(organisation.name), addr_spec=relay.sender)
    mail["To"] = Address(_one_line(person.name), addr_spec=person.mail)
    mail["Subject"] = _one_line(subject)
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(body, cte="base64")
    for name, kind, content in files:
        main, _slash, sub = kind.partition("/")
        mail.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return mail.as_bytes(), message_id


def address_of(path: str) -> str:
    """The path under the organisation's public address; never under what a request's Host header says."""
    return f"{staff.organisation().public_address}{path}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
