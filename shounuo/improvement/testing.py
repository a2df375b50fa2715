"""Inspections and assessments for tests, built through the services."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from shounuo.improvement import queries, services
from shounuo.improvement.models import Assessment, Finding, Inspection, Judgement
from shounuo.kernel.actors import Actor
from shounuo.staff import queries as staff
from shounuo.staff.models import Person
from shounuo.staff.testing import AT

DAY = timedelta(days=1)


def make_inspection(
    *inspectors: Person,
    clauses: Sequence[str] = ("T-1",),
    size: int = 5,
    seed: int = 7,
    source: str = Inspection.Source.CASE,
    actor: Actor | None = None,
    at: datetime = AT,
    **more: Any,
) -> Inspection:
    """An inspection of the cases opened in the week before `at` (that day included), by these people."""
    given: dict[str, Any] = {
        "title": "首次响应抽查",
        "start": at - 7 * DAY,
        "end": at + DAY,
        "due_at": at + 3 * DAY,
        "inspector_ids": [p.pk for p in inspectors],
    }
    return services.inspection_plan(
        clauses=clauses,
        size=size,
        seed=seed,
        source=source,
        actor=actor or Actor.system(),
        at=at,
        **given | more,
    )


def judge_all(
    inspection: Inspection, *, bad: int = 0, note: str = "没有在时限内答复", at: datetime = AT
) -> None:
    """Every item is judged by its inspector: the first `bad` judgements as not kept, the others as kept."""
    rows = Judgement.objects.filter(item__inspection=inspection).select_related("item__inspector")
    for n, row in enumerate(rows.order_by("item__position", "clause_code")):
        services.item_judge(
            inspection_id=inspection.pk,
            item_id=row.item_id,
            clause=row.clause_code,
            verdict="not_kept" if n < bad else "kept",
            note=note if n < bad else "",
            actor=staff.actor_for(row.item.inspector),
            at=at,
        )


def make_finding(
    inspection: Inspection, owner: Person, *, text: str = "午休时间没有人接", actor: Actor, at: datetime = AT
) -> Finding:
    """A finding against the inspection's first clause, to be corrected within a week."""
    clause = inspection.clauses[0]
    shown = Judgement.objects.filter(item__inspection=inspection, clause_code=clause, verdict="not_kept")
    return services.finding_raise(
        inspection_id=inspection.pk,
        clause=clause,
        severity="notable",
        cause="oversight",
        text=text,
        owner_id=owner.pk,
        due_at=at + 7 * DAY,
        judgement_ids=list(shown.values_list("pk", flat=True)),
        actor=actor,
        at=at,
    )


def result_of(inspection: Inspection) -> queries.Result:
    """How the inspection stands now."""
    return queries.results([inspection.pk])[inspection.pk]


def make_assessment(*, actor: Actor | None = None, at: datetime = AT) -> Assessment:
    """The assessment of the shipped process standard (which is in force) for the quarter of `at`, just begun."""
    return services.assessment_start(
        policy_code="process-standard", quarter=at.date(), actor=actor or Actor.system(), at=at
    )


def rate_all(assessment: Assessment, *, actor: Actor | None = None, at: datetime = AT) -> None:
    """Every process gets the level that is proposed."""
    for rating in assessment.ratings.order_by("position"):
        services.process_rate(
            rating_id=rating.pk, level=rating.proposed, actor=actor or Actor.system(), at=at
        )
