"""The dashboard of service quality: a first screen, what stands below it, what stands now, and each part as CSV."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shounuo.analytics import asking, queries
from shounuo.analytics.asking import Lens
from shounuo.analytics.permissions import VIEW
from shounuo.kernel import csvfile
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Invalid, NotFound
from shounuo.metrics import queries as metrics
from shounuo.web.context import actor_of
from shounuo.web.dashboards import below, choosing, showing, tiles
from shounuo.web.dashboards.parts import Part, lines
from shounuo.web.figures.places import places
from shounuo.web.guard import staff_page

Given = dict[str, list[str]]


@staff_page(VIEW)
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The first screen; `all` in the address brings what stands below with it."""
    actor, at = actor_of(request), now()
    given, (lens, problem) = given_of(request), _lens(request, at)
    whole = "all" in request.GET
    limits = queries.limits(
        (*queries.KPIS, *queries.QUALITY) if whole else queries.KPIS, at, where=lens.where
    )
    found = queries.overview(lens.period, lens.where, actor=actor, at=at)
    parts = showing.first_parts(actor, found, lens, limits, at)
    if whole:
        parts += _rest(lens, actor, at)
    read_at, building = metrics.standing()
    context: dict[str, Any] = {
        "title": _("服务质量看板"),
        "places": places(actor, "dashboards"),
        "boards": tiles.menu(actor, None),
        "problem": problem,
        "read_at": read_at,
        "building": building,
        "chosen": choosing.chosen(given, lens, actor, at),
        "span": showing.span_words(lens, at),
        "live": showing.live(actor, queries.live(lens.where, actor=actor, at=at), lens),
        "now_url": f"live/{choosing.query(given)}",
        "kpis": [showing.kpi(one, lens, limits[one.metric.code]) for one in found.kpis],
        "parts": parts,
        "rest_url": "" if whole else f"rest/{choosing.query(given)}",
        "all_url": choosing.query(given, all="1"),
        "query": choosing.query(given),
    }
    response = render(request, "dashboards/overview.html", context)
    response.sn_charts = True  # type: ignore[attr-defined]
    return response


@staff_page(VIEW)
@require_safe
def rest(request: HttpRequest) -> HttpResponse:
    """What stands below the first screen, fetched when it comes into view."""
    actor, at = actor_of(request), now()
    lens, _problem = _lens(request, at)
    context = {"parts": _rest(lens, actor, at), "query": choosing.query(given_of(request))}
    return render(request, "dashboards/overview.html#parts", context)


@staff_page(VIEW)
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """What stands now, fetched again every half minute."""
    actor, at = actor_of(request), now()
    lens, _problem = _lens(request, at)
    context = {
        "live": showing.live(actor, queries.live(lens.where, actor=actor, at=at), lens),
        "now_url": request.get_full_path(),
    }
    return render(request, "dashboards/overview.html#live", context)


@staff_page(VIEW)
@require_safe
def export(request: HttpRequest, part: str) -> HttpResponse:
    """One part as CSV: the rows of its table, shares and seconds as plain numbers. NotFound for what the reader may not
    see."""
    actor, at = actor_of(request), now()
    lens = asking.read(given_of(request), at)
    limits = queries.limits(queries.KPIS, at, where=lens.where)
    parts = showing.first_parts(
        actor, queries.overview(lens.period, lens.where, actor=actor, at=at), lens, limits, at
    ) + _rest(lens, actor, at)
    found = next((one for one in parts if one.code == part), None)
    if found is None:
        raise NotFound(_("看板里没有这一节"))
    return csv_of(found, at)


def csv_of(part: Part, at: datetime) -> HttpResponse:
    """The part's rows as a file."""
    body = csvfile.MARK + b"".join(csvfile.row(line) for line in lines(part))
    response = HttpResponse(body, content_type="text/csv; charset=utf-8")
    name = f"{part.code}-{timezone.localtime(at):%Y%m%d-%H%M}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _rest(lens: Lens, actor: Actor, at: datetime) -> list[Part]:
    limits = queries.limits(("kept_share", *queries.QUALITY), at, where=lens.where)
    return below.rest_parts(actor, queries.rest(lens.period, lens.where, actor=actor, at=at), lens, limits)


def given_of(request: HttpRequest) -> Given:
    """What the address asks, name by name."""
    return {name: [v for v in request.GET.getlist(name) if v] for name in request.GET}


def _lens(request: HttpRequest, at: datetime) -> tuple[Lens, str]:
    """The question in the address; of one that cannot be read the plain one, and what was wrong."""
    try:
        return asking.read(given_of(request), at), ""
    except Invalid as problem:
        return asking.read({}, at), str(problem)
