"""The service record of a case: which of its seven fields are filled."""

from __future__ import annotations

from shounuo.cases.models import Case
from shounuo.cases.rules.records import Record
from shounuo.kernel import prepared

_NAMED = "SELECT 1 FROM customers_customer WHERE id = %s AND named"


def record_of(case: Case, *, customer_known: bool | None = None) -> Record:
    """The record as it stands. Whether the customer is known by name is read only when nothing else is missing and
    the caller does not know it; a record that lacks more names `customer` as filled or not by what is at hand."""
    others = {
        "time": True,
        "problem": bool(case.subject),
        "course": any((case.last_out_at, case.noted_at, case.diagnosed_at, case.first_response_at)),
        "solution": bool(case.resolution) and case.resolved_at is not None,
        "feedback": bool(case.confirmed_at or case.feedback or case.closed_how == Case.Closing.SILENCE),
        "handler": case.owner_id is not None,
    }
    if customer_known is None:
        customer_known = all(others.values()) and bool(prepared.execute(_NAMED, [case.customer_id]))
    return Record(customer=customer_known, **others)
