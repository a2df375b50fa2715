"""What of a case is on record: the fields that a regulation may demand by name, and which of them are filled."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from shounuo.cases.models import CustomField, Option
from shounuo.events.subjects import Filled
from shounuo.kernel import prepared

# Name -> the condition under which it is filled. c: the case, k: its customer. What is always known (the time, the channel)
# is there too, so that a regulation may say it.
_CONDITIONS: Final[dict[str, str]] = {
    "time": "true",
    "channel": "true",
    "kind": "true",
    "priority": "true",
    "problem": "c.subject <> ''",
    "difficulty": "c.difficulty <> ''",
    "customer": "k.named",
    "customer_name": "k.named",
    "region": "k.region <> ''",
    "contact": "EXISTS (SELECT 1 FROM customers_contactpoint p WHERE p.customer_id = c.customer_id)",
    "topic": "c.topic_id IS NOT NULL",
    "level": "c.level <> ''",
    "severity": "c.severity <> ''",
    "complexity": "c.complexity <> ''",
    "tags": "c.tags <> '{}'",
    "team": "c.team_id IS NOT NULL",
    "handler": "c.owner_id IS NOT NULL",
    "owner": "c.owner_id IS NOT NULL",
    "expected_time": "c.expected_at IS NOT NULL",
    "analysis_note": "c.diagnosis <> ''",
    "diagnosis": "c.diagnosis <> ''",
    "handling": "coalesce(c.last_out_at, c.noted_at, c.diagnosed_at, c.first_response_at) IS NOT NULL",
    "reply": "c.last_out_at IS NOT NULL",
    "solution": "c.resolution <> '' AND c.resolved_at IS NOT NULL",
    "outcome": "c.resolution <> '' AND c.resolved_at IS NOT NULL",
    "customer_feedback": "c.confirmed_at IS NOT NULL OR c.feedback <> '' OR c.closed_how = 'silence'",
    "verification_method": "c.verified_how <> ''",
    "progress": "EXISTS (SELECT 1 FROM cases_interaction i WHERE i.case_id = c.id AND i.purpose = 'progress')",
    "operations": "EXISTS (SELECT 1 FROM cases_interaction i WHERE i.case_id = c.id AND i.purpose = 'operation')",
    "customer_cooperation": "EXISTS (SELECT 1 FROM cases_interaction i WHERE i.case_id = c.id AND i.purpose = 'cooperation')",
    "handling_requirement": "EXISTS (SELECT 1 FROM cases_interaction i WHERE i.case_id = c.id AND i.purpose = 'transfer')",
    "key_points": "EXISTS (SELECT 1 FROM cases_interaction i WHERE i.case_id = c.id AND i.channel IN ('phone', 'visit') AND i.text <> '')",
    "people": "k.named AND c.owner_id IS NOT NULL",
}
OPTION: Final = ("title", "pros", "cons", "steps", "time", "cost")
FIELDS: Final = frozenset(_CONDITIONS)
ITEMS: Final = {"solution_option": frozenset(OPTION)}
# fmt: off
_FILLED = f"""
SELECT c.id, c.custom, {", ".join(_CONDITIONS.values())}
FROM cases_case c JOIN customers_customer k ON k.id = c.customer_id WHERE c.id = ANY(%s::bigint[])
"""  # noqa: S608  conditions of ours
# fmt: on


def own_fields() -> dict[str, str]:
    """The fields that the organisation has made, by code, with what they are called; one query."""
    return dict(CustomField.objects.filter(active=True).values_list("code", "label"))


def filled(ids: Iterable[int], with_items: bool) -> dict[int, Filled]:
    """Which fields of the cases are filled, and of their options where the items are wanted; a query each."""
    wanted = list(ids)
    options = _options(wanted) if with_items else {}
    found = {}
    for id, custom, *values in prepared.by_ids(_FILLED, wanted):
        fields = dict(zip(_CONDITIONS, map(bool, values), strict=True))
        fields |= {
            code: value not in (None, "") for code, value in _values(custom).items() if code not in fields
        }
        found[id] = Filled(fields, {"solution_option": options.get(id, [])} if with_items else {})
    return found


def _options(wanted: list[int]) -> dict[int, list[dict[str, bool]]]:
    """The options of the plan that the customer has before him or has chosen from: the last that was not taken back."""
    plans: dict[int, dict[int, list[dict[str, bool]]]] = {}
    options = Option.objects.filter(plan__case_id__in=wanted, plan__withdrawn_at=None).order_by(
        "plan_id", "position"
    )
    for option in options.select_related("plan"):
        each = {name: bool(getattr(option, name)) for name in OPTION}
        plans.setdefault(option.plan.case_id, {}).setdefault(option.plan_id, []).append(each)
    return {case_id: of_case[max(of_case)] for case_id, of_case in plans.items()}


def _values(custom: Any) -> dict[str, Any]:
    """The own fields as the driver gives them: text, or read already."""
    return json.loads(custom) if isinstance(custom, str) else custom
