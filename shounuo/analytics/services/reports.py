"""All writes of reports."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.analytics import events, freezing, queries, rules
from shounuo.analytics.models import Report, ReportComment, ReportPlan
from shounuo.analytics.permissions import REPORTS
from shounuo.analytics.rules import Kind, Period
from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed
from shounuo.kernel.text import clean
from shounuo.metrics import queries as metrics
from shounuo.staff import queries as staff
from shounuo.staff.models import Role

MAX_COMMENT = 5_000
HEADLINE = ("kept_share", "first_response_median", "complaint_count", "cases_opened")


def report_make(*, kind: Kind, back: int, actor: Actor, at: datetime) -> Report:
    """Makes the report of the period `back` before the present one, with its figures as they stand now. One that is there
    is given back as it is. Event: report.made.

    Invalid for a kind that is none or a period that has not ended; Conflict while figures are still being built;
    NotAllowed without `analytics.reports`.
    """
    _may(actor)
    if kind not in rules.REPORTED or not 1 <= back <= rules.MOST_BACK:
        raise Invalid(_("只有已经结束的时段才有报告"), field="kind", code="bad_choice")
    if metrics.standing()[1]:
        raise Conflict(_("指标还在补算，算完才能生成报告"), code="figures_building")
    period = rules.period(kind, at, metrics.zone(), back=back)
    known = Report.objects.filter(kind=kind, first=period.first).first()
    return known if known is not None else _make(period, actor, at)


def _make(period: Period, actor: Actor, at: datetime) -> Report:
    system = Actor.system()
    overview = queries.overview(period, {}, actor=system, at=at)
    rest = queries.rest(period, {}, actor=system, at=at)
    limits = queries.limits((*queries.KPIS, *queries.QUALITY), at)
    headline = {}
    for one in (*overview.kpis, overview.topics):
        if one.metric.code in HEADLINE:
            headline[one.metric.code] = [one.now.total.value, one.now.total.n]
    headline["complaint_count"] = [rest.complaints.total.value, rest.complaints.total.n]
    with transaction.atomic():
        report, created = Report.objects.get_or_create(
            kind=period.kind,
            first=period.first,
            defaults={
                "last": period.last,
                "made_at": at,
                "made_by_id": actor.person_id,
                "headline": headline,
                "content": freezing.freeze(overview, rest, limits),
            },
        )
        if created:
            publish([NewEvent(events.MADE, ("report", report.pk), at, actor, {"report": period.kind})])
    return report


def reports_due(*, at: datetime) -> list[Report]:
    """Makes what is missing of the periods that ended, kind by kind as planned, from five in the morning on; nothing while
    figures are being built, nothing of the time before the organisation was set up. Returns the new ones. For the hourly
    job: safe to repeat. Event: report.made."""
    organisation = staff.organisation()
    zone = metrics.zone()
    there = at.astimezone(zone)
    if organisation.set_up_at is None or there.hour < rules.FROM_HOUR or metrics.standing()[1]:
        return []
    since = organisation.set_up_at.astimezone(zone).date()
    plans = queries.plans()
    made: list[Report] = []
    for kind in rules.REPORTED:
        if not plans[kind].is_active:
            continue
        periods = [rules.period(kind, at, zone, back=n) for n in range(1, rules.CATCH_UP[kind] + 1)]
        wanted = [one for one in reversed(periods) if one.last >= since]
        known = set(_firsts(kind, [one.first for one in wanted]))
        made += [_make(one, Actor.system(), at) for one in wanted if one.first not in known]
    return made


def _firsts(kind: Kind, firsts: Iterable[date]) -> Iterable[date]:
    return Report.objects.filter(kind=kind, first__in=list(firsts)).values_list("first", flat=True)


def comment_add(*, report_id: int, text: str, actor: Actor, at: datetime) -> ReportComment:
    """Says something of a report. Event: report.commented. NotFound, Invalid without words, NotAllowed without
    `analytics.reports`."""
    words = clean(text).strip()
    if not words:
        raise Invalid(_("请写评语"), field="text", code="missing")
    if len(words) > MAX_COMMENT:
        raise Invalid(
            _("评语最多 %(most)d 字，现有 %(n)d 字") % {"most": MAX_COMMENT, "n": len(words)},
            field="text",
            code="too_long",
        )
    with transaction.atomic():
        report = queries.report(actor, report_id)
        _may(actor)
        if actor.person_id is None:
            raise NotAllowed(_("评语要由人来写"))
        comment = ReportComment.objects.create(report=report, person_id=actor.person_id, text=words, at=at)
        publish([NewEvent(events.COMMENTED, ("report", report.pk), at, actor, {"comment": comment.pk})])
    return comment


def plan_set(*, kind: Kind, is_active: bool, roles: Iterable[str], actor: Actor, at: datetime) -> ReportPlan:
    """Whether reports of a kind are made by themselves, and to which roles they go. Event: report_plan.changed where
    something changed. Invalid for a kind or a role that is none; NotAllowed without `analytics.reports`."""
    _may(actor)
    wanted = sorted(set(roles))
    if kind not in rules.REPORTED:
        raise Invalid(_("没有这种报告"), field="kind", code="bad_choice")
    unknown = set(wanted) - set(Role.objects.filter(code__in=wanted).values_list("code", flat=True))
    if unknown:
        raise Invalid(_("没有角色 %(code)s") % {"code": min(unknown)[:40]}, field="roles", code="bad_choice")
    with transaction.atomic():
        ReportPlan.objects.get_or_create(
            kind=kind, defaults={"roles": sorted(rules.PLANNED[kind]), "is_active": True}
        )
        plan = ReportPlan.objects.select_for_update().get(pk=kind)
        if (plan.is_active, plan.roles) != (is_active, wanted):
            plan.is_active, plan.roles = is_active, wanted
            plan.save()
            payload = {"report": kind, "active": is_active, "roles": wanted}
            subject = ("report_plan", rules.REPORTED.index(kind) + 1)
            publish([NewEvent(events.PLANNED, subject, at, actor, payload)])
    return plan


def _may(actor: Actor) -> None:
    if not actor.may(REPORTS):
        raise NotAllowed(_("您没有管理报告的权限"))
