"""What every page's shell needs: the rail, the reader, his counts. Three small queries for staff, none for others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from shounuo.duties import queries as duties
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.notices import queries as notices
from shounuo.staff import queries as staff


@dataclass(frozen=True, slots=True)
class Entry:
    """A place in the rail. Shown to who holds any of the permissions; active under its prefixes."""

    url: str
    icon: str
    label: Any
    key: str
    permissions: tuple[str, ...]
    prefix: str | tuple[str, ...]


RAIL = (
    Entry("/cases/", "inbox", gettext_lazy("工单"), "o", ("cases.view_team", "cases.view_all"), "/cases/"),
    Entry("/duties/", "checklist", pgettext_lazy("place", "待办"), "", ("duties.work",), "/duties/"),
    Entry("/board/", "radar-2", gettext_lazy("督办"), "h", ("board.view",), "/board/"),
    Entry("/policy/", "license", gettext_lazy("制度"), "", ("policy.view",), "/policy/"),
    Entry("/customers/", "users", pgettext_lazy("place", "客户"), "", ("customers.view",), "/customers/"),
    Entry(
        "/data/",
        "chart-histogram",
        gettext_lazy("数据"),
        "",
        ("metrics.read", "analytics.view"),
        ("/data/", "/dashboards/", "/reports/"),
    ),
)
CONSOLE = Entry("/settings/", "settings", gettext_lazy("设置"), "", (), "/settings/")


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in person as an actor; read once a request."""
    actor: Actor | None = getattr(request, "_shounuo_actor", None)
    if actor is None:
        actor = staff.actor_for(request.user)  # type: ignore[arg-type]
        request._shounuo_actor = actor  # type: ignore[attr-defined]
    return actor


def shell(request: HttpRequest) -> dict[str, Any]:
    """The context of base.html and base_app.html."""
    organisation = getattr(request, "organisation", None)
    user = getattr(request, "user", None)
    context: dict[str, Any] = {
        "org_name": organisation.name if organisation else "",
        "theme": request.COOKIES.get("shounuo_theme", "auto"),
    }
    if request.headers.get("HX-Request") and not request.headers.get("HX-Boosted"):
        return context
    if user is None or not user.is_authenticated:
        return context
    from shounuo.web.console.menu import first_url

    actor = actor_of(request)
    rail = [
        _entry(e, request.path) for e in RAIL if not e.permissions or any(actor.may(p) for p in e.permissions)
    ]
    owed = duties.counts(actor, now())
    for place in rail:
        if place["url"] == "/duties/":
            place["count"] = owed.mine + owed.open
    if (console := first_url(actor)) is not None:
        rail.append(_entry(CONSOLE, request.path) | {"url": console, "low": True})
    languages = [
        {"url": f"/me/language/{code}/", "icon": "language", "label": name, "post": True}
        for code, name in settings.LANGUAGES
        if code != getattr(request, "LANGUAGE_CODE", "")
    ]
    return context | {
        "theme": user.theme or "auto",
        "theme_url": "/me/theme/",
        "live_url": "/live",
        "rail": rail,
        "me": {
            "name": user.name,
            "presence": user.presence,
            "presence_label": user.get_presence_display(),
            "is_me": True,
        },
        "me_links": [{"url": "/me/", "icon": "user", "label": _("我的资料")}, *languages],
        "notices": {"url": "/me/notices/", "count": notices.unread_count(user.pk), "list_url": ""},
        "search_url": "/search/",
        "commands": _commands(rail),
        "signout_url": "/signout/",
        "toasts": _toasts(request),
    }


def _toasts(request: HttpRequest) -> list[dict[str, Any]]:
    """The words that the last write left (`guard.done`), shown once."""
    return list(request.session.pop("toasts", [])) if "toasts" in request.session else []


def _entry(entry: Entry, path: str) -> dict[str, Any]:
    return {
        "url": entry.url,
        "icon": entry.icon,
        "label": str(entry.label),
        "key": entry.key,
        "count": 0,
        "active": path.startswith(entry.prefix),
    }


def _commands(rail: list[dict[str, Any]]) -> list[dict[str, Any]]:
    from shounuo.kernel.text import initials

    return [
        {"label": r["label"], "url": r["url"], "icon": r["icon"], "keys": initials(str(r["label"]))}
        for r in rail
    ]
