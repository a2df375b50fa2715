"""What the services of supervision share: who may, the words of refusal, the events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from shounuo.commitments import cadences
from shounuo.duties.models import Duty
from shounuo.duties.queries import visible_ids
from shounuo.events.services import NewEvent, Published, publish
from shounuo.improvement import queries
from shounuo.improvement.models import Finding, Inspection
from shounuo.improvement.permissions import PLAN
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed, NotFound
from shounuo.kernel.text import clean

MAX_TEXT = 5_000


def need_planner(actor: Actor) -> None:
    if not actor.may(PLAN):
        raise NotAllowed(_("您没有安排监督检查的权限"))


def need_inspector(inspection: Inspection, actor: Actor) -> None:
    """Raises NotAllowed for anybody but its inspectors and those who plan inspections."""
    if not actor.may(PLAN) and actor.person_id not in queries.inspector_ids(inspection):
        raise NotAllowed(_("您不是这次检查的检查人"), code="not_inspector")


def text_of(text: str, field: str, *, needed: Any = None) -> str:
    """The text as kept; Invalid at its field when it is too long, or empty where `needed` says what to write."""
    text = clean(text).strip()
    if needed is not None and not text:
        raise Invalid(needed, field=field, code="missing")
    if len(text) > MAX_TEXT:
        raise Invalid(_("最多 %(max)d 字") % {"max": MAX_TEXT}, field=field, code="too_long")
    return text


def cadence_duty(duty_id: int | None, activity: str, refusal: Any, actor: Actor) -> Duty | None:
    """The duty of a cadence that the act is to fulfil; None for none. NotFound for one that the actor does not see, Invalid
    with `refusal` for one of another activity."""
    if duty_id is None:
        return None
    duty = Duty.objects.filter(pk=duty_id, kind=cadences.CADENCE).first()
    if duty is None or not visible_ids(actor, [duty_id]):
        raise NotFound(_("没有这项待办，或您无权查看"), code="duty_not_found")
    if cadences.activity_of(duty) != activity:
        raise Invalid(refusal, field="duty", code="other_activity")
    return duty


def tell(kind: str, inspection: Inspection, actor: Actor, at: datetime, **extra: Any) -> Published:
    """Publishes what happened to the inspection. Needs the transaction of the change."""
    payload: dict[str, Any] = {
        "clauses": inspection.clauses,
        "source": inspection.source,
        "population": inspection.population,
        "size": inspection.size,
        "inspectors": queries.inspector_ids(inspection),
        "status": inspection.state,
    }
    (event,) = publish([NewEvent(kind, ("supervision", inspection.pk), at, actor, payload | extra)])
    return event


def tell_finding(kind: str, finding: Finding, actor: Actor, at: datetime, **extra: Any) -> Published:
    """Publishes what happened to the finding. Needs the transaction of the change."""
    duty = finding.follow_up
    payload: dict[str, Any] = {
        "inspection": finding.inspection_id,
        "clause": finding.clause_code,
        "severity": finding.severity,
        "cause": finding.cause,
        "round": finding.round,
    }
    if duty is not None:
        payload |= {"duty": duty.pk, "owner": duty.owner_id}
    given = {name: value for name, value in (payload | extra).items() if value is not None}
    (event,) = publish([NewEvent(kind, ("finding", finding.pk), at, actor, given)])
    return event


def in_both(words: Any, **given: str) -> tuple[str, str]:
    """A title that is stored, in Chinese and in English."""
    told = []
    for language in ("zh-hans", "en"):
        with translation.override(language):
            told.append(str(words) % given)
    return told[0], told[1]
