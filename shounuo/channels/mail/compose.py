"""Outgoing mail as bytes that every program reads and no value can break out of.

The header is written here, not by the standard library: its modern policy turns a long Message-ID in References
into an encoded word, which ends the thread at the receiving side. The body is the library's.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final, Literal

from django.utils.translation import gettext_lazy as _

from shounuo.channels.mail.headers import Address
from shounuo.kernel.errors import Invalid
from shounuo.kernel.html import to_text
from shounuo.kernel.text import clean, clean_line, normalise_mail

AutoSubmitted = Literal["no", "auto-replied", "auto-generated"]

_LINE: Final = 76
_WORD_BYTES: Final = 42  # of UTF-8 in one encoded word: 75 characters with its frame
_REFERENCES: Final = 20
_ID: Final = re.compile(r"<[!-;=?-~]{1,250}@[!-;=?-~]{1,250}>")
_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,80}/[a-z0-9][a-z0-9!#$&^_.+-]{0,120}")


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file to send; with `cid` the HTML shows it."""

    name: str
    content: bytes = field(repr=False)
    content_type: str = "application/octet-stream"
    cid: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail to be written. `message_id` comes from `tokens.make_message_id`; `html` must be our own or sanitised.

    `auto_submitted` is "no" for what a person wrote, "auto-replied" for receipts, "auto-generated" for notices.
    `instance` names this installation in X-Shounuo, by which it knows its own mails when they return.
    """

    message_id: str
    from_: Address
    to: Sequence[Address]
    subject: str
    text: str
    date: datetime
    instance: str
    auto_submitted: AutoSubmitted
    html: str = ""
    cc: Sequence[Address] = ()
    bcc: Sequence[Address] = ()
    reply_to: Sequence[Address] = ()
    in_reply_to: str = ""
    references: Sequence[str] = ()
    files: Sequence[OutgoingFile] = ()


def compose(mail: Outgoing) -> bytes:
    """The mail as bytes with CRLF. Bcc is not written: it belongs to the envelope (`envelope_to`).

    Raises Invalid (`mail_address`, `mail_message_id`) when an address or the Message-ID is not usable; every other
    value is made harmless.
    """
    if not _ID.fullmatch(mail.message_id):
        raise Invalid(_("邮件标识不合规范"), code="mail_message_id", field="message_id")
    references = [one for one in mail.references if _ID.fullmatch(one)]
    if len(references) > _REFERENCES:
        references = [references[0], *references[1 - _REFERENCES :]]
    replied = mail.in_reply_to if _ID.fullmatch(mail.in_reply_to) else ""
    if replied and replied not in references:
        references.append(replied)
    lines = [
        _addresses("From", [mail.from_], "from_"),
        _addresses("Reply-To", mail.reply_to, "reply_to"),
        _addresses("To", mail.to, "to"),
        _addresses("Cc", mail.cc, "cc"),
        _folded("Subject", _words(clean_line(mail.subject, 500))),
        _folded("Date", [format_datetime(mail.date)]),
        _folded("Message-ID", [mail.message_id]),
        _folded("In-Reply-To", [replied]) if replied else "",
        _folded("References", references) if references else "",
        _folded("Auto-Submitted", [mail.auto_submitted]),
        # A machine's mail asks other machines not to answer; a person's must not suppress anything.
        _folded("X-Auto-Response-Suppress", ["All"]) if mail.auto_submitted != "no" else "",
        _folded("X-Shounuo", [re.sub(r"[^A-Za-z0-9.-]", "", mail.instance)[:200] or "-"]),
    ]
    return "".join(lines).encode("ascii") + _body(mail).as_bytes()


def envelope_to(mail: Outgoing) -> list[str]:
    """Whom to hand it to: To, Cc and Bcc, each once, as normal addresses."""
    everyone = [_mail(address, "to") for address in (*mail.to, *mail.cc, *mail.bcc)]
    return list(dict.fromkeys(everyone))


def _body(mail: Outgoing) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    text = clean(mail.text) if mail.text.strip() or not mail.html else to_text(mail.html)
    message.set_content(text, cte=_encoding(text))
    if mail.html:
        html = clean(mail.html)
        message.add_alternative(html, subtype="html", cte=_encoding(html))
        shown = message.get_payload()
        part = shown[-1] if isinstance(shown, list) else None
        for one in mail.files:
            if one.cid and isinstance(part, EmailMessage):
                main, sub = _type(one.content_type)
                cid = re.sub(r"[^A-Za-z0-9.@_-]", "", one.cid)[:200] or "image"
                name = _file_name(one.name)
                part.add_related(one.content, main, sub, cid=f"<{cid}>", filename=name, disposition="inline")
    for one in mail.files:
        if not one.cid or not mail.html:
            main, sub = _type(one.content_type)
            message.add_attachment(one.content, main, sub, filename=_file_name(one.name))
    return message


def _encoding(text: str) -> str:
    if text.isascii() and all(len(line) < 900 for line in text.split("\n")):
        return "7bit"
    return "base64"


def _type(content_type: str) -> tuple[str, str]:
    kind = content_type.strip().lower()
    if not _TYPE.fullmatch(kind) or kind.startswith(("multipart/", "message/")):
        kind = "application/octet-stream"
    main, _slash, sub = kind.partition("/")
    return main, sub


def _file_name(name: str) -> str:
    # The library would decode an encoded word in a name, line ends included, and write it as it is.
    return re.sub(r"[\"\\/]|=\?|\?=", "_", clean_line(name, 150)) or "attachment"


def _mail(address: Address, field_name: str) -> str:
    mail = normalise_mail(address.mail)
    if not mail or not mail.isascii() or mail != re.sub(r"[^!-~]", "", mail):
        raise Invalid(_("邮件地址不可用"), code="mail_address", field=field_name)
    return mail


def _addresses(name: str, addresses: Sequence[Address], field_name: str) -> str:
    if not addresses:
        return ""
    words: list[str] = []
    for number, address in enumerate(addresses):
        comma = "," if number + 1 < len(addresses) else ""
        mail = _mail(address, field_name)
        shown = _display(clean_line(address.name, 200))
        words += [*shown, f"<{mail}>{comma}"] if shown else [mail + comma]
    return _folded(name, words)


def _display(name: str) -> list[str]:
    if not name:
        return []
    if name.isascii():
        if _ATOMS.fullmatch(name) and "=?" not in name:
            return name.split(" ")
        if "=?" not in name and len(name) <= 60:
            quoted = name.replace("\\", "\\\\").replace('"', '\\"')
            return [f'"{quoted}"']
    return _encoded(name)


def _words(text: str) -> list[str]:
    """A subject as words to fold between: plain when it can be, encoded words otherwise."""
    if text.isascii() and "=?" not in text and all(len(word) <= _LINE - 12 for word in text.split(" ")):
        return text.split(" ")
    return _encoded(text)


def _encoded(text: str) -> list[str]:
    """RFC 2047 words, cut between characters, never within one."""
    words: list[str] = []
    piece = b""
    for character in text:
        data = character.encode("utf-8", "replace")
        if len(piece) + len(data) > _WORD_BYTES:
            words.append(piece.decode())
            piece = b""
        piece += data
    words.append(piece.decode())
    return [f"=?utf-8?B?{b64encode(word.encode()).decode()}?=" for word in words if word]


def _folded(name: str, words: Sequence[str]) -> str:
    """A header line from words without line ends, folded between them; a long word keeps a line of its own."""
    line = f"{name}:"
    lines: list[str] = []
    for word in words:
        if len(line) + 1 + len(word) > _LINE and line.strip() and not line.endswith(":"):
            lines.append(line)
            line = ""
        line += " " + word
    lines.append(line)
    return "\r\n".join(lines) + "\r\n"
