"""The panes left of the case: views, saved filters, the list and its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.cases import permissions
from shounuo.cases import queries as cases
from shounuo.cases.models import Case
from shounuo.cases.queries import Counted
from shounuo.cases.rules.states import WAITING
from shounuo.commitments import queries as commitments
from shounuo.commitments.models import Clock
from shounuo.kernel.actors import Actor
from shounuo.kernel.text import whole
from shounuo.web import timing, words
from shounuo.web.desk import filters

PAGE = 50
MOST_OPENED = 6
DEFAULT_SORT = "due"
SORTS = {
    "due": gettext_lazy("先到期"),
    "updated": gettext_lazy("最近动过"),
    "opened": gettext_lazy("最近来的"),
}
KEYS = {
    "mine": "1",
    "unassigned": "2",
    "open": "3",
    "risk": "4",
    "waiting": "5",
    "mentioned": "6",
    "closed": "7",
}
# What a row shows; the list reads no more.
ROW = (
    *("number", "channel", "subject", "kind", "level", "status", "wait_reason"),
    *("customer__name", "customer__company__name"),
)
Counts = Mapping[str, Counted]


def views(counts: Counts, chosen: str) -> list[dict[str, Any]]:
    """The seven views with their counts."""
    return [
        {
            "url": f"/cases/?view={key}",
            "label": str(view.label),
            "count": counts[key].total if key in counts else None,
            "overdue": counts[key].overdue if key in counts else 0,
            "active": key == chosen,
            "key": KEYS[key],
        }
        for key, view in cases.VIEWS.items()
    ]


def saved(actor: Actor, chosen: str) -> list[dict[str, Any]]:
    """The reader's own filters and those of his teams; one query."""
    return [
        {"url": f"/cases/?saved={id}", "label": name, "count": None, "active": chosen == f"saved:{id}"}
        for id, name in cases.saved_names(actor)
    ]


def chosen_view(request: HttpRequest, counts: Counts | None = None) -> str:
    """The view that the address asks for: a key, or `saved:id`. Without one the list begins with what the reader
    holds, and with everything open when that is nothing."""
    saved = whole(request.GET.get("saved"))
    if saved is not None:
        return f"saved:{saved}"
    view = request.GET.get("view", "")
    if view in cases.VIEWS:
        return view
    if request.GET.get("q") or filters.asked(request.GET):
        return "open"
    return "mine" if counts is None or counts["mine"].total else "open"


def pane(
    request: HttpRequest,
    actor: Actor,
    at: datetime,
    *,
    view: str,
    counts: Counts,
    on: int | None = None,
) -> dict[str, Any]:
    """The list pane: title, rows, filters set, order, pager. A text is searched, everything else listed by cursor."""
    query = filters.asked(request.GET)
    text = request.GET.get("q", "").strip()
    sort = request.GET.get("sort", "")
    here = {k: v for k, v in request.GET.lists() if k != "cursor"}
    title, kept, found, after = _found(request, actor, at, view, query, text, sort)
    total = len(found)
    if view in counts and not query and not text:
        total = counts[view].total
    return {
        "title": title,
        "view": view,
        "total": total,
        "has_more": after is not None and total == len(found),
        "order_label": str(SORTS.get(sort, SORTS[DEFAULT_SORT])),
        "orders": [] if text else _orders(here, sort),
        "filters": filters.chips(kept, here, fixed=True) + filters.chips(query, here),
        "filter_url": f"/cases/filter/?{urlencode(here, doseq=True)}",
        "forget_url": f"/cases/saved/{view.removeprefix('saved:')}/delete/" if kept else "",
        "rows": rows_of(found, at, here=here, on=on),
        "pager": _pager(request, here, after, len(found)),
        "topic": f"list:{view}",
        "url": f"{request.path}?{urlencode(here, doseq=True)}",
        "ids_url": f"/cases/ids/?{urlencode({**here, 'view': view}, doseq=True)}" if not text else "",
        "bulk": bulk(actor),
        "empty": _empty(view, text, query),
    }


def ids(request: HttpRequest, actor: Actor, at: datetime) -> list[int]:
    """The cases on the first page of the list that the address asks for, for the count of new ones."""
    view = chosen_view(request)
    query, sort = filters.asked(request.GET), request.GET.get("sort", "")
    return [c.pk for c in _found(request, actor, at, view, query, "", sort)[2]]


def _found(
    request: HttpRequest,
    actor: Actor,
    at: datetime,
    view: str,
    query: dict[str, Any],
    text: str,
    sort: str,
) -> tuple[str, dict[str, Any], Sequence[Case], str | None]:
    """Title, the saved filter's own query, the rows and the cursor of the next page."""
    if text:
        return (
            _("查“%(text)s”") % {"text": text[:40]},
            {},
            [f.case for f in cases.search(actor, text, PAGE)],
            None,
        )
    extra = query | ({"sort": sort} if sort in SORTS else {})
    cursor = request.GET.get("cursor") or None
    if view.startswith("saved:"):
        kept = cases.saved_view(actor, int(view.removeprefix("saved:")))
        found, after = cases.list_page(actor, kept.query, cursor, PAGE, at=at, extra=extra, columns=ROW)
        return kept.name, kept.query, found, after
    found, after = cases.list_page(actor, view, cursor, PAGE, at=at, extra=extra, columns=ROW)
    return str(cases.VIEWS[view].label), {}, found, after


