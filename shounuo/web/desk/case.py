"""An open case as the templates of the desk take it: head, clocks, timeline, composer, side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from shounuo.calendars import queries as calendars
from shounuo.cases.models import Case, Interaction
from shounuo.cases.queries.history import Happening
from shounuo.cases.queries.page import CasePage, Message
from shounuo.commitments.models import Clock
from shounuo.customers import queries as customers
from shounuo.files import queries as files
from shounuo.kernel.actors import Actor
from shounuo.kernel.text import truncate
from shounuo.kernel.worktime import CompiledCalendar
from shounuo.policy import queries as policy
from shounuo.staff import queries as staff
from shounuo.web import timing, words

ICONS = {
    "case.opened": "inbox", "case.assigned": "user-check", "case.transferred": "user-share", "case.accepted": "check",
    "case.classified": "tag", "case.diagnosed": "flask", "case.eta_told": "calendar-event", "plan.proposed": "list-check",
    "plan.chosen": "circle-check", "case.waiting": "clock-pause", "case.resumed": "player-play", "case.resolved": "check",
    "case.confirmed": "circle-check", "case.disputed": "alert-triangle", "case.reopened": "arrow-back-up",
    "case.closed": "archive", "case.merged": "git-merge", "case.split": "arrow-merge", "call.answered": "phone-call",
    "record.completed": "clipboard-check", "case.tagged": "tag",
}  # fmt: skip
# What a customer does himself; the rest of what his message sets off goes without a name.
BY_CUSTOMER = {"case.opened", "case.confirmed", "case.disputed", "case.reopened", "plan.chosen"}
FOLD_FROM = 2  # a run of more events than this is folded, its last one left standing
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
    """The context `case`, `composer` and `side` of desk.html, from one CasePage and three small queries."""
    titles = policy.rule_titles(c.rule_id for c in it.clocks)
    clocks = [_clock(c, at, titles, it.case) for c in it.clocks if c.state != Clock.State.CANCELLED]
    return {
        "case": head(actor, it, clocks, at),
        "composer": composer(actor, it, clocks, at),
        "closed_text": _("这张工单已并入 %(n)s") % {"n": it.case.merged_into.number}
        if it.case.merged_into
        else "",
        "side": side(actor, it, at),
    }


def _clock(clock: Clock, at: datetime, titles: dict[int, str], case: Case) -> dict[str, Any]:
    view = timing.clock_view(clock, at, titles=titles)
    view["ledger_url"] = f"/cases/{case.number}/clocks/{clock.pk}/"
    if view["state"] in ("met", "pause") or clock.met_at is not None:
        view["limit_text"] = _("限 %(span)s") % {"span": timing.span_words(clock.within)}
    return view


def head(actor: Actor, it: CasePage, clocks: list[dict[str, Any]], at: datetime) -> dict[str, Any]:
    case, can, base = it.case, it.actions, f"/cases/{it.case.number}"
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
        "more": more(can, base, it),
        "notes": _notes(it, at),
        "entries": entries(actor, it, at),
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
    ("help", gettext_lazy("请人协作"), "users", "helper", ""),
    ("tag", gettext_lazy("标签"), "tag", "tags", ""),
    ("fill", gettext_lazy("填字段"), "forms", "fields", ""),
    ("merge", gettext_lazy("合并"), "git-merge", "merge", ""),
    ("split", gettext_lazy("拆分"), "arrow-merge", "split", ""),
    ("link", gettext_lazy("关联"), "link", "link", ""),
    ("feedback", gettext_lazy("登记客户反馈"), "message-2", "feedback", ""),
    ("verify", gettext_lazy("核对记录"), "clipboard-check", "verify", "post"),
    ("reopen", gettext_lazy("重新打开"), "arrow-back-up", "reopen", ""),
    ("close", gettext_lazy("关闭"), "archive", "close", "post"),
)


MENU_KEYS = {"close": "Shift+C", "classify": "g"}


def more(can: frozenset[str], base: str, it: CasePage) -> list[dict[str, Any]]:
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


# -- timeline ------------------------------------------------------------------------------------------------------
def entries(actor: Actor, it: CasePage, at: datetime) -> list[dict[str, Any]]:
    """Days, messages, and runs of events folded, in order."""
    zone = ZoneInfo(staff.organisation().zone)
    calendar = calendars.compiled("business")
    found: list[dict[str, Any]] = []
    for day, of_day in groupby(it.timeline, key=lambda one: timezone.localtime(one.at, zone).date()):
        found.append(_day(day, calendar))
        found += _folded(list(of_day), it)
    return found


def _day(day: date, calendar: CompiledCalendar) -> dict[str, Any]:
    found = calendar.day(day)
    note = {"makeup": _("调休上班"), "holiday": found.name or _("放假")}.get(str(found.kind), "")
    return {"kind": "day", "day": day, "note": note}


def _folded(of_day: Sequence[Message | Happening], it: CasePage) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for events, run in groupby(of_day, key=lambda one: isinstance(one, Happening)):
        rows = list(run)
        if not events:
            found += [_message(m, it) for m in rows if isinstance(m, Message)]
            continue
        lines = [_event(h, it) for h in rows if isinstance(h, Happening)]
        if len(lines) > FOLD_FROM:
            summary = _("、").join(dict.fromkeys(line["short"] for line in lines[:-1]))
            found.append(
                {
                    "kind": "fold",
                    "id": f"f{lines[0]['id']}",
                    "count": len(lines) - 1,
                    "summary": truncate(summary, 60),
                    "entries": lines[:-1],
                }
            )
            found.append(lines[-1])
        else:
            found += lines
    return found


def _event(happening: Happening, it: CasePage) -> dict[str, Any]:
    payload, people = happening.payload, it.people
    who = people.get(happening.event.actor_id or 0, "") if happening.event.actor_kind == "person" else ""
    if happening.event.actor_kind == "customer" and happening.kind in BY_CUSTOMER:
        who = it.case.customer.name or pgettext("by", "客户")
    target = people.get(payload.get("owner") or payload.get("person") or 0, "")
    said = {"who": who, "what": happening.label, "target": target}
    if target and target != who:
        text = (_("%(who)s %(what)s：%(target)s") if who else _("%(what)s：%(target)s")) % said
    else:
        text = _("%(who)s %(what)s") % said if who else happening.label
    return {
        "kind": "event",
        "id": happening.event.pk,
        "icon": ICONS.get(happening.kind, "route"),
        "text": text,
        "short": happening.label,
        "at": happening.at,
    }


def _message(message: Message, it: CasePage) -> dict[str, Any]:
    one = message.interaction
    via = one.get_channel_display()
    if one.automatic:
        via = _("自动回执 · %(via)s") % {"via": via}
    elif one.direction == Interaction.Direction.OUT:
        via = _("公开回复 · %(via)s") % {"via": via}
    entry: dict[str, Any] = {
        "kind": {"in": "in", "out": "out", "note": "note"}[one.direction],
        "id": f"i{one.pk}",
        "who": {"name": _writer(one)},
        "via": via,
        "at": one.at,
        "text": _with_mentions(one.text, [it.people.get(i, "") for i in message.mentions]),
        "files": [
            {"name": f.name, "url": f"/files/{f.pk}/", "size": f.blob.size}
            for f in message.files
            if not f.cid
        ],
        "delivery": _delivery(one, it),
        "original_url": f"/cases/{it.case.number}/messages/{one.pk}/"
        if one.html or one.folded or one.raw_id
        else "",
        "folded": one.folded,
    }
    if message.options:
        entry["options"] = _options(message)
    return entry


def _writer(one: Interaction) -> str:
    if one.person is not None:
        return one.person.name
    if one.direction != Interaction.Direction.IN:
        return staff.organisation().name
    return (one.customer.name if one.customer else "") or one.sender or _("客户")


def _with_mentions(text: str, names: Sequence[str]) -> SafeString:
    """The text with the colleagues it names set off."""
    shown: str = conditional_escape(text)
    for name in filter(None, names):
        mark = conditional_escape(f"@{name}")
        shown = shown.replace(mark, format_html('<b class="sn-at">{}</b>', mark))
    return mark_safe(shown)  # noqa: S308  escaped above, with our own element around names


def _delivery(one: Interaction, it: CasePage) -> dict[str, Any] | None:
    if one.direction != Interaction.Direction.OUT:
        return None
    match one.state:
        case Interaction.State.QUEUED:
            return {"state": "wait", "text": _("发送中")}
        case Interaction.State.FAILED:
            return {
                "state": "bad",
                "text": _("没有送达：%(why)s") % {"why": one.error or _("对方服务器不收")},
                "retry_url": f"/cases/{it.case.number}/messages/{one.pk}/resend/",
            }
    return {"state": "ok", "text": ""}


def _options(message: Message) -> dict[str, Any]:
    plan = message.plan
    assert plan is not None
    chosen = plan.chosen_id
    return {
        "title": _("客户已选")
        if chosen
        else _("方案已撤回")
        if plan.withdrawn_at
        else _("%(n)s 个方案，等客户选择") % {"n": len(message.options)},
        "note": "",
        "clause": {"number": "3.2.2", "url": "/policy/clauses/REG-3.2.2/"},
        "items": [
            {
                "title": o.title,
                "time": o.time,
                "cost": o.cost,
                "pros": [line for line in o.pros.splitlines() if line],
                "cons": [line for line in o.cons.splitlines() if line],
                "recommended": o.recommended,
                "chosen": o.pk == chosen,
            }
            for o in message.options
        ],
    }


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
