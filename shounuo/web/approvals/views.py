"""审批: what waits for one's word, one request, and the word itself."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from shounuo.cases import services
from shounuo.cases.approvals import APPROVAL
from shounuo.cases.models import Grant
from shounuo.cases.queries import grants as queries
from shounuo.cases.queries import requests
from shounuo.duties import queries as duties
from shounuo.duties.models import Duty
from shounuo.duties.permissions import WORK
from shounuo.duties.queries import Box, Filters
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Problem
from shounuo.web.approvals import showing
from shounuo.web.approvals.forms import DecideForm, WithdrawForm
from shounuo.web.console import pages
from shounuo.web.context import actor_of
from shounuo.web.guard import done, staff_page

HOME = "/approvals/"
BOXES: dict[str, Any] = {
    "todo": gettext_lazy("待我批"),
    "asked": gettext_lazy("我申请的"),
    "organisation": gettext_lazy("组织事项"),
    "all": gettext_lazy("全部"),
}


@staff_page(WORK)
@require_safe
def approvals(request: HttpRequest) -> HttpResponse:
    """The requests in the boxes of the inbox of duties: what waits for one's word, what one asked for, all; waiting or
    answered. A box of their own have those on no case, also those that were granted at once, for which there was no duty."""
    actor, at = actor_of(request), now()
    box = request.GET.get("box", "")
    box = box if box in BOXES else "todo"
    state = Duty.State.DONE if request.GET.get("state") == Duty.State.DONE else Duty.State.OPEN
    cursor = request.GET.get("cursor") or None
    if box == "organisation":
        grants, after = requests.page(actor, waiting=state == Duty.State.OPEN, cursor=cursor)
    else:
        filters = Filters(box=cast(Box, box), kind=APPROVAL, state=state)
        waiting, after = duties.inbox(actor, filters, at, cursor=cursor)
        found = {g.pk: g for g in queries.visible_to(actor).filter(pk__in={d.origin_id for d in waiting})}
        grants = [found[d.origin_id] for d in waiting if d.origin_id in found]
    rows = showing.rows(grants, actor, at)
    context = {
        "title": _("审批"),
        "rows": rows,
        "boxes": [
            {
                "label": label,
                "url": pages.here(request, box=code if code != "todo" else None, cursor=None),
                "active": code == box,
            }
            for code, label in BOXES.items()
        ],
        "states": [
            {
                "label": label,
                "url": pages.here(request, state=code or None, cursor=None),
                "active": (code or Duty.State.OPEN) == state,
            }
            for code, label in (("", _("待批")), (Duty.State.DONE, _("已有结果")))
        ],
        "pager": pages.onward(request, after),
        "box": box,
    }
    return render(request, "approvals/approvals.html", context)


@staff_page(WORK)
@require_safe
def approval(request: HttpRequest, grant: int) -> HttpResponse:
    return _page(request, grant, DecideForm())


def _page(request: HttpRequest, id: int, form: DecideForm) -> HttpResponse:
    actor, at = actor_of(request), now()
    shown = showing.page(queries.get(actor, id), actor, at)
    context = {"title": shown["title"], "grant": shown, "form": form, "decide_url": f"{HOME}{id}/decide/"}
    return render(request, "approvals/approval.html", context, status=422 if form.errors else 200)


@staff_page(WORK)
@require_POST
def decide(request: HttpRequest, grant: int) -> HttpResponse:
    """The word: yes or no."""
    form = DecideForm(request.POST)
    actor = actor_of(request)
    queries.get(actor, grant)
    if form.is_valid():
        try:
            answered = services.grant_decide(
                grant_id=grant,
                approve=form.cleaned_data["decision"] == "approve",
                note=form.cleaned_data["note"],
                actor=actor,
                at=now(),
            )
        except Problem as problem:
            pages.refuse(form, problem)
        else:
            return done(request, f"{HOME}{grant}/", answer_words(answered))
    return _page(request, grant, form)


def answer_words(grant: Grant) -> str:
    return _("已批准") if grant.state == Grant.State.GRANTED else _("已答复不批")


@staff_page(WORK)
def withdraw(request: HttpRequest, grant: int) -> HttpResponse:
    """Takes a request back, or what was granted and not given."""
    actor = actor_of(request)
    queries.get(actor, grant)
    form = WithdrawForm(request.POST if request.method == "POST" else None)

    def save(values: dict[str, Any]) -> None:
        services.grant_withdraw(grant_id=grant, reason=values["reason"], actor=actor, at=now())

    return pages.dialog(
        request,
        form,
        title=_("撤回这项申请"),
        save=save,
        done_url=f"{HOME}{grant}/",
        verb=_("撤回"),
        toast=_("已撤回"),
    )