def rows_of(
    found: Sequence[Case], at: datetime, *, here: Mapping[str, Any], on: int | None = None
) -> list[dict[str, Any]]:
    """The rows with the promise of each that is due first; one query."""
    nearest = commitments.nearest_of("case", [c.pk for c in found])
    query = urlencode(here, doseq=True)
    tail = f"?{query}" if query else ""
    return [_row(c, nearest.get(c.pk), at, tail=tail, on=on) for c in found]


def _row(case: Case, clock: Clock | None, at: datetime, *, tail: str, on: int | None) -> dict[str, Any]:
    """One case in a list, from what `list_page` reads and its nearest clock; no query."""
    return {
        "id": str(case.pk),  # as text: a number is written by the rules of the reader's language
        "url": f"/cases/{case.number}/{tail}",
        "refresh_url": f"/cases/{case.number}/row/{tail}",
        "number": str(case.number),
        "customer": case.customer.name or _("未留姓名"),
        "farm": case.customer.company.name if case.customer.company else "",
        "channel": case.channel,
        "channel_label": words.choice(Case.Channel, case.channel),
        "title": case.subject,
        "status": case.status,
        "status_label": (case.wait_reason if case.status in WAITING else "")
        or words.choice(Case.Status, case.status),
        "note": " · ".join(filter(None, (words.choice(Case.Kind, case.kind), case.level))),
        "clock": timing.clock_view(clock, at) if clock is not None else None,
        "is_new": bool(getattr(case, "unread", False)),
        "is_draft": bool(getattr(case, "drafted", False)),
        "is_on": case.number == on,
    }


def bulk(actor: Actor) -> list[dict[str, Any]]:
    """What this reader may do to several cases at once."""
    if not actor.may(permissions.WORK):
        return []
    acts = [{"label": _("我来接"), "url": "/cases/bulk/take/"}]
    if actor.may(permissions.ASSIGN):
        acts.append({"label": _("分派"), "url": "/cases/bulk/assign/"})
    return [
        *acts,
        {"label": _("加标签"), "url": "/cases/bulk/tag/"},
        {"label": _("定优先级"), "url": "/cases/bulk/priority/"},
        {"label": _("关闭"), "url": "/cases/bulk/close/"},
    ]


def _orders(here: Mapping[str, Any], sort: str) -> list[dict[str, Any]]:
    return [
        {
            "label": str(label),
            "url": "/cases/?" + urlencode({**here, "sort": key}, doseq=True),
            "active": key == (sort or DEFAULT_SORT),
        }
        for key, label in SORTS.items()
    ]


def _pager(
    request: HttpRequest, here: Mapping[str, Any], after: str | None, count: int
) -> dict[str, Any] | None:
    """The way on, and from a later page back to the first: cursors lead forward only."""
    later = bool(request.GET.get("cursor"))
    if after is None and not later:
        return None
    return {
        "first": 0,
        "last": count,
        "total": None,
        "first_url": "/cases/?" + urlencode(here, doseq=True) if later else "",
        "next_url": "/cases/?" + urlencode({**here, "cursor": after}, doseq=True) if after else "",
    }


def _empty(view: str, text: str, query: dict[str, Any]) -> dict[str, Any]:
    everything = {"url": "/cases/?view=open", "action": _("看全部未结")}
    if text:
        return {"title": _("没有找到"), "text": _("换个说法，或用单号、电话后四位、客户姓名再找")}
    if query:
        return {"title": _("没有符合的工单"), "text": _("放宽一个条件再看"), **everything}
    if view == "mine":
        return {
            "title": _("手上没有工单"),
            "text": _("去未分派里领一件，或登记一个来电"),
            "url": "/cases/?view=unassigned",
            "action": _("看未分派"),
        }
    if view == "open":
        return {"title": _("没有未结的工单"), "text": _("有新工单会自己出现")}
    return {"title": _("这里是空的"), "text": _("有新工单会自己出现"), **everything}


def remember(request: HttpRequest, case: Case) -> None:
    """Puts the case first among those this person has open; kept with his session, written only when it changes."""
    before: list[int] = request.session.get("opened", [])
    if before and case.number in before:
        return
    request.session["opened"] = [case.number, *before][:MOST_OPENED]


def opened(request: HttpRequest, actor: Actor, on: int | None) -> list[dict[str, Any]]:
    """The cases open at this desk; one query."""
    numbers = request.session.get("opened", [])
    if not numbers:
        return []
    found = {c.number: c for c in cases.by_numbers(actor, numbers)}
    return [
        {
            "url": f"/cases/{n}/",
            "label": found[n].subject,
            "state": "breach" if found[n].overdue else "",
            "note": "",
            "active": n == on,
        }
        for n in numbers
        if n in found
    ]
