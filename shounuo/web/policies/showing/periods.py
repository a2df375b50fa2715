"""The periods of a clause's cadences: done, late, missed or owed, by whom, with what shows it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from shounuo.commitments.cadences import series_of
from shounuo.duties import queries as duties
from shounuo.duties import rules
from shounuo.duties.models import Duty, Evidence
from shounuo.kernel.actors import Actor
from shounuo.policy.queries import ClauseView
from shounuo.policy.schema import Cadence
from shounuo.web import words
from shounuo.web.duties import showing

PERIODS = 8
MOST = 600  # duties read of one cadence: a period of a large house may have hundreds
ROWS = 6  # of one period; those that were done in time give way first
STATES = {
    "missed": (gettext_lazy("没做"), "breach"),
    "overdue": (gettext_lazy("已超时"), "breach"),
    "late": (gettext_lazy("迟到"), "warn"),
    "owed": (gettext_lazy("待完成"), ""),
    "done": (gettext_lazy("按时"), "met"),
    "cancelled": (gettext_lazy("不再需要"), ""),
}


def of_clause(view: ClauseView, actor: Actor, at: datetime) -> list[dict[str, Any]]:
    """For each cadence of the clause {title, gap, periods [{label, open, states [{label, count, tone}], rows, more}]}, the latest
    period first. `rows` are {who, about, state, tone, when, url, proof}; a duty that the reader may not see is counted and not
    named. Six queries a cadence at most, none where the clause has none."""
    found = []
    for rule in view.rules:
        if not isinstance(rule.rule, Cadence) or rule.row.status == "waiting":
            continue
        gap = _("多久一次还没有定，填上后才有周期") if rule.rule.gaps else ""
        rows = list(_newest(series_of(view.row.code, rule.rule.name))) if not gap else []
        if gap or rows:
            found.append({"title": rule.title, "gap": gap, "periods": _periods(rows, actor, at)})
    return found


def _newest(series: str) -> Sequence[Duty]:
    rows = duties.of_series(series).select_related("owner", "team", "ended_by")
    return list(rows.order_by("-due_at", "id")[:MOST])


def state_of(duty: Duty, at: datetime) -> str:
    """What became of a duty, as one of STATES."""
    if duty.state == Duty.State.DONE:
        late = duty.ended_at is not None and rules.is_late(duty, duty.ended_at)
        return "late" if late else "done"
    if duty.is_open:
        return "overdue" if rules.is_late(duty, at) else "owed"
    return str(duty.state)


def _periods(found: Sequence[Duty], actor: Actor, at: datetime) -> list[dict[str, Any]]:
    whole = [(due, list(of_period)) for due, of_period in groupby(found, key=lambda d: d.due_at)][:PERIODS]
    named = {due: _worst_first(of_period, at)[:ROWS] for due, of_period in whole}
    shown = [d for rows in named.values() for d in rows]
    seen = duties.visible_ids(actor, [d.pk for d in shown])
    proofs = duties.evidence_of(d.pk for d in shown if d.pk in seen)
    about = showing.abouts([d for d in shown if d.pk in seen], actor)
    return [
        {
            "label": _label(of_period[0], due),
            "open": any(d.is_open for d in of_period),
            "states": _counts(of_period, at),
            "rows": [_row(d, at, proofs.get(d.pk, []), about) for d in named[due] if d.pk in seen],
            "more": ngettext("另有 %(n)s 项", "另有 %(n)s 项", hidden) % {"n": hidden}
            if (hidden := len(of_period) - sum(d.pk in seen for d in named[due]))
            else "",
        }
        for due, of_period in whole
    ]


def _worst_first(rows: Sequence[Duty], at: datetime) -> list[Duty]:
    order = list(STATES)
    return sorted(rows, key=lambda d: (order.index(state_of(d, at)), d.pk))


def _counts(rows: Sequence[Duty], at: datetime) -> list[dict[str, Any]]:
    states = [state_of(d, at) for d in rows]
    return [
        {"label": str(label), "count": states.count(code), "tone": tone}
        for code, (label, tone) in STATES.items()
        if code in states
    ]


def _row(
    duty: Duty, at: datetime, proofs: Sequence[Evidence], about: dict[tuple[str, int], dict[str, str]]
) -> dict[str, Any]:
    label, tone = STATES[state_of(duty, at)]
    proof = proofs[0] if proofs else None
    who = duty.ended_by.name if duty.ended_by is not None else showing.who(duty)
    return {
        "who": who,
        "about": about.get(duty.subject, {}).get("label", "") if duty.subject is not None else "",
        "state": str(label),
        "tone": tone,
        "when": words.moment_words(duty.ended_at, at, "short") if duty.ended_at is not None else "",
        "url": f"/duties/{duty.pk}/",
        "proof": _said(proof) if proof is not None else "",
    }


def _said(proof: Evidence) -> str:
    """What the evidence says in a few words."""
    if proof.note:
        return Truncator(proof.note.splitlines()[0]).chars(40)
    return _("由系统中发生的事认定") if proof.event_id is not None else _("有凭据")


def _label(duty: Duty, due: datetime | None) -> str:
    """The days of a period: its last is the day before it ends at midnight."""
    if due is None:
        return ""
    first = timezone.localtime(duty.opens_at).date()
    last = timezone.localtime(due - timedelta(seconds=1)).date()
    if first == last:
        return words.full_day(last)
    return _("%(first)s至%(last)s") % {
        "first": words.full_day(first, weekday=False),
        "last": words.full_day(last, weekday=False),
    }
