"""What happened on a case, as the desk tells it: days, messages, runs of events folded, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from shounuo.calendars import queries as calendars
from shounuo.cases.models import Interaction
from shounuo.cases.queries.history import Happening
from shounuo.cases.queries.page import CasePage, Message
from shounuo.cases.rules.plans import without_options
from shounuo.kernel.text import truncate
from shounuo.kernel.worktime import CompiledCalendar
from shounuo.notices import queries as notices
from shounuo.staff import queries as staff

ICONS = {
    "case.opened": "inbox", "case.assigned": "user-check", "case.transferred": "user-share", "case.accepted": "check",
    "case.classified": "tag", "case.triaged": "adjustments", "case.diagnosed": "flask", "case.eta_told": "calendar-event", "plan.proposed": "list-check",
    "plan.chosen": "circle-check", "case.waiting": "clock-pause", "case.resumed": "player-play", "case.resolved": "check",
    "case.confirmed": "circle-check", "case.disputed": "alert-triangle", "case.reopened": "arrow-back-up",
    "case.closed": "archive", "case.merged": "git-merge", "case.split": "arrow-merge", "call.answered": "phone-call",
    "grant.asked": "coin-yuan", "grant.granted": "coin-yuan", "grant.approved": "circle-check", "grant.refused": "circle-x",
    "grant.passed_on": "arrow-up", "grant.withdrawn": "arrow-back-up",
    "record.completed": "clipboard-check", "case.tagged": "tag",
}  # fmt: skip
# What a customer does himself; the rest of what his message sets off goes without a name.
BY_CUSTOMER = {"case.opened", "case.confirmed", "case.disputed", "case.reopened", "plan.chosen"}
WAITS = {"customer": gettext_lazy("等待客户"), "internal": gettext_lazy("等待协作")}
HELP = (Interaction.Purpose.HELP_ASKED, Interaction.Purpose.HELP_ANSWERED)
FOLD_FROM = 2  # a run of more events than this is folded, its last one left standing


def entries(it: CasePage) -> list[dict[str, Any]]:
    """Days, messages, and runs of events folded, in order."""
    zone = ZoneInfo(staff.organisation().zone)
    calendar = calendars.compiled("business")
    waits = _held_up(it)
    found: list[dict[str, Any]] = []
    for day, of_day in groupby(it.timeline, key=lambda one: timezone.localtime(one.at, zone).date()):
        found.append(_day(day, calendar))
        found += _folded(list(of_day), it, waits)
    return found


def _day(day: date, calendar: CompiledCalendar) -> dict[str, Any]:
    found = calendar.day(day)
    note = {"makeup": _("调休上班"), "holiday": found.name or _("放假")}.get(str(found.kind), "")
    return {"kind": "day", "day": day, "note": note}


def _folded(
    of_day: Sequence[Message | Happening], it: CasePage, waits: Mapping[int, str]
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for events, run in groupby(of_day, key=lambda one: isinstance(one, Happening)):
        rows = list(run)
        if not events:
            found += [_message(m, it, waits) for m in rows if isinstance(m, Message)]
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
    label = happening.label
    if happening.kind == "case.waiting":
        label = str(WAITS.get(str(payload.get("on")), label))
    who = people.get(happening.event.actor_id or 0, "") if happening.event.actor_kind == "person" else ""
    if happening.event.actor_kind == "customer" and happening.kind in BY_CUSTOMER:
        who = it.case.customer.name or pgettext("by", "客户")
    target = people.get(payload.get("owner") or payload.get("person") or 0, "")
    said = {"who": who, "what": label, "target": target}
    if target and target != who:
        text = (_("%(who)s %(what)s：%(target)s") if who else _("%(what)s：%(target)s")) % said
    else:
        text = _("%(who)s %(what)s") % said if who else label
    return {
        "kind": "event",
        "id": happening.event.pk,
        "icon": ICONS.get(happening.kind, "route"),
        "text": text,
        "short": label,
        "at": happening.at,
    }


def _message(message: Message, it: CasePage, waits: Mapping[int, str]) -> dict[str, Any]:
    one = message.interaction
    via = one.get_channel_display()
    if one.automatic:
        via = _("自动回执 · %(via)s") % {"via": via}
    elif one.direction == Interaction.Direction.OUT:
        via = _("公开回复 · %(via)s") % {"via": via}
    elif one.purpose in HELP:
        via = one.get_purpose_display()
    elif _is_noted(one):
        via = _("%(via)s · %(who)s记录") % {"via": via, "who": one.person.name if one.person else ""}
    text = without_options(one.text, [vars(o) for o in message.options]) if message.options else one.text
    entry: dict[str, Any] = {
        "kind": {"in": "in", "out": "out", "note": "note"}[one.direction],
        "id": f"i{one.pk}",
        "who": {"name": _writer(one, it)},
        "via": via,
        "at": one.at,
        "text": _with_mentions(text, [it.people.get(i, "") for i in message.mentions]),
        "files": [
            {"name": f.name, "url": f"/files/{f.pk}/", "size": f.blob.size}
            for f in message.files
            if not f.cid
        ],
        "delivery": _delivery(one, it, waits),
        "original_url": f"/cases/{it.case.number}/messages/{one.pk}/"
        if one.html or one.folded or one.raw_id
        else "",
        "folded": one.folded,
    }
    if message.options:
        entry["options"] = _options(message)
    return entry


def _is_noted(one: Interaction) -> bool:
    """What the customer said on the telephone or at the counter, written down by a colleague."""
    return one.direction == Interaction.Direction.IN and one.person_id is not None and one.purpose not in HELP


def _writer(one: Interaction, it: CasePage) -> str:
    if one.person is not None and not _is_noted(one):
        return one.person.name
    if one.direction != Interaction.Direction.IN:
        return staff.organisation().name
    return (one.customer or it.case.customer).name or one.sender or _("客户")


def _with_mentions(text: str, names: Sequence[str]) -> SafeString:
    """The text with the colleagues it names set off."""
    shown: str = conditional_escape(text)
    for name in filter(None, names):
        mark = conditional_escape(f"@{name}")
        shown = shown.replace(mark, format_html('<b class="sn-at">{}</b>', mark))
    return mark_safe(shown)  # noqa: S308  escaped above, with our own element around names


def _held_up(it: CasePage) -> dict[int, str]:
    """Why what is on its way has not left yet, by message; a statement only where something is on its way."""
    on_its_way = any(
        isinstance(one, Message) and one.interaction.state == Interaction.State.QUEUED for one in it.timeline
    )
    return notices.held_up("case", it.case.pk) if on_its_way else {}


def _delivery(one: Interaction, it: CasePage, waits: Mapping[int, str]) -> dict[str, Any] | None:
    if one.direction != Interaction.Direction.OUT:
        return None
    match one.state:
        case Interaction.State.QUEUED:
            why = waits.get(one.pk)
            return {
                "state": "wait",
                "text": _("还没有发出，会再试：%(why)s") % {"why": why} if why else _("发送中"),
            }
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
