"""A report that was made is told to its readers: on the bell, and by a mail with its points and the spreadsheet. A job, safe to
repeat: notice and mail are made once by their keys."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from shounuo.analytics import events, queries, rules
from shounuo.analytics.models import Report
from shounuo.events.services import Published
from shounuo.kernel.actors import Actor
from shounuo.metrics import queries as metrics
from shounuo.notices import kinds
from shounuo.notices import queries as notices
from shounuo.notices.composing import address_of
from shounuo.notices.models import Relay
from shounuo.notices.services import notify, staff_mail_queue
from shounuo.staff import queries as staff
from shounuo.staff.models import Person
from shounuo.web.reports import showing

KINDS = (events.MADE,)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MADE = kinds.declare("report.made", "file-text", lambda s, p: _("新的报告：%(subject)s") % {"subject": s})


def report_made(event: Published, at: datetime) -> None:
    """Tells those whom the plan of its kind names and who may read it."""
    report = Report.objects.filter(pk=event.subject[1]).first()
    if report is None or not _is_news(report):
        return
    readers = list(staff.people().filter(pk__in=queries.recipients(report.kind)))
    relay = notices.relays().filter(is_default=True).first()
    with transaction.atomic():
        notify(
            key=f"report:{report.pk}",
            person_ids=[p.pk for p in readers],
            kind=MADE,
            subject=("report", report.pk),
            mail=False,
            at=at,
        )
        for person in readers:
            if relay is not None and person.mail:
                _mail(report, person, relay, at)


def _is_news(report: Report) -> bool:
    """False for one that was made long after its period, to fill a gap: it is there to be read, nobody is told."""
    kind = next(k for k in rules.REPORTED if k == report.kind)
    return rules.period(kind, report.made_at, metrics.zone(), back=1).first == report.first


def _mail(report: Report, person: Person, relay: Relay, at: datetime) -> None:
    """The points in words, the way to the page, the spreadsheet; in the reader's language, with what he may see of people
    left for the page."""
    from shounuo.web.reports import (
        sheets,  # what writes spreadsheets is read when one is written, not at start
    )

    key = f"report:{report.pk}:{person.pk}"
    with translation.override(person.language or settings.LANGUAGE_CODE):
        told = showing.told(report, _without_people(staff.actor_for(person)))
        body = "\n".join(
            [
                f"{told.title} · {told.period}",
                told.span,
                "",
                *(f"· {point}" for point in told.points),
                "",
                address_of(f"/reports/{report.pk}/"),
                "",
                _("附件是同一份报告的电子表格，不含人员一节。发给谁，由客服经理在“报告安排”里定。"),
            ]
        )
        subject = f"{told.title} · {told.period}"
        files = [(f"{showing.file_name(report)}.xlsx", XLSX, sheets.workbook(told))]
    staff_mail_queue(
        person=person,
        relay=relay,
        key=key,
        words=(subject, body),
        files=files,
        about=("report", report.pk),
        at=at,
    )


def _without_people(actor: Actor) -> Actor:
    """The same reader without the right to people: a mail travels on."""
    return Actor.person(actor.id or 0, permissions=actor.permissions - {"analytics.people"})
