"""Inspections over the API: planned and drawn, judged, what was found, corrected and verified."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router

from shounuo.channels.api.answers import (
    KEY_HEADER,
    READING,
    WRITING,
    Cursor,
    Limit,
    Number,
    Page,
    idempotent,
    need,
    reply,
)
from shounuo.channels.api.shapes import person_id_of, seen_subjects, team_id_of
from shounuo.improvement import queries, services
from shounuo.improvement import schemas as s
from shounuo.improvement.models import Finding, Inspection, Item, Judgement
from shounuo.improvement.permissions import PLAN
from shounuo.improvement.queries import Result
from shounuo.kernel import paging
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.policy.permissions import VIEW

router = Router()
SEEING = _("您没有查看制度的权限")
PLANNING = _("您没有安排监督检查的权限")


@router.get("/inspections", response={200: Page[s.InspectionOut], **READING}, summary="List inspections")
def inspection_list(
    request: HttpRequest, asked: Query[s.InspectionsAsked], cursor: Cursor = None, limit: Limit = None
) -> HttpResponse:
    """Those that the caller may see (an inspector his own), the latest planned first."""
    actor = need(request, VIEW, SEEING)
    found, after = queries.inspections_listed(
        actor,
        state=asked.state or "",
        clause=asked.clause or "",
        cursor=cursor,
        limit=paging.limit_of(limit),
    )
    results = queries.results(i.pk for i in found)
    return reply({"items": [_row(i, results[i.pk]) for i in found], "next_cursor": after})


@router.post(
    "/inspections",
    response={201: s.InspectionFullOut, **WRITING},
    summary="Plan an inspection and draw its sample",
    openapi_extra=KEY_HEADER,
)
@idempotent
def inspection_plan(request: HttpRequest, given: s.InspectionGiven) -> HttpResponse:
    """Each inspector gets the duty to judge; nobody gets what he had a part in or may not see."""
    actor = need(request, PLAN, PLANNING)
    made = services.inspection_plan(
        title=given.title,
        clauses=given.clauses,
        source=given.source,
        start=given.start,
        end=given.end,
        size=given.size,
        by_team=given.by_team,
        narrowed=given.narrowed.model_dump(exclude_none=True) if given.narrowed else {},
        inspector_ids=[person_id_of(p) for p in given.inspectors],
        team_id=team_id_of(given.team) if given.team is not None else None,
        role=given.role,
        due_at=given.due_at,
        duty_id=given.duty,
        actor=actor,
        at=now(),
    )
    return _full(actor, made.pk, 201)


@router.get(
    "/inspections/{int:inspection}",
    response={200: s.InspectionFullOut, **READING},
    summary="Read an inspection",
)
def inspection_read(request: HttpRequest, inspection: Number) -> HttpResponse:
    """How it was drawn and how it stands, with its sample (at most 500 items) and its findings."""
    return _full(need(request, VIEW, SEEING), inspection)


@router.get(
    "/inspections/{int:inspection}/check",
    response={200: s.InspectionCheckOut, **READING},
    summary="Draw the sample again",
)
def inspection_check(request: HttpRequest, inspection: Number) -> HttpResponse:
    """With the stored seed, from what there is now to draw from."""
    found = queries.check_sample(queries.get(need(request, VIEW, SEEING), inspection))
    return reply({"same": found.same, "agrees": found.agrees, "population": found.population})


@router.post(
    "/inspections/{int:inspection}/actions/judge",
    response={200: s.JudgementOut, **WRITING},
    summary="Judge a clause in one item",
    openapi_extra=KEY_HEADER,
)
@idempotent
def inspection_judge(request: HttpRequest, inspection: Number, given: s.VerdictGiven) -> HttpResponse:
    """For its inspectors, never of what they had a part in. What was not kept takes a note; an empty verdict takes the
    judgement back."""
    judged = services.item_judge(
        inspection_id=inspection,
        item_id=given.item,
        clause=given.clause,
        verdict=given.verdict,
        note=given.note,
        actor=need(request, VIEW, SEEING),
        at=now(),
    )
    return reply(_judgement(judged))


@router.post(
    "/inspections/{int:inspection}/actions/find",
    response={201: s.FindingOut, **WRITING},
    summary="Write down what was found, and who corrects it by when",
    openapi_extra=KEY_HEADER,
)
@idempotent
def inspection_find(request: HttpRequest, inspection: Number, given: s.FindingGiven) -> HttpResponse:
    """For its inspectors and those who plan, while it is open. The owner gets the duty."""
    actor = need(request, VIEW, SEEING)
    seen = queries.get(actor, inspection)
    made = services.finding_raise(
        inspection_id=seen.pk,
        clause=given.clause,
        severity=given.severity,
        cause=given.cause,
        text=given.text,
        owner_id=person_id_of(given.owner),
        due_at=given.due_at,
        judgement_ids=given.judgements,
        actor=actor,
        at=now(),
    )
    return _finding_now(actor, made.pk, 201)


@router.post(
    "/inspections/{int:inspection}/actions/finish",
    response={200: s.InspectionFullOut, **WRITING},
    summary="Finish an inspection with its conclusion",
    openapi_extra=KEY_HEADER,
)
@idempotent
def inspection_finish(request: HttpRequest, inspection: Number, given: s.ConclusionGiven) -> HttpResponse:
    """Everything is judged, and every clause that was not kept has a finding (409 before). It is never changed again."""
    actor = need(request, VIEW, SEEING)
    services.inspection_finish(inspection_id=inspection, conclusion=given.conclusion, actor=actor, at=now())
    return _full(actor, inspection)


@router.post(
    "/inspections/{int:inspection}/actions/cancel",
    response={200: s.InspectionFullOut, **WRITING},
    summary="Call an inspection off, with a reason",
    openapi_extra=KEY_HEADER,
)
@idempotent
def inspection_cancel(
    request: HttpRequest, inspection: Number, given: s.InspectionReasonGiven
) -> HttpResponse:
    """While it is open and has found nothing."""
    actor = need(request, PLAN, PLANNING)
    services.inspection_cancel(inspection_id=inspection, reason=given.reason, actor=actor, at=now())
    return _full(actor, inspection)


@router.get("/findings", response={200: Page[s.FindingOut], **READING}, summary="List findings")
def finding_list(
    request: HttpRequest, asked: Query[s.FindingsAsked], cursor: Cursor = None, limit: Limit = None
) -> HttpResponse:
    """Those that the caller may see (whoever corrects or verifies one, his own), the latest first."""
    actor = need(request, VIEW, SEEING)
    found, after = queries.findings_listed(
        actor,
        clause=asked.clause or "",
        verified=asked.verified,
        cursor=cursor,
        limit=paging.limit_of(limit),
    )
    return reply({"items": [_finding(f) for f in found], "next_cursor": after})


@router.get("/findings/{int:finding}", response={200: s.FindingOut, **READING}, summary="Read a finding")
def finding_read(request: HttpRequest, finding: Number) -> HttpResponse:
    return _finding_now(need(request, VIEW, SEEING), finding)


@router.post(
    "/findings/{int:finding}/actions/verify",
    response={200: s.FindingOut, **WRITING},
    summary="The correction was looked at and holds",
    openapi_extra=KEY_HEADER,
)
@idempotent
def finding_verify(request: HttpRequest, finding: Number, given: s.FindingVerifyGiven) -> HttpResponse:
    """For inspectors and those who plan, never for who did the correction. With the last one the inspection is closed."""
    actor = need(request, VIEW, SEEING)
    services.finding_verify(finding_id=finding, note=given.note, actor=actor, at=now())
    return _finding_now(actor, finding)


@router.post(
    "/findings/{int:finding}/actions/return",
    response={200: s.FindingOut, **WRITING},
    summary="The correction does not hold: it is owed anew",
    openapi_extra=KEY_HEADER,
)
@idempotent
def finding_return(request: HttpRequest, finding: Number, given: s.FindingReturnGiven) -> HttpResponse:
    """By the same person or another, in another round."""
    actor = need(request, VIEW, SEEING)
    seen = queries.finding_of(actor, finding)
    services.finding_return(
        finding_id=seen.pk,
        reason=given.reason,
        due_at=given.due_at,
        owner_id=person_id_of(given.owner) if given.owner is not None else None,
        actor=actor,
        at=now(),
    )
    return _finding_now(actor, finding)


def _row(inspection: Inspection, result: Result) -> dict[str, Any]:
    return {
        "id": inspection.pk,
        "title": inspection.title,
        "state": inspection.state,
        "clauses": inspection.clauses,
        "source": inspection.source,
        "start": inspection.start,
        "end": inspection.end,
        "size": inspection.size,
        "population": inspection.population,
        "result": _result(result),
        "inspectors": [p.pk for p in inspection.inspectors.all()],
        "due_at": inspection.due_at,
        "created_at": inspection.created_at,
        "created_by": inspection.created_by_id,
        "finished_at": inspection.finished_at,
        "finished_by": inspection.finished_by_id,
        "ended_at": inspection.ended_at,
        "conclusion": inspection.conclusion or None,
        "reason": inspection.reason or None,
    }


def _result(result: Result) -> dict[str, Any]:
    return {
        "kept": result.kept,
        "not_kept": result.not_kept,
        "not_applicable": result.not_applicable,
        "left": result.left,
        "share": result.share,
    }


def _full(actor: Actor, id: int, status: int = 200) -> HttpResponse:
    """One inspection as its page shows it; the same number of queries whatever was drawn and found."""
    inspection = queries.get(actor, id)
    items = queries.items(inspection)
    row = _row(inspection, queries.results([inspection.pk])[inspection.pk])
    more = {
        "narrowed": inspection.narrowed,
        "by_team": inspection.by_team,
        "seed": inspection.seed,
        "digest": inspection.digest,
        "team": inspection.team_id,
        "role": inspection.role or None,
        "duty": inspection.duty_id,
        "by_clause": [
            {"clause": code} | _result(r) for code, r in queries.results_by_clause(inspection).items()
        ],
        "items": _items(items, actor),
        "findings": [_finding(f) for f in queries.findings(inspection)],
    }
    return reply(row | more, status)


def _items(items: Sequence[Item], actor: Actor) -> list[dict[str, Any]]:
    seen = seen_subjects(actor, ((i.subject_kind, i.subject_id) for i in items))
    return [
        {
            "id": i.pk,
            "position": i.position,
            "about": f"{i.subject_kind}:{i.subject_id}" if (i.subject_kind, i.subject_id) in seen else None,
            "clock": i.clock or None,
            "team": i.team_id,
            "inspector": i.inspector_id,
            "judgements": [_judgement(j) for j in i.judgements.all()],
        }
        for i in items
    ]


def _judgement(judgement: Judgement) -> dict[str, Any]:
    return {
        "id": judgement.pk,
        "clause": judgement.clause_code,
        "verdict": judgement.verdict or None,
        "note": judgement.note or None,
        "judged_at": judgement.judged_at,
        "judged_by": judgement.judged_by_id,
    }


def _finding_now(actor: Actor, id: int, status: int = 200) -> HttpResponse:
    return reply(_finding(queries.finding_of(actor, id)), status)


def _finding(finding: Finding) -> dict[str, Any]:
    duty = finding.follow_up
    return {
        "id": finding.pk,
        "inspection": finding.inspection_id,
        "clause": finding.clause_code,
        "severity": finding.severity,
        "cause": finding.cause,
        "text": finding.text,
        "judgements": sorted(j.pk for j in finding.judgements.all()),
        "stands": queries.stands(finding),
        "round": finding.round,
        "duty": finding.follow_up_id,
        "owner": duty.owner_id if duty is not None else None,
        "due_at": duty.due_at if duty is not None else None,
        "created_at": finding.created_at,
        "created_by": finding.created_by_id,
        "verified_at": finding.verified_at,
        "verified_by": finding.verified_by_id,
        "note": finding.verdict_note or None,
    }
