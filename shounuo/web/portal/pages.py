"""What every customer page shares: its frame, who reads it, and how a case's page was reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from shounuo.channels.services import LinkOver, link_open
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import NotFound
from shounuo.staff.queries import organisation
from shounuo.web.portal import session

P = ParamSpec("P")
HOME = "/help/"


@dataclass(frozen=True, slots=True)
class Door:
    """How a case's page was reached: for which customer, which case, and under which address."""

    actor: Actor
    number: int
    base: str
    by_link: bool


View = Callable[Concatenate[HttpRequest, Door, P], HttpResponse]


def page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """A customer page: with the hotline, links and the other language at its foot, kept by no cache, found by no engine."""
    customer = session.customer_of(request)
    hotline = str(organisation().settings.get("hotline", ""))
    links = [{"url": HOME, "label": _("首页")}, {"url": "/help/cases/", "label": _("我的单据")}]
    here = request.path if request.method == "GET" else HOME
    for code, name in settings.LANGUAGES:
        if code != getattr(request, "LANGUAGE_CODE", ""):
            links.append({"url": f"/help/language/{code}/?{urlencode({'next': here})}", "label": name})
    # For those of the house who come in by the bare address.
    links.append({"url": "/signin/", "label": _("员工登录")})
    shared: dict[str, Any] = {
        "hotline": {"url": f"tel:{hotline}", "label": hotline} if hotline else None,
        "portal_links": links,
        "signed_in": customer is not None,
    }
    response = render(request, template, shared | context, status=status)
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    return response


def by_link(view: View[P]) -> Callable[..., HttpResponse]:
    """A view of one case, reached by a signed link. A link that opens nothing leads to signing in."""

    @wraps(view)
    def opened(request: HttpRequest, token: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            case, actor = link_open(token, now())
        except LinkOver as over:
            return page(
                request, "portal/over.html", {"title": _("链接已失效"), "text": str(over)}, status=404
            )
        door = Door(actor, case.number, f"/help/c/{token}/", by_link=True)
        response = view(request, door, *args, **kwargs)
        response["Referrer-Policy"] = "no-referrer"  # the address opens the case
        return response

    return opened


def signed_in(view: View[P]) -> Callable[..., HttpResponse]:
    """A view of one of the signed-in customer's cases; who is not signed in is led there and back."""

    @wraps(view)
    def opened(request: HttpRequest, number: int, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        actor = session.customer_of(request)
        if actor is None:
            return sign_in_first(request)
        try:
            return view(
                request, Door(actor, number, f"/help/cases/{number}/", by_link=False), *args, **kwargs
            )
        except NotFound:
            context = {"title": _("没有找到"), "text": _("没有这张单，或它不是用这个邮箱提交的")}
            return page(request, "portal/over.html", context, status=404)

    return opened


def address_of(request: HttpRequest) -> str:
    """The network address of the reader, as the trusted proxies tell it."""
    return str(getattr(request, "address", ""))


def sign_in_first(request: HttpRequest) -> HttpResponse:
    here = request.get_full_path() if request.method == "GET" else "/help/cases/"
    return HttpResponseRedirect("/help/sign-in/?" + urlencode({"next": here}))


def safe_next(wanted: str, otherwise: str = "/help/cases/") -> str:
    """Where to go on: only within the customer's pages."""
    within = wanted.startswith(HOME) and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if within and "/../" not in wanted and "\\" not in wanted else otherwise
