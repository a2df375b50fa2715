"""The library of metrics, a page for each metric with its trend and cuts, what stands behind a number, and its CSV."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shounuo.analytics.permissions import VIEW
from shounuo.kernel import csvfile
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Invalid, NotFound
from shounuo.metrics import asking, queries, registry, words
from shounuo.metrics.asking import Asked
from shounuo.metrics.permissions import READ
from shounuo.metrics.registry import Metric
from shounuo.metrics.rules import Aggregate, Window
from shounuo.policy import labels
from shounuo.web.context import actor_of
from shounuo.web.figures import showing
from shounuo.web.figures.places import places
from shounuo.web.guard import staff_page

BEHIND = 8
PAGE = 50


@staff_page(READ, VIEW)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Where figures begin: the dashboard for who may see it, else the library."""
    return redirect("dashboards" if actor_of(request).may(VIEW) else "metrics")


@staff_page(READ)
@require_safe
def library(request: HttpRequest) -> HttpResponse:
    """All metrics, group by group; their numbers come after the page, a group at a time."""
    actor = actor_of(request)
    text, standing = request.GET.get("q", ""), request.GET.get("standing", "")
    every = queries.catalogue(actor)
    found = queries.catalogue(actor, text)
    if standing:
        found = [m for m in found if bool(m.waits_for) == (standing == "waiting")]
    waiting = queries.parts_awaited(every)
    read_at, building = queries.standing()
    return render(
        request,
        "figures/library.html",
        {
            "title": _("指标库"),
            "places": places(actor, "metrics"),
            "groups": showing.groups(found),
            "search": text,
            "tabs": showing.standings(request, len(every), sum(waiting.values()), standing),
            "waiting": [{"part": labels.part(part), "count": n} for part, n in sorted(waiting.items())],
            "read_at": read_at,
            "building": building,
        },
    )


@staff_page(READ)
@require_safe
def values(request: HttpRequest, group: str) -> HttpResponse:
    """The rows of a group with their numbers of the last thirty days."""
    actor, at = actor_of(request), now()
    if group not in registry.GROUPS:
        raise NotFound(_("没有这一组指标"))
    text = request.GET.get("q", "")
    window = Window.last(asking.DAYS, at, queries.zone())
    rows = []
    for one in queries.catalogue(actor, text, group=group):
        by = (
            one.cut[:1] if one.aggregate is Aggregate.PORTION else ()
        )  # of a structure its largest part says more
        found = None if one.waits_for else queries.figure(one.code, window, by=by, actor=actor, at=at)
        rows.append(showing.row(one, found))
    return render(request, "figures/library.html#rows", {"rows": rows})


@staff_page(READ)
@require_safe
def metric(request: HttpRequest, code: str) -> HttpResponse:
    """One metric: what it is, its number and its course, cut by one dimension, and what stands behind it."""
    actor, at = actor_of(request), now()
    asked, problem = _asked(request, code, at)
    one = asked.metric
    context: dict[str, Any] = {
        "title": words.name(one),
        "metric": showing.described(one, asked),
        "group": registry.GROUPS[one.group],
        "problem": problem,
    }
    if one.waits_for:
        return render(request, "figures/metric.html", context | {"waits_for": labels.part(one.waits_for)})
    bucket = asked.bucket or showing.bucket_for(asked.window)
    whole = asked.answer(actor, at, by=(), bucket=bucket)
    before = asked.answer(actor, at, by=(), bucket=None, window=asked.window.previous())
    cut = showing.cut_of(asked, actor)
    groups = asked.answer(actor, at, by=(cut,), bucket=None) if cut else None
    rows, more = queries.subjects(
        code, asked.window, where=asked.where, within=asked.limit, limit=BEHIND, actor=actor, at=at
    )
    context |= {
        "periods": showing.periods(request, asked, at),
        "buckets": showing.buckets(request, bucket),
        "set": showing.conditions(request, asked),
        "cuts": showing.cuts(request, asked, cut, actor),
        "kpi": showing.kpi(whole, before),
        "left_out": whole.left_out,
        "few": not showing.enough_for_chart(whole),
        "trend": showing.trend(whole),
        "table": showing.table(whole, at),
        "groups": showing.groups_of(request, groups) if groups is not None else None,
        "behind": showing.behind(rows),
        "behind_url": f"subjects/{showing.query(request)}" if more else "",
        "export_url": f"export/{showing.query(request)}",
        "from": asked.window.start,
        "to": asked.window.end,
        "form": showing.window_form(request, asked),
    }
    response = render(request, "figures/metric.html", context)
    response.sn_charts = not context["few"]  # type: ignore[attr-defined]
    return response


@staff_page(READ)
@require_safe
def behind(request: HttpRequest, code: str) -> HttpResponse:
    """All that a number counts and that the reader may see, the latest first."""
    actor, at = actor_of(request), now()
    asked, problem = _asked(request, code, at)
    if asked.metric.waits_for:
        raise NotFound(_("这个指标还没有数"))
    rows, onward = queries.subjects(
        code,
        asked.window,
        where=asked.where,
        which=showing.which_of(request, asked.metric),
        within=asked.limit,
        cursor=request.GET.get("cursor") or None,
        limit=PAGE,
        actor=actor,
        at=at,
    )
    return render(
        request,
        "figures/behind.html",
        {
            "title": words.name(asked.metric),
            "metric": showing.described(asked.metric, asked),
            "problem": problem,
            "whiches": showing.whiches(request, asked.metric),
            "set": showing.conditions(request, asked),
            "rows": showing.behind(rows),
            "pager": {
                "first_url": showing.query(request, cursor=None) if request.GET.get("cursor") else "",
                "next_url": showing.query(request, cursor=onward) if onward else "",
            },
            "back_url": f"../{showing.query(request, cursor=None, which=None)}",
            "from": asked.window.start,
            "to": asked.window.end,
        },
    )


@staff_page(READ)
@require_safe
def export(request: HttpRequest, code: str) -> HttpResponse:
    """What the page shows as CSV: by time, and cut where a cut is chosen."""
    actor, at = actor_of(request), now()
    asked = asking.read(queries.metric(actor, code), _given(request), at)
    if asked.metric.waits_for:
        raise NotFound(_("这个指标还没有数"))
    bucket = asked.bucket or showing.bucket_for(asked.window)
    found = asked.answer(actor, at, bucket=bucket)
    lines = csvfile.MARK + b"".join(csvfile.row(line) for line in showing.lines(found))
    response = HttpResponse(lines, content_type="text/csv; charset=utf-8")
    name = f"{asked.metric.code}-{timezone.localtime(at):%Y%m%d-%H%M}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _given(request: HttpRequest) -> dict[str, list[str]]:
    return {name: [v for v in request.GET.getlist(name) if v] for name in request.GET}


def _asked(request: HttpRequest, code: str, at: datetime) -> tuple[Asked, str]:
    """The question in the address; of one that cannot be read the plain one, and what was wrong."""
    one: Metric = queries.metric(actor_of(request), code)
    try:
        asked = asking.read(one, _given(request), at)
        for name in asked.by:
            queries.read_where(one, {name: [""]})
    except Invalid as problem:
        return asking.read(one, {}, at), str(problem)
    return asked, ""
