"""The self-assessment: where it stands over the quarters, one with its processes, and what people do in it."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shounuo.audit import services as audit
from shounuo.improvement import services
from shounuo.improvement.models import Assessment, Rating
from shounuo.improvement.permissions import MATURITY_ASSESS, MATURITY_VIEW
from shounuo.improvement.queries import maturity as queries
from shounuo.improvement.rules import maturity
from shounuo.kernel import csvfile
from shounuo.kernel.clock import now
from shounuo.kernel.errors import NotFound, Problem
from shounuo.kernel.text import whole
from shounuo.policy.labels import spoken
from shounuo.staff import queries as staff
from shounuo.web.console import pages
from shounuo.web.context import actor_of
from shounuo.web.guard import done, staff_page
from shounuo.web.maturity import showing
from shounuo.web.maturity.forms import ImproveForm, RateForm, StartForm
from shounuo.web.policies.places import places
from shounuo.web.supervision.forms import ConclusionForm, zone

PERMISSIONS = (MATURITY_VIEW, MATURITY_ASSESS)


@staff_page(*PERMISSIONS)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The last finished assessment as a picture beside the one before, the trend, and all of them."""
    actor, at = actor_of(request), now()
    found = queries.assessments(actor)
    last = next((a for a in found if not a.is_open), None)
    response = render(
        request,
        "maturity/index.html",
        {
            "title": _("成熟度自评"),
            "places": places(actor, "maturity"),
            "rows": [_row(a) for a in found],
            "last": _summary(last) if last is not None else None,
            "levels": showing.choices(None, 0),
            "may_assess": actor.may(MATURITY_ASSESS),
            "has_standard": bool(queries.assessable(at)),
        },
    )
    response.sn_charts = last is not None  # type: ignore[attr-defined]
    return response


def _row(assessment: Assessment) -> dict[str, Any]:
    return {
        "url": reverse("assessment", args=[assessment.pk]),
        "quarter": showing.quarter_name(assessment.quarter),
        "standard": spoken(assessment.version.title, assessment.version.title_en),
        "state": assessment.get_state_display(),
        "is_open": assessment.is_open,
        "by": assessment.finished_by.name if assessment.finished_by is not None else "",
        "at": assessment.finished_at,
    }


def _summary(assessment: Assessment) -> dict[str, Any]:
    """A finished assessment's picture, trend and mean."""
    rows = queries.ratings(assessment)
    titles = {r.number: spoken(r.title, r.title_en) for r in rows}
    before = queries.previous(assessment)
    levels = queries.levels([a for a in (assessment, before) if a is not None])
    then = levels[before.pk] if before is not None else {}
    now_mean, then_mean = maturity.mean(levels[assessment.pk].values()), maturity.mean(then.values())
    return {
        "url": reverse("assessment", args=[assessment.pk]),
        "quarter": showing.quarter_name(assessment.quarter),
        "conclusion": assessment.conclusion,
        "mean": now_mean,
        "change": showing.change(now_mean, then_mean),
        "n": len(levels[assessment.pk]),
        "picture": showing.picture(assessment, titles, levels[assessment.pk], then),
        "trend": showing.trend(queries.finished_until(assessment), titles),
    }


@staff_page(MATURITY_ASSESS)
def start(request: HttpRequest) -> HttpResponse:
    """The assessment of a quarter begins, by hand or from the cadence's duty."""
    actor, at = actor_of(request), now()
    today = at.astimezone(ZoneInfo(staff.organisation().zone)).date()
    duty_id = whole(request.GET.get("duty"))
    form = StartForm(
        request.POST if request.method == "POST" else None, versions=queries.assessable(at), today=today
    )

    def save(values: dict[str, Any]) -> str:
        made = services.assessment_start(
            policy_code=values["policy"],
            quarter=date.fromisoformat(values["quarter"]),
            duty_id=duty_id,
            actor=actor,
            at=at,
        )
        return reverse("assessment", args=[made.pk])

    return pages.dialog(
        request, form, title=_("开始自评"), save=save, done_url=reverse("maturity"), verb=_("取证据，开始")
    )


@staff_page(*PERMISSIONS)
@require_safe
def one(request: HttpRequest, id: int) -> HttpResponse:
    """One assessment: every process with its evidence, its proposed and its given level."""
    return _page(request, id)


