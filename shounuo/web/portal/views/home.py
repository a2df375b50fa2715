"""The first page, finding a case by its number, the language."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from shounuo.cases import queries as cases
from shounuo.web.portal import pages, session, showing
from shounuo.web.portal.forms import KINDS, FindForm

LATEST = 3
YEAR = 365 * 24 * 3600


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """A new request, my requests, find by number."""
    customer = session.customer_of(request)
    latest = cases.customer_cases(customer, limit=LATEST) if customer is not None else []
    context = {
        "kinds": [{"url": f"/help/new/?kind={value}", "label": label} for value, label in KINDS],
        "find": FindForm(request.GET if "number" in request.GET else None),
        "mail": session.mail_of(request) if customer is not None else "",
        "cases": [showing.row(c) for c in latest],
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
