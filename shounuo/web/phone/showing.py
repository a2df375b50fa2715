"""What the form shows while one types: who it may be, which clocks would start, what else waits, the sentence to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Q
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from shounuo.cases import queries as cases
from shounuo.cases.models import Case, Topic
from shounuo.cases.rules import states
from shounuo.commitments.ruleset import LiveRule
from shounuo.customers import queries as customers
from shounuo.customers.models import Customer
from shounuo.kernel.actors import Actor
from shounuo.kernel.text import clean_line, digits_in, mask_phone, truncate
from shounuo.policy import queries as policy
from shounuo.policy.models import Rule
from shounuo.policy.schema import Record
from shounuo.staff.models import Person, Team
from shounuo.staff.queries import actor_for
from shounuo.web import timing, words
from shounuo.web.people.showing import segment
from shounuo.web.phone.foresee import Foreseen, Opening, foresee
from shounuo.web.phone.forms import assigned
from shounuo.web.portal.showing import promised

RECENT = 5
YEAR = timedelta(days=365)
SPOKEN_TEXT = 90
_STOPS = "。.！!；;，, "


def matches(actor: Actor, digits: str, at: datetime) -> list[dict[str, Any]]:
    """Customers whose number begins with the digits or holds them; four queries."""
    found = customers.by_phone_prefix(actor, digits)
    standing = _standing(actor, [c.pk for c in found], at)
    return [
        {
            "id": c.pk,
            "name": c.name,
            "farm": c.company.name if c.company else "",
            "phone": _number(c, digits),
            "note": " · ".join(filter(None, (c.region, _standing_words(standing.get(c.pk), at)))),
        }
        for c in found
    ]


def _standing(actor: Actor, ids: Sequence[int], at: datetime) -> dict[int, dict[str, Any]]:
    rows = (
        cases.visible_to(actor)
        .filter(customer_id__in=ids)
        .order_by()
        .values("customer_id")
        .annotate(
            year=Count("pk", filter=Q(opened_at__gte=at - YEAR)),
            open=Count("pk", filter=Q(status__in=states.ACTIVE)),
            last=Max("opened_at"),
        )
    )
    return {row["customer_id"]: dict(row) for row in rows}


def _standing_words(row: Mapping[str, Any] | None, at: datetime) -> str:
    if row is None:
        return ""
    if row["open"]:
        return _("未结 %(n)s") % {"n": row["open"]}
    return _("上次 %(day)s") % {"day": words.day_words(row["last"], at, weekday=False)}


def _number(customer: Customer, typed: str) -> SafeString:
    """The number that fits: what was typed is marked, of the rest only what a masked number shows."""
    digits = digits_in(typed)
    points = [p.value for p in customer.contact_points.all() if p.kind == "phone"]
    value = next((v for v in points if v.startswith(digits)), "") or next(
        (v for v in points if digits in v), ""
    )
    if not value:
        return format_html("{}", mask_phone(points[0]) if points else "")
    start = value.find(digits)
    shown = mask_phone(value).replace(" ", "")
    if len(shown) != len(value):  # of odd numbers the mask alone
        return format_html("{}", mask_phone(value))
    before, after = shown[:start], shown[start + len(digits) :]
    return format_html("{}<mark>{}</mark>{}", before, digits, after)


def match(actor: Actor, customer: Customer, at: datetime) -> dict[str, Any]:
    """The customer who was picked; one query beyond him."""
    row = _standing(actor, [customer.pk], at).get(customer.pk)
    company = " · ".join(filter(None, (customer.company.name if customer.company else "", customer.title)))
    facts = [(_("单位"), company), (_("地区"), customer.region)]
    if row is not None:
        facts.append(
            (_("近 12 月"), _("来单 %(n)s 件，未结 %(open)s 件") % {"n": row["year"], "open": row["open"]})
        )
    facts.append((_("备注"), truncate(customer.note, 80)))
    return {
        "id": customer.pk,
        "name": customer.name,
        "named": customer.named,
        "is_vip": customer.segment in ("vip", "key"),
        "segment": segment(customer),
        "facts": [{"label": label, "value": value} for label, value in facts if value],
    }


def recent(actor: Actor, customer: Customer | None, at: datetime) -> dict[str, Any]:
    """His latest cases, and a note if one waits for an answer; two queries."""
    if customer is None:
        return {"recent": [], "callouts": []}
    rows, _more = cases.list_page(actor, {"customer": customer.pk, "sort": "opened"}, None, RECENT, at=at)
    asked = {"customer": customer.pk, "status": "active", "unanswered": True, "sort": "due"}
    waiting, _more = cases.list_page(actor, asked, None, 1, at=at)
    return {
        "recent": [
            {
                "number": c.number,
                "url": f"/cases/{c.number}/",
                "title": c.subject,
                "status": c.status,
                "status_label": c.get_status_display(),
            }
            for c in rows
        ],
        "callouts": [_waits(c, actor, at) for c in waiting],
    }


def _waits(case: Case, actor: Actor, at: datetime) -> dict[str, Any]:
    mine = case.owner_id is not None and case.owner_id == actor.person_id
    text = _("他还有一单在等您回复") if mine else _("他还有一单在等回复")
    if case.next_due_at is not None:
        left = (case.next_due_at - at).total_seconds()
        wording = _("还剩 %(span)s") if left > 0 else _("已超时 %(span)s")
        text = _("%(text)s，%(left)s") % {"text": text, "left": wording % {"span": words.span(left)}}
    return {
        "text": _("%(text)s。可以在这次一并答复。") % {"text": text},
        "url": f"/cases/{case.number}/",
        "action": _("打开"),
        "tone": "warn",
    }


def opening_of(
    values: Mapping[str, Any],
    *,
    channel: str,
    person: Person,
    topics: Sequence[Topic],
    teams: Sequence[Team],
    people: Sequence[Person],
    customer: Customer | None,
) -> Opening:
    """The case as it would be opened from what is typed so far."""
    codes = {t.pk: t.code for t in teams}
    topic = next((t for t in topics if str(t.pk) == values.get("topic")), None)
    kind, id = assigned(str(values.get("assign", "")))
    owner = person if kind == "me" else next((p for p in people if kind == "person" and p.pk == id), None)
    team = id if kind == "team" else 0
    if owner is not None:
        team = min(actor_for(owner).team_ids, default=0)
    return Opening(
        channel=channel,
        kind=str(values.get("kind") or "inquiry"),
        level=str(values.get("level") or ""),
        complexity=str(values.get("complexity") or ""),
        topic=tuple(topic.path.split("/")) if topic is not None else (),
        team=codes.get(team, ""),
        owner_id=owner.pk if owner is not None else None,
        owner_is_me=kind == "me",
        segment=customer.segment if customer is not None else "",
        known=_known(values, customer),
    )


def _known(values: Mapping[str, Any], customer: Customer | None) -> frozenset[str]:
    """The fields of the record that what is typed, or what is known of the customer, fills."""
    typed = {name for name in ("name", "phone", "region") if str(values.get(name) or "").strip()}
    named = "name" in typed or (customer is not None and customer.named)
    found = {
        "customer": named,
        "customer_name": named,
        "contact": "phone" in typed or customer is not None,
        "region": "region" in typed or (customer is not None and bool(customer.region)),
        "key_points": True,
    }
    return frozenset(name for name, there in found.items() if there)


def clocks(opening: Opening, at: datetime) -> dict[str, Any]:
    """Which clocks will start, and what opening the case keeps at once; one query for titles."""
    found = foresee(opening, at)
    titles = policy.rule_titles(f.rule.id for f in found)
    running = [f for f in found if not f.kept]
    kept = [f for f in found if f.kept]
    note = None
    if kept:
        answered = next((f for f in kept if _is_answer(f.rule)), None)
        text = _("接通即守。") if opening.channel == "phone" else _("当面即守。")
        note = {"clause": _clause(answered.rule, ""), "text": text} if answered is not None else None
    return {
        "will": [
            {
                "clause": _clause(f.rule, titles.get(f.rule.id, "")),
                "span": f.within.words(),
                "due": words.moment_words(f.due_at, at, "due"),
            }
            for f in running
        ],
        "will_note": note,
        "first": next((f for f in running if promised(f.rule)), None),
    }


def _is_answer(rule: LiveRule) -> bool:
    return any(spec.event == "call.answered" for spec in rule.spec.until)


def _clause(rule: LiveRule, name: str) -> dict[str, str]:
    return {
        "number": timing.clause_number(rule.clause),
        "name": name,
        "url": f"/policy/clauses/{rule.clause}/",
    }


def clauses(at: datetime) -> dict[str, Any]:
    """The clauses that ask for what the form asks for: who it is, the topic, the product; one query."""
    wanted = {"contact": "who_clause", "topic": "topic_clause", "product_or_order": "product_clause"}
    found: dict[str, Any] = {}
    for row, rule in policy.rules_in_force(Rule.Kind.RECORD, at):
        assert isinstance(rule, Record)
        for field in rule.fields if rule.subject == "case" else ():
            if field in wanted:
                code = row.clause.code
                tag = {"number": timing.clause_number(code), "url": f"/policy/clauses/{code}/"}
                found.setdefault(wanted[field], tag | {"name": _("须登记")})
    if "who_clause" in found:
        found["confirm_clause"] = found["who_clause"] | {"name": _("复述确认")}
    return found


def read_back(values: Mapping[str, Any], first: Foreseen | None, *, names: Mapping[str, str]) -> str:
    """The sentence to say before the call ends, made of what is typed; empty while there is nothing to repeat.

    `names`: choice of `assign` -> how it is called.
    """
    title = clean_line(str(values.get("title", ""))).rstrip(_STOPS)
    if not title:
        return ""
    text = truncate(clean_line(str(values.get("text", ""))), SPOKEN_TEXT).rstrip(_STOPS)
    what = _("%(title)s；%(text)s") % {"title": title, "text": text} if text else title
    who = clean_line(str(values.get("name", "")))
    said = [
        _("%(name)s，您说的是：%(what)s。") % {"name": who, "what": what}
        if who
        else _("您说的是：%(what)s。") % {"what": what}
    ]
    urgent = values.get("level") == "L3"
    to = names.get(str(values.get("assign", "")), "")
    if to:
        said.append((_("我按最急的转给%(to)s，") if urgent else _("我转给%(to)s，")) % {"to": to})
    else:
        said.append(_("这件事我按最急的来办，") if urgent else _("这件事我来办，"))
    if first is not None:
        said.append(_("%(span)s内%(what)s，") % {"span": first.within.words(), "what": promised(first.rule)})
    return "".join([*said, _("对吗？")])
