"""The alarm board with its calendar, one alarm, and what people do with it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from shounuo.kernel import reach
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Invalid
from shounuo.policy.permissions import VIEW as READ_POLICY
from shounuo.risk import queries, services
from shounuo.risk.permissions import HANDLE, VIEW
from shounuo.web.alarms import showing
from shounuo.web.context import actor_of
from shounuo.web.guard import done, staff_page

LATELY = timedelta(days=30)


@staff_page(VIEW)
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """What is open, what ended lately, and a month of what held on each day."""
    actor, at = actor_of(request), now()
    context = {
        "title": pgettext("several", "预警"),
        "may_handle": actor.may(HANDLE),
    } | showing.board(
        actor,
        queries.open_alarms(actor),
        queries.lately(actor, since=at - LATELY),
        _month(request.GET.get("month", ""), at),
        at,
    )
    return render(request, "alarms/board.html", context)


def _month(text: str, at: datetime) -> date:
    """The month asked for; this one where the text is none within reach."""
    try:
        month = datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007  a month has no zone
    except ValueError:
        month = None
    return month if month and reach.can_be_named(month) else at.astimezone(showing.zone()).date()


@staff_page(VIEW)
@require_safe
def one(request: HttpRequest, alarm: int) -> HttpResponse:
    return _page(request, alarm)


def _page(request: HttpRequest, id: int, *, review: str = "", error: str = "") -> HttpResponse:
    actor = actor_of(request)
    found = queries.get(actor, id)
    shown = showing.details(actor, found, now())
    context = {
        "title": shown["name"],
        "alarm": shown,
        "may_handle": actor.may(HANDLE),
        "review": review,
        "error": error,
    }
    response = render(request, "alarms/one.html", context, status=422 if error else 200)
    response.sn_charts = shown["chart"] is not None  # type: ignore[attr-defined]
    return response


@staff_page(READ_POLICY)
@require_safe
def target(request: HttpRequest, goal: int) -> HttpResponse:
    """A target stands on the page of its clause."""
    return redirect("clause", code=queries.goal(actor_of(request), goal).clause_code)


@staff_page(VIEW)
@require_POST
def acknowledge(request: HttpRequest, alarm: int) -> HttpResponse:
    services.alarm_acknowledge(alarm_id=alarm, actor=actor_of(request), at=now())
    return done(request, reverse("alarm", args=[alarm]), _("已确认，由您跟进"))


@staff_page(VIEW)
@require_POST
def close(request: HttpRequest, alarm: int) -> HttpResponse:
    """Closes with a review; what is wrong with it stands beside what was typed."""
    review = request.POST.get("review", "")
    try:
        services.alarm_close(alarm_id=alarm, review=review, actor=actor_of(request), at=now())
    except Invalid as error:
        return _page(request, alarm, review=review, error=str(error))
    return done(request, reverse("alarm", args=[alarm]), _("已关闭"))
