"""Topics, own fields and ready answers."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils.formats import date_format

from shounuo.cases.models import CannedText, Case, CustomField, Topic
from shounuo.cases.rules import texts
from shounuo.cases.rules.fields import Field
from shounuo.kernel.actors import Actor
from shounuo.kernel.composed import Composed
from shounuo.staff.queries import organisation


def fields_of(kind: str | None = None, *, public: bool = False) -> list[Field]:
    """The own fields in use, in their order; with a kind, those that its cases have; `public`: those that customers fill
    and see, no others. One query."""
    fields = [
        Field(f.code, f.label, f.type, tuple(f.choices), tuple(f.kinds), f.required_to_resolve, f.public)
        for f in _own.objects(None)
        if f.public or not public
    ]
    return fields if kind is None else [f for f in fields if f.applies(kind)]


@Composed
def _own(_actor: None) -> QuerySet[CustomField]:
    return CustomField.objects.filter(active=True).order_by("position", "id")


def topics(*, active: bool = True) -> QuerySet[Topic]:
    """The topic tree in reading order: a parent before its children."""
    rows = Topic.objects.order_by("path")
    return rows.filter(active=True) if active else rows


def canned_texts(actor: Actor, text: str = "", *, limit: int = 20) -> list[CannedText]:
    """Ready answers for all and for the actor's teams, whose title or pinyin initials hold the text."""
    rows = CannedText.objects.filter(Q(team=None) | Q(team_id__in=sorted(actor.team_ids)))
    if text := text.strip():
        rows = rows.filter(Q(title__icontains=text) | Q(initials__startswith=text.lower()))
    return list(rows.order_by("position", "id")[:limit])


def canned_fill(canned: CannedText, case: Case, *, me: str, link: str = "") -> str:
    """The ready answer for this case, its known placeholders filled once (`rules.texts`). `case` as `get` reads it."""
    company = case.customer.company
    expected = case.expected_at
    zone = ZoneInfo(organisation().zone)
    return texts.fill(
        canned.body,
        {
            "customer": case.customer.name if case.customer.named else "",
            "company": company.name if company is not None else "",
            "number": str(case.number),
            "subject": case.subject,
            "owner": case.owner.name if case.owner is not None else "",
            "team": case.team.name if case.team is not None else "",
            "me": me,
            "expected": date_format(expected.astimezone(zone), "DATETIME_FORMAT")
            if expected is not None
            else "",
            "organisation": organisation().name,
            "link": link,
        },
    )
