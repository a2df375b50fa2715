"""How a case begins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from shounuo.cases import events, permissions
from shounuo.cases.models import Case, Interaction
from shounuo.cases.rules import states
from shounuo.cases.services import holding, writing
from shounuo.cases.services.changing import Change
from shounuo.cases.services.fields import tags_of, values_for
from shounuo.cases.services.writing import SPOKEN, IncomingMessage
from shounuo.commitments.records import gated, lacking
from shounuo.events.services import NewEvent, publish
from shounuo.kernel import prepared
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed
from shounuo.kernel.text import clean
from shounuo.kernel.writing import write

_CHOICES: dict[str, tuple[str, ...]] = {
    "channel": tuple(Case.Channel.values),
    "channel_class": ("primary", "secondary"),
    "kind": tuple(Case.Kind.values),
    "level": ("", *Case.Level.values),
    "severity": ("", *Case.Severity.values),
    "complexity": ("", *Case.Complexity.values),
    "priority": tuple(Case.Priority.values),
}
_INFORMED = SPOKEN | {Case.Channel.FORM}


def case_open(
    *,
    channel: str,
    subject: str,
    text: str,
    customer_id: int,
    kind: str = "inquiry",
    level: str = "",
    severity: str = "",
    complexity: str = "",
    priority: str = "normal",
    topic_id: int | None = None,
    team_id: int | None = None,
    owner_id: int | None = None,
    html: str = "",
    difficulty: str = "",
    channel_class: str = "primary",
    mailbox_id: int | None = None,
    message: IncomingMessage | None = None,
    custom: Mapping[str, Any] | None = None,
    tags: Iterable[str] = (),
    answered: bool = False,
    actor: Actor,
    at: datetime,
) -> tuple[Case, Interaction]:
    """Opens a case with its first message. A phone or face-to-face one counts as answered at once (`answered` says the
    same of others). An `owner_id` owns it from the start, accepted when he is who opens it.

    Raises Invalid for what is on no list. Events, in this order: case.opened, interaction.received, then where they
    apply call.answered, info.collected, case.classified, case.assigned, case.accepted. Three statements and one job.
    """
    _may_open(actor, customer_id)
    check_choices(
        channel=channel,
        channel_class=channel_class,
        kind=kind,
        level=level,
        severity=severity,
        complexity=complexity,
        priority=priority,
    )
    if message is None:
        message = IncomingMessage(html=html)
    with write():
        case = Case(
            kind=kind,
            level=level,
            severity=severity,
            complexity=complexity,
            priority=priority,
            channel=channel,
            channel_class=channel_class,
            subject=writing.subject_of(subject, text),
            difficulty=clean(difficulty).strip(),
            topic_id=topic_of(topic_id),
            tags=tags_of(tags),
            custom=values_for(custom) if custom else {},
            customer_id=customer_id,
            team_id=holding.team(team_id) if team_id is not None else None,
            mailbox_id=mailbox_id,
            status=states.NEW,
            opened_at=at,
            updated_at=at,
            last_in_at=at,
            unanswered=channel not in SPOKEN and not message.automatic,
            version=1,
        )
        owner = holding.able(owner_id) if owner_id is not None else None
        if owner is not None:
            case.owner_id = case.first_owner_id = owner.id
            if case.team_id is None and owner.team_ids:
                case.team_id = min(owner.team_ids)
            if owner.id == actor.person_id:
                case.status, case.accepted_at = states.OPEN, at
        answered = answered or channel in SPOKEN
        if answered:
            case.first_response_at = at
        judged = actor.kind == "person" and bool(level or severity or complexity or topic_id)
        asked = judged and gated(events.TRIAGED)
        if judged and not asked:
            case.triaged_at = at
        prepared.insert(case)
        interaction = writing.incoming(
            case,
            text,
            channel=channel,
            message=message,
            person_id=actor.person_id,
            customer_id=customer_id,
            purpose=writing.Purpose.ANSWER,
            at=at,
        )
        prepared.insert(interaction)
        if asked and not lacking(("case", case.pk), events.TRIAGED, at):
            case.triaged_at = at
            case.save(update_fields=["triaged_at"])
        publish(_told(case, interaction, message, actor, at, answered=answered))
    return case, interaction


def check_choices(**given: str) -> None:
    """Invalid, with the field's name, for a value that is on no list."""
    for name, value in given.items():
        if value not in _CHOICES[name]:
            raise Invalid(
                _("“%(value)s”不在可选范围内") % {"value": str(value)[:40]}, field=name, code="bad_choice"
            )


def topic_of(topic_id: int | None) -> int | None:
    """The id of an active topic; Invalid when there is none such."""
    if topic_id is None:
        return None
    if not prepared.execute("SELECT 1 FROM cases_topic WHERE id = %s AND active", [topic_id]):
        raise Invalid(_("没有这个主题，或已停用"), field="topic", code="bad_topic")
    return topic_id


def _may_open(actor: Actor, customer_id: int) -> None:
    """Staff who handle cases, the customer for himself, and the house's own machinery."""
    if actor.kind == "customer":
        if actor.id != customer_id:
            raise NotAllowed(_("只能为自己提交"))
    elif actor.kind == "person" and not actor.may(permissions.WORK):
        raise NotAllowed(_("您没有建立工单的权限"))


def _told(
    case: Case, interaction: Interaction, m: IncomingMessage, actor: Actor, at: datetime, *, answered: bool
) -> list[NewEvent]:
    change = Change(case, actor, at, version=case.version)
    change.tell(
        events.OPENED,
        channel=case.channel,
        channel_class=case.channel_class,
        kind=case.kind,
        level=case.level,
        severity=case.severity,
        priority=case.priority,
        customer=case.customer_id,
        topic=case.topic_id,
        team=case.team_id,
        owner=case.owner_id,
        mailbox=case.mailbox_id,
    )
    change.tell(
        events.RECEIVED,
        interaction=interaction.pk,
        channel=case.channel,
        first=True,
        automatic=m.automatic,
        by_kind=actor.kind,
        waiting=False,
    )
    if answered:
        change.tell(events.ANSWERED, interaction=interaction.pk, channel=case.channel, first=True)
    if case.channel in _INFORMED:
        change.tell(events.INFO_COLLECTED, channel=case.channel)
    if case.level or case.severity or case.complexity:
        change.tell(
            events.CLASSIFIED,
            kind=case.kind,
            level=case.level,
            severity=case.severity,
            complexity=case.complexity,
            priority=case.priority,
            topic=case.topic_id,
        )
    if case.triaged_at is not None:
        change.tell(events.TRIAGED, kind=case.kind, level=case.level, complexity=case.complexity)
    if case.owner_id is not None or case.team_id is not None:
        change.tell(
            events.ASSIGNED,
            owner=case.owner_id,
            team=case.team_id,
            by_self=case.owner_id is not None and case.owner_id == actor.person_id,
        )
    if case.accepted_at is not None:
        change.tell(events.ACCEPTED, owner=case.owner_id)
    return change.news
