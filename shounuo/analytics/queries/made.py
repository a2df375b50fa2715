"""Reports: who may see dashboards may see all of them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, QuerySet
from django.utils.translation import gettext_lazy as _

from shounuo.analytics.models import Report, ReportComment, ReportPlan
from shounuo.analytics.permissions import VIEW
from shounuo.analytics.rules import PLANNED, REPORTED
from shounuo.events.subjects import Facts, People, Subject
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotFound
from shounuo.metrics.permissions import READ
from shounuo.staff import queries as staff

PAGE = 30


def reports_visible_to(actor: Actor) -> QuerySet[Report]:
    """The reports that the actor may read: all or none."""
    may = actor.is_system or (actor.may(VIEW) and actor.may(READ))
    return Report.objects.all() if may else Report.objects.none()


def report(actor: Actor, id: int) -> Report:
    """One report; NotFound also for one that the actor may not read."""
    found = reports_visible_to(actor).select_related("made_by").filter(pk=id).first()
    if found is None:
        raise NotFound(_("没有这份报告，或您无权查看"))
    return found


def reports(actor: Actor, *, kind: str = "", page: int = 1) -> tuple[list[Report], bool]:
    """A page of reports without their content, the latest period first, and whether there are more. `said` counts what
    was said of each. One query."""
    rows = reports_visible_to(actor).defer("content").annotate(said=Count("comments"))
    if kind:
        rows = rows.filter(kind=kind)
    start = (page - 1) * PAGE
    found: list[Report] = list(rows.order_by("-last", "-first", "-id")[start : start + PAGE + 1])
    return found[:PAGE], len(found) > PAGE


def comments_of(report: Report) -> list[ReportComment]:
    """What was said of it, the first first. One query."""
    return list(report.comments.select_related("person").order_by("id"))


def plans() -> dict[str, ReportPlan]:
    """How reports of each kind are made and sent, kind by kind. One query."""
    known = ReportPlan.objects.in_bulk()
    return {
        kind: known.get(kind) or ReportPlan(kind=kind, is_active=True, roles=sorted(PLANNED[kind]))
        for kind in REPORTED
    }


def recipients(kind: str) -> list[int]:
    """The people to whom a report of this kind goes: active, holding one of its roles, and allowed to read it."""
    plan = plans()[kind]
    people = {id for role in plan.roles for id in staff.people_with_role(role)}
    allowed = set(staff.people_with_permission(VIEW)) & set(staff.people_with_permission(READ))
    return sorted(people & allowed)


def _labels(ids: Iterable[int]) -> dict[int, str]:
    rows = Report.objects.filter(pk__in=list(ids)).only("kind", "first")
    return {r.pk: f"{r.get_kind_display()} {r.first.isoformat()}" for r in rows}


def _facts(ids: Iterable[int]) -> dict[int, Facts]:
    return {r.pk: {"kind": r.kind} for r in Report.objects.filter(pk__in=list(ids)).only("kind")}


def _visible_ids(actor: Actor, ids: Iterable[int]) -> set[int]:
    return set(reports_visible_to(actor).filter(pk__in=list(ids)).values_list("pk", flat=True))


SUBJECT = Subject(
    kind="report",
    facts=_facts,
    visible_ids=_visible_ids,
    people=lambda _id: People(),
    label=_labels,
    url=lambda id: f"/reports/{id}/",
)
