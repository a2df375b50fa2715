"""What kind of mail this is, in words that name the header that decided it.

The dangerous mistakes are two: answering a machine (a loop), and taking a person for a machine (a lost customer).
So a marker that both use only forbids automatic answers; what the kind says needs a marker that machines alone set.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final, Literal

from django.utils.translation import gettext_lazy as _

from shounuo.channels.mail import phrases
from shounuo.channels.mail.model import ParsedMail
from shounuo.kernel.text import normalise_mail

Kind = Literal["message", "bounce", "auto_reply", "loop", "list"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`kind`, why (translatable), by which header with which value, and whether a receipt may be sent by itself."""

    kind: Kind
    reason: Any
    header: str = ""
    value: str = ""
    may_auto_reply: bool = True


def kind_of(
    mail: ParsedMail,
    *,
    envelope_from: str | None = None,
    own_addresses: Collection[str] = (),
    own_domains: Collection[str] = (),
    instance: str = "",
) -> Verdict:
    """Judges a mail. `envelope_from` is the SMTP sender ("" = null sender), None when only Return-Path knows it.

    `own_addresses` are our mailboxes; `own_domains` domains from which only this system writes; `instance` is what
    our own mails carry in X-Shounuo ("" takes every such mark for ours). Reads headers only, and the text of none.
    """
    look = _Look(mail, envelope_from)
    addresses = {normalise_mail(address) for address in own_addresses} - {""}
    domains = {domain.lower().strip(".") for domain in own_domains}
    return (
        _report(look)
        or _loop(look, addresses, domains, instance)
        or _bounce(look)
        or _automatic(look)
        or _list(look, addresses, domains)
        or _message(look)
    )


class _Look:
    """The headers of the mail as the rules ask for them."""

    def __init__(self, mail: ParsedMail, envelope_from: str | None) -> None:
        self.mail = mail
        self.names = {name for name, _value in mail.headers}
        self.subject = mail.subject
        self.sender = mail.from_.mail.lower() if mail.from_ else ""
        self.local, _at, self.domain = self.sender.rpartition("@")
        path = mail.headers.text("return-path") if "return-path" in self.names else None
        self.null_sender = envelope_from == "" or (
            envelope_from is None and path is not None and path.strip() in {"<>", ""}
        )
        self.daemon = bool(_DAEMON.search(self.local)) or bool(
            mail.from_ and _DAEMON_NAME.search(mail.from_.name)
        )

    def get(self, name: str) -> str:
        return self.mail.headers.text(name) if name in self.names else ""


_DAEMON: Final = re.compile(
    r"^(?:mailer-daemon|mail-daemon|mailerdaemon|mdaemon|postmaster|mail\.delivery)", re.I
)
_DAEMON_NAME: Final = re.compile(
    r"mail delivery (?:sub)?system|mailer-daemon|邮件系统|系统管理员.{0,6}退信", re.I
)
_NO_REPLY: Final = re.compile(
    r"^(?:no|do-?not|never)[-_.]?reply|^noreply|^donotreply|^bounce[sd]?\b|^notification|^mailer", re.I
)


def _report(look: _Look) -> Verdict | None:
    report = look.mail.report
    if report is not None and report.formal:
        return Verdict("bounce", _("这是投递状态报告"), "Content-Type", look.get("content-type")[:120], False)
    declared = look.get("content-type").lower()
    if declared.startswith("multipart/report"):
        if "disposition-notification" in declared:
            return Verdict("auto_reply", _("这是已读回执"), "Content-Type", declared[:120], False)
        if "delivery-status" in declared:
            return Verdict("bounce", _("这是投递状态报告"), "Content-Type", declared[:120], False)
        if "feedback-report" in declared:
            return Verdict("auto_reply", _("这是垃圾邮件投诉反馈"), "Content-Type", declared[:120], False)
    return None


def _loop(look: _Look, addresses: set[str], domains: set[str], instance: str) -> Verdict | None:
    mark = look.get("x-shounuo")
    if "x-shounuo" in look.names and (not instance or mark.partition(";")[0].strip() == instance):
        return Verdict("loop", _("这是本系统发出的邮件又回到了本系统"), "X-Shounuo", mark[:120], False)
    sender = normalise_mail(look.sender)
    if sender and sender in addresses:
        return Verdict("loop", _("发件人就是本系统自己的邮箱"), "From", look.sender, False)
    for value in look.mail.headers.texts("x-loop"):
        if any(normalise_mail(part) in addresses for part in re.split(r"[\s,;]+", value) if "@" in part):
            return Verdict("loop", _("邮件已经经过本系统的邮箱一次"), "X-Loop", value[:120], False)
    domain = sender.rpartition("@")[2]
    if domain and domain in domains and not look.daemon:
        return Verdict("loop", _("发件人域名只供本系统发信"), "From", look.sender, False)
    return None


def _bounce(look: _Look) -> Verdict | None:
    failed = look.get("x-failed-recipients")
    if failed:
        return Verdict(
            "bounce", _("邮件头列出了投递失败的收件人"), "X-Failed-Recipients", failed[:120], False
        )
    subject = phrases.BOUNCE_SUBJECT.search(look.subject)
    if look.daemon and (subject or look.null_sender or look.mail.report is not None):
        if phrases.AUTO_REPLY_SUBJECT.search(look.subject):
            return None
        return Verdict("bounce", _("由邮件系统的退信地址发出"), "From", look.sender, False)
    if look.null_sender and subject:
        return Verdict("bounce", _("信封发件人为空，主题是退信"), "Return-Path", "<>", False)
    return None


