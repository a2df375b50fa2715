"""Inspections, what was drawn and judged, and what was found: who sees them, and how they stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shounuo.duties.models import Duty
from shounuo.improvement.models import Finding, Inspection, Item, Judgement
from shounuo.improvement.permissions import PLAN, VIEW
from shounuo.improvement.queries.population import population
from shounuo.improvement.rules import sampling
from shounuo.kernel import paging
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotFound

Verdict = Judgement.Verdict
OVER = (Inspection.State.FINISHED, Inspection.State.CLOSED)
DONE = Duty.State.DONE


@dataclass(frozen=True, slots=True)
class Result:
    """Judgements: kept, not kept, not applicable, and not judged yet."""

    kept: int = 0
    not_kept: int = 0
    not_applicable: int = 0
    left: int = 0

    @property
    def n(self) -> int:
        """What the share is of: those that could be kept."""
        return self.kept + self.not_kept

    @property
    def share(self) -> float | None:
        """The share of those judged that were kept; None when there are none."""
        return self.kept / self.n if self.n else None

    @property
    def judged(self) -> int:
        return self.n + self.not_applicable

    @property
    def total(self) -> int:
        return self.judged + self.left


_COUNTS = {
    "kept": Count("id", filter=Q(verdict=Verdict.KEPT)),
    "not_kept": Count("id", filter=Q(verdict=Verdict.NOT_KEPT)),
    "not_applicable": Count("id", filter=Q(verdict=Verdict.NOT_APPLICABLE)),
    "left": Count("id", filter=Q(verdict="")),
}


def _result(row: Mapping[str, Any]) -> Result:
    return Result(**{name: row[name] for name in _COUNTS})


def visible_to(actor: Actor) -> QuerySet[Inspection]:
    """The inspections that the actor may see: with supervision.view or .plan (and the system) all, an inspector his own."""
    if actor.may(VIEW) or actor.may(PLAN):
        return Inspection.objects.all()
    if actor.person_id is None:
        return Inspection.objects.none()
    mine = Inspection.inspectors.through.objects.filter(
        inspection_id=OuterRef("pk"), person_id=actor.person_id
    )
    return Inspection.objects.filter(Exists(mine))


def findings_visible_to(actor: Actor) -> QuerySet[Finding]:
    """The findings that the actor may see: those of inspections that he sees, and those whose correction or verification
    is or was his."""
    if actor.may(VIEW) or actor.may(PLAN):
        return Finding.objects.all()
    if actor.person_id is None:
        return Finding.objects.none()
    mine = Duty.objects.filter(subject_kind="finding", subject_id=OuterRef("pk"), owner_id=actor.person_id)
    return Finding.objects.filter(Q(inspection__in=visible_to(actor)) | Exists(mine))


def get(actor: Actor, id: int, *, lock: bool = False) -> Inspection:
    """One inspection; NotFound also for one that the actor may not see. `lock` needs a transaction."""
    rows = visible_to(actor).select_related("team", "created_by", "finished_by", "duty")
    rows = rows.select_for_update(of=("self",)) if lock else rows
    found = rows.filter(pk=id).first() if 0 < id < 2**63 else None
    if found is None:
        raise NotFound(_("没有这次检查，或您无权查看"), code="inspection_not_found")
    return found


def finding_of(actor: Actor, id: int, *, lock: bool = False) -> Finding:
    """One finding with its inspection and its correction; NotFound also for one that the actor may not see."""
    rows = findings_visible_to(actor).select_related(
        "inspection", "follow_up__owner", "follow_up__ended_by", "created_by", "verified_by"
    )
    rows = rows.select_for_update(of=("self",)) if lock else rows
    found = rows.filter(pk=id).first() if 0 < id < 2**63 else None
    if found is None:
        raise NotFound(_("没有这项发现，或您无权查看"), code="finding_not_found")
    return found


def inspections(actor: Actor, *, state: str = "", clause: str = "") -> QuerySet[Inspection]:
    """The inspections that the actor may see, newest first, for a paged list."""
    rows = visible_to(actor).select_related("team", "created_by").prefetch_related("inspectors")
    if state:
        rows = rows.filter(state=state)
    if clause:
        rows = rows.filter(clauses__contains=[clause])
    return rows.order_by("-created_at", "-id")


def inspections_listed(
    actor: Actor, *, state: str = "", clause: str = "", cursor: str | None = None, limit: int = 50
) -> tuple[list[Inspection], str | None]:
    """The same by cursor, the latest planned first; and the cursor of the next page. Two queries."""
    rows = inspections(actor, state=state, clause=clause).order_by("-pk")
    if cursor:
        rows = rows.filter(pk__lt=paging.decode(cursor, int)[0])
    found = list(rows[: limit + 1])
    return found[:limit], paging.encode(found[limit - 1].pk) if len(found) > limit else None


def findings_listed(
    actor: Actor,
    *,
    clause: str = "",
    verified: bool | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> tuple[list[Finding], str | None]:
    """The findings that the actor may see, the latest first, each with its correction and what shows it; and the cursor of
    the next page. Two queries."""
    rows = findings_visible_to(actor).select_related("follow_up").prefetch_related("judgements")
    if clause:
        rows = rows.filter(clause_code=clause)
    if verified is not None:
        rows = rows.filter(verified_at__isnull=not verified)
    if cursor:
        rows = rows.filter(pk__lt=paging.decode(cursor, int)[0])
    found = list(rows.order_by("-pk")[: limit + 1])
    return found[:limit], paging.encode(found[limit - 1].pk) if len(found) > limit else None


def results(inspection_ids: Iterable[int]) -> dict[int, Result]:
    """How each inspection stands; one query."""
    ids = list(inspection_ids)
    rows = (
        Judgement.objects.filter(item__inspection_id__in=ids)
        .values("item__inspection_id")
        .annotate(**_COUNTS)
    )
    found = {r["item__inspection_id"]: _result(r) for r in rows.order_by()}
    return {id: found.get(id, Result()) for id in ids}


def results_by_clause(inspection: Inspection) -> dict[str, Result]:
    """How each clause of an inspection stands, in their order; one query."""
    rows = (
        Judgement.objects.filter(item__inspection=inspection)
        .values("clause_code")
        .annotate(**_COUNTS)
        .order_by()
    )
    found = {r["clause_code"]: _result(r) for r in rows}
    return {code: found.get(code, Result()) for code in inspection.clauses}


def results_by_team(inspection: Inspection) -> dict[int, Result]:
    """By team id (0: none); one query."""
    rows = (
        Judgement.objects.filter(item__inspection=inspection)
        .values("item__team_id")
        .annotate(**_COUNTS)
        .order_by()
    )
    return {r["item__team_id"] or 0: _result(r) for r in rows}


def items(inspection: Inspection) -> list[Item]:
    """What was drawn, in its order, with inspector, team and judgements. Two queries."""
    rows = inspection.items.select_related("inspector", "team").order_by("position")
    judged = Judgement.objects.select_related("judged_by").order_by("clause_code")
    return list(rows.prefetch_related(Prefetch("judgements", judged)))


def findings(inspection: Inspection) -> list[Finding]:
    """What the inspection found, in order, with the correction of each. Two queries."""
    rows = inspection.findings.select_related("follow_up__owner", "verified_by", "created_by")
    return list(rows.prefetch_related("judgements__item").order_by("id"))


def open_findings(actor: Actor) -> QuerySet[Finding]:
    """The findings whose correction is not verified, what is due first above."""
    rows = (
        findings_visible_to(actor).filter(verified_at=None).select_related("inspection", "follow_up__owner")
    )
    return rows.order_by("follow_up__due_at", "id")


def last_of_clause(code: str, at: datetime) -> tuple[Inspection, Result] | None:
    """The last finished inspection that looked at a clause, and how it stood there; None where none did. Two queries.

    Like every figure of a clause it is for all who read the clause.
    """
    rows = Inspection.objects.filter(clauses__contains=[code], state__in=OVER, finished_at__lte=at)
    for inspection in rows.order_by("-finished_at", "-id")[:1]:
        return inspection, results_by_clause(inspection)[code]
    return None


def inspector_ids(inspection: Inspection) -> list[int]:
    return sorted(inspection.inspectors.values_list("pk", flat=True))


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a sample can be drawn again: `same` when the population is as it was, `agrees` when the seed draws just
    these of it; `population` is its size now."""

    same: bool
    agrees: bool
    population: int


def check_sample(inspection: Inspection) -> Check:
    """Draws again with the stored seed, from the population as it is now. Three queries."""
    units = population(
        inspection.source, inspection.clauses, inspection.start, inspection.end, inspection.narrowed
    )
    taken = {
        f"{kind}:{id}:{clock}"
        for kind, id, clock in inspection.items.values_list("subject_kind", "subject_id", "clock")
    }
    same = sampling.digest(units) == inspection.digest
    shares = [sampling.Share(*row) for row in inspection.shares]
    agrees = sampling.agrees(units, inspection.seed, taken, shares, by_stratum=inspection.by_team)
    return Check(same, agrees, len(units))


def stands(finding: Finding) -> str:
    """verified · waiting (corrected, not verified) · open · dropped (its duty was cancelled or missed)."""
    if finding.verified_at is not None:
        return "verified"
    state = finding.follow_up.state if finding.follow_up is not None else ""
    return {DONE: "waiting", Duty.State.OPEN: "open"}.get(state, "dropped")  # type: ignore[call-overload]
