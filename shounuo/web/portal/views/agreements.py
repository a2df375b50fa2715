"""A service agreement for its customer: read behind a signed link, and answered once."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from shounuo.agreements.models import Agreement
from shounuo.agreements.services import LinkOver, agreement_answer, link_open
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Conflict
from shounuo.web.agreements import showing
from shounuo.web.portal.pages import page


def agreement(request: HttpRequest, token: str) -> HttpResponse:
    """Shows it with the two answers while it waits for one; POST answers."""
    at = now()
    try:
        found, _actor = link_open(token, at)
    except LinkOver as over:
        return page(request, "portal/over.html", {"title": _("链接已失效"), "text": str(over)}, status=404)
    if request.method == "POST":
        try:
            agreement_answer(
                token=token,
                accepts=request.POST.get("answer") == "yes",
                note=request.POST.get("note", ""),
                at=at,
            )
        except Conflict as problem:
            return _shown(request, found, problem=str(problem), status=409)
        response: HttpResponse = HttpResponseRedirect(request.path)
    else:
        response = _shown(request, found)
    response["Referrer-Policy"] = "no-referrer"  # the address opens the agreement
    return response


def _shown(request: HttpRequest, found: Agreement, *, problem: str = "", status: int = 200) -> HttpResponse:
    context = {
        "title": found.title,
        "agreement": found,
        "party": showing.party(found)["name"],
        "validity": showing.validity(found),
        "promises": showing.promises(found, now()),
        "texts": showing.texts(found),
        "waits": found.state == Agreement.State.OFFERED,
        "problem": problem,
    }
    return page(request, "portal/agreement.html", context, status=status)
