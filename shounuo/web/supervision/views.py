"""Inspections: the list, one with its sample, planning, judging by keyboard, finishing, and its file."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from shounuo.audit import services as audit
from shounuo.improvement import queries, services
from shounuo.improvement.models import Inspection, Item
from shounuo.improvement.permissions import PLAN
from shounuo.kernel import csvfile
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Invalid, NotFound
from shounuo.kernel.text import whole
from shounuo.policy.permissions import VIEW
from shounuo.web.console import pages
from shounuo.web.context import actor_of
from shounuo.web.guard import done, staff_page
from shounuo.web.policies.places import places
from shounuo.web.supervision import showing
from shounuo.web.supervision.forms import ConclusionForm, JudgeForm, PlanForm, ReasonForm

OPEN_FINDINGS = 20


@staff_page(VIEW)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The inspections that the reader may see, and what is still to be corrected."""
    actor, at = actor_of(request), now()
    state = request.GET.get("state", "")
    state = state if state in Inspection.State.values else ""
    found, pager = pages.paged(request, queries.inspections(actor, state=state))
    owed = list(queries.open_findings(actor)[:OPEN_FINDINGS])
    titles = showing.clause_titles((f.clause_code for f in owed), actor, at)
    context = {
        "title": pgettext("several", "监督检查"),
        "places": places(actor, "inspections"),
        "rows": showing.rows(found, actor, at),
        "findings": [showing.finding_row(f, titles, at) | {"inspection": f.inspection.title} for f in owed],
        "states": [
            {
                "label": label,
                "url": pages.here(request, state=code or None),
                "active": code == state,
            }
            for code, label in (("", _("全部")), *Inspection.State.choices)
        ],
        "pager": pager,
        "may_plan": actor.may(PLAN),
    }
    return render(request, "supervision/index.html", context)


@staff_page(PLAN)
def new(request: HttpRequest) -> HttpResponse:
    """An inspection is planned and its sample drawn; from a clause, or from the duty that asks for it."""
    actor, at = actor_of(request), now()
    duty_id = whole(request.GET.get("duty"))
    initial: dict[str, Any] = {"clauses": [request.GET["clause"]]} if request.GET.get("clause") else {}
    if duty_id is not None:
        initial["title"] = pgettext("duty", "监督检查")
    form = PlanForm(request.POST if request.method == "POST" else None, actor=actor, at=at, initial=initial)

    def save(_values: dict[str, Any]) -> str:
        made = services.inspection_plan(**form.asked(), duty_id=duty_id, actor=actor, at=at)
        return reverse("inspection", args=[made.pk])

    return pages.edit(
        request,
        form,
        title=_("安排检查"),
        save=save,
        done_url=reverse("inspections"),
        toast=_("已抽样，并交给了检查人"),
        template="supervision/new.html",
    )


@staff_page(VIEW)
@require_safe
def one(request: HttpRequest, id: int) -> HttpResponse:
    """One inspection; `?check=1` draws its sample again."""
    actor, at = actor_of(request), now()
    inspection = queries.get(actor, id)
    context = showing.page(inspection, actor, at, checked="check" in request.GET)
    return render(request, "supervision/one.html", context | {"title": inspection.title})


@staff_page(VIEW)
def judge(request: HttpRequest, id: int) -> HttpResponse:
    """One item after another, one key a verdict. Without `?item=` the reader's first that is not judged."""
    actor, at = actor_of(request), now()
    inspection = queries.get(actor, id)
    here = reverse("inspection", args=[id])
    if actor.person_id not in queries.inspector_ids(inspection) or not inspection.is_open:
        return redirect(here)
    items = queries.items(inspection)
    if request.method == "POST":
        return _judged(request, inspection, items, actor, at)
    mine = [i for i in items if i.inspector_id == actor.person_id]
    wanted = whole(request.GET.get("item"))
    item = next((i for i in items if i.pk == wanted), None) or next((i for i in mine if _left(i)), None)
    return _judging(request, inspection, items, item, actor, at)


def _left(item: Item) -> list[str]:
    """The clauses of an item that are not judged yet."""
    return [j.clause_code for j in item.judgements.all() if not j.verdict]


