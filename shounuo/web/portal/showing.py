"""A case as its customer reads it: what we promised, who has it, how it goes, what was said. Nothing internal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from shounuo.cases.models import Case, Interaction, Option
from shounuo.cases.queries import CustomerPage
from shounuo.cases.rules.plans import without_options
from shounuo.commitments import queries as commitments
from shounuo.commitments import ruleset
from shounuo.commitments.models import Clock
from shounuo.events.models import Event
from shounuo.files.models import File
from shounuo.files.types import SAFE_IMAGES
from shounuo.policy.labels import spoken
from shounuo.policy.models import Rule
from shounuo.staff.queries import names
from shounuo.web import timing, words
from shounuo.web.portal.forms import REASONS

DONE = ("resolved", "closed")
WORTH_SAYING = timedelta(minutes=5)  # so much earlier than promised is told
# What a promise is to the customer, by the event that fulfils it first. What is not here is the house's own affair.
PROMISED: dict[str, Any] = {
    "interaction.sent": gettext_lazy("给您回复"),
    "case.accepted": gettext_lazy("有人接手"),
    "case.diagnosed": gettext_lazy("告诉您初步判断"),
    "case.eta_told": gettext_lazy("告诉您什么时候能办好"),
    "plan.proposed": gettext_lazy("给您解决办法"),
    "progress.noted": gettext_lazy("告诉您进展"),
    "case.resolved": gettext_lazy("办好"),
    "followup.done": gettext_lazy("回访您"),
}
_CAME: dict[str, Any] = {
    "form": gettext_lazy("您在网上提交"),
    "mail": gettext_lazy("您来信"),
    "phone": gettext_lazy("您来电"),
    "visit": gettext_lazy("您当面说的"),
}


def promised(rule: ruleset.LiveRule) -> str:
    """What the rule promises the customer; empty when it is none of his."""
    return str(PROMISED.get(rule.spec.until[0].event, "")) if rule.spec.until else ""


def progress(it: CustomerPage, at: datetime, *, base: str) -> dict[str, Any]:
    """The context of portal/progress.html, but for what was typed; three queries."""
    case = it.case
    clocks = commitments.of_subjects("case", [case.pk])[case.pk]
    by_ref = _files(it.files, base)
    return {
        "case": _head(case, at),
        "promise": promise(clocks, case, at),
        "promises": _promises(clocks, at),
        "facts": facts(it),
        "handler": handler(case),
        "message_url": "#talk",
        "offer": offer(it, base) if "choose" in it.actions else None,
        "confirm": confirm(it, by_ref, clocks, at, base) if "confirm" in it.actions else None,
        "steps": steps(it, at),
        "talk": [_message(m, it, by_ref) for m in it.messages],
        "reply": {
            "url": f"{base}reply/",
            "draft_key": f"case-{case.number}",
            "upload_url": "/help/upload/",
            "text": "",
            "kept": [],
            "errors": [],
            "note": _("再写一句就会重新打开这张单。") if case.status in DONE else "",
        },
    }  # fmt: skip


def _head(case: Case, at: datetime) -> dict[str, Any]:
    day = words.day_words(case.opened_at, at, weekday=False)
    return {
        "number": case.number,
        "title": case.subject,
        "at_text": _("%(day)s提交") % {"day": day},
        "status": case.status,
        "status_label": _STATUS.get(case.status, ""),
        "expected": _expected(case, at),
    }


def _expected(case: Case, at: datetime) -> str:
    """When it is to be done, as it was told; a time that has gone by is owned up to."""
    if case.expected_at is None or case.status in DONE:
        return ""
    when = words.moment_words(case.expected_at, at)
    if case.expected_at < at:
        return _("原定%(when)s，晚了") % {"when": when}
    return _("预计%(when)s 办好") % {"when": when}


_STATUS: dict[str, Any] = {
    "new": gettext_lazy("收到了，等人接手"),
    "open": gettext_lazy("正在办"),
    "waiting_customer": gettext_lazy("等您回复"),
    "waiting_internal": gettext_lazy("正在办"),
    "resolved": gettext_lazy("办好了，等您确认"),
    "closed": gettext_lazy("已关闭"),
}


def status_words(case: Case) -> str:
    """The state of a case in the customer's words."""
    return str(_STATUS.get(case.status, ""))


def row(case: Case, at: datetime) -> dict[str, Any]:
    """A case in the list of its customer."""
    return {
        "number": case.number,
        "title": case.subject,
        "url": f"/help/cases/{case.number}/",
        "status": case.status,
        "status_label": status_words(case),
        "at": case.opened_at,
        "expected": _expected(case, at),
    }


