"""Agreements for tests, built through the services. Commitments on cases must be in force."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shounuo.agreements import queries, services
from shounuo.agreements.models import Agreement
from shounuo.agreements.services import Promise
from shounuo.customers.testing import make_customer
from shounuo.kernel.actors import Actor
from shounuo.staff.testing import AT


def make_agreement(
    *, within: str = "PT10M", name: str = "first-response", at: datetime = AT, **given: Any
) -> Agreement:
    """A draft that betters the first commitment of that name in force; with a customer of its own where none is named."""
    base = next(row for row, spec, _label in queries.bases(at) if spec.name == name)
    if not {"customer_id", "company_id", "segment"} & set(given):
        given["customer_id"] = make_customer("河套牧业", mail="hetao@example.cn").pk
    given.setdefault("promises", [Promise(base.pk, within)])
    given.setdefault("valid_from", at.date())
    return services.agreement_save(**{"title": "优先服务协议", **given}, actor=Actor.system(), at=at)
