"""The compliance page: a quarter's report to look at, to print, and to take along as a workbook."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from shounuo.kernel.clock import now
from shounuo.metrics.queries import zone
from shounuo.policy.permissions import VIEW
from shounuo.staff import queries as staff
from shounuo.web import words
from shounuo.web.compliance import period, showing, workbook
from shounuo.web.context import actor_of
from shounuo.web.guard import staff_page
from shounuo.web.policies.places import places
from shounuo.web.policies.showing.targets import TARGET

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@staff_page(VIEW)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    at, actor = now(), actor_of(request)
    quarter = period.asked(request.GET.get("quarter", ""), at, zone())
    current = period.of_day(at.astimezone(zone()).date())
    window = quarter.window(zone())
    found = showing.report(actor, window, at)
    change = (
        (found.whole.share - found.before.share) * 100
        if found.whole.share is not None and found.before.share is not None
        else None
    )
    context = {
        "title": pgettext("page", "合规"),
        "places": places(actor, "compliance"),
        "quarter": quarter,
        "days": words.days_span(quarter.first, quarter.last),
        "organisation": staff.organisation().name,
        "made_at": at,
        "is_whole": quarter != current,
        "is_print": "print" in request.GET,
        "before_url": f"?quarter={quarter.before.code}",
        "after_url": f"?quarter={quarter.after.code}" if quarter != current else "",
        "print_url": f"?quarter={quarter.code}&print=1",
        "export_url": f"export/?quarter={quarter.code}",
        "report": found,
        "figures": _figures(found, change),
        "weeks": [showing.week_name(w) for w in found.weeks],
        "heat": [
            {
                "name": name,
                "whole": whole,
                "cells": [
                    {"cell": c, "level": showing.heat(c), "week": showing.week_name(w)}
                    for w, c in zip(found.weeks, cells, strict=True)
                ],
            }
            for name, cells, whole in found.teams
        ],
        "breaches": showing.breaches(actor, [line.code for line in found.lines], window, at),
        "target": TARGET,
    }
    return render(request, "compliance/index.html", context)


def _figures(found: showing.Report, change: float | None) -> list[dict[str, object]]:
    whole = found.whole
    return [
        {
            "name": _("守诺率"),
            "value": words.percent(whole.share).removesuffix("%"),
            "unit": "%" if whole.share is not None else "",
            "population": _("应办 %(due)s · 办到 %(met)s")
            % {"due": words.number(whole.due), "met": words.number(whole.met)},
            "delta": {"text": _("%(points)s 点") % {"points": f"{change:+.1f}"}, "good": change >= 0}
            if change is not None
            else None,
            "tone": {"near": "warn", "bad": "breach"}.get(showing.tone(whole), ""),
        },
        {
            "name": pgettext("place", "违诺"),
            "value": words.number(whole.broken),
            "unit": "",
            "population": _("其中 %(n)s 次还没有写原因") % {"n": words.number(found.unexplained)},
        },
        {
            "name": _("守得不够的条款"),
            "value": words.number(sum(1 for line in found.lines if line.tone in ("near", "bad"))),
            "unit": "",
            "population": _("%(n)s 条有到期的，%(silent)s 条没有")
            % {"n": len(found.lines), "silent": found.silent},
        },
        {
            "name": _("未达标的指标"),
            "value": words.number(sum(1 for row in found.targets if row["tone"] == "breach")),
            "unit": "",
            "population": _("共判 %(n)s 个指标，%(short)s 个还差，期限未到")
            % {"n": len(found.targets), "short": sum(1 for row in found.targets if row["tone"] == "warn")},
        },
    ]


@staff_page(VIEW)
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The quarterly compliance report as a workbook."""
    at, actor = now(), actor_of(request)
    quarter = period.asked(request.GET.get("quarter", ""), at, zone())
    window = quarter.window(zone())
    found = showing.report(actor, window, at)
    broken = showing.breaches(actor, [line.code for line in found.lines], window, at)
    response = HttpResponse(workbook.made(quarter, found, broken, at), content_type=XLSX)
    response["Content-Disposition"] = f'attachment; filename="compliance-{quarter.code}.xlsx"'
    return response
