"""The desk: views, list and case side by side, and what live pages read of them again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shounuo.cases import permissions, queries, services
from shounuo.cases.queries.page import CasePage, case_page
from shounuo.commitments import queries as commitments
from shounuo.commitments import services as commitment_services
from shounuo.commitments.models import Clock
from shounuo.events import export as event_export
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import NotFound, Problem
from shounuo.kernel.text import whole
from shounuo.policy import queries as policy
from shounuo.web import timing
from shounuo.web.context import actor_of
from shounuo.web.desk import bulks, rows
from shounuo.web.desk import case as showing
from shounuo.web.desk.dialogs import dialog, refuse
from shounuo.web.desk.forms import RebaseForm, moment
from shounuo.web.desk.writing import fresh
from shounuo.web.guard import done, page_of, staff_page

SEES = (permissions.VIEW_TEAM, permissions.VIEW_ALL)
HOMES = (
    (permissions.VIEW_TEAM, "/cases/"),
    (permissions.VIEW_ALL, "/cases/"),
    ("board.view", "/board/"),
    ("duties.work", "/duties/"),
    ("policy.view", "/policy/"),
)


def home(request: HttpRequest) -> HttpResponse:
    """The root leads to where this person works; a visitor to the customers' pages."""
    if not request.user.is_authenticated:
        return redirect("/help/")
    actor = actor_of(request)
    return redirect(next((url for permission, url in HOMES if actor.may(permission)), "/me/"))


@staff_page(*SEES)
def desk(request: HttpRequest, number: int | None = None) -> HttpResponse:
    """The list, and beside it the case that is open."""
    at, actor = now(), actor_of(request)
    it = case_page(actor, number, at=at) if number is not None else None
    if it is not None:
        rows.remember(request, it.case)
        _read(it, actor, at)
    counts = queries.view_counts(actor, at)
    view = rows.chosen_view(request, counts)
    query = request.GET.urlencode()
    context: dict[str, Any] = {
        "views": rows.views(counts, view),
        "saved": rows.saved(actor, view),
        "opened": rows.opened(request, actor, number),
        "list": rows.pane(request, actor, at, view=view, counts=counts, on=number),
        "list_url": f"/cases/?{query}" if query else "/cases/",
        "new_url": "/cases/new/visit/" if actor.may(permissions.WORK) else "",
        "phone_url": "/cases/new/phone/" if actor.may(permissions.WORK) else "",
        "no_case": {"title": _("选一张工单"), "text": _("左边点一张，或按 J K 上下、回车打开")},
    }
    if it is not None:
        context |= showing.page(actor, it, at) | {"deep": True}
    return render(request, "desk/desk.html", context)


def _read(it: CasePage, actor: Actor, at: datetime) -> None:
    """Marks the case read, unless nothing happened on it since this person last read it."""
    if it.read_at is None or it.read_at < it.case.updated_at:
        services.mark_read(case_id=it.case.pk, actor=actor, at=at)


@staff_page(*SEES)
def row(request: HttpRequest, number: int) -> HttpResponse:
    """One row of the list, read again; nothing where the reader no longer sees the case."""
    at, actor = now(), actor_of(request)
    found, _after = queries.list_page(actor, {"number": number}, None, 1, at=at, columns=rows.ROW)
    if not found:
        return HttpResponse("")
    on = number if page_of(request).startswith(f"/cases/{number}/") else None
    [shown] = rows.rows_of(found, at, here=dict(request.GET.lists()), on=on)
    return render(request, "desk/_row.html", {"row": shown})


@staff_page(*SEES)
def ids(request: HttpRequest) -> HttpResponse:
    """Which cases stand on the first page of the list now; the page compares and says how many are new."""
    return JsonResponse({"ids": rows.ids(request, actor_of(request), now())})


@staff_page(*SEES)
def timeline(request: HttpRequest, number: int) -> HttpResponse:
    """The case as it is now, all but what is being written: its timeline, and out of band head, clocks and side."""
    at, actor = now(), actor_of(request)
    it = case_page(actor, number, at=at)
    _read(it, actor, at)
    context = showing.page(actor, it, at) | {"oob": True, "list_url": "/cases/"}
    parts = ("_timeline", "_head", "_clocks", "_notes", "_side")
    return HttpResponse("".join(render_to_string(f"desk/{name}.html", context, request) for name in parts))