def told_clocks(clocks: Iterable[Clock]) -> list[tuple[Clock, str]]:
    """Those clocks that are promises to the customer, with what was promised, in the order given."""
    found = []
    for clock in clocks:
        what = promised(ruleset.rule(clock.rule_id))
        if what and clock.state != Clock.State.CANCELLED:
            found.append((clock, what))
    return found


def promise(clocks: Sequence[Clock], case: Case, at: datetime) -> dict[str, Any] | None:
    """The promise that counts now: the nearest that is still owed, else the time he was told; of a finished case how all
    of them were kept."""
    told = told_clocks(clocks)
    owed = next(((c, what) for c, what in told if c.is_live), None)
    if owed is not None and case.status not in DONE:
        return _owed(*owed, at)
    if case.expected_at is not None and case.expected_at > at and case.status not in DONE:
        when = words.moment_words(case.expected_at, at)
        return {
            "label": _("我们告诉过您"),
            "text": _("预计%(when)s 办好") % {"when": when},
            "share": None,
            "state": "run",
        }
    decided = [c for c, _what in told if c.state in (Clock.State.MET, Clock.State.BREACHED)]
    if not decided:
        return None
    late = sum(1 for c in decided if c.state == Clock.State.BREACHED)
    total = ngettext("%(n)s 件", "%(n)s 件", len(decided)) % {"n": len(decided)}
    if late:
        text = ngettext("%(total)s里有 %(n)s 件晚了", "%(total)s里有 %(n)s 件晚了", late)
        return {
            "label": _("答应您的事"),
            "text": text % {"total": total, "n": late},
            "share": None,
            "state": "breach",
        }
    return {
        "label": _("答应您的事"),
        "text": _("%(total)s都按时做到了") % {"total": total},
        "share": None,
        "state": "met",
    }


def _owed(clock: Clock, what: str, at: datetime) -> dict[str, Any]:
    view = timing.clock_view(clock, at)
    state = view["state"]
    text = _("%(when)s 前%(what)s") % {"when": words.moment_words(clock.due_at, at), "what": what}
    shown: dict[str, Any] = {"text": text, "share": None, "state": state, "note": ""}
    if state == "pause":
        shown |= {"text": _("等您回复后，继续为您计时"), "note": _("%(what)s的时间先停着") % {"what": what}}
    elif state == "breach":
        shown |= {"label": _("我们答应您，但晚了"), "note": words.clock_words(view, at)}
    else:
        left = words.clock_words(view, at)
        shown["share"] = 1 - words.clock_share(view, at) if view["total_seconds"] else None
        shown["note"] = left if clock.calendar == "always" else _("只算上班时间，%(left)s") % {"left": left}
    return shown


def _promises(clocks: Sequence[Clock], at: datetime) -> list[dict[str, Any]]:
    """The clauses behind the promises to the customer, each with its wording and the promises made by it; one query."""
    told = told_clocks(clocks)
    rules = Rule.objects.filter(pk__in={c.rule_id for c, _what in told}).select_related("clause")
    clauses = {r.pk: r.clause for r in rules}
    shown: dict[int, dict[str, Any]] = {}
    for clock, what in told:
        clause = clauses[clock.rule_id]
        entry = shown.setdefault(
            clause.pk,
            {
                "clause": {
                    "number": timing.clause_number(clause.code),
                    "name": spoken(clause.title, clause.title_en),
                },
                "wording": spoken(clause.wording, clause.wording_en),
                "promises": [],
            },
        )
        entry["promises"].append(
            {
                "what": what,
                "within": timing.span_words(clock.within),
                "clock": timing.clock_view(clock, at),
            }
        )
    return list(shown.values())


def facts(it: CustomerPage) -> list[dict[str, Any]]:
    """The organisation's own fields that the customer sees, as far as they are filled."""
    kept = it.case.custom
    return [
        {"label": field.label, "value": words.kept_value(field.type, kept[field.code])}
        for field in it.fields
        if kept.get(field.code) not in (None, "")
    ]


def handler(case: Case) -> dict[str, Any] | None:
    """Who has it: a name and a team, never an address."""
    team = case.team.name if case.team is not None else ""
    if case.owner is None:
        return None
    done = case.status in DONE
    return {
        "name": case.owner.name,
        "presence": "" if done else case.owner.presence,
        "verb": _("经办") if done else _("在办"),
        "note": team,
    }


