"""Assessments and what the system knows of each process in a quarter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shounuo.commitments import queries as commitments
from shounuo.duties.models import Duty
from shounuo.events.models import Event
from shounuo.improvement.models import Assessment, Finding, Improvement, Inspection, Judgement, Rating
from shounuo.improvement.permissions import MATURITY_ASSESS, MATURITY_VIEW
from shounuo.improvement.rules import maturity
from shounuo.improvement.rules.maturity import Evidence
from shounuo.kernel.actors import Actor
from shounuo.kernel.durations import Percent
from shounuo.kernel.errors import NotFound
from shounuo.metrics import queries as metrics
from shounuo.metrics import registry
from shounuo.metrics.rules import Window
from shounuo.policy import queries as policy
from shounuo.policy.models import PolicyVersion
from shounuo.policy.queries import ClauseView
from shounuo.policy.schema import Alarm, Commitment, Target
from shounuo.staff import queries as staff

TARGET = 0.95
ACTIVITY = "service_maturity_assessment"
SYSTEM = Actor.system()


@dataclass(frozen=True, slots=True)
class Known:
    """The evidence of one process, its figures as [code, value, n, enough], and what it speaks for."""

    view: ClauseView
    evidence: Evidence
    metrics: list[list[Any]]
    proposal: maturity.Proposal

    def plain(self) -> dict[str, Any]:
        """As a rating keeps it."""
        return asdict(self.evidence) | {"metrics": self.metrics}


def visible_to(actor: Actor) -> QuerySet[Assessment]:
    """The assessments that the actor may see: all with maturity.view or .assess, none without."""
    may = actor.may(MATURITY_VIEW) or actor.may(MATURITY_ASSESS)
    return Assessment.objects.all() if may else Assessment.objects.none()


def get(actor: Actor, id: int, *, lock: bool = False) -> Assessment:
    """One assessment; NotFound also for one that the actor may not see. `lock` needs a transaction."""
    rows = visible_to(actor).select_related("version", "created_by", "finished_by")
    rows = rows.select_for_update(of=("self",)) if lock else rows
    found = rows.filter(pk=id).first() if 0 < id < 2**63 else None
    if found is None:
        raise NotFound(_("没有这次自评，或您无权查看"), code="assessment_not_found")
    return found


def assessments(actor: Actor) -> list[Assessment]:
    """All that the actor may see, the latest quarter first."""
    rows = visible_to(actor).select_related("version", "created_by", "finished_by")
    return list(rows.order_by("-quarter", "policy_code"))


def previous(assessment: Assessment) -> Assessment | None:
    """The finished assessment of the same policy before this one, the nearest quarter."""
    rows = Assessment.objects.filter(
        policy_code=assessment.policy_code, quarter__lt=assessment.quarter, state=Assessment.State.FINISHED
    )
    return rows.order_by("-quarter").first()


def finished_until(assessment: Assessment, count: int = 8) -> list[Assessment]:
    """The last finished assessments of the policy up to this one's quarter, the oldest first."""
    rows = Assessment.objects.filter(
        policy_code=assessment.policy_code, quarter__lte=assessment.quarter, state=Assessment.State.FINISHED
    )
    return list(rows.order_by("-quarter")[:count])[::-1]


def ratings(assessment: Assessment) -> list[Rating]:
    """The processes of an assessment in their order, with who rated them and what was agreed. Two queries."""
    agreed = Improvement.objects.select_related("duty__owner").order_by("id")
    rows = assessment.ratings.select_related("rated_by").prefetch_related(Prefetch("improvements", agreed))
    return list(rows.order_by("position"))


def levels(assessments: Iterable[Assessment]) -> dict[int, dict[str, int]]:
    """By assessment: the level of each process that has one, by its number. One query."""
    ids = [a.pk for a in assessments]
    found: dict[int, dict[str, int]] = {id: {} for id in ids}
    rows = Rating.objects.filter(assessment_id__in=ids, level__isnull=False).order_by("position")
    for id, number, level in rows.values_list("assessment_id", "number", "level"):
        found[id][number] = level or 0
    return found


def assessable(at: datetime) -> list[PolicyVersion]:
    """The versions in force whose clauses name practices: the process standards. One query."""
    rows = policy.versions_in_force(at).defer("source")
    return list(rows.filter(Q(clauses__practices__0__isnull=False)).distinct())


def quarter_window(quarter: date, at: datetime) -> Window:
    """The quarter in the organisation's zone, no further than `at`."""
    zone = ZoneInfo(staff.organisation().zone)
    start = datetime.combine(quarter, time(), tzinfo=zone)
    end = datetime.combine(maturity.after(quarter), time(), tzinfo=zone)
    return Window(start, max(min(end, at), start.replace(minute=1)), zone)


def known(version: PolicyVersion, quarter: date, at: datetime, before: Mapping[str, int]) -> list[Known]:
    """What the system knows of each clause of the version that names practices, in order. `before`: the level of each clause
    in the assessment before. A fixed number of queries and one per metric named."""
    views = [v for v in policy.clause_views(policy.clauses_of(version)) if v.practices]
    codes = [v.row.code for v in views]
    window = quarter_window(quarter, at)
    kept = commitments.kept(codes, window.start, window.end)
    happened = _happened(views, window)
    figures = _figures(views, window, at)
    inspected = _inspected(codes, window)
    improved = _improved(codes, window)
    return [
        _known(v, kept.get(v.row.code), happened, figures, inspected, improved, before.get(v.row.code, 0))
        for v in views
    ]


