"""Reports: the list, one as a page, as spreadsheet and as PDF, what managers say of it, and how they are made and sent."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shounuo.analytics import queries, rules, services
from shounuo.analytics.models import Report
from shounuo.analytics.permissions import REPORTS, VIEW
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Invalid
from shounuo.kernel.text import whole
from shounuo.staff import queries as staff
from shounuo.web.context import actor_of
from shounuo.web.figures.places import places
from shounuo.web.guard import done, staff_page
from shounuo.web.reports import showing

MOST_PAGES = 9_999
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@staff_page(VIEW)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All reports, the latest first, of one kind where one is asked for."""
    actor = actor_of(request)
    kind = next((k for k in rules.REPORTED if k == request.GET.get("kind")), "")
    number = whole(request.GET.get("page"), MOST_PAGES) or 1
    rows, more = queries.reports(actor, kind=kind, page=number)
    base = f"?kind={kind}&" if kind else "?"
    context = {
        "title": _("报告"),
        "places": places(actor, "reports"),
        "kinds": [
            {"label": label, "url": f"?kind={code}" if code else "?", "active": code == kind}
            for code, label in (("", _("全部")), *((k, str(label)) for k, label in Report.Kind.choices))
        ],
        "rows": [showing.row(one) for one in rows],
        "pager": {
            "first_url": base.rstrip("?&") or "?" if number > 1 else "",
            "next_url": f"{base}page={number + 1}" if more else "",
        },
        "may_manage": actor.may(REPORTS),
        "makes": [{"code": k, "label": str(label)} for k, label in Report.Kind.choices],
    }
    return render(request, "reports/index.html", context)


@staff_page(VIEW)
@require_safe
def one(request: HttpRequest, report_id: int) -> HttpResponse:
    return _page(request, report_id)


def _page(request: HttpRequest, id: int, *, text: str = "", error: str = "") -> HttpResponse:
    actor = actor_of(request)
    found = queries.report(actor, id)
    told = showing.told(found, actor)
    context = {
        "title": told.title,
        "told": told,
        "report": found,
        "comments": queries.comments_of(found),
        "may_manage": actor.may(REPORTS),
        "text": text,
        "error": error,
    }
    response = render(request, "reports/one.html", context, status=422 if error else 200)
    response.sn_charts = True  # type: ignore[attr-defined]
    return response


@staff_page(VIEW)
@require_safe
def xlsx(request: HttpRequest, report_id: int) -> HttpResponse:
    """The report as a spreadsheet: its points and figures on the first sheet, a sheet for each part."""
    from shounuo.web.reports import sheets  # read when one is written, not at start

    actor = actor_of(request)
    found = queries.report(actor, report_id)
    return _file(sheets.workbook(showing.told(found, actor)), XLSX, f"{showing.file_name(found)}.xlsx")


@staff_page(VIEW)
@require_safe
def pdf(request: HttpRequest, report_id: int) -> HttpResponse:
    """The report as PDF."""
    from shounuo.web.reports import paper  # read when one is written, not at start

    actor = actor_of(request)
    found = queries.report(actor, report_id)
    content = paper.document(showing.told(found, actor), queries.comments_of(found))
    return _file(content, "application/pdf", f"{showing.file_name(found)}.pdf")


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@staff_page(REPORTS)
@require_POST
def comment(request: HttpRequest, report_id: int) -> HttpResponse:
    """Says something of a report; what is wrong with it stands beside what was typed."""
    text = request.POST.get("text", "")
    try:
        services.comment_add(report_id=report_id, text=text, actor=actor_of(request), at=now())
    except Invalid as error:
        return _page(request, report_id, text=text, error=str(error))
    return done(request, reverse("report", args=[report_id]) + "#comments", _("评语已写下"))


@staff_page(REPORTS)
@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """Makes the report of the period of a kind that ended last."""
    kind = next((k for k in rules.REPORTED if k == request.POST.get("kind")), None)
    if kind is None:
        raise Invalid(_("没有这种报告"), field="kind", code="bad_choice")
    found = services.report_make(kind=kind, back=1, actor=actor_of(request), at=now())
    return done(request, reverse("report", args=[found.pk]))


@staff_page(REPORTS)
def plans(request: HttpRequest) -> HttpResponse:
    """Which reports are made by themselves, and to which roles they are mailed."""
    actor, at = actor_of(request), now()
    if request.method == "POST":
        for kind in rules.REPORTED:
            services.plan_set(
                kind=kind,
                is_active=f"{kind}-active" in request.POST,
                roles=request.POST.getlist(f"{kind}-roles"),
                actor=actor,
                at=at,
            )
        return done(request, reverse("reports"), _("报告安排已保存"))
    roles = list(staff.roles_with_size())
    context = {
        "title": _("报告安排"),
        "plans": [
            {
                "code": kind,
                "label": plan.get_kind_display(),
                "is_active": plan.is_active,
                "roles": [{"code": r.code, "name": r.name, "is_on": r.code in plan.roles} for r in roles],
                "people": len(queries.recipients(kind)),
            }
            for kind, plan in queries.plans().items()
        ],
        "hour": rules.FROM_HOUR,
    }
    return render(request, "reports/plans.html", context)