def _judging(
    request: HttpRequest,
    inspection: Inspection,
    items: list[Item],
    item: Item | None,
    actor: Actor,
    at: datetime,
    *,
    refused: dict[str, str] | None = None,
) -> HttpResponse:
    mine = [i for i in items if i.inspector_id == actor.person_id]
    place = mine.index(item) if item is not None and item in mine else -1
    shown = showing.judging(inspection, item, actor, at) if item is not None else {}
    asked = request.GET.get("clause", "")
    for j in shown.get("judgements", []):
        j["refused"] = (refused or {}) if (refused or {}).get("clause") == j["clause"]["code"] else {}
    current = next((j for j in shown.get("judgements", []) if j["refused"]), None)
    current = current or next((j for j in shown.get("judgements", []) if j["clause"]["code"] == asked), None)
    current = current or next((j for j in shown.get("judgements", []) if not j["verdict"]), None)
    if current is not None:
        current["current"] = True
    base = reverse("inspection-judge", args=[inspection.pk])
    context = shown | {
        "title": inspection.title,
        "inspection_url": reverse("inspection", args=[inspection.pk]),
        "post_url": base,
        "done": sum(1 for i in mine if not _left(i)),
        "total": len(mine),
        "marks": [
            {
                "position": i.position,
                "url": f"{base}?item={i.pk}",
                "is_on": i is item,
                "look": _look(i),
            }
            for i in mine
        ],
        "previous_url": f"{base}?item={mine[place - 1].pk}" if place > 0 else "",
        "next_url": f"{base}?item={mine[place + 1].pk}" if 0 <= place < len(mine) - 1 else "",
        "all_done": item is None,
    }
    return render(request, "supervision/judge.html", context, status=422 if refused else 200)


def _look(item: Item) -> str:
    """How an item's mark looks: left, kept or not."""
    if _left(item):
        return "left"
    return "bad" if any(j.verdict == "not_kept" for j in item.judgements.all()) else "done"


def _judged(
    request: HttpRequest, inspection: Inspection, items: list[Item], actor: Actor, at: datetime
) -> HttpResponse:
    form = JudgeForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("请选择判定"), field="verdict", code="no_verdict")
    given = form.cleaned_data
    item = next((i for i in items if i.pk == given["item"]), None)
    if item is None:
        raise NotFound(_("这次检查没有抽到这一项"), code="item_not_found")
    try:
        services.item_judge(
            inspection_id=inspection.pk,
            item_id=item.pk,
            clause=given["clause"],
            verdict=given["verdict"],
            note=given["note"],
            actor=actor,
            at=at,
        )
    except Invalid as problem:
        refused = {"clause": given["clause"], "message": str(problem), "note": given["note"]}
        return _judging(request, inspection, items, item, actor, at, refused=refused)
    base = reverse("inspection-judge", args=[inspection.pk])
    others = [c for c in _left(item) if c != given["clause"]]
    return done(request, f"{base}?item={item.pk}" if others or not given["verdict"] else base)


@staff_page(VIEW)
def finish(request: HttpRequest, id: int) -> HttpResponse:
    actor, at = actor_of(request), now()
    inspection = queries.get(actor, id)
    form = ConclusionForm(request.POST if request.method == "POST" else None)
    return pages.dialog(
        request,
        form,
        title=_("完成这次检查"),
        lead=_("完成之后判定不再改动，整改照常跟到底。"),
        save=lambda v: _nowhere(
            services.inspection_finish(
                inspection_id=inspection.pk, conclusion=v["conclusion"], actor=actor, at=at
            )
        ),
        done_url=reverse("inspection", args=[id]),
        verb=_("完成"),
        toast=_("检查已完成"),
    )


@staff_page(PLAN)
def cancel(request: HttpRequest, id: int) -> HttpResponse:
    actor, at = actor_of(request), now()
    inspection = queries.get(actor, id)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    return pages.dialog(
        request,
        form,
        title=_("取消这次检查"),
        save=lambda v: _nowhere(
            services.inspection_cancel(inspection_id=inspection.pk, reason=v["reason"], actor=actor, at=at)
        ),
        done_url=reverse("inspection", args=[id]),
        verb=_("取消检查"),
        toast=_("已取消"),
    )


def _nowhere(_made: object) -> None:
    """The page goes on to where it stands."""


@staff_page(VIEW)
@require_safe
def export(request: HttpRequest, id: int) -> HttpResponse:
    """Every judgement as CSV. That it went out is in the log."""
    actor, at = actor_of(request), now()
    inspection = queries.get(actor, id)
    body = csvfile.MARK + b"".join(csvfile.row(line) for line in showing.lines(inspection, actor))
    audit.record(action="supervision.exported", target=("supervision", inspection.pk), actor=actor, at=at)
    response = HttpResponse(body, content_type="text/csv; charset=utf-8")
    name = f"inspection-{inspection.pk}-{timezone.localtime(at):%Y%m%d-%H%M}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
