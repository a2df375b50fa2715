"""Grants as their pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from shounuo.cases.models import Case, Grant
from shounuo.cases.queries import grants as queries
from shounuo.cases.queries import requests
from shounuo.cases.queries.grants import Offer
from shounuo.cases.queries.requests import Asking
from shounuo.cases.queries.visibility import visible_ids
from shounuo.cases.services.grants import may_withdraw
from shounuo.kernel.actors import Actor
from shounuo.policy import labels
from shounuo.policy.models import Rule
from shounuo.policy.reading import rule_of
from shounuo.policy.sentences import sentence
from shounuo.staff import queries as staff
from shounuo.web import timing, words

TONES = {"asked": "warn", "granted": "kept", "refused": "breach", "withdrawn": "pause"}
SHOWN = 6


def money(fen: int | None) -> str:
    return words.money(fen) if fen is not None else ""


def standing(offer: Offer) -> str:
    """What was given so far and what the reader may give by himself, as a sentence."""
    what = labels.word(offer.kind)
    if not offer.money:
        if offer.limit.allowed:
            return _("%(what)s：您可以直接决定。") % {"what": what}
        return _("%(what)s：要由有权的人批准。") % {"what": what}
    said = {"what": what, "given": money(offer.given), "limit": money(offer.limit.fen)}
    if not offer.limit.allowed:
        return _("%(what)s：已给合计 %(given)s，这次要由有权的人批准。") % said
    if offer.limit.fen is None:
        return _("%(what)s：已给合计 %(given)s，您可以直接给。") % said
    return _("%(what)s：已给合计 %(given)s，您可直接给到合计 %(limit)s，再多要报批。") % said


def panel(actor: Actor, case: Case, at: datetime, *, may_ask: bool) -> dict[str, Any] | None:
    """What stands beside a case: what was granted and asked for, and what may be asked for; None where there is neither.
    Six queries at most, whatever there is."""
    rows = queries.of_case(case.pk)
    offers = queries.offers(actor, case, at)
    if not rows and not offers:
        return None
    return {
        "items": [line(g, at, own=case.pk) for g in rows[:SHOWN]],
        "more": max(0, len(rows) - SHOWN),
        "offers": [
            {
                "label": capfirst(labels.word(o.kind)),
                "given": money(o.given) if o.money else "",
                "limit": money(o.limit.fen) if o.money and o.limit.fen is not None else "",
                "url": f"/cases/{case.number}/grant/?kind={o.kind}" if may_ask else "",
                "share": min(100, o.given * 100 // o.limit.fen) if o.money and o.limit.fen else None,
                "clause": clause(o.clause),
            }
            for o in offers
        ],
    }


def line(grant: Grant, at: datetime, *, own: int | None) -> dict[str, Any]:
    """A grant on one line; the case's number where it is another of the same matter."""
    return {
        "url": f"/approvals/{grant.pk}/",
        "label": capfirst(labels.word(grant.kind)),
        "amount": money(grant.amount),
        "state": str(grant.state),
        "state_label": grant.get_state_display(),
        "tone": TONES[grant.state],
        "who": (grant.decided_by or grant.asked_by).name,
        "when": words.moment_words(grant.decided_at or grant.asked_at, at, "short"),
        "number": grant.case.number if grant.case is not None and grant.case_id != own else None,
    }


def request_kinds(actor: Actor, at: datetime) -> list[dict[str, Any]]:
    """What may be asked for on no case, each with who would decide. Two queries."""
    return [
        {
            "label": capfirst(labels.word(asking.offer.kind)),
            "says": standing(asking.offer) if asking.alone or asking.offer.money else "",
            "who": "" if asking.alone else _who(asking.roles),
            "url": f"/approvals/new/?kind={quote(asking.offer.kind)}",
            "clause": clause(asking.offer.clause),
        }
        for asking in requests.offers(actor, at)
    ]


