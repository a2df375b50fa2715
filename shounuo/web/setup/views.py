"""The page that asks once what an installation must know, and is closed for good when it is answered."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from shounuo.calendars.rules import DEFAULT_WEEKLY
from shounuo.kernel.clock import now
from shounuo.kernel.errors import NotFound, Problem
from shounuo.staff.permissions import MANAGE
from shounuo.web.console.pages import refuse
from shounuo.web.context import actor_of
from shounuo.web.guard import done, staff_page
from shounuo.web.ops import first
from shounuo.web.setup.forms import SetUpForm

LOCAL = ("localhost", "127.", "[::1]", "0.0.0.0")  # noqa: S104  names that a customer cannot open


@staff_page(MANAGE)
def page(request: HttpRequest) -> HttpResponse:
    """`/setup/`: while nothing is set up; afterwards there is no such page."""
    if request.organisation.set_up_at is not None:  # type: ignore[attr-defined]
        raise NotFound(_("初始设置已经完成"))
    form = SetUpForm(
        request.POST or None, weekly=DEFAULT_WEEKLY, initial={"public_address": _address_seen(request)}
    )
    if request.method == "POST" and form.is_valid():
        try:
            first.set_up(form.answers(), actor=actor_of(request), at=now())
        except Problem as problem:
            if problem.code == "set_up_done":
                return done(request, "/")
            refuse(form, problem)
        else:
            return done(request, "/settings/people/", _("都设好了，接下来把同事加进来"))
    return render(request, "setup/setup.html", {"form": form}, status=422 if form.errors else 200)


def _address_seen(request: HttpRequest) -> str:
    """The address that this page was opened at, as a proposal; none for one that only works on this machine."""
    host = request.get_host()
    return "" if host.startswith(LOCAL) else f"{request.scheme}://{host}"