def _page(request: HttpRequest, id: int, *, refused: tuple[int, RateForm] | None = None) -> HttpResponse:
    actor, at = actor_of(request), now()
    assessment = queries.get(actor, id)
    rows = queries.ratings(assessment)
    last = queries.previous(assessment)
    before = queries.levels([last])[last.pk] if last is not None else {}
    works = assessment.is_open and actor.may(MATURITY_ASSESS)
    shown = [showing.row(r, before, at) for r in rows]
    for r in shown:
        r["choices"] = showing.choices(r["level"], r["proposed_n"]) if works else []
        r["form"] = refused[1] if refused is not None and refused[0] == r["id"] else None
    gap = [r for r in shown if r["level"] is not None and r["level"] < 4 and not r["improvements"]]
    context = {
        "title": showing.quarter_name(assessment.quarter),
        "id": assessment.pk,
        "standard": spoken(assessment.version.title, assessment.version.title_en),
        "state": assessment.get_state_display(),
        "is_open": assessment.is_open,
        "conclusion": assessment.conclusion,
        "finished_by": assessment.finished_by.name if assessment.finished_by is not None else "",
        "finished_at": assessment.finished_at,
        "taken_at": assessment.taken_at,
        "last_quarter": showing.quarter_name(last.quarter) if last is not None else "",
        "rows": shown,
        "rated": sum(1 for r in shown if r["level"] is not None),
        "gaps": len(gap),
        "works": works,
        "levels": showing.choices(None, 0),
        "summary": None if assessment.is_open else _summary(assessment),
    }
    response = render(request, "maturity/one.html", context, status=422 if refused else 200)
    response.sn_charts = not assessment.is_open  # type: ignore[attr-defined]
    return response


@staff_page(MATURITY_ASSESS)
def refresh(request: HttpRequest, id: int) -> HttpResponse:
    actor, at = actor_of(request), now()
    return pages.act(
        request,
        lambda: services.assessment_refresh(assessment_id=id, actor=actor, at=at),
        done_url=reverse("assessment", args=[id]),
        toast=_("证据已按现在重取"),
    )


@staff_page(MATURITY_ASSESS)
def rate(request: HttpRequest, id: int, rating_id: int) -> HttpResponse:
    """The level of one process; on to the next that has none."""
    actor, at = actor_of(request), now()
    here = reverse("assessment", args=[id])
    _of(request, id, rating_id)
    if request.method != "POST":
        return done(request, f"{here}#p{rating_id}")
    form = RateForm(request.POST)
    if form.is_valid():
        try:
            services.process_rate(
                rating_id=rating_id,
                level=form.cleaned_data["level"],
                comment=form.cleaned_data["comment"],
                links=form.links(),
                actor=actor,
                at=at,
            )
        except Problem as problem:
            pages.refuse(form, problem)
    if form.errors:
        return _page(request, id, refused=(rating_id, form))
    left = Rating.objects.filter(assessment_id=id, level=None).order_by("position")
    following = left.values_list("pk", flat=True).first()
    return done(request, f"{here}#p{following or rating_id}")


def _of(request: HttpRequest, id: int, rating_id: int) -> Rating:
    """The rating, of this assessment, that the reader may see."""
    assessment = queries.get(actor_of(request), id)
    found = assessment.ratings.filter(pk=rating_id).first() if rating_id < 2**63 else None
    if found is None:
        raise NotFound(_("没有这个流程，或您无权查看"), code="rating_not_found")
    return found


@staff_page(MATURITY_ASSESS)
def improve(request: HttpRequest, id: int, rating_id: int) -> HttpResponse:
    """What closes a gap, by whom, by when."""
    actor, at = actor_of(request), now()
    rating = _of(request, id, rating_id)
    form = ImproveForm(request.POST if request.method == "POST" else None, level=rating.level or 0, at=at)
    here = f"{reverse('assessment', args=[id])}#p{rating_id}"

    def save(values: dict[str, Any]) -> str:
        services.improvement_agree(
            rating_id=rating_id,
            title=values["title"],
            target=values["target"],
            owner_id=values["owner"],
            due_at=values["due"].replace(tzinfo=zone()),
            actor=actor,
            at=at,
        )
        return here

    return pages.dialog(
        request,
        form,
        title=_("改进：%(process)s") % {"process": spoken(rating.title, rating.title_en)},
        save=save,
        done_url=here,
        verb=_("交办"),
        toast=_("改进项已交办"),
    )


@staff_page(MATURITY_ASSESS)
def finish(request: HttpRequest, id: int) -> HttpResponse:
    actor, at = actor_of(request), now()
    assessment = queries.get(actor, id)

    def save(values: dict[str, Any]) -> None:
        services.assessment_finish(
            assessment_id=assessment.pk, conclusion=values["conclusion"], actor=actor, at=at
        )

    return pages.dialog(
        request,
        ConclusionForm(request.POST if request.method == "POST" else None),
        title=_("定稿"),
        lead=_("定稿之后等级、说明和证据都不再改动。"),
        save=save,
        done_url=reverse("assessment", args=[id]),
        verb=_("定稿"),
        toast=_("自评已定稿"),
    )


@staff_page(*PERMISSIONS)
@require_safe
def export(request: HttpRequest, id: int) -> HttpResponse:
    """Every process as CSV. That it went out is in the log."""
    actor, at = actor_of(request), now()
    assessment = queries.get(actor, id)
    last = queries.previous(assessment)
    before = queries.levels([last])[last.pk] if last is not None else {}
    body = csvfile.MARK + b"".join(
        csvfile.row(line) for line in showing.lines(queries.ratings(assessment), before)
    )
    audit.record(action="maturity.exported", target=("maturity", assessment.pk), actor=actor, at=at)
    response = HttpResponse(body, content_type="text/csv; charset=utf-8")
    name = f"maturity-{assessment.quarter:%Y-%m}-{timezone.localtime(at):%Y%m%d-%H%M}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
