"""Who may open a page: the one decorator of staff pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from shounuo.kernel.errors import NotAllowed
from shounuo.web.context import actor_of

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def staff_page(*permissions: str) -> Callable[[View[P]], View[P]]:
    """A page for signed-in staff holding any of the permissions (none named: any signed-in person).

    Who is not signed in is led to the sign-in page and back; htmx and API askers get 401. `request.actor` is set.
    """

    def wrap(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.is_authenticated:
                return sign_in_first(request)
            actor = actor_of(request)
            if permissions and not any(actor.may(p) for p in permissions):
                raise NotAllowed(_("您没有看这一页的权限"))
            request.actor = actor  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

        return cast(View[P], guarded)

    return wrap


def sign_in_first(request: HttpRequest) -> HttpResponse:
    """Leads to the sign-in page; a fragment's asker is told by header, so that the whole page goes there."""
    here = request.get_full_path() if request.method == "GET" else "/"
    if request.headers.get("HX-Request"):
        back = urlencode({"next": page_of(request)})
        return HttpResponse(status=401, headers={"HX-Redirect": f"/signin/?{back}"})
    return HttpResponseRedirect("/signin/?" + urlencode({"next": here}))


def page_of(request: HttpRequest, default: str = "/") -> str:
    """The page on which an htmx asker stands, as a path of this site; `default` for others."""
    there = urlsplit(request.headers.get("HX-Current-URL", ""))
    if not there.path.startswith("/") or there.path.startswith("//"):
        return default
    return f"{there.path}?{there.query}" if there.query else there.path


def done(request: HttpRequest, url: str, toast: str = "", undo_url: str = "") -> HttpResponse:
    """After a write: on to the page, with a word at its foot. htmx askers are sent by header."""
    if toast:
        request.session["toasts"] = [
            *request.session.get("toasts", []),
            {"text": toast, "undo_url": undo_url},
        ]
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)