# Header, pattern of its value (None: any), why. Only machines set these.
_MARKERS: Final[tuple[tuple[str, re.Pattern[str] | None, Any], ...]] = (
    ("Auto-Submitted", re.compile(r"^(?!no\b)\s*\S", re.I), _("邮件头声明这是自动发出的邮件")),
    ("X-Auto-Submitted", re.compile(r"^(?!no\b)\s*\S", re.I), _("邮件头声明这是自动发出的邮件")),
    ("X-Autoreply", re.compile(r"^(?!(?:no|false|0)\b)", re.I), _("邮件头声明这是自动回复")),
    ("X-Auto-Reply", re.compile(r"^(?!(?:no|false|0)\b)", re.I), _("邮件头声明这是自动回复")),
    ("X-Mail-Autoreply", None, _("邮件头声明这是自动回复")),
    ("X-Autoreply-From", None, _("邮件头声明这是自动回复")),
    ("X-Autorespond", None, _("邮件头声明这是自动回复")),
    ("X-Autoresponder", None, _("邮件头声明这是自动回复")),
    ("X-Autogenerated", re.compile(r"reply|response|yes|true", re.I), _("邮件头声明这是自动发出的邮件")),
    ("X-QQ-Autoreply", re.compile(r"^(?!(?:no|false|0)\b)", re.I), _("邮件头声明这是自动回复")),
    ("X-FC-MachineGenerated", re.compile(r"true|yes|1", re.I), _("邮件头声明这是机器生成的邮件")),
    ("X-POST-MessageClass", re.compile(r"autoresponder", re.I), _("邮件头声明这是自动回复")),
    ("X-MS-Exchange-Generated-Message-Source", re.compile(r"mailbox rules agent|oof", re.I), _("由 Exchange 的收件规则发出")),
    ("X-MS-Exchange-Inbox-Rules-Loop", None, _("由 Exchange 的收件规则发出")),
    ("X-Cron-Env", None, _("由定时任务发出")),
    ("Precedence", re.compile(r"^\s*auto[_-]?reply", re.I), _("邮件头声明这是自动回复")),
    ("Delivered-To", re.compile(r"^\s*autoresponder\b", re.I), _("由自动回复程序经手")),
)  # fmt: skip


def _automatic(look: _Look) -> Verdict | None:
    for header, pattern, reason in _MARKERS:
        if header.lower() not in look.names:
            continue
        for value in look.mail.headers.texts(header):
            if pattern is None or (value and pattern.search(value)):
                return Verdict("auto_reply", reason, header, value[:120], False)
    if look.null_sender:
        return Verdict("auto_reply", _("信封发件人为空，只有机器这样发信"), "Return-Path", "<>", False)
    subject = phrases.AUTO_REPLY_SUBJECT.search(look.subject)
    if subject:
        return Verdict("auto_reply", _("主题是常见的自动回复"), "Subject", subject[0].strip()[:120], False)
    return None


_LIST_HEADERS: Final = ("List-Id", "List-Post", "Mailing-List", "X-Mailing-List", "X-Mailman-Version")


def _list(look: _Look, addresses: set[str], domains: set[str]) -> Verdict | None:
    for header in _LIST_HEADERS:
        value = look.get(header.lower())
        if value and not _own_list(value, addresses, domains):
            return Verdict("list", _("来自邮件列表"), header, value[:120], False)
    own = any(_own_list(look.get(header.lower()), addresses, domains) for header in _LIST_HEADERS)
    precedence = look.get("precedence").lower()
    if not own and re.match(r"\s*(?:bulk|list|junk)\b", precedence):
        return Verdict("list", _("邮件头声明这是群发邮件"), "Precedence", precedence[:120], False)
    unsubscribe = look.get("list-unsubscribe")
    if unsubscribe and not own:
        return Verdict("list", _("带有退订地址，是群发邮件"), "List-Unsubscribe", unsubscribe[:120], False)
    return None


def _own_list(value: str, addresses: set[str], domains: set[str]) -> bool:
    """A list that is one of our mailboxes (a group address for customers) brings customers' messages."""
    text = value.lower()
    dotted = {address.replace("@", ".") for address in addresses}
    return any(name in text for name in addresses | dotted) or any(
        re.search(rf"[.@]{re.escape(domain)}\b", text) for domain in domains
    )


def _message(look: _Look) -> Verdict:
    suppress = look.get("x-auto-response-suppress")
    if re.search(r"\b(?:all|oof|autoreply)\b", suppress, re.I):
        return Verdict(
            "message", _("发件方要求不要自动回复"), "X-Auto-Response-Suppress", suppress[:120], False
        )
    if _NO_REPLY.search(look.local):
        return Verdict("message", _("发件地址不收回信"), "From", look.sender, False)
    if not look.sender:
        return Verdict("message", _("没有可以回信的地址"), "From", "", False)
    return Verdict("message", _("没有自动邮件的标志"))