def asking_words(asking: Asking, actor: Actor, at: datetime) -> str:
    """Who will decide and by when, before it is asked. Five queries at most."""
    if asking.alone:
        return standing(asking.offer)
    if not asking.roles:
        return _("合计超出了制度授权的最高额度，无人可批")
    asked = requests.would_be_asked(actor, asking.roles, at)
    names = staff.names(asked)
    due = requests.answer_due(asking.roles, at) if asked else None
    said = {
        "says": standing(asking.offer) if asking.offer.money else "",
        "who": labels.small(_who(asking.roles)),
        "names": _("、").join(names.get(p, "") for p in asked),
        "due": words.moment_words(due, at) if due is not None else "",
    }
    if not asked:
        text = _("%(says)s要由%(who)s批准，但现在没有别人担任。")
    elif due is None:
        text = _("%(says)s由%(who)s批：%(names)s。制度没有写多久要答复。")
    else:
        text = _("%(says)s由%(who)s批：%(names)s。现在提出，最迟%(due)s有答复。")
    return (text % said).strip()


def _who(roles: Iterable[str]) -> str:
    return _("、").join(labels.role(r) for r in roles)


def clause(code: str) -> dict[str, str]:
    return {"number": timing.clause_number(code), "name": "", "url": f"/policy/clauses/{code}/"}


def rows(grants: Sequence[Grant], actor: Actor, at: datetime) -> list[dict[str, Any]]:
    """The rows of the list; one query for which cases the reader may see."""
    seen = visible_ids(actor, {g.case_id for g in grants if g.case_id is not None})
    return [
        line(g, at, own=g.case_id)
        | {
            "id": g.pk,
            "total": money(g.total) if g.total != g.amount else "",
            "reason": g.reason,
            "asker": g.asked_by.name,
            "asked": words.moment_words(g.asked_at, at, "short"),
            "case": {
                "number": g.case.number,
                "url": f"/cases/{g.case.number}/" if g.case_id in seen else "",
            }
            if g.case is not None
            else None,
            "about": g.about,
            "clause": clause(g.clause_code),
            "is_asked": g.is_asked,
            "roles": _who(g.roles),
        }
        for g in grants
    ]


def page(grant: Grant, actor: Actor, at: datetime) -> dict[str, Any]:
    """One grant: what, why, how much it comes to, by which clause, who decides, and what else was granted in the matter."""
    row = rows([grant], actor, at)[0]
    seat = queries.seat_for(actor, grant, at)
    instead = staff.names([seat.for_id]) if seat is not None and seat.for_id is not None else {}
    rule = Rule.objects.filter(pk=grant.rule_id).first()
    others = [] if grant.case is None else [g for g in queries.of_case(grant.case.pk) if g.pk != grant.pk]
    people = queries.asked_people(grant, at) if grant.is_asked else {}
    duty = queries.duty_of(grant) if grant.is_asked else None
    names = staff.names(people)
    return row | {
        "title": f"{row['label']} {row['amount']}".strip(),
        "rule": sentence(rule_of(rule.kind, rule.name, rule.body)) if rule is not None else "",
        "subject": grant.case.subject if grant.case is not None and row["case"]["url"] else "",
        "due": words.moment_words(duty.owed_at, at, "short") if duty is not None and duty.owed_at else "",
        "asked_full": words.moment_words(grant.asked_at, at, "short"),
        "decided": words.moment_words(grant.decided_at, at, "short") if grant.decided_at is not None else "",
        "decider": grant.decided_by.name if grant.decided_by is not None else "",
        "at_once": grant.decided_by_id == grant.asked_by_id and not grant.via,
        "instead_of": grant.stood_in_for.name if grant.stood_in_for is not None else "",
        "via": grant.get_via_display() if grant.via == Grant.Via.MAIL else "",
        "withdrawn": words.moment_words(grant.withdrawn_at, at, "short")
        if grant.withdrawn_at is not None
        else "",
        "withdrawer": grant.withdrawn_by.name if grant.withdrawn_by is not None else "",
        "note": grant.note,
        "waits_for": [names.get(p, "") for p in people],
        "may_decide": seat is not None,
        "in_place_of": next(iter(instead.values()), ""),
        "may_withdraw": may_withdraw(actor, grant),
        "others": [line(g, at, own=grant.case_id) for g in others[:SHOWN]],
    }
