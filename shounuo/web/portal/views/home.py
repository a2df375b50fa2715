"""The first page, finding a case by its number, the language."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from shounuo.agreements import queries as agreements
from shounuo.agreements.services import link_path
from shounuo.cases import queries as cases
from shounuo.kernel.clock import now
from shounuo.policy import queries as policy
from shounuo.web.portal import pages, session, showing
from shounuo.web.portal.forms import KINDS, FindForm
from shounuo.web.portal.views.asking import on_receipt

LATEST = 3
# What each kind of request is for, as the first page says it.
WAYS: dict[str, dict[str, Any]] = {
    "inquiry": {"icon": "help-circle", "hint": _("用法、价格、怎么办")},
    "request": {"icon": "forms", "hint": _("改订单、开票、约上门")},
    "aftersales": {"icon": "package", "hint": _("坏了、少了、不好用")},
    "complaint": {"icon": "flag", "hint": _("不满意，要个说法")},
    "suggestion": {"icon": "bulb", "hint": _("哪里可以做得更好")},
    "praise": {"icon": "mood-smile", "hint": _("谁帮了您，我们转告")},
}
YEAR = 365 * 24 * 3600


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """A new request, my requests, find by number."""
    customer = session.customer_of(request)
    latest = cases.customer_cases(customer, limit=LATEST) if customer is not None else []
    context = {
        "kinds": [
            {"url": f"/help/new/?kind={value}", "label": label, **WAYS[value]} for value, label in KINDS
        ],
        **on_receipt(KINDS[0][0]),
        "has_promises": bool(policy.promises(now())),
        "find": FindForm(request.GET if "number" in request.GET else None),
        "mail": session.mail_of(request) if customer is not None else "",
        "agreements": [{"title": a.title, "url": link_path(a, now())} for a in agreements.to_answer(customer)]
        if customer is not None
        else [],
        "cases": [showing.row(c, now()) for c in latest],
    }
    return pages.page(request, "portal/home.html", context)


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """A number leads to its case for who has signed in, and to signing in for everyone else: whether there is such a
    number is told to its customer alone."""
    form = FindForm(request.GET)
    if not form.is_valid():
        return home(request)
    return HttpResponseRedirect(f"/help/cases/{form.cleaned_data['number']}/")


@require_safe
def language(request: HttpRequest, code: str) -> HttpResponse:
    """The other language, kept in a cookie of the browser."""
    if code not in dict(settings.LANGUAGES):
        raise Http404
    response = HttpResponseRedirect(pages.safe_next(request.GET.get("next", ""), pages.HOME))
    response.set_cookie(
        "shounuo_language", code, max_age=YEAR, httponly=True, samesite="Lax", secure=request.is_secure()
    )
    return response
