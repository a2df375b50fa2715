"""Asking for something that belongs to no case: which kinds there are, and the request itself."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from shounuo.cases import services
from shounuo.cases.models import Grant
from shounuo.cases.queries import requests
from shounuo.duties.permissions import WORK
from shounuo.kernel.clock import now
from shounuo.kernel.errors import NotFound
from shounuo.policy import labels
from shounuo.web.approvals import showing
from shounuo.web.approvals.forms import RequestForm
from shounuo.web.console import pages
from shounuo.web.context import actor_of
from shounuo.web.guard import staff_page

HOME = "/approvals/"


@staff_page(WORK)
def new(request: HttpRequest) -> HttpResponse:
    """The kinds that the clauses in force know, or the dialog for the one of `?kind=`."""
    actor, at = actor_of(request), now()
    kind = request.GET.get("kind")
    if not kind:
        context = {"title": _("申请组织事项"), "kinds": showing.request_kinds(actor, at)}
        return render(request, "approvals/kinds.html", context)
    asking = next((a for a in requests.offers(actor, at) if a.offer.kind == kind), None)
    if asking is None:
        raise NotFound(_("现行制度没有规定谁可以批这一项"))
    form = RequestForm(request.POST if request.method == "POST" else None, money=asking.offer.money)
    made: list[Grant] = []

    def save(values: dict[str, Any]) -> str:
        amount = values.get("amount")
        grant = services.request_ask(
            kind=kind,
            about=values["about"],
            amount=int(amount * 100) if amount is not None else None,
            reason=values["reason"],
            actor=actor,
            at=at,
        )
        made.append(grant)
        return f"{HOME}{grant.pk}/"

    return pages.dialog(
        request,
        form,
        title=capfirst(labels.word(kind)),
        lead=showing.asking_words(asking, actor, at),
        save=save,
        done_url=f"{HOME}new/",
        verb=_("决定") if asking.alone and not asking.offer.money else _("提出申请"),
        toast=lambda: _("已提出，等待审批") if made[0].is_asked else _("已批准"),
    )
