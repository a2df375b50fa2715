"""What the law gives a person (PIPL articles 45 and 47): a copy of his data, and its erasure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.audit import services as audit
from shounuo.customers import events
from shounuo.customers.holders import all_holders
from shounuo.customers.models import ContactPoint, Customer, Merge
from shounuo.customers.permissions import ERASE
from shounuo.customers.queries import held_ids, ids_of
from shounuo.customers.services.persons import locked, need
from shounuo.events.queries import of_subject
from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, NotFound

ERASED_NAME = "***"


def customer_export(
    *, customer_id: int, actor: Actor, at: datetime, address: str | None = None
) -> dict[str, Any]:
    """All that is kept about the person, those merged into him included, in plain values for a JSON file.

    Needs customers.erase. Leaves an event (customer.exported) and an entry in the access log.
    """
    need(actor, ERASE)
    with transaction.atomic():
        if not Customer.objects.filter(pk=customer_id).exists():
            raise NotFound(_("没有这个客户，或它不对您开放"))
        ids = ids_of(customer_id)
        copy = {
            "exported_at": at.isoformat(),
            "records": [_record(c) for c in Customer.objects.filter(id__in=ids).select_related("company")],
            **{h.kind: [row for id in ids for row in h.export(id)] for h in all_holders()},
        }
        _leave_trace(events.EXPORTED, customer_id, actor, at, address)
    return copy


def customer_erase(*, customer_id: int, actor: Actor, at: datetime, address: str | None = None) -> int:
    """Takes name, contact points, notes and words of the person out for good, in his records and in his
    cases.

    Events and figures stay: they hold ids only. Those merged into him go with him. Needs customers.erase;
    raises NotFound, Conflict (`held`: he or a case of his stands under a legal hold); publishes customer.erased on each record and writes the access log. Returns how
    many records.
    """
    need(actor, ERASE)
    with transaction.atomic():
        locked(customer_id)
        ids = ids_of(customer_id)
        if held_ids() & set(ids):
            raise Conflict(_("依法留存中，解除留存之前不能删除"), code="held")
        list(Customer.objects.select_for_update().filter(id__in=ids).order_by("id"))
        for holder in all_holders():
            for id in ids:
                holder.erase(id, at)
        ContactPoint.objects.filter(customer__in=ids).delete()
        Merge.objects.filter(target__in=ids).update(
            moved={"contacts": [], "filled": {}, "before": {}, "held": {}}
        )
        Customer.objects.filter(id__in=ids).update(
            name=ERASED_NAME,
            named=False,
            sort_key="",
            initials="",
            company=None,
            title="",
            region="",
            note="",
            segment="",
            language="",
            attributes={},
            erased_at=at,
        )
        for id in ids:
            _leave_trace(events.ERASED, id, actor, at, address)
    return len(ids)


def _leave_trace(kind: str, id: int, actor: Actor, at: datetime, address: str | None) -> None:
    publish([NewEvent(kind, ("customer", id), at, actor)])
    audit.record(action=kind, target=("customer", id), actor=actor, at=at, address=address)


def _record(customer: Customer) -> dict[str, Any]:
    return {
        "id": customer.id,
        "name": customer.name,
        "company": customer.company.name if customer.company else "",
        "title": customer.title,
        "region": customer.region,
        "note": customer.note,
        "segment": customer.segment,
        "language": customer.language,
        "attributes": customer.attributes,
        "created_at": customer.created_at.isoformat(),
        "contacts": [
            {
                "kind": c.kind,
                "value": c.shown,
                "primary": c.primary,
                "verified_at": c.verified_at.isoformat() if c.verified_at else None,
                "created_at": c.created_at.isoformat(),
            }
            for c in customer.contact_points.order_by("id")
        ],
        "history": [{"kind": e.kind, "at": e.at.isoformat()} for e in of_subject("customer", customer.id)],
    }
