"""Drawing up an agreement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.agreements import queries
from shounuo.agreements.models import Agreement
from shounuo.agreements.queries import EDIT
from shounuo.customers.models import Company, Customer
from shounuo.kernel.actors import Actor
from shounuo.kernel.durations import parse, parse_percent
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.kernel.text import clean, clean_line
from shounuo.policy.writing import rule_body

MOST = 20
LONGEST = 5_000


@dataclass(frozen=True, slots=True)
class Promise:
    """What is promised: a commitment in force (its rule's id) within an own time ("PT2H", "P1BD"), with an own kept share
    to reach, and what others reach with its source."""

    rule: int
    within: str
    target: str = ""
    benchmark: str = ""
    source: str = ""


def agreement_save(
    *,
    agreement_id: int | None = None,
    title: str,
    customer_id: int | None = None,
    company_id: int | None = None,
    segment: str = "",
    signer_id: int | None = None,
    services: str = "",
    priorities: str = "",
    ours: str = "",
    theirs: str = "",
    promises: Sequence[Promise],
    valid_from: date,
    valid_until: date | None = None,
    actor: Actor,
    at: datetime,
) -> Agreement:
    """Draws up an agreement (no id) or changes one that is still a draft.

    A customer signs his own; of a company one of its people (`signer_id`); a segment is not asked. Needs policy.edit.
    Invalid with the field, Conflict for one that was offered already.
    """
    if not actor.may(EDIT):
        raise NotAllowed(_("您没有草拟服务协议的权限"))
    parties = [p for p in (customer_id, company_id, segment.strip()) if p]
    if len(parties) != 1:
        raise Invalid(_("客户、单位、客户分群，选且只选一个"), field="customer")
    if not clean_line(title, 120):
        raise Invalid(_("请写协议的名称"), field="title")
    if valid_until is not None and valid_until < valid_from:
        raise Invalid(_("结束不能早于开始"), field="valid_until")
    signer = _signer(customer_id, company_id, signer_id)
    given: dict[str, Any] = {
        "title": clean_line(title, 120),
        "customer_id": customer_id,
        "company_id": company_id,
        "segment": clean_line(segment, 20),
        "signer": signer,
        **{
            name: clean(text).strip()[:LONGEST]
            for name, text in (
                ("services", services), ("priorities", priorities), ("ours", ours), ("theirs", theirs),
            )
        },
        "promises": _promises(promises, at),
        "valid_from": valid_from,
        "valid_until": valid_until,
    }  # fmt: skip
    with transaction.atomic():
        if agreement_id is None:
            return Agreement.objects.create(**given, created_at=at, created_by_id=actor.person_id)
        agreement = queries.get(actor, agreement_id, lock=True)
        if agreement.state != Agreement.State.DRAFT:
            raise Conflict(_("已提出的协议不能再改，请另拟一份"), code="not_a_draft")
        for field, value in given.items():
            setattr(agreement, field, value)
        agreement.save()
    return agreement


def _signer(customer_id: int | None, company_id: int | None, signer_id: int | None) -> Customer | None:
    if customer_id is not None:
        return _customer(customer_id, "customer")
    if company_id is None:
        return None
    if not Company.objects.filter(pk=company_id).exists():
        raise NotFound(_("没有这个单位"))
    if signer_id is None:
        raise Invalid(_("请选单位里由谁确认"), field="signer")
    signer = _customer(signer_id, "signer")
    if signer.company_id != company_id:
        raise Invalid(_("确认人不是这个单位的"), field="signer")
    return signer


def _customer(id: int, field: str) -> Customer:
    found = Customer.objects.filter(pk=id, merged_into=None, erased_at=None).first()
    if found is None:
        raise Invalid(_("没有这位客户"), field=field)
    return found


def _promises(promises: Sequence[Promise], at: datetime) -> list[dict[str, Any]]:
    if not 1 <= len(promises) <= MOST:
        raise Invalid(_("承诺至少 1 项，最多 %(most)d 项") % {"most": MOST}, field="promises")
    bases = {row.pk: (row, spec) for row, spec, _label in queries.bases(at)}
    found = []
    for promise in promises:
        if promise.rule not in bases:
            raise Invalid(_("所选的时限不在施行中"), field="promises")
        row, spec = bases[promise.rule]
        within = parse(promise.within)
        if within.is_zero:
            raise Invalid(_("时长须大于零"), field="promises")
        if promise.target:
            parse_percent(promise.target)
        benchmark = str(parse(promise.benchmark)) if promise.benchmark else ""
        if benchmark and not promise.source.strip():
            raise Invalid(_("基准须注明来源"), field="promises")
        found.append(
            {
                "name": spec.name,
                "title": row.title,
                "clause": row.clause.code,
                "calendar": row.clause.version.default_calendar,
                "body": rule_body(spec),
                "within": str(within),
                "target": promise.target,
                "benchmark": benchmark,
                "source": clean_line(promise.source, 200),
            }
        )
    return found
