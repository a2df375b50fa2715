"""Inspections, findings and assessments as lower parts know them."""

from __future__ import annotations

from collections.abc import Iterable

from shounuo.events.subjects import Facts, People, Subject
from shounuo.improvement.models import Assessment, Finding, Inspection
from shounuo.improvement.queries import maturity
from shounuo.improvement.queries.inspections import findings_visible_to, visible_to
from shounuo.kernel.actors import Actor


def _inspection_facts(ids: Iterable[int]) -> dict[int, Facts]:
    rows = Inspection.objects.filter(pk__in=list(ids)).values_list("pk", "state", "team__code")
    return {pk: {"status": state, "team": team} for pk, state, team in rows}


def _inspection_labels(ids: Iterable[int]) -> dict[int, str]:
    return dict(Inspection.objects.filter(pk__in=list(ids)).values_list("pk", "title"))


def _inspection_people(id: int) -> People:
    row = Inspection.objects.filter(pk=id).values_list("created_by_id", "team_id").first()
    return People(owner_id=row[0], team_id=row[1]) if row is not None else People()


def _seen(actor: Actor, ids: Iterable[int]) -> set[int]:
    return set(visible_to(actor).filter(pk__in=list(ids)).values_list("pk", flat=True))


def _finding_facts(ids: Iterable[int]) -> dict[int, Facts]:
    rows = Finding.objects.filter(pk__in=list(ids)).values_list("pk", "severity", "verified_at")
    return {pk: {"severity": severity, "status": "verified" if at else "open"} for pk, severity, at in rows}


def _finding_labels(ids: Iterable[int]) -> dict[int, str]:
    rows = Finding.objects.filter(pk__in=list(ids)).values_list("pk", "clause_code", "inspection__title")
    return {pk: f"{clause} · {title}" for pk, clause, title in rows}


def _finding_people(id: int) -> People:
    return People(
        owner_id=Finding.objects.filter(pk=id).values_list("follow_up__owner_id", flat=True).first()
    )


def _findings_seen(actor: Actor, ids: Iterable[int]) -> set[int]:
    return set(findings_visible_to(actor).filter(pk__in=list(ids)).values_list("pk", flat=True))


def _maturity_facts(ids: Iterable[int]) -> dict[int, Facts]:
    rows = Assessment.objects.filter(pk__in=list(ids)).values_list("pk", "state", "policy_code")
    return {pk: {"status": state, "policy": code} for pk, state, code in rows}


def _maturity_labels(ids: Iterable[int]) -> dict[int, str]:
    rows = Assessment.objects.filter(pk__in=list(ids)).values_list("pk", "quarter", "version__title")
    return {pk: f"{title} {quarter.year} Q{(quarter.month + 2) // 3}" for pk, quarter, title in rows}


def _maturity_seen(actor: Actor, ids: Iterable[int]) -> set[int]:
    return set(maturity.visible_to(actor).filter(pk__in=list(ids)).values_list("pk", flat=True))


def _maturity_people(id: int) -> People:
    return People(owner_id=Assessment.objects.filter(pk=id).values_list("created_by_id", flat=True).first())


INSPECTION = Subject(
    kind="supervision",
    facts=_inspection_facts,
    visible_ids=_seen,
    people=_inspection_people,
    label=_inspection_labels,
    url=lambda id: f"/policy/inspections/{id}/",
)
FINDING = Subject(
    kind="finding",
    facts=_finding_facts,
    visible_ids=_findings_seen,
    people=_finding_people,
    label=_finding_labels,
    url=lambda id: f"/policy/findings/{id}/",
)
MATURITY = Subject(
    kind="maturity",
    facts=_maturity_facts,
    visible_ids=_maturity_seen,
    people=_maturity_people,
    label=_maturity_labels,
    url=lambda id: f"/policy/maturity/{id}/",
)
