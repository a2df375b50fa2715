"""What a case still lacks before its next step, each with where it is filled in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy

from shounuo.cases.models import Case
from shounuo.cases.queries.page import CasePage
from shounuo.commitments import records
from shounuo.commitments.facts import FactsBook
from shounuo.web import timing

# What an act fills by itself.
BY_RESOLVING = frozenset({"solution", "outcome", "handling", "reply"})
STEPS = {
    "classify": ("case.triaged", gettext_lazy("完成初步判断之前还缺"), frozenset()),
    "resolve": ("case.resolved", gettext_lazy("解决之前还缺"), BY_RESOLVING),
    "close": ("case.closed", gettext_lazy("关闭之前还缺"), frozenset()),
}
# Where a field is filled in: the act of the case whose dialog has it.
WAYS = {
    **dict.fromkeys(("topic", "kind", "level", "severity", "complexity", "priority"), "classify"),
    **dict.fromkeys(("diagnosis", "analysis_note"), "diagnose"),
    **dict.fromkeys(("customer_feedback", "verification_method"), "feedback"),
    **dict.fromkeys(("progress", "operations", "customer_cooperation"), "progress"),
    **dict.fromkeys(("solution_option", "pros", "cons", "steps", "cost"), "propose"),
    **dict.fromkeys(("solution", "outcome"), "resolve"),
    "expected_time": "eta",
    "handling_requirement": "transfer",
    "tags": "tags",
}
CUSTOMERS = frozenset({"customer", "customer_name", "region", "contact"})


def next_steps(it: CasePage, at: datetime) -> list[dict[str, Any]]:
    """For each step that may come next and lacks something: {text, fields [{label, url, dialog}], clause}. No statement where
    no record is demanded before such a step."""
    case = it.case
    wanted = [
        "classify"
        if case.triaged_at is None and "classify" in it.actions and "resolve" in it.actions
        else "",
        "resolve" if "resolve" in it.actions else "close" if "close" in it.actions else "",
    ]
    facts = FactsBook()
    found = [step(it, act, at, facts) for act in wanted if act]
    return [one for one in found if one is not None]


def step(it: CasePage, act: str, at: datetime, facts: FactsBook | None = None) -> dict[str, Any] | None:
    """What is lacking before one act, or None."""
    kind, text, fresh = STEPS[act]
    if not records.gated(kind):
        return None
    lacked = records.lacking(("case", it.case.pk), kind, at, fresh=fresh, facts=facts)
    if not lacked:
        return None
    names = list(dict.fromkeys(name for one in lacked for name in one.fields))
    own = {field.code for field in it.fields}
    clauses = list(dict.fromkeys(one.clause for one in lacked))
    return {
        "text": str(text),
        "fields": [
            {"label": label, **_way(it.case, name, own)}
            for name, label in zip(names, records.field_words("case", names), strict=True)
        ],
        "clauses": [
            {"number": timing.clause_number(code), "name": "", "url": f"/policy/clauses/{code}/"}
            for code in clauses
        ],
    }


def _way(case: Case, name: str, own: set[str]) -> dict[str, Any]:
    if name in CUSTOMERS:
        return {"url": f"/customers/{case.customer_id}/", "dialog": False}
    path = "fields" if name in own else WAYS.get(name, "")
    return {"url": f"/cases/{case.number}/{path}/" if path else "", "dialog": True}
