"""Approvals by mail: who may decide gets a letter with a link of his own; who asked is told what became of it.

The link is signed for one person, one asking and a week; it shows the question and decides nothing until the button on its page
is pressed, so that scanners which open links do no harm. When the question is answered, by whomever, it is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.cases import events
from shounuo.cases.models import Grant
from shounuo.cases.queries import grants as queries
from shounuo.events.services import Published
from shounuo.kernel.errors import NotFound
from shounuo.kernel.secrets import signature, signature_holds
from shounuo.kernel.text import whole
from shounuo.notices import kinds
from shounuo.notices.composing import address_of
from shounuo.notices.models import Relay
from shounuo.notices.rules import wants_mail
from shounuo.notices.services import notify, staff_mail_queue
from shounuo.policy import labels
from shounuo.staff import queries as staff
from shounuo.staff.models import Person

ASKED = (events.GRANT_ASKED, events.GRANT_PASSED_ON)
ANSWERED = (events.GRANT_APPROVED, events.GRANT_REFUSED)
LIVES = timedelta(days=7)
PURPOSE = "cases.grant"
SIZE = 24

APPROVED = kinds.declare(
    "grant.approved", "circle-check", lambda s, p: _("申请已批：%(subject)s") % {"subject": s}
)
REFUSED = kinds.declare("grant.refused", "circle-x", lambda s, p: _("申请未批：%(subject)s") % {"subject": s})
IN_PLACE = kinds.declare(
    "grant.in_place", "user-check", lambda s, p: _("请您代为审批：%(subject)s") % {"subject": s}
)


@dataclass(frozen=True, slots=True)
class Letter:
    """What a link says: who may answer which asking."""

    grant_id: int
    person: Person


def link_path(grant: Grant, person_id: int, at: datetime) -> str:
    """The path of a link with which the person may answer the asking as it stands, for a week."""
    until = int((at + LIVES).timestamp())
    text = f"{grant.pk}.{grant.round}.{person_id}.{until}"
    return f"/approve/{text}.{signature(PURPOSE, text, size=SIZE)}/"


def letter_of(token: str, at: datetime) -> Letter:
    """Whom a link is for and what about, without using it up. NotFound, one answer for all, when it is not ours, is over,
    was for an asking that has been answered or passed on, or for somebody who no longer works here."""
    text, _dot, signed = token.rpartition(".")
    numbers = [n for part in text.split(".") if (n := whole(part)) is not None]
    if len(numbers) != 4 or not signature_holds(PURPOSE, text, signed, size=SIZE):
        raise _over()
    grant_id, round, person_id, until = numbers
    if datetime.fromtimestamp(until, UTC) <= at:
        raise _over()
    asked = Grant.objects.filter(pk=grant_id, round=round, state=Grant.State.ASKED).exists()
    person = staff.with_rights_by_id(person_id)
    if not asked or person is None:
        raise _over()
    return Letter(grant_id, person)


def _over() -> NotFound:
    return NotFound(gettext_lazy("这个链接已用过、已过期，或申请已有结果"), code="link_over")


def asked(event: Published, at: datetime) -> None:
    """Mails everybody who may decide his own link; rings who stands in for somebody. A job, safe to repeat."""
    grant = Grant.objects.select_related("case", "asked_by").filter(pk=event.payload["grant"]).first()
    if grant is None or not grant.is_asked:
        return
    people = queries.asked_people(grant, at)
    stand_ins = [person for person, instead in people.items() if instead is not None]
    if stand_ins:
        notify(key=f"{event.id}:in_place", person_ids=stand_ins, kind=IN_PLACE, subject=event.subject, at=at)
    relay = Relay.objects.filter(is_default=True).first()
    if relay is None:
        return
    for person in staff.people().filter(pk__in=people).exclude(mail=""):
        if not wants_mail(person.preferences.get("mail_notices"), True):
            continue
        key = f"grant:{event.id}:{person.pk}"
        staff_mail_queue(person=person, relay=relay, key=key, words=_words(grant, person, event.at), at=at)


def answered(event: Published, at: datetime) -> None:
    """Tells who asked what became of it. A job, safe to repeat."""
    notify(
        key=f"{event.id}",
        person_ids=[event.payload["person"]],
        kind=APPROVED if event.kind == events.GRANT_APPROVED else REFUSED,
        subject=event.subject,
        at=at,
    )


def _words(grant: Grant, person: Person, at: datetime) -> tuple[str, str]:
    """Subject and body of the letter in the reader's language. The link runs from when it was asked, so that a second try is
    the same letter."""
    with translation.override(person.language or settings.LANGUAGE_CODE):
        what = labels.word(grant.kind)
        said = {
            "who": grant.asked_by.name,
            "what": what,
            "amount": queries.yuan(grant.amount or 0),
            "total": queries.yuan(grant.total or 0),
            "number": grant.case.number if grant.case is not None else "",
            "about": grant.about,
        }
        if grant.case is None:
            subject = _("请审批：%(what)s（%(about)s）") % said
            line = _("%(who)s申请“%(what)s”，事项：%(about)s。") % said
            if grant.amount is not None:
                line = (
                    _("%(who)s申请“%(what)s”%(amount)s 元，事项：%(about)s。连同已给的合计 %(total)s 元。")
                    % said
                )
        elif grant.amount is None:
            subject = _("请审批：%(what)s（%(number)s）") % said
            line = _("%(who)s在工单 %(number)s 申请“%(what)s”。") % said
        else:
            subject = _("请审批：%(what)s %(amount)s 元（%(number)s）") % said
            line = (
                _("%(who)s在工单 %(number)s 申请“%(what)s”%(amount)s 元，连同已给的合计 %(total)s 元。")
                % said
            )
        body = [
            line,
            _("事由：%(reason)s") % {"reason": grant.reason},
            "",
            _("打开链接，看过再批或不批；链接只给您本人，一周内有效："),
            "",
            address_of(link_path(grant, person.pk, at)),
        ]
    return subject, "\n".join(body)
