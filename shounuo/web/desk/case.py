"""An open case as the templates of the desk take it: head, clocks, timeline, composer, side."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from shounuo.cases.models import Case
from shounuo.cases.queries.page import CasePage
from shounuo.commitments.models import Clock
from shounuo.customers import queries as customers
from shounuo.duties import queries as duties
from shounuo.duties import registry
from shounuo.duties.permissions import WORK
from shounuo.files import queries as files
from shounuo.kernel.actors import Actor
from shounuo.policy import queries as policy
from shounuo.process.permissions import RUN
from shounuo.web import timing, words
from shounuo.web.approvals import showing as approvals
from shounuo.web.desk import lacking, timeline
from shounuo.web.duties import showing

RECORD_LABELS = {
    "customer": gettext_lazy("客户信息"),
    "time": gettext_lazy("时间"),
    "problem": gettext_lazy("问题"),
    "course": gettext_lazy("处理经过"),
    "solution": gettext_lazy("解决方案"),
    "feedback": gettext_lazy("客户反馈"),
    "handler": gettext_lazy("处理人"),
}
RECORD_CLAUSE = "REG-2.2.3"


def page(actor: Actor, it: CasePage, at: datetime) -> dict[str, Any]:
    """The context `case`, `composer` and `side` of desk.html, from one CasePage and a few small queries."""
    titles = policy.rule_titles(c.rule_id for c in it.clocks)
    clocks = [_clock(c, at, titles, it.case) for c in it.clocks if c.state != Clock.State.CANCELLED]
    clocks.sort(key=_urgency)
    granted = approvals.panel(actor, it.case, at, may_ask="grant" in it.actions)
    return {
        "case": head(actor, it, clocks, at, grants=bool(granted and granted["offers"])),
        "composer": composer(actor, it, clocks, at),
        "closed_text": _("这张工单已并入 %(n)s") % {"n": it.case.merged_into.number}
        if it.case.merged_into
        else "",
        "side": side(actor, it, at) | {"grants": granted},
    }


def _clock(clock: Clock, at: datetime, titles: dict[int, str], case: Case) -> dict[str, Any]:
    view = timing.clock_view(clock, at, titles=titles)
    view["ledger_url"] = f"/cases/{case.number}/clocks/{clock.pk}/"
    if view["state"] in ("met", "pause") or clock.met_at is not None:
        view["limit_text"] = _("限 %(span)s") % {"span": timing.span_words(clock.within)}
    return view


def _urgency(view: dict[str, Any]) -> int:
    """What somebody must act on comes first, then what was kept too late, then what was kept."""
    if view["state"] == "met":
        return 2
    return 1 if view["met_at"] is not None else 0


def head(
    actor: Actor, it: CasePage, clocks: list[dict[str, Any]], at: datetime, *, grants: bool
) -> dict[str, Any]:
    case, base = it.case, f"/cases/{it.case.number}"
    can = it.actions if grants else it.actions - {"grant"}
    kind = case.get_kind_display()
    if case.kind == "complaint" and case.severity:
        kind = f"{kind} · {case.get_severity_display()}"
    resolve_url, resolve_label = "", _("解决")
    if "take" in can:
        resolve_url, resolve_label = f"{base}/take/", _("我来接")
    elif "accept" in can:
        resolve_url, resolve_label = f"{base}/accept/", _("查收")
    elif "resolve" in can:
        resolve_url = f"{base}/resolve/"
    elif "confirm" in can:
        resolve_url, resolve_label = f"{base}/confirm/", _("确认解决")
    return {
        "id": case.pk,
        "number": case.number,
        "title": case.subject,
        "kind": kind,
        "kind_code": case.kind,
        "level": case.level,
        "status": case.status,
        "status_label": case.get_status_display(),
        "seen": [{"name": v.name, "presence": "busy" if v.writing else "online"} for v in it.viewers],
        "clocks": clocks,
        "transfer_url": f"{base}/transfer/" if can & {"transfer", "assign"} else "",
        "resolve_url": resolve_url,
        "resolve_post": resolve_label != _("解决"),
        "resolve_label": resolve_label,
        "more": more(can, base, it, may_run=actor.may(RUN)),
        "notes": _notes(it, at),
        "lacking": lacking.next_steps(it, at),
        "entries": timeline.entries(it),
        "version": case.version,
        "refresh_url": f"{base}/timeline/",
        "seen_url": f"{base}/seen/",
    }


MORE = (
    ("assign", gettext_lazy("分派"), "user-check", "assign", ""),
    ("classify", gettext_lazy("归类"), "tag", "classify", ""),
    ("diagnose", gettext_lazy("初步诊断"), "flask", "diagnose", ""),
    ("tell_eta", gettext_lazy("告知预计时间"), "calendar-event", "eta", ""),
    ("warn", gettext_lazy("超时前说明"), "alert-triangle", "warn", ""),
    ("wait_customer", gettext_lazy("等客户"), "clock-pause", "wait", ""),
    ("resume", gettext_lazy("继续处理"), "player-play", "resume", "post"),
    ("note", gettext_lazy("记录进展"), "route", "progress", ""),
    ("help", gettext_lazy("请人协作"), "users", "helper", ""),
    ("wait_internal", gettext_lazy("请部门协作"), "building", "ask", ""),
    ("tag", gettext_lazy("标签"), "tag", "tags", ""),
    ("fill", gettext_lazy("填字段"), "forms", "fields", ""),
    ("merge", gettext_lazy("合并"), "git-merge", "merge", ""),
    ("split", gettext_lazy("拆分"), "arrow-merge", "split", ""),
    ("link", gettext_lazy("关联"), "link", "link", ""),
    ("grant", gettext_lazy("补偿与特批"), "coin-yuan", "grant", ""),
    ("feedback", gettext_lazy("登记客户反馈"), "message-2", "feedback", ""),
    ("verify", gettext_lazy("核对记录"), "clipboard-check", "verify", "post"),
    ("reopen", gettext_lazy("重新打开"), "arrow-back-up", "reopen", ""),
    ("close", gettext_lazy("关闭"), "archive", "close", "post"),
)


MENU_KEYS = {"close": "Shift+C", "classify": "g"}


def more(can: frozenset[str], base: str, it: CasePage, *, may_run: bool = False) -> list[dict[str, Any]]:
    """The menu of what else may be done now."""
    if it.case.merged_into_id is not None:
        return []
    rows = [
        {
            "label": str(label),
            "icon": icon,
            "url": f"{base}/{path}/",
            "post": how == "post",
            "dialog": how != "post",
            "key": MENU_KEYS.get(action, ""),
        }
        for action, label, icon, path, how in MORE
        if action in can and not (action == "fill" and not it.fields)
    ]
    if may_run:
        url = f"/process/new/?case={it.case.number}"
        rows.append(
            {"label": _("发起流程"), "icon": "route", "url": url, "post": False, "dialog": True, "key": ""}
        )
    return [*rows, {"label": _("导出经过"), "icon": "download", "url": f"{base}/events.csv"}]


def _notes(it: CasePage, at: datetime) -> list[dict[str, Any]]:
    """Callouts above the timeline: where it went, what waits, other open matters of the customer."""
    case = it.case
    notes: list[dict[str, Any]] = []
    if case.merged_into is not None:
        notes.append(
            {
                "tone": "tint",
                "icon": "git-merge",
                "text": _("已并入 %(n)s，后来的信都到那里") % {"n": case.merged_into.number},
                "url": f"/cases/{case.merged_into.number}/",
                "action": _("打开"),
            }
        )
    if case.status in ("waiting_customer", "waiting_internal"):
        text = case.wait_reason or (_("等客户回话") if case.status == "waiting_customer" else _("等同事协作"))
        if case.wait_until:
            text += " · " + _("到 %(when)s 自动继续") % {"when": words.moment_words(case.wait_until, at)}
        notes.append({"tone": "pause", "icon": "clock-pause", "text": text, "url": "", "action": ""})
    for merged in it.merges:
        notes.append(
            {
                "tone": "tint",
                "icon": "git-merge",
                "text": _("%(n)s 并进来了，30 天内可以撤回") % {"n": merged.case.number},
                "url": f"/cases/{case.number}/unmerge/{merged.merge_id}/",
                "action": _("撤回合并"),
                "dialog": True,
            }
        )
    return notes


# -- composer ------------------------------------------------------------------------------------------------------
def composer(actor: Actor, it: CasePage, clocks: list[dict[str, Any]], at: datetime) -> dict[str, Any] | None:
    case, base = it.case, f"/cases/{it.case.number}"
    if not it.actions & {"reply", "note"} or case.merged_into_id is not None:
        return None
    draft = it.drafts.get("out") or it.drafts.get("note") or {}
    mode = "note" if "note" in it.drafts and "out" not in it.drafts else "reply"
    return {
        "url": f"{base}/send/",
        "draft_url": f"{base}/draft/",
        "draft_text": draft.get("text", ""),
        "draft_at": None,
        "mode": mode,
        "version": case.version,
        "mentions_url": f"{base}/colleagues/",
        "texts_url": f"{base}/texts/",
        "knowledge_url": "",
        "upload_url": f"{base}/upload/",
        "offer_url": f"{base}/propose/" if "propose" in it.actions else "",
        "placeholder": _("回复 %(name)s") % {"name": case.customer.name or pgettext("by", "客户")},
        "keeps": keeps(it.clocks),
        "max_bytes": settings.MAX_FILE_BYTES,
        "files": [],
        "errors": [],
        "conflict": None,
    }


def kept_files(actor: Actor, ids: Iterable[int]) -> list[dict[str, Any]]:
    """Files that were uploaded for a message that could not be sent."""
    return [{"id": f.pk, "name": f.name, "size": f.blob.size} for f in files.drafts(actor, ids)]


def keeps(clocks: Iterable[Clock]) -> list[dict[str, Any]]:
    """The clauses that an answer now would keep: live promises that end with a message sent."""
    found = {
        c.clause_code: {
            "number": timing.clause_number(c.clause_code),
            "url": f"/policy/clauses/{c.clause_code}/",
        }
        for c in clocks
        if c.is_live and "response" in c.commitment
    }
    return list(found.values())[:2]


# -- side ----------------------------------------------------------------------------------------------------------
def side(actor: Actor, it: CasePage, at: datetime) -> dict[str, Any]:
    _case, customer, base = it.case, it.case.customer, f"/cases/{it.case.number}"
    company = customer.company.name if customer.company else ""
    facts: list[dict[str, Any]] = []
    for contact in it.contacts[:4]:
        facts.append(
            {
                "label": contact.get_kind_display(),
                "value": customers.masked(contact, actor),
                "reveal_url": f"/customers/{customer.pk}/reveal/{contact.pk}/"
                if actor.may("customers.reveal")
                else "",
            }
        )
    if customer.region:
        facts.append({"label": _("地区"), "value": customer.region})
    if customer.note:
        facts.append({"label": _("备注"), "value": customer.note})
    return {
        "customer": {
            "name": customer.name or _("未留姓名"),
            "role": " · ".join(filter(None, (company, customer.title))),
            "url": f"/customers/{customer.pk}/" if actor.may("customers.view") else "",
            "is_vip": customer.segment == "vip",
            "facts": facts,
        },
        "facts": _facts(it, at),
        "duties": _duties(it, actor, at),
        "records": _record(it, base),
        "related": _related(it),
        "callouts": [],
        "edit_url": f"{base}/classify/" if "classify" in it.actions else "",
    }


def _facts(it: CasePage, at: datetime) -> list[dict[str, Any]]:
    case = it.case
    facts: list[dict[str, Any]] = [
        {
            "label": _("负责"),
            "person": {"name": case.owner.name, "presence": case.owner.presence} if case.owner else None,
            "value": _("无人负责"),
        }
    ]
    for helper in it.helpers[:3]:
        facts.append({"label": _("协作"), "person": {"name": it.people.get(helper, "")}})
    pairs = [
        (_("小组"), case.team.name if case.team else ""),
        (_("主题"), case.topic.full_name if case.topic else ""),
        (_("优先级"), case.get_priority_display() if case.priority != "normal" else ""),
        (_("来单"), capfirst(words.moment_words(case.opened_at, at, "short"))),
        (_("预计"), capfirst(words.moment_words(case.expected_at, at)) if case.expected_at else ""),
        (_("诊断"), case.diagnosis),
        (_("转派"), _times(case.transfer_count)),
        (_("重开"), _times(case.reopen_count)),
        (_("标签"), _("、").join(case.tags)),
    ]
    for field in it.fields:
        value = case.custom.get(field.code)
        if value not in (None, ""):
            pairs.append((field.label, words.kept_value(field.type, value)))
    facts += [{"label": label, "value": value} for label, value in pairs if value]
    return facts


def _times(n: int) -> str:
    return ngettext("%(n)s 次", "%(n)s 次", n) % {"n": n} if n else ""


def _record(it: CasePage, base: str) -> dict[str, Any]:
    filled = {name: bool(getattr(it.record, name)) for name in RECORD_LABELS}
    done = [name for name, ok in filled.items() if ok]
    missing = [name for name, ok in filled.items() if not ok]
    ways = {"solution": f"{base}/resolve/", "feedback": f"{base}/feedback/", "course": f"{base}/diagnose/"}
    items: list[dict[str, Any]] = []
    if done:
        told = _("、").join(str(RECORD_LABELS[n]) for n in done)
        items.append({"label": told, "ok": True, "clause": None, "url": ""})
    for position, name in enumerate(missing):
        clause = {"number": "2.2.3", "url": f"/policy/clauses/{RECORD_CLAUSE}/"} if position == 0 else None
        items.append(
            {"label": str(RECORD_LABELS[name]), "ok": False, "clause": clause, "url": ways.get(name, "")}
        )
    return {"done": len(done), "total": len(filled), "items": items}


def _duties(it: CasePage, actor: Actor, at: datetime) -> dict[str, Any] | None:
    """What is owed about the case, and what was; of those that went up in it too. One query."""
    found = duties.about("case", [it.case.pk, *(m.case.pk for m in it.merges)])
    if not found:
        return None
    rows = []
    for duty in found[:8]:
        owed = duty.owed_at
        late = duty.is_open and owed is not None and owed <= at
        ended = words.moment_words(duty.ended_at, at, "short") if duty.ended_at is not None else ""
        rows.append(
            {
                "url": f"/duties/{duty.pk}/" if actor.may(WORK) else "",
                "title": duties.spoken_title(duty),
                "icon": registry.kind_of(duty.kind).icon,
                "who": showing.who(duty),
                "open": duty.is_open,
                "state": duty.get_state_display(),
                "when": (showing.due_words(owed, at) if owed is not None else "") if duty.is_open else ended,
                "tone": "breach" if late else "",
            }
        )
    return {"count": sum(d.is_open for d in found), "items": rows}


def _related(it: CasePage) -> dict[str, Any] | None:
    rows = [t.case for t in it.ties] + it.others
    if not rows:
        return None
    unique = {c.pk: c for c in rows}
    return {
        "title": _("相关与未结"),
        "count": len(unique),
        "items": [
            {
                "number": c.number,
                "url": f"/cases/{c.number}/",
                "title": c.subject,
                "status": c.status,
                "status_label": c.get_status_display(),
            }
            for c in list(unique.values())[:8]
        ],
    }
