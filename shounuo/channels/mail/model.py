"""What a mail is to the rest of the system once it is read, and the limits of the reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.utils.translation import gettext_lazy as _

from shounuo.channels.mail.headers import Address, Headers
from shounuo.kernel.errors import Problem


class Unparseable(Problem):
    """What came is no mail: `code` is `empty` or `no_header`."""

    code = "unparseable"
    status = 422

    @property
    def reason(self) -> str:
        return self.code


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the work on one mail. What lies beyond is noted and stays readable in the raw mail."""

    depth: int = 12
    parts: int = 600
    attachments: int = 300
    decoded_bytes: int = 120_000_000
    text_chars: int = 1_000_000
    html_chars: int = 2_000_000
    forwarded: int = 20


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a mail. `name` is safe as a file name; `detected_type` is what the bytes say.

    `inline` marks what the HTML shows through `cid` (content id without brackets) or what was meant to be shown.
    """

    name: str
    content: bytes = field(repr=False)
    declared_type: str
    detected_type: str
    cid: str = ""
    inline: bool = False

    @property
    def size(self) -> int:
        return len(self.content)


@dataclass(frozen=True, slots=True)
class Calendar:
    """An invitation in a mail, as much as an agent needs to know. Times as written when they have no zone."""

    method: str
    summary: str
    start: str
    end: str
    location: str
    organiser: str
    uid: str


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A mail within the mail: who wrote what when. The mail itself is also an attachment (.eml)."""

    subject: str
    from_: Address | None
    date: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class RecipientStatus:
    """What a delivery report says of one recipient (RFC 3464): `action` failed, delayed, delivered..."""

    recipient: str
    action: str
    status: str
    diagnostic: str
    remote: str = ""

    @property
    def failed(self) -> bool:
        return self.action == "failed" or (not self.action and self.status[:1] in {"4", "5"})

    @property
    def permanent(self) -> bool:
        return self.failed and not self.status.startswith("4")


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """A report about a mail sent earlier. `formal` is False when it was read out of a server's prose."""

    original_message_id: str
    original_envelope_id: str
    original_subject: str
    reporting_server: str
    recipients: tuple[RecipientStatus, ...]
    formal: bool = True

    @property
    def failed(self) -> bool:
        return any(recipient.failed for recipient in self.recipients)


@dataclass(frozen=True, slots=True)
class AuthResult:
    """One verdict of an Authentication-Results header. Trust it only from a server of our own."""

    server: str
    method: str
    result: str
    detail: str


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """A mail, read. Text fields are clean for the database; nothing here is safe HTML yet (`kernel.html`)."""

    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    subject: str
    from_: Address | None
    sender: Address | None
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    date: datetime | None
    text: str
    html: str
    attachments: tuple[Attachment, ...]
    forwarded: tuple[Forwarded, ...]
    calendars: tuple[Calendar, ...]
    report: DeliveryReport | None
    auto_headers: Mapping[str, str]
    list_headers: Mapping[str, str]
    authentication: tuple[AuthResult, ...]
    headers: Headers
    notes: tuple[str, ...]

    @property
    def answer_to(self) -> tuple[Address, ...]:
        """Where an answer goes: Reply-To, else From."""
        return self.reply_to or ((self.from_,) if self.from_ else ())

    def inline_images(self) -> Iterator[Attachment]:
        """Attachments that the HTML may name by `cid:`."""
        return (one for one in self.attachments if one.cid and one.detected_type.startswith("image/"))


# What was odd about a mail, for the page that shows its origin. A note is a code, with detail behind a colon.
NOTE_WORDS: Final[Mapping[str, object]] = {
    "attachments.limit": _("附件过多，其余附件只在原始邮件中"),
    "base64.broken": _("附件或正文的 Base64 编码有损坏"),
    "boundary.guessed": _("分隔标记缺失或有误，已按内容推断"),
    "boundary.missing": _("没有分隔标记，内容按纯文本读取"),
    "charset.unknown": _("声明的字符集无法识别，已按内容推断"),
    "date.unreadable": _("日期无法识别"),
    "decoded.limit": _("解码后内容过大，其余部分只在原始邮件中"),
    "depth.limit": _("嵌套层次过深，其余部分只在原始邮件中"),
    "encoding.unknown": _("传输编码无法识别，按原文读取"),
    "forwarded.unreadable": _("转发的邮件无法解析，作为附件保留"),
    "from.missing": _("没有可用的发件人地址"),
    "from.several": _("发件人不止一个，取第一个"),
    "header.limit": _("邮件头过大，超出部分只在原始邮件中"),
    "header.odd": _("邮件头中有不合规范的行"),
    "header.unended": _("邮件头与正文之间没有空行"),
    "html.limit": _("网页正文过长，已截断"),
    "parts.limit": _("邮件分段过多，其余部分只在原始邮件中"),
    "text.limit": _("正文过长，已截断"),
    "tnef.broken": _("winmail.dat 无法完整解开，已原样保留"),
    "uuencode.broken": _("UU 编码内容有损坏"),
}
