"""Bringing in mail that another system or a mail program held: cases of the past, and nothing sent to
anybody.

Two passes: the first keeps every mail and learns its date, the second goes through them in the order in which
they were written, so that an answer finds what it answers. Each mail commits alone and is known by its
content, so that an import that was broken off, or is repeated, goes on where it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.cases import services as cases
from shounuo.cases.queries import by_message_ids
from shounuo.channels import events
from shounuo.channels.mail.addresses import read_date
from shounuo.channels.mail.headers import read_headers
from shounuo.channels.mail.mailbox_files import iter_mailbox
from shounuo.channels.mail.parse import ParsedMail, Unparseable, parse
from shounuo.channels.models import RawMessage
from shounuo.channels.services.intake import State, known_twin
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
from shounuo.events.services import NewEvent, publish
from shounuo.files.services import raw_get, raw_put
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed
from shounuo.kernel.text import clean_line, normalise_mail

Step = Callable[[int, int], Any]
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class ImportReport:
    """What became of the mails that were found; `known` were there from an earlier run."""

    found: int = 0
    cases: int = 0
    messages: int = 0
    known: int = 0
    duplicates: int = 0
    automatic: int = 0
    quarantined: int = 0
    unreadable: int = 0

    def __str__(self) -> str:
        return _(
            "找到 %(found)s 封：新工单 %(cases)s，归入已有工单 %(messages)s，上次已导入 %(known)s，重复 %(duplicates)s，"
            "自动邮件 %(automatic)s，已隔离 %(quarantined)s；读不出 %(unreadable)s"
        ) % {
            "found": self.found,
            "cases": self.cases,
            "messages": self.messages,
            "known": self.known,
            "duplicates": self.duplicates,
            "automatic": self.automatic,
            "quarantined": self.quarantined,
            "unreadable": self.unreadable,
        }


def import_mail(path: Path, *, actor: Actor, at: datetime, progress: Step | None = None) -> ImportReport:
    """Imports an mbox, a Maildir or a folder of .eml; the system's act (an operator's command).

    Cases are closed from the start, of the mails' own dates, and start no clock, receipt or notice.
    `progress(done, total)` is called after each mail. Invalid when there is no such file. Events:
    case.imported, interaction.imported, customer.created, mail.quarantined.
    """
    if not actor.is_system:
        raise NotAllowed(gettext_lazy("只有系统可以这样做"))
    if not path.exists():
        raise Invalid(
            gettext_lazy("没有这个文件或目录：%(path)s") % {"path": path}, field="path", code="no_path"
        )
    report = ImportReport()
    step = progress or (lambda done, total: None)
    listed: dict[str, datetime] = {}

    def unreadable(_key: str, _reason: str) -> None:
        report.unreadable += 1

    for _key, raw in iter_mailbox(path, on_error=unreadable):
        report.found += 1
        sha = hashlib.sha256(raw).hexdigest()
        if sha in listed:
            report.duplicates += 1
        else:
            listed[raw_put(raw)] = _written(raw, at)
        step(0, report.found)
    known = set(
        RawMessage.objects.filter(via="import", sha256__in=list(listed)).values_list("sha256", flat=True)
    )
    report.known = len(known)
    # of the same second: in the order in which they lie there
    waiting = sorted(((moment, sha) for sha, moment in listed.items() if sha not in known), key=itemgetter(0))
    for done, (moment, sha) in enumerate(waiting, 1):
        _one(sha, moment, report, at)
        step(report.found - len(waiting) + done, report.found)
    return report


def _written(raw: bytes, at: datetime) -> datetime:
    """When the mail says it was written; now for a date that is missing or cannot be."""
    headers, _body, _notes = read_headers(raw, 0, len(raw))
    moment = read_date(headers.raw("date"))
    return moment if moment is not None and _EARLIEST <= moment <= at else at


def _one(sha: str, moment: datetime, report: ImportReport, at: datetime) -> None:
    raw = raw_get(sha)
    row = RawMessage(
        via="import", source_key=f"import:{sha}", sha256=sha, size=len(raw), received_at=moment, handled_at=at
    )
    try:
        mail = parse(raw)
    except Unparseable as error:
        with transaction.atomic():
            row.state, row.reason = State.QUARANTINED, clean_line(str(error), 300)
            row.save(force_insert=True)
            payload = {"reason": error.code}
            publish([NewEvent(events.MAIL_QUARANTINED, ("raw", row.pk), at, Actor.system(), payload)])
        report.quarantined += 1
        return
    _take(row, mail, raw, report, at)


def import_again(row: RawMessage, *, at: datetime) -> None:
    """Imports a mail that an import has set aside, whatever the rules say; its row is locked by the
    caller.
    """
    raw = raw_get(row.sha256)
    try:
        mail = parse(raw)
    except Unparseable:
        mail = bare_mail(raw)
    row.handled_at = at
    _take(row, mail, raw, ImportReport(), at, force=True)


def _take(
    row: RawMessage, mail: ParsedMail, raw: bytes, report: ImportReport, at: datetime, *, force: bool = False
) -> None:
    letter = read_letter(row, mail, raw)
    store_files(letter, at)
    with transaction.atomic():
        row.message_id = clean_line(mail.message_id)[:255]
        row.fingerprint, row.sender = letter.fingerprint, letter.sender[:320]
        row.subject, row.mailbox = clean_line(mail.subject, 300), letter.mailbox
        row.state = State.AUTO
        row.save()
        _place(letter, report, force=force)
        row.save(update_fields=["state", "reason", "case_id", "interaction_id"])


def _place(letter: Letter, report: ImportReport, *, force: bool) -> None:
    """Puts one mail where it belongs and counts it."""
    row = letter.row
    twin = None if force else known_twin(letter.fingerprint, row.pk)
    if twin is not None:
        row.state, row.case_id, row.interaction_id = State.DUPLICATE, twin.case_id, twin.interaction_id
        report.duplicates += 1
        return
    if letter.verdict.kind != "message" and not force:
        row.reason = clean_line(str(letter.verdict.reason), 300)
        report.automatic += 1
        return
    outward = bool(letter.sender) and letter.sender in letter.own
    place = _sent_place(letter) if outward else place_of(letter.mail, letter.sender, [], letter.own)
    if place.case is None:
        case, first = _new_case(letter, place, outward)
        row.case_id, row.interaction_id = case, first
        report.cases += 1
    else:
        added = cases.message_import(
            case_id=place.case.pk,
            direction="out" if outward else "in",
            text=letter.text,
            channel="mail",
            message=message_of(letter, place, automatic=False),
            customer_id=None if outward else customer_of(letter.sender),
            actor=Actor.system(),
            at=row.received_at,
        )
        row.case_id, row.interaction_id = added.case_id, added.pk
        report.messages += 1
    attach(letter, row.case_id, row.interaction_id, Actor.system())
    row.state, row.reason = State.CASE, place.by


def _sent_place(letter: Letter) -> Place:
    """The case of a mail of our own: the one that holds what it answers."""
    named = [m for m in (letter.mail.in_reply_to, *reversed(letter.mail.references)) if m]
    known = by_message_ids(named)
    return Place("reference", known.case) if known is not None else Place("new")


def _new_case(letter: Letter, place: Place, outward: bool) -> tuple[int, int]:
    row, mailbox = letter.row, letter.mailbox
    address, name = _partner(letter) if outward else writer(letter)
    customer, _new = customer_find_or_create(
        name=name, mail=address, actor=Actor.system(), at=row.received_at
    )
    case, first = cases.case_import(
        direction="out" if outward else "in",
        channel="mail",
        subject=letter.mail.subject,
        text=letter.text,
        customer_id=customer.pk,
        team_id=mailbox.team_id if mailbox else None,
        channel_class=mailbox.channel_class if mailbox else "primary",
        mailbox_id=mailbox.pk if mailbox else None,
        message=message_of(letter, place, automatic=False),
        actor=Actor.system(),
        at=row.received_at,
    )
    return case.pk, first.pk


def _partner(letter: Letter) -> tuple[str, str]:
    """To whom a mail of our own was written."""
    for one in (*letter.mail.to, *letter.mail.cc):
        address = normalise_mail(one.mail)
        if address and address not in letter.own:
            return address, one.name
    return writer(letter)