def offer(it: CustomerPage, base: str) -> dict[str, Any] | None:
    """The options to choose from."""
    if it.plan is None or not it.options:
        return None
    best = next((o for o in it.options if o.recommended), it.options[0])
    return {
        "title": _("请您选一个办法") if len(it.options) > 1 else _("我们建议这样办"),
        "note": _said(it),
        "url": f"{base}choose/",
        "options": [_option(o) for o in it.options],
        "plan_id": it.plan.pk,
        "chosen_id": best.position,
        "label": _("就选“{what}”"),
        "button": _("就选“%(what)s”") % {"what": best.title},
        "foot": _("都不合适？"),
        "other_url": "#talk",
    }


def _said(it: CustomerPage) -> str:
    """What was written above the options."""
    message = next((m for m in it.messages if it.plan is not None and m.pk == it.plan.interaction_id), None)
    return without_options(message.text, [vars(o) for o in it.options]) if message is not None else ""


def _option(option: Option) -> dict[str, Any]:
    def lines(text: str) -> list[str]:
        return [line.strip() for line in text.splitlines() if line.strip()]

    points = lines(option.pros)
    if steps := lines(option.steps):
        points.append(_("步骤：%(steps)s") % {"steps": " → ".join(steps)})
    return {
        "id": option.position,
        "title": option.title,
        "cost": option.cost,
        "when": option.time,
        "points": points,
        "caution": _("；").join(lines(option.cons)),
    }


def confirm(
    it: CustomerPage,
    by_ref: Mapping[int | None, list[dict[str, Any]]],
    clocks: Sequence[Clock],
    at: datetime,
    base: str,
) -> dict[str, Any]:
    """Was it solved?"""
    case = it.case
    chosen = next((o for o in it.options if it.plan is not None and o.pk == it.plan.chosen_id), None)
    facts: list[dict[str, Any]] = []
    if chosen is not None:
        facts.append({"label": _("办法"), "value": chosen.title})
    if case.resolution:
        facts.append({"label": _("结果"), "value": case.resolution})
    if case.resolved_at:
        good = _earlier(clocks, case.resolved_at)
        facts.append({"label": _("办好"), "value": words.moment_words(case.resolved_at, at), "good": good})
    if case.owner is not None:
        facts.append({"label": _("经办"), "value": case.owner.name})
    solution = next((m.pk for m in reversed(it.messages) if m.purpose == Interaction.Purpose.SOLUTION), None)
    note = ""
    if case.close_at is not None:
        note = _("%(when)s 前没有回音，单子会自动关闭；之后随时可以重开。") % {
            "when": words.moment_words(case.close_at, at)
        }
    return {
        "title": _("问题解决了吗？"),
        "facts": facts,
        "files": by_ref.get(solution, []) if solution is not None else [],
        "yes_url": f"{base}confirm/",
        "yes_label": _("解决了，可以关单"),
        "yes_note": note,
        "no_url": f"{base}dispute/",
        "no_title": _("还没解决"),
        "no_note": _("请告诉我们哪里不对，我们马上重新办。"),
        "reasons": [{"value": v, "label": label, "checked": False} for v, label in REASONS],
        "text": "",
        "kept": [],
        "draft_key": f"dispute-{case.number}",
        "upload_url": "/help/upload/",
        "errors": [],
        "no_label": _("提出异议，重新处理"),
        "no_foot": "",
    }


def _earlier(clocks: Sequence[Clock], resolved_at: datetime) -> str:
    """How much earlier than promised it was solved; nothing when it was not, or nothing was promised."""
    due = [
        c.due_at
        for c in clocks
        if c.met_at == resolved_at and promised(ruleset.rule(c.rule_id)) and c.due_at > resolved_at
    ]
    if not due or min(due) - resolved_at < WORTH_SAYING:
        return ""
    return _("比答应的早 %(span)s") % {"span": words.span((min(due) - resolved_at).total_seconds())}


def steps(it: CustomerPage, at: datetime) -> list[dict[str, Any]]:
    """The way so far, where it stands, and what comes; one query for names."""
    case = it.case
    people = names(e.payload.get("owner") for e in it.steps if e.kind == "case.accepted")
    options = {o.pk: o.title for o in it.options}
    way = [
        {"title": title, "at_text": words.moment_words(e.at, at), "text": text, "state": "done"}
        for e in it.steps
        if (title := _step(e, people)) and (text := _step_text(e, case, options, at)) is not None
    ]
    now_title = _now(it)
    if now_title:
        since = _since(it)
        at_text = words.moment_words(since, at) if since is not None else ""
        way.append({"title": now_title, "at_text": at_text, "text": "", "state": "cur"})
    if case.status not in DONE:
        if case.expected_at is not None:
            when = _("预计%(when)s") % {"when": words.moment_words(case.expected_at, at)}
            ahead = case.expected_at >= at
            way.append({"title": _("办好"), "at_text": when if ahead else "", "text": "", "state": ""})
        way.append({"title": _("您确认"), "at_text": "", "text": "", "state": ""})
    return way


