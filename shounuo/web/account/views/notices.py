"""The bell: one's own notices."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from shounuo.kernel.clock import now
from shounuo.notices import queries, services
from shounuo.web.account.views.me import me_of, page
from shounuo.web.console.pages import onward
from shounuo.web.context import actor_of
from shounuo.web.guard import done, staff_page


@staff_page()
@require_safe
def notices(request: HttpRequest) -> HttpResponse:
    """Newest first; an unread one is read by opening what it tells of."""
    shown, cursor = queries.list_page(
        actor_of(request),
        cursor=request.GET.get("cursor"),
        unread_only=request.GET.get("unread") == "1",
    )
    items = [
        {
            "icon": n.icon,
            "text": n.text,
            "at": n.at,
            "url": f"/me/notices/{n.id}/" if n.url else "",
            "is_unread": n.is_unread,
        }
        for n in shown
    ]
    context = {"title": _("通知"), "items": items, "pager": onward(request, cursor)}
    return page(request, "account/notices.html", context)


@staff_page()
@require_safe
def go(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Marks one's own notice as read and goes on to what it tells of."""
    actor = actor_of(request)
    url = queries.url_of(actor, notice_id)
    services.mark_read(notice_ids=[notice_id], actor=actor, at=now())
    return HttpResponseRedirect(url)


@staff_page()
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    services.mark_all_read(actor=actor_of(request), at=now())
    return done(request, "/me/notices/")


@staff_page()
@require_safe
def count(request: HttpRequest) -> HttpResponse:
    """How many are unread, for the bell of an open page."""
    return JsonResponse({"count": queries.unread_count(me_of(request).pk)})
