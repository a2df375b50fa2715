"""Findings: raised with a correction that somebody owes, corrected, and verified by somebody else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.duties import services as duties
from shounuo.duties.models import Duty, Evidence
from shounuo.improvement import events, kinds, queries
from shounuo.improvement.models import Finding, Inspection, Judgement
from shounuo.improvement.permissions import PLAN
from shounuo.improvement.services.common import in_both, need_inspector, tell_finding, text_of
from shounuo.improvement.services.inspections import close_when_all_verified
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed
from shounuo.staff import queries as staff

NOBODY_LEFT = ("manager",)
CORRECT, CHECK = gettext_lazy("整改：%(title)s"), gettext_lazy("核实整改：%(title)s")


def finding_raise(
    *,
    inspection_id: int,
    clause: str,
    severity: str,
    cause: str,
    text: str,
    owner_id: int,
    due_at: datetime,
    judgement_ids: Sequence[int] = (),
    actor: Actor,
    at: datetime,
) -> Finding:
    """Writes down what an open inspection found against one of its clauses, with the judgements (not kept) that show it;
    the owner gets the duty to correct it by `due_at` (kind corrective_action).

    For its inspectors and those who plan. Conflict when the inspection is over; Invalid (field). Publishes finding.raised.
    """
    said = text_of(text, "text", needed=_("请写明发现了什么"))
    if severity not in Finding.Severity.values:
        raise Invalid(_("请选择严重程度"), field="severity", code="no_severity")
    if cause not in Finding.Cause.values:
        raise Invalid(_("请选择原因"), field="cause", code="no_cause")
    with transaction.atomic():
        inspection = queries.get(actor, inspection_id, lock=True)
        need_inspector(inspection, actor)
        if not inspection.is_open:
            raise Conflict(_("这次检查已经结束"), code="inspection_over", state=inspection.state)
        if clause not in inspection.clauses:
            raise Invalid(_("这次检查没有查这一条"), field="clause", code="no_clause")
        shown = _proofs(inspection, clause, judgement_ids)
        finding = Finding.objects.create(
            inspection=inspection,
            clause_code=clause,
            severity=severity,
            cause=cause,
            text=said,
            created_at=at,
            created_by_id=actor.person_id,
        )
        finding.judgements.set(shown)
        finding.follow_up = _correction(finding, owner_id, due_at, said, actor, at)
        finding.save(update_fields=["follow_up"])
        tell_finding(events.RAISED, finding, actor, at, due=due_at.isoformat())
    return finding


def _proofs(inspection: Inspection, clause: str, ids: Sequence[int]) -> list[Judgement]:
    rows = Judgement.objects.filter(
        item__inspection=inspection, clause_code=clause, verdict=Judgement.Verdict.NOT_KEPT
    )
    found = list(rows.filter(pk__in=set(ids)))
    if len(found) < len(set(ids)):
        raise Invalid(_("只能选这一条没做到的抽查项"), field="judgements", code="no_judgement")
    return found


def _correction(
    finding: Finding, owner_id: int, due_at: datetime, text: str, actor: Actor, at: datetime
) -> Duty:
    title, title_en = in_both(CORRECT, title=finding.inspection.title)
    return duties.duty_create(
        kind=kinds.CORRECTIVE,
        title=title,
        title_en=title_en,
        text=text,
        subject=("finding", finding.pk),
        owner_id=owner_id,
        due_at=due_at,
        origin=("finding", finding.pk, f"correct:{finding.round}"),
        clause_code=finding.clause_code,
        actor=actor,
        at=at,
    )


def follow_up_done(duty: Duty, _row: Evidence, actor: Actor, at: datetime) -> None:
    """Called in the transaction in which a correction is done: somebody else than its doer owes the verification now.

    Whoever raised the finding, else who planned the inspection, else another inspector; without any of them those who plan.
    Publishes finding.answered. A correction that the finding no longer follows changes nothing.
    """
    finding = (
        Finding.objects.select_for_update(of=("self",))
        .select_related("inspection")
        .filter(follow_up=duty)
        .first()
    )
    if finding is None or finding.verified_at is not None:
        return
    inspection = finding.inspection
    able = [finding.created_by_id, inspection.created_by_id, *queries.inspector_ids(inspection)]
    active = set(staff.people().filter(pk__in=[p for p in able if p]).values_list("pk", flat=True))
    who = next((p for p in able if p in active and p not in (actor.person_id, duty.owner_id)), None)
    title, title_en = in_both(CHECK, title=inspection.title)
    duties.duty_create(
        kind=kinds.VERIFY,
        title=title,
        title_en=title_en,
        subject=("finding", finding.pk),
        owner_id=who,
        roles=() if who is not None else NOBODY_LEFT,
        origin=("finding", finding.pk, f"verify:{finding.round}"),
        clause_code=finding.clause_code,
        actor=Actor.system(),
        at=at,
    )
    tell_finding(events.ANSWERED, finding, actor, at)


def finding_verify(*, finding_id: int, note: str, actor: Actor, at: datetime) -> Finding:
    """The correction was looked at and holds: the finding is closed, and with the last one the inspection.

    For its inspectors and those who plan, never for who did the correction (NotAllowed). Conflict while it is not done or
    when it is verified already; Invalid without a note. Publishes finding.verified, and supervision.closed.
    """
    said = text_of(note, "note", needed=_("请写明怎样核实的"))
    with transaction.atomic():
        finding = _corrected(finding_id, actor)
        finding.verified_at, finding.verified_by_id, finding.verdict_note = at, actor.person_id, said
        finding.save(update_fields=["verified_at", "verified_by", "verdict_note"])
        event = tell_finding(events.VERIFIED, finding, actor, at)
        _settle_check(finding, said, event.id, actor, at)
        close_when_all_verified(finding.inspection, actor, at)
    return finding


def finding_return(
    *, finding_id: int, reason: str, due_at: datetime, owner_id: int | None = None, actor: Actor, at: datetime
) -> Finding:
    """The correction does not hold, or was called off: it is owed anew in another round by `due_at`, by the same person or
    another. Who may is as in `finding_verify`. Conflict while the correction is still owed. Publishes finding.returned."""
    said = text_of(reason, "reason", needed=_("请写明还差什么"))
    with transaction.atomic():
        finding = _corrected(finding_id, actor, dropped=True)
        assert finding.follow_up is not None
        owner = owner_id or finding.follow_up.owner_id or finding.follow_up.ended_by_id
        if owner is None:
            raise Invalid(_("请选择由谁完成"), field="owner", code="nobody")
        was = finding.round
        finding.round, finding.verdict_note = was + 1, said
        finding.follow_up = _correction(finding, owner, due_at, f"{finding.text}\n\n{said}", actor, at)
        finding.save(update_fields=["round", "verdict_note", "follow_up"])
        event = tell_finding(events.RETURNED, finding, actor, at, due=due_at.isoformat())
        _settle_check(finding, said, event.id, actor, at, round=was)
    return finding


def _corrected(finding_id: int, actor: Actor, *, dropped: bool = False) -> Finding:
    """The finding under lock, its inspection's row too, corrected and still to be verified, by whom may."""
    seen = queries.finding_of(actor, finding_id)
    inspection = Inspection.objects.select_for_update(of=("self",)).get(pk=seen.inspection_id)
    finding = queries.finding_of(actor, finding_id, lock=True)
    finding.inspection = inspection
    need_inspector(inspection, actor)
    if finding.verified_at is not None:
        raise Conflict(_("这项整改已经核实"), code="verified")
    stands = queries.stands(finding)
    if stands == "open" or (stands == "dropped" and not dropped):
        raise Conflict(_("整改还没有完成"), code="not_corrected")
    if not may_verify(finding, actor):
        raise NotAllowed(_("整改须由做整改以外的人核实"), code="own_correction")
    return finding


def may_verify(finding: Finding, actor: Actor) -> bool:
    """True for an inspector or planner who did not do the correction himself."""
    duty = finding.follow_up
    doers = {duty.ended_by_id, duty.owner_id} if duty is not None and duty.state == Duty.State.DONE else set()
    if actor.person_id is None or actor.person_id in doers:
        return False
    return actor.may(PLAN) or actor.person_id in queries.inspector_ids(finding.inspection)


def _settle_check(
    finding: Finding, note: str, event_id: int, actor: Actor, at: datetime, *, round: int | None = None
) -> None:
    key = f"verify:{round or finding.round}"
    rows = Duty.objects.filter(origin_code="finding", origin_id=finding.pk, origin_key=key)
    for duty_id in rows.values_list("pk", flat=True):
        duties.duty_settle(duty_id=duty_id, note=note, event_id=event_id, actor=actor, at=at)
