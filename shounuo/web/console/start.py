"""`/settings/`: on to the first place that the reader may see."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from shounuo.kernel.errors import NotAllowed
from shounuo.web.console.menu import first_url
from shounuo.web.context import actor_of
from shounuo.web.guard import staff_page


@staff_page()
def page(request: HttpRequest) -> HttpResponse:
    url = first_url(actor_of(request))
    if url is None:
        raise NotAllowed(_("您没有看这一页的权限"))
    return HttpResponseRedirect(url)
