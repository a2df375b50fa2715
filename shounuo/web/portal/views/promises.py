"""What the house has promised its customers, and how it keeps it: chosen clauses with their real figures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shounuo.commitments import queries as commitments
from shounuo.commitments.queries import Kept
from shounuo.kernel.clock import now
from shounuo.policy import queries as policy
from shounuo.web import words
from shounuo.web.portal import pages

DAYS = 90
LEAST = 10
"""Fewer than this say nothing: the page says so instead of a share."""


@require_safe
def promises(request: HttpRequest) -> HttpResponse:
    """The chosen clauses that are in force, each with its share of the last 90 days. Open to everybody; two queries."""
    at = now()
    chosen = policy.promises(at)
    kept = commitments.kept([p.clause for p in chosen], at - timedelta(days=DAYS), at) if chosen else {}
    items = [
        {
            "number": p.number,
            "title": p.title,
            "wording": p.wording,
            **_figure(kept.get(p.clause)),
        }
        for p in chosen
    ]
    return pages.page(request, "portal/promises.html", {"items": items, "days": DAYS})


def _figure(kept: Kept | None) -> dict[str, Any]:
    """The share with its population, nothing rounded up: 99.96% is 99.9%."""
    if kept is None or kept.due < LEAST or kept.share is None:
        return {"share": "", "population": _("次数还少，暂不公布")}
    floored = int(kept.share * 1000) / 1000
    return {
        "share": words.percent(floored),
        "ratio": floored,
        "population": _("应办 %(due)s 次，按时办到 %(met)s 次")
        % {"due": words.number(kept.due), "met": words.number(kept.met)},
    }
