"""The panes left of the case: views, saved filters, the list and its rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.cases import queries as cases
from shounuo.cases.models import Case
from shounuo.kernel.actors import Actor
from shounuo.staff import queries as staff

PAGE = 50
SORTS = (
    ("due", gettext_lazy("先到期")),
    ("updated", gettext_lazy("最近动过")),
    ("opened", gettext_lazy("最近来的")),
)
# The filters of the address and of the filter dialog: name -> what it is called.
FILTERS = {
    "status": gettext_lazy("状态"),
    "kind": gettext_lazy("类型"),
    "level": gettext_lazy("级别"),
    "priority": gettext_lazy("优先级"),
    "channel": gettext_lazy("渠道"),
    "owner": gettext_lazy("负责"),
    "team": gettext_lazy("小组"),
    "topic": gettext_lazy("主题"),
    "tag": gettext_lazy("标签"),
    "overdue": gettext_lazy("已超时"),
    "customer": gettext_lazy("客户"),
    "opened": gettext_lazy("来单时间"),
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


def views(actor: Actor, chosen: str, at: datetime) -> list[dict[str, Any]]:
    """The seven views with their counts; one query."""
    counts = cases.view_counts(actor, at)
    return [
        {
            "url": f"/cases/?view={key}",
            "label": str(view.label),
            "count": None if key == "closed" else counts[key].total,
            "overdue": counts[key].overdue,
            "active": key == chosen,
            "key": KEYS[key],
        }
        for key, view in cases.VIEWS.items()
    ]


def saved(actor: Actor, chosen: str) -> list[dict[str, Any]]:
    return [
        {"url": f"/cases/?saved={v.pk}", "label": v.name, "count": None, "active": chosen == f"saved:{v.pk}"}
        for v in cases.saved_views(actor)
    ]


def asked(request: HttpRequest) -> tuple[str, dict[str, Any]]:
    """What the address asks for: a view's key or `saved:id`, and the filters beside it."""
    given = {k: request.GET.getlist(k) for k in request.GET if k in FILTERS}
    query: dict[str, Any] = {k: v if len(v) > 1 else v[0] for k, v in given.items() if any(v)}
    if isinstance(query.get("opened"), str) and query["opened"].startswith("P"):
        query["opened"] = {"within": query["opened"]}
    if request.GET.get("saved", "").isdigit():
        return f"saved:{request.GET['saved']}", query
    view = request.GET.get("view", "")
    if view in cases.VIEWS:
        return view, query
    return ("open" if query or request.GET.get("q") else "mine"), query


def pane(request: HttpRequest, actor: Actor, at: datetime, *, on: int | None = None) -> dict[str, Any]:
    """The list pane: title, rows, filters set, order, pager. A text is searched, everything else is listed by cursor."""
    view, query = asked(request)
    text = request.GET.get("q", "").strip()
    sort = request.GET.get("sort", "")
    cursor = request.GET.get("cursor") or None
    title, total, rows, after = "", None, [], None
    if text:
        title = _("查“%(text)s”") % {"text": text[:40]}
        rows = [f.case for f in cases.search(actor, text, PAGE)]
        total = len(rows)
    elif view.startswith("saved:"):
        kept = cases.saved_view(actor, int(view.removeprefix("saved:")))
        title = kept.name
        rows, after = cases.list_page(actor, kept.query, cursor, PAGE, at=at, extra=_extra(query, sort))
    else:
        title = str(cases.VIEWS[view].label)
        rows, after = cases.list_page(actor, view, cursor, PAGE, at=at, extra=_extra(query, sort))
    here = {k: v for k, v in request.GET.lists() if k not in ("cursor",)}
    return {
        "title": title,
        "view": view,
        "total": total,
        "order_label": str(dict(SORTS).get(sort, SORTS[0][1])),
        "orders": []
        if text
        else [
            {
                "label": str(label),
                "url": "/cases/?" + _with(here, sort=key),
                "active": key == sort or (not sort and key == "due"),
            }
            for key, label in SORTS
        ],
        "filters": _chips(query, here),
        "filter_url": "/cases/filter/?" + urlencode(here, doseq=True),
        "rows": [row(c, at, here=here, on=on) for c in rows],
        "pager": {
            "next_url": "/cases/?" + _with(here, cursor=after),
            "previous_url": "",
            "first": 1,
            "last": len(rows),
            "total": None,
        }
        if after
        else None,
        "topic": f"list:{view}",
        "url": "/cases/?" + urlencode(here, doseq=True),
        "bulk": bulk(actor),
        "empty": _empty(view, text, query),
    }


def row(case: Case, at: datetime, *, here: Mapping[str, Any], on: int | None = None) -> dict[str, Any]:
    """One case in a list, from what `list_page` reads; no query."""
    query = urlencode({k: v for k, v in here.items() if k != "cursor"}, doseq=True)
    note = " · ".join(filter(None, (case.get_kind_display(), case.level)))
    return {
        "id": case.pk,
        "url": f"/cases/{case.number}/" + (f"?{query}" if query else ""),
        "number": case.number,
        "customer": case.customer.name or _("未留姓名"),
        "farm": case.customer.company.name if case.customer.company else "",
        "channel": case.channel,
        "channel_label": case.get_channel_display(),
        "title": case.subject,
        "status": case.status,
        "status_label": case.get_status_display(),
        "note": note,
        "clock": _clock(case, at),
        "is_new": bool(getattr(case, "unread", False)),
        "is_on": case.number == on,
    }


