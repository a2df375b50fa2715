"""Reports about mails sent before: formal ones (RFC 3464, RFC 8098) and those that servers put into prose."""

from __future__ import annotations

import re
from typing import Final

from shounuo.channels.mail.addresses import read_addresses, read_message_ids
from shounuo.channels.mail.headers import Headers, read_headers
from shounuo.channels.mail.mime import Part
from shounuo.channels.mail.model import DeliveryReport, RecipientStatus
from shounuo.kernel.text import clean_line

_GROUPS_LIMIT: Final = 200
_STATUS: Final = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_CODE: Final = re.compile(r"(?<![\d.])([45]\d\d)(?:[ -]|$)")
_MAIL: Final = re.compile(r"[A-Za-z0-9_.+=-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_MESSAGE_ID: Final = re.compile(r"(?im)^[> \t]*message-id:\s*(<[^<>\s]{3,500}>)")
_SUBJECT: Final = re.compile(
    r"(?im)^[> \t]*(?:主\s{0,4}题|主旨|标\s{0,4}题|subject)[ \t]*[:：][ \t]*(\S.{0,300})$"
)
_COPY: Final = re.compile(
    r"(?im)^-+ ?(?:this is a copy of|below this line is a copy|original message|returned message|原邮件|original headers)"
)
_WINDOW: Final = 20_000


def formal_report(root: Part) -> DeliveryReport | None:
    """The delivery report that the mail carries in a part of its own; None when there is none."""
    status = _find(root, {"message/delivery-status", "message/global-delivery-status"})
    if status is None:
        return None
    body = status.body()
    position = 0
    groups: list[Headers] = []
    while position < len(body) and len(groups) < _GROUPS_LIMIT:
        headers, following, _notes = read_headers(body, position, len(body))
        if not len(headers) or following <= position:
            break
        groups.append(headers)
        position = following
    if not groups:
        return None
    message_id, subject = _original(root)
    first = groups[0]
    per_recipient = [group for group in groups if "final-recipient" in group or "action" in group]
    return DeliveryReport(
        original_message_id=message_id
        or next(iter(read_message_ids(first.raw("x-original-message-id"))), ""),
        original_envelope_id=first.text("original-envelope-id")[:500],
        original_subject=subject,
        reporting_server=first.text("reporting-mta").partition(";")[2].strip()[:255],
        recipients=tuple(_recipient(group) for group in per_recipient),
    )


def _recipient(group: Headers) -> RecipientStatus:
    def typed(name: str) -> str:
        text = group.text(name)
        kind, semicolon, value = text.partition(";")
        return (value if semicolon and len(kind) < 20 else text).strip()

    recipient = typed("final-recipient") or typed("original-recipient")
    status = _STATUS.search(group.text("status"))
    diagnostic = typed("diagnostic-code")
    if status is None:
        status = _STATUS.search(diagnostic)
    return RecipientStatus(
        recipient=clean_line(recipient.strip("<>"), 320),
        action=group.text("action").lower().split(" ")[0].split(";")[0][:20],
        status=status[1] if status else "",
        diagnostic=clean_line(diagnostic, 1_000),
        remote=clean_line(typed("remote-mta"), 255),
    )


def _find(part: Part, types: set[str]) -> Part | None:
    if part.content_type in types:
        return part
    if part.family == "multipart":
        for child in part.children:
            found = _find(child, types)
            if found is not None:
                return found
    return None


def _original(root: Part) -> tuple[str, str]:
    """Message id and subject of the mail that is reported on, from the copy of it or of its header."""
    copy = _find(root, {"message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"})
    if copy is None:
        return "", ""
    if copy.children:
        headers = copy.children[0].headers
    else:
        headers, _end, _notes = read_headers(copy.raw, copy.start, copy.end)
    return next(iter(read_message_ids(headers.raw("message-id"))), ""), headers.text("subject")[:998]


def is_receipt(root: Part) -> bool:
    """True for read receipts (RFC 8098)."""
    return _find(root, {"message/disposition-notification"}) is not None


def prose_report(root: Part, text: str, from_domain: str) -> DeliveryReport | None:
    """What a bounce without a formal part says of itself; None when it names neither recipient nor mail."""
    copy = _COPY.search(text)
    said = text[: min(copy.start() if copy else _WINDOW, _WINDOW)]
    message_id, subject = _original(root)
    if not message_id:
        quoted = _MESSAGE_ID.search(text, 0, 4 * _WINDOW)
        message_id = quoted[1] if quoted else ""
    if not subject:
        named = _SUBJECT.search(text, 0, 4 * _WINDOW)
        subject = clean_line(named[1], 998) if named else ""
    named_recipients = [one.mail for one in read_addresses(root.headers.raw("x-failed-recipients"))]
    if not named_recipients:
        found = dict.fromkeys(_MAIL.findall(said))
        named_recipients = [
            mail for mail in found if not mail.lower().startswith(("postmaster@", "mailer-daemon@"))
        ][:5]
        elsewhere = [mail for mail in named_recipients if mail.rpartition("@")[2].lower() != from_domain]
        named_recipients = elsewhere or named_recipients
    if not named_recipients and not message_id:
        return None
    status = _STATUS.search(said)
    code = _CODE.search(said)
    line = next((line for line in said.split("\n") if _STATUS.search(line) or _CODE.search(line)), "")
    number = status[1] if status else f"{code[1][0]}.0.0" if code else ""
    return DeliveryReport(
        original_message_id=message_id,
        original_envelope_id="",
        original_subject=subject,
        reporting_server=from_domain,
        recipients=tuple(
            RecipientStatus(mail, "failed", number, clean_line(line, 1_000)) for mail in named_recipients[:1]
        ),
        formal=False,
    )
