"""Pages of the style guide: `/styleguide/` the components in both themes, `/styleguide/desk/` and so on the pages."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from shounuo.kernel.clock import now
from shounuo.web.styleguide import samples


def components(request: HttpRequest) -> HttpResponse:
    """All components in light and dark, one below the other."""
    if not settings.DEBUG:
        raise Http404
    at = now()
    context = {
        **shell(request, ""),
        **samples.kit(at),
        "themes": ["light", "dark"],
        "pages": list(samples.PAGES),
    }
    if request.GET.get("theme"):
        context["themes"] = [request.GET["theme"]]
    response = render(request, "styleguide.html", context)
    response.sn_charts = True  # type: ignore[attr-defined]
    return response


def page(request: HttpRequest, page: str) -> HttpResponse:
    """One page template with sample content; `?theme=dark`, `?open=ledger` and the like choose a state."""
    if not settings.DEBUG or page not in samples.PAGES:
        raise Http404
    template, make = samples.PAGES[page]
    options = set(request.GET.get("open", "").split(","))
    context = {**shell(request, page), **make(now(), options)}
    response = render(request, template, context)
    response.sn_charts = True  # type: ignore[attr-defined]
    return response


def shell(request: HttpRequest, page: str) -> dict[str, Any]:
    """What the shell's context processor gives on real pages."""
    return {**samples.shell(page), "theme": request.GET.get("theme", "light")}
