"""Findings: raised from an inspection, looked at, verified or sent back."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shounuo.improvement import queries, services
from shounuo.improvement.models import Judgement
from shounuo.kernel.clock import now
from shounuo.policy.permissions import VIEW
from shounuo.web.console import pages
from shounuo.web.context import actor_of
from shounuo.web.guard import staff_page
from shounuo.web.supervision import showing
from shounuo.web.supervision.forms import FindingForm, ReturnForm, VerifyForm, zone


@staff_page(VIEW)
def new(request: HttpRequest, id: int) -> HttpResponse:
    """Something was found against a clause; who corrects it by when."""
    actor, at = actor_of(request), now()
    inspection = queries.get(actor, id)
    titles = showing.clause_titles(inspection.clauses, actor, at)
    items = queries.items(inspection)
    known = showing.abouts(items, actor)
    shown = [
        (
            j.pk,
            _proof(i.position, known.get((i.subject_kind, i.subject_id)), titles[j.clause_code]["number"], j),
        )
        for i in items
        for j in i.judgements.all()
        if j.verdict == Judgement.Verdict.NOT_KEPT
    ]
    form = FindingForm(
        request.POST if request.method == "POST" else None,
        clauses=[(c, f"{titles[c]['number']} {titles[c]['name']}") for c in inspection.clauses],
        shown=shown,
        at=at,
        initial={"judgements": [pk for pk, _label in shown]},
    )

    def save(values: dict[str, Any]) -> str:
        services.finding_raise(
            inspection_id=inspection.pk,
            clause=values["clause"],
            severity=values["severity"],
            cause=values["cause"],
            text=values["text"],
            owner_id=values["owner"],
            due_at=values["due"].replace(tzinfo=zone()),
            judgement_ids=values.get("judgements", []),
            actor=actor,
            at=at,
        )
        return f"{reverse('inspection', args=[id])}#findings"

    return pages.dialog(
        request,
        form,
        title=_("登记发现的问题"),
        save=save,
        done_url=reverse("inspection", args=[id]),
        verb=_("登记并交办"),
        toast=_("已登记，整改已交办"),
    )


def _proof(position: int, about: dict[str, str] | None, clause: str, judgement: Judgement) -> str:
    label = about["label"] if about is not None else _("第 %(n)s 项") % {"n": position}
    return f"{label} · {clause} · {judgement.note}"[:90]


@staff_page(VIEW)
@require_safe
def one(request: HttpRequest, id: int) -> HttpResponse:
    """One finding with its rounds of correction."""
    actor, at = actor_of(request), now()
    context = showing.finding_page(queries.finding_of(actor, id), actor, at)
    return render(request, "supervision/finding.html", context | {"title": _("检查发现的问题")})


@staff_page(VIEW)
def verify(request: HttpRequest, id: int) -> HttpResponse:
    actor, at = actor_of(request), now()
    finding = queries.finding_of(actor, id)

    def save(values: dict[str, Any]) -> None:
        services.finding_verify(finding_id=finding.pk, note=values["note"], actor=actor, at=at)

    return pages.dialog(
        request,
        VerifyForm(request.POST if request.method == "POST" else None),
        title=_("整改有效"),
        save=save,
        done_url=reverse("finding", args=[id]),
        verb=_("核实有效"),
        toast=_("已核实"),
    )


@staff_page(VIEW)
def back(request: HttpRequest, id: int) -> HttpResponse:
    actor, at = actor_of(request), now()
    finding = queries.finding_of(actor, id)
    owner = finding.follow_up.owner_id if finding.follow_up is not None else None

    def save(values: dict[str, Any]) -> None:
        services.finding_return(
            finding_id=finding.pk,
            reason=values["reason"],
            owner_id=values["owner"],
            due_at=values["due"].replace(tzinfo=zone()),
            actor=actor,
            at=at,
        )

    return pages.dialog(
        request,
        ReturnForm(request.POST if request.method == "POST" else None, at=at, initial={"owner": owner}),
        title=_("退回整改"),
        save=save,
        done_url=reverse("finding", args=[id]),
        verb=_("退回"),
        toast=_("已退回"),
    )