_STEPS: dict[str, Any] = {
    "case.opened": gettext_lazy("收到了"),
    "case.diagnosed": gettext_lazy("有了初步判断"),
    "case.eta_told": gettext_lazy("告诉您预计时间"),
    "customer.warned": gettext_lazy("先告诉您要晚一些"),
    "plan.proposed": gettext_lazy("给了您办法"),
    "plan.chosen": gettext_lazy("您选好了"),
    "case.resolved": gettext_lazy("办好了"),
    "case.confirmed": gettext_lazy("您确认解决"),
    "case.disputed": gettext_lazy("您说还没解决"),
    "case.closed": gettext_lazy("已关闭"),
}


def _step(event: Event, people: Mapping[int, str]) -> str:
    """What a step is called; nothing for those that say nothing new to him."""
    payload = event.payload
    match event.kind:
        case "case.accepted":
            name = people.get(payload.get("owner") or 0, "")
            return _("%(name)s接手了") % {"name": name} if name else _("有人接手了")
        case "case.reopened":
            return _("重新办理") if payload.get("why") != "dispute" else ""
        case "case.closed":
            return str(_STEPS["case.closed"]) if payload.get("how") != "confirmed" else ""
        case _:
            return str(_STEPS.get(event.kind, ""))


def _step_text(event: Event, case: Case, options: Mapping[int, str], at: datetime) -> str | None:
    payload = event.payload
    if event.kind == "case.opened":
        return str(_CAME.get(case.channel, ""))
    if event.kind in ("case.eta_told", "customer.warned") and payload.get("expected"):
        when = words.moment_words(datetime.fromisoformat(payload["expected"]), at)
        return _("预计%(when)s 办好") % {"when": when}
    if event.kind == "plan.chosen":
        return options.get(payload.get("option") or 0, "")
    return ""


def _now(it: CustomerPage) -> str:
    if "choose" in it.actions:
        return _("等您选办法")
    match it.case.status:
        case "new":
            return _("等人接手")
        case "waiting_customer":
            return _("等您回复")
        case "open" | "waiting_internal":
            return _("正在办")
        case "resolved":
            return _("等您确认")
        case _:
            return ""


def _since(it: CustomerPage) -> datetime | None:
    """Since when the case stands where it stands, where that is worth saying."""
    if "choose" in it.actions and it.plan is not None:
        return it.plan.at
    if it.case.status == "waiting_customer":
        return max((e.at for e in it.steps if e.kind == "case.waiting"), default=None)
    return it.case.resolved_at if it.case.status == "resolved" else None


def _files(files: Iterable[File], base: str) -> dict[int | None, list[dict[str, Any]]]:
    found: dict[int | None, list[dict[str, Any]]] = {}
    for file in files:
        url = f"{base}files/{file.pk}/"
        image = file.blob.content_type in SAFE_IMAGES
        found.setdefault(file.ref, []).append(
            {
                "name": file.name,
                "url": url,
                "icon": "photo" if image else "file",
                "thumb_url": url if image else "",
            }
        )
    return found


def _message(
    message: Interaction, it: CustomerPage, by_ref: Mapping[int | None, list[dict[str, Any]]]
) -> dict[str, Any]:
    case, text = it.case, message.text
    mine = message.direction == Interaction.Direction.IN
    if (
        "choose" in it.actions and it.plan is not None and it.plan.interaction_id == message.pk
    ):  # the options stand beside it as cards
        text = without_options(text, [vars(o) for o in it.options]) or _("我们给您出了办法，请您选。")
    if not mine:
        who = message.person.name if message.person is not None and not message.automatic else _("客户服务")
    elif message.customer_id in (None, case.customer_id):
        who = _("您")
    else:
        who = _("您这边的另一位联系人")
    if message.channel in ("phone", "visit"):
        who = f"{who} · {message.get_channel_display()}"
    return {
        "mine": mine,
        "who": who,
        "at": message.at,
        "text": text,
        "files": by_ref.get(message.pk, []),
    }