@staff_page(*SEES)
def ledger(request: HttpRequest, number: int, clock_id: int) -> HttpResponse:
    """Why this is due then: the clock interval by interval."""
    if not request.headers.get("HX-Request"):
        return redirect(f"/cases/{number}/")
    actor, at = actor_of(request), now()
    clock = _clock_of(actor, number, clock_id)
    title, wording = policy.title_and_wording(clock.rule_id)
    view = timing.ledger_view(commitments.ledger(clock, at), at, title=title, wording=wording)
    if actor.may("commitments.rebase") and clock.is_live:
        view["rebase_url"] = f"/cases/{number}/clocks/{clock_id}/rebase/"
    return render(request, "desk/_ledger.html", {"ledger": view})


@staff_page("commitments.rebase")
def rebase(request: HttpRequest, number: int, clock_id: int) -> HttpResponse:
    """Moves a running clock, by a person and with a reason."""
    actor = actor_of(request)
    clock = _clock_of(actor, number, clock_id)
    form = RebaseForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            commitment_services.clock_rebase(
                clock_id=clock.pk,
                due_at=moment(form.cleaned_data["due"]),
                reason=form.cleaned_data["reason"],
                actor=actor,
                at=now(),
            )
        except Problem as problem:
            refuse(form, problem)
        else:
            return fresh(request, number, _("时限已重排"))
    return dialog(
        request,
        form,
        title=_("重排时限"),
        verb=_("重排"),
        lead=_("重排会记下谁、为什么；已经违诺的不会因此抹掉。"),
        back=f"/cases/{number}/",
    )


def _clock_of(actor: Actor, number: int, clock_id: int) -> Clock:
    case = queries.get(actor, number)
    clock = commitments.clock_of(actor, clock_id)
    if (clock.subject_kind, clock.subject_id) != ("case", case.pk):
        raise NotFound(_("这张工单没有这项时限"))
    return clock


@staff_page(*SEES)
def history(request: HttpRequest, number: int) -> HttpResponse:
    """The case's events as a CSV file."""
    actor = actor_of(request)
    case = queries.get(actor, number)
    response = HttpResponse(
        b"".join(event_export.as_csv(actor, only=case.pk)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="case-{number}.csv"'
    return response


@staff_page(permissions.WORK)
def bulk(request: HttpRequest, what: str) -> HttpResponse:
    """A dialog over the picked cases; each succeeds or fails by itself, and the toast says how many."""
    many = bulks.many(what)
    posted = request.POST if request.method == "POST" else None
    picked = [n for i in (posted or request.GET).getlist("case") if (n := whole(i)) is not None]
    form = many.form(posted)
    if form.is_valid() and not picked:
        form.add_error(None, _("还没有选工单"))
    if form.is_valid():
        action, params = bulks.action_of(what, form.cleaned_data)
        try:
            outcomes = services.cases_bulk(
                case_ids=picked, action=action, params=params, actor=actor_of(request), at=now()
            )
        except Problem as problem:
            refuse(form, problem)
        else:
            return done(request, page_of(request, "/cases/"), _told(outcomes))
    return dialog(
        request,
        form,
        title=ngettext("%(what)s：%(n)s 张", "%(what)s：%(n)s 张", len(picked))
        % {"what": many.label, "n": len(picked)},
        verb=many.label,
        hidden=[("case", i) for i in picked],
        back="/cases/",
    )


def _told(outcomes: list[services.Outcome]) -> str:
    good = sum(1 for o in outcomes if o.ok)
    said = ngettext("%(n)s 张已处理", "%(n)s 张已处理", good) % {"n": good}
    why = next((o.problem for o in outcomes if o.problem is not None), None)
    if why is None:
        return said
    left = len(outcomes) - good
    return _("；").join(
        (said, ngettext("%(n)s 张没动：%(why)s", "%(n)s 张没动：%(why)s", left) % {"n": left, "why": why})
    )
