"""What a case is: its kind, level, topic, words; what was found out and told about it."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from shounuo.cases import events
from shounuo.cases.models import Case
from shounuo.cases.rules import states
from shounuo.cases.services import writing
from shounuo.cases.services.changing import changing
from shounuo.cases.services.holding import engage
from shounuo.cases.services.open import check_choices, topic_of
from shounuo.cases.services.writing import Purpose
from shounuo.commitments.records import gated, lacking
from shounuo.customers.models import Customer
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid
from shounuo.kernel.text import clean, clean_line


def case_classify(
    *,
    case_id: int,
    kind: str | None = None,
    level: str | None = None,
    severity: str | None = None,
    complexity: str | None = None,
    priority: str | None = None,
    topic_id: int | None = None,
    expected_version: int | None = None,
    actor: Actor,
    at: datetime,
) -> Case:
    """Says what the case is. None leaves a column as it is; "" (topic: 0) clears level, severity, complexity, topic.

    A person's first judgement is the triage, also when he finds everything right; where a regulation demands fields before
    it, the first one that finds them filled. Events: case.classified when something changed, case.triaged then.
    """
    given = {
        name: value
        for name, value in (
            ("kind", kind),
            ("level", level),
            ("severity", severity),
            ("complexity", complexity),
            ("priority", priority),
        )
        if value is not None
    }
    check_choices(**given)
    with changing(case_id, "classify", actor=actor, at=at, expected_version=expected_version) as change:
        case = change.case
        change.set(**given)
        if topic_id is not None and topic_id != (case.topic_id or 0):
            change.set(topic_id=topic_of(topic_id) if topic_id else None)
        if change.dirty:
            change.tell(
                events.CLASSIFIED,
                kind=case.kind,
                level=case.level,
                severity=case.severity,
                complexity=case.complexity,
                priority=case.priority,
                topic=case.topic_id,
                changed=sorted(name.removesuffix("_id") for name in change.dirty),
            )
        judged = case.triaged_at is None and actor.kind != "system" and case.status in states.ACTIVE
        if judged and gated(events.TRIAGED):
            change.finish()  # what is missing is judged by what the case is now
            judged = not lacking(("case", case.pk), events.TRIAGED, at)
        if judged:
            change.set(triaged_at=at)
            change.tell(events.TRIAGED, kind=case.kind, level=case.level, complexity=case.complexity)
    return change.case


def case_describe(
    *,
    case_id: int,
    subject: str | None = None,
    difficulty: str | None = None,
    expected_version: int | None = None,
    actor: Actor,
    at: datetime,
) -> Case:
    """Puts the subject, or what really troubles the customer, in better words. Event: case.described."""
    with changing(case_id, "describe", actor=actor, at=at, expected_version=expected_version) as change:
        if subject is not None:
            line = clean_line(subject, writing.MAX_SUBJECT)
            if not line:
                raise Invalid(_("标题不能为空"), field="subject", code="empty_subject")
            change.set(subject=line)
        if difficulty is not None:
            change.set(difficulty=clean(difficulty).strip()[:10_000])
        if change.dirty:
            change.tell(events.DESCRIBED, changed=sorted(change.dirty))
    return change.case


def case_customer_set(*, case_id: int, customer_id: int, actor: Actor, at: datetime) -> Case:
    """The case belongs to another customer than was thought. Event: case.customer_changed."""
    with changing(case_id, "describe", actor=actor, at=at) as change:
        if not Customer.objects.filter(pk=customer_id, merged_into=None, erased_at=None).exists():
            raise Invalid(_("没有这个客户"), field="customer", code="bad_customer")
        was = change.case.customer_id
        if customer_id != was:
            change.set(customer_id=customer_id)
            change.tell(events.CUSTOMER_CHANGED, customer=customer_id, was=was)
    return change.case


def case_diagnose(
    *,
    case_id: int,
    text: str,
    tell_customer: bool = False,
    expected_version: int | None = None,
    actor: Actor,
    at: datetime,
) -> Case:
    """The first diagnosis, kept on the case, as a note or told to the customer. Events: interaction.noted or
    interaction.sent, case.diagnosed."""
    text = writing.text_of_staff(text)
    with changing(case_id, "diagnose", actor=actor, at=at, expected_version=expected_version) as change:
        engage(change)
        write = writing.write_out if tell_customer else writing.write_note
        interaction = write(change, text, purpose=Purpose.DIAGNOSIS)
        change.set(diagnosis=text, diagnosed_at=at)
        change.tell(events.DIAGNOSED, interaction=interaction.pk)
    return change.case


def eta_tell(
    *,
    case_id: int,
    expected_at: datetime,
    text: str = "",
    expected_version: int | None = None,
    actor: Actor,
    at: datetime,
) -> Case:
    """When the customer may expect it done: shown on his page, and sent when there is a text. Events:
    interaction.sent, case.eta_told."""
    text = writing.text_of_staff(text, required=False)
    with changing(case_id, "tell_eta", actor=actor, at=at, expected_version=expected_version) as change:
        _future(expected_at, at)
        engage(change)
        was = change.case.expected_at
        interaction = writing.write_out(change, text, purpose=Purpose.ETA) if text else None
        change.set(expected_at=expected_at)
        change.tell(
            events.ETA_TOLD,
            expected=expected_at.isoformat(),
            was=was.isoformat() if was is not None else None,
            interaction=interaction.pk if interaction is not None else None,
        )
    return change.case


def customer_warn(
    *,
    case_id: int,
    text: str,
    expected_at: datetime,
    expected_version: int | None = None,
    actor: Actor,
    at: datetime,
) -> Case:
    """Tells the customer before it is late that it will be, why (`text`), and the new time. Events:
    interaction.sent, customer.warned."""
    text = writing.text_of_staff(text)
    with changing(case_id, "warn", actor=actor, at=at, expected_version=expected_version) as change:
        _future(expected_at, at)
        interaction = writing.write_out(change, text, purpose=Purpose.WARNING)
        change.set(expected_at=expected_at)
        change.tell(events.WARNED, expected=expected_at.isoformat(), interaction=interaction.pk)
    return change.case


def response_plan(*, case_id: int, planned_at: datetime, actor: Actor, at: datetime) -> Case:
    """A matter from a secondary channel was noticed and its answer has a time. Event: response.planned."""
    with changing(case_id, "plan_response", actor=actor, at=at) as change:
        _future(planned_at, at)
        change.tell(events.RESPONSE_PLANNED, planned=planned_at.isoformat())
    return change.case


def info_collect(*, case_id: int, actor: Actor, at: datetime) -> Case:
    """All that is needed to judge the case has been asked for and noted. Event: info.collected."""
    with changing(case_id, "collect", actor=actor, at=at) as change:
        if change.case.triaged_at is not None:
            raise Conflict(_("工单已完成初步判断"), code="already_triaged")
        change.tell(events.INFO_COLLECTED, channel=change.case.channel)
    return change.case


def _future(moment: datetime, at: datetime) -> None:
    if moment <= at:
        raise Invalid(_("时间须在将来"), field="expected_at", code="not_future")