def _known(
    view: ClauseView,
    kept: commitments.Kept | None,
    happened: Mapping[str, int],
    figures: Mapping[str, tuple[float | None, int, bool]],
    inspected: Mapping[str, tuple[int, int]],
    improved: Mapping[str, int],
    before: int,
) -> Known:
    code = view.row.code
    statuses = [r.row.status for r in view.rules]
    named = [c for c in _metrics_of(view) if c in figures]
    n, well = inspected.get(code, (0, 0))
    seen = sum(
        any(
            any(happened.get(kind) for kind in _events(e))
            or (e.get("code", "") in figures and figures[e["code"]][1] > 0)
            for e in practice.get("evidence", [])
        )
        for practice in view.row.practices
    )
    evidence = Evidence(
        practices=len(view.row.practices),
        seen=seen,
        live=statuses.count("live"),
        waiting=statuses.count("waiting"),
        shown=statuses.count("shown"),
        gaps=sum(1 for r in view.rules if r.row.gaps),
        due=kept.due if kept is not None else 0,
        met=kept.met if kept is not None else 0,
        target=_target(view),
        inspected=n,
        kept=well,
        figures=sum(1 for c in named if figures[c][2]),
        improved=improved.get(code, 0),
        before=before,
    )
    told = [[c, *figures[c]] for c in named]
    return Known(view, evidence, told, maturity.propose(evidence))


def _events(evidence: Mapping[str, Any]) -> list[str]:
    named = evidence.get("event", [])
    return [named] if isinstance(named, str) else list(named)


def _target(view: ClauseView) -> float:
    named = [r.rule.target for r in view.rules if isinstance(r.rule, Commitment)]
    return max((t.basis_points / 10_000 for t in named if isinstance(t, Percent)), default=TARGET)


def _metrics_of(view: ClauseView) -> list[str]:
    """The metrics that a clause names: in the evidence of its practices, its own, and its targets and alarms."""
    rows = [e for p in view.row.practices for e in p.get("evidence", [])] + list(view.row.evidence)
    found = [e["code"] for e in rows if e.get("code")]
    found += [r.rule.metric for r in view.rules if isinstance(r.rule, Target | Alarm) and r.rule.metric]
    return list(dict.fromkeys(found))


def _happened(views: Sequence[ClauseView], window: Window) -> dict[str, int]:
    """How often each event that proves a practice happened in the window. One query."""
    kinds = {k for v in views for p in v.row.practices for e in p.get("evidence", []) for k in _events(e)}
    rows = Event.objects.filter(kind__in=kinds, at__gte=window.start, at__lt=window.end).order_by()
    return dict(rows.values_list("kind").annotate(n=Count("id")))


def _figures(
    views: Sequence[ClauseView], window: Window, at: datetime
) -> dict[str, tuple[float | None, int, bool]]:
    """Value, population and whether it is enough, of each metric named that can be counted."""
    found = {}
    for code in dict.fromkeys(c for v in views for c in _metrics_of(v)):
        metric = registry.get(code)
        if metric is None or metric.waits_for:
            continue
        figure = metrics.figure(code, window, actor=SYSTEM, at=at)
        found[code] = (figure.total.value, figure.total.n, figure.enough and figure.total.value is not None)
    return found


def _inspected(codes: Sequence[str], window: Window) -> dict[str, tuple[int, int]]:
    """Judged and kept of each clause in inspections finished in the window. One query."""
    decided = Q(verdict=Judgement.Verdict.KEPT) | Q(verdict=Judgement.Verdict.NOT_KEPT)
    rows = (
        Judgement.objects.filter(
            decided,
            clause_code__in=codes,
            item__inspection__finished_at__gte=window.start,
            item__inspection__finished_at__lt=window.end,
            item__inspection__state__in=(Inspection.State.FINISHED, Inspection.State.CLOSED),
        )
        .order_by()
        .values_list("clause_code")
        .annotate(n=Count("id"), kept=Count("id", filter=Q(verdict=Judgement.Verdict.KEPT)))
    )
    return {code: (n, kept) for code, n, kept in rows}


def _improved(codes: Sequence[str], window: Window) -> dict[str, int]:
    """Improvements done and corrections verified in the window, by clause. Two queries."""
    done = Improvement.objects.filter(
        rating__clause_code__in=codes,
        duty__state=Duty.State.DONE,
        duty__ended_at__gte=window.start,
        duty__ended_at__lt=window.end,
    )
    held = Finding.objects.filter(
        clause_code__in=codes, verified_at__gte=window.start, verified_at__lt=window.end
    )
    found: dict[str, int] = {}
    for rows in (
        done.order_by().values_list("rating__clause_code"),
        held.order_by().values_list("clause_code"),
    ):
        for code, n in rows.annotate(n=Count("id")):
            found[code] = found.get(code, 0) + n
    return found