def _clock(case: Case, at: datetime) -> dict[str, Any] | None:
    """The nearest promise, from what the case itself keeps of it."""
    if case.status in ("waiting_customer", "waiting_internal") and not case.overdue:
        reason = _("等客户") if case.status == "waiting_customer" else _("等协作")
        return {"state": "pause", "pause_reason": case.wait_reason or reason}
    if case.next_due_at is None:
        if case.status in ("resolved", "closed"):
            return {"state": "met", "text": _("已守")} if not case.overdue else None
        return None
    late = case.overdue or case.next_due_at <= at
    warned = case.next_warn_at is not None and case.next_warn_at <= at
    return {
        "state": "breach" if late else "warn" if warned else "run",
        "due_at": case.next_due_at,
        "warn_at": case.next_warn_at,
        "started_at": case.opened_at,
    }


def bulk(actor: Actor) -> list[dict[str, Any]]:
    if not actor.may("cases.work"):
        return []
    acts = [{"label": _("我来接"), "url": "/cases/bulk/take/"}]
    if actor.may("cases.assign"):
        acts.append({"label": _("分派"), "url": "/cases/bulk/assign/"})
    acts += [
        {"label": _("打标签"), "url": "/cases/bulk/tag/"},
        {"label": _("定优先级"), "url": "/cases/bulk/priority/"},
        {"label": _("关闭"), "url": "/cases/bulk/close/"},
    ]
    return acts


def _extra(query: dict[str, Any], sort: str) -> dict[str, Any]:
    return query | ({"sort": sort} if sort in dict(SORTS) else {})


def _with(here: Mapping[str, Any], **more: Any) -> str:
    return urlencode({**here, **{k: v for k, v in more.items() if v}}, doseq=True)


def _chips(query: dict[str, Any], here: Mapping[str, Any]) -> list[dict[str, Any]]:
    chips = []
    for key, value in query.items():
        shown = (
            value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else [value]
        )
        rest = {k: v for k, v in here.items() if k != key}
        chips.append(
            {
                "label": str(FILTERS[key]),
                "value": "、".join(value_words(key, str(v)) for v in shown),
                "set": True,
                "clear_url": "/cases/?" + urlencode(rest, doseq=True),
                "url": "/cases/filter/?" + urlencode(here, doseq=True),
            }
        )
    return chips


def _empty(view: str, text: str, query: dict[str, Any]) -> dict[str, Any]:
    if text:
        return {
            "title": _("没有找到"),
            "text": _("换个说法，或用单号、电话后四位、客户姓名再找"),
            "url": "",
            "action": "",
        }
    if query:
        return {
            "title": _("没有符合的工单"),
            "text": _("放宽一个条件再看"),
            "url": "/cases/?view=open",
            "action": _("看全部未结"),
        }
    if view == "mine":
        return {
            "title": _("手上没有工单"),
            "text": _("去未分派里领一件，或登记一个来电"),
            "url": "/cases/?view=unassigned",
            "action": _("看未分派"),
        }
    return {
        "title": _("这里是空的"),
        "text": _("有新工单会自己出现"),
        "url": "/cases/?view=open",
        "action": _("看全部未结"),
    }


def value_words(key: str, value: str) -> str:
    """A filter's value as people call it; names of people, teams and topics are looked up."""
    known: dict[str, dict[str, Any]] = {
        "status": dict(Case.Status.choices) | {"active": _("未结")},
        "kind": dict(Case.Kind.choices),
        "priority": dict(Case.Priority.choices),
        "channel": dict(Case.Channel.choices),
        "overdue": {"true": _("是"), "false": _("否")},
        "owner": {"me": _("我"), "none": _("无人")},
        "team": {"mine": _("我的小组"), "none": _("无小组")},
    }
    if value in known.get(key, {}):
        return str(known[key][value])
    if key == "owner" and value.isdigit():
        return staff.names([int(value)]).get(int(value), value)
    if key == "team":
        return next((t.name for t in staff.teams(active=False) if value in (t.code, str(t.pk))), value)
    if key == "topic":
        return next((t.full_name for t in cases.topics() if value in (t.code, str(t.pk))), value)
    if key == "opened" and value.startswith("P"):
        return _("近 %(n)s 天") % {"n": value[1:-1]}
    return value


def remember(request: HttpRequest, case: Case) -> None:
    """Puts the case first among those this person has open; kept with his session."""
    kept = [n for n in request.session.get("opened", []) if n != case.number]
    request.session["opened"] = [case.number, *kept][:6]


def opened(request: HttpRequest, actor: Actor, on: int | None) -> list[dict[str, Any]]:
    """The cases open at this desk; one query."""
    numbers = request.session.get("opened", [])
    if not numbers:
        return []
    found = {
        c.number: c
        for c in cases.visible_to(actor).filter(number__in=numbers).only("number", "subject", "overdue")
    }
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
