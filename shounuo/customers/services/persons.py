"""Changing a customer: his data, his contact points; and showing one of them in full."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.audit import services as audit
from shounuo.customers import events
from shounuo.customers.models import ContactPoint, Customer
from shounuo.customers.permissions import EDIT, REVEAL, VIEW
from shounuo.customers.services.companies import company_of
from shounuo.customers.services.finding import add_point, point_of
from shounuo.events.services import NewEvent, publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.kernel.text import clean, clean_line, initials, sort_key, whole

SEGMENTS = ("", "vip", "key", "new", "risk")
MOST_CONTACTS = 30


def need(actor: Actor, permission: str) -> None:
    """NotFound for one who may not know of customers at all, NotAllowed for one who lacks this right."""
    if actor.may(permission):
        return
    if not actor.may(VIEW):
        raise NotFound(_("没有这个客户，或它不对您开放"))
    raise NotAllowed(_("您没有做这件事的权限"))


def locked(customer_id: int) -> Customer:
    """The live customer under lock; NotFound, or Conflict (with `into`) for one merged into another."""
    customer = Customer.objects.select_for_update().filter(pk=customer_id, erased_at=None).first()
    if customer is None:
        raise NotFound(_("没有这个客户，或它不对您开放"))
    if customer.merged_into_id is not None:
        raise Conflict(_("这个客户已并入另一个客户"), code="merged", into=customer.merged_into_id)
    return customer


def customer_change(
    *,
    customer_id: int,
    name: str | None = None,
    company: str | None = None,
    title: str | None = None,
    region: str | None = None,
    note: str | None = None,
    segment: str | None = None,
    language: str | None = None,
    attributes: dict[str, Any] | None = None,
    actor: Actor,
    at: datetime,
) -> Customer:
    """Changes what is given (`company` by name, empty for none; `attributes` are merged, None removes a key).

    Needs customers.edit. Raises Invalid, NotAllowed, NotFound, Conflict; publishes customer.changed with the
    fields.
    """
    need(actor, EDIT)
    with transaction.atomic():
        customer = locked(customer_id)
        given: dict[str, Any] = {}
        if name is not None:
            if not (name := clean_line(name, 120)):
                raise Invalid(_("请填写姓名"), field="name")
            given |= {
                "name": name,
                "named": True,
                "sort_key": sort_key(name)[:250],
                "initials": initials(name),
            }
        if company is not None:
            given["company_id"] = company_of(company, actor=actor, at=at) if company.strip() else None
        if title is not None:
            given["title"] = clean_line(title, 60)
        if region is not None:
            given["region"] = clean_line(region, 120)
        if note is not None:
            given["note"] = clean(note)[:20_000]
        if segment is not None:
            if segment not in SEGMENTS:
                raise Invalid(_("没有这种客户分群"), field="segment")
            given["segment"] = segment
        if language is not None:
            if language and language not in dict(settings.LANGUAGES):
                raise Invalid(_("没有这种语言"), field="language")
            given["language"] = language
        if attributes is not None:
            given["attributes"] = _attributes(customer, attributes)
        changed = [field for field, value in given.items() if getattr(customer, field) != value]
        for field in changed:
            setattr(customer, field, given[field])
        if changed:
            customer.save(update_fields=changed)
            told = [f.removesuffix("_id") for f in changed if f not in ("named", "sort_key", "initials")]
            payload = {"fields": told}
            publish([NewEvent(events.CHANGED, ("customer", customer.id), at, actor, payload)])
    return customer


def contact_add(
    *, customer_id: int, kind: str, value: str, primary: bool = False, actor: Actor, at: datetime
) -> ContactPoint:
    """Adds a mail address or phone number; the first of its kind is the primary one.

    Needs customers.edit. Conflict with `customer` when it is another's (who may be the same person: merge
    them); the same one again changes nothing. Publishes customer.contact_added.
    """
    need(actor, EDIT)
    bare, shown = point_of(kind, value)
    with transaction.atomic():
        customer = locked(customer_id)
        if customer.contact_points.count() >= MOST_CONTACTS:
            raise Invalid(_("联系方式太多，请先删除不用的"), field="value", code="too_many_contacts")
        contact_id = add_point(customer.id, kind, bare, shown, at)
        contact = ContactPoint.objects.get(kind=kind, value=bare)
        if contact.customer_id != customer.id:
            raise Conflict(
                _("这个联系方式已属于另一个客户"),
                code="contact_taken",
                field="value",
                customer=contact.customer_id,
            )
        if primary and not contact.primary:
            customer.contact_points.filter(kind=kind).update(primary=False)
            contact.primary = True
            contact.save(update_fields=["primary"])
        if contact_id is not None:
            payload = {"contact": contact_id, "kind": kind}
            publish([NewEvent(events.CONTACT_ADDED, ("customer", customer.id), at, actor, payload)])
    return contact


def contact_remove(*, customer_id: int, contact_id: int, actor: Actor, at: datetime) -> None:
    """Takes a contact point away; the oldest of its kind becomes primary in its place.

    Needs customers.edit. NotFound when it is not this customer's; publishes customer.contact_removed.
    """
    need(actor, EDIT)
    with transaction.atomic():
        customer = locked(customer_id)
        contact = _contact(customer, contact_id)
        contact.delete()
        if contact.primary:
            heir = customer.contact_points.filter(kind=contact.kind).order_by("id").first()
            if heir is not None:
                heir.primary = True
                heir.save(update_fields=["primary"])
        payload = {"contact": contact_id, "kind": contact.kind}
        publish([NewEvent(events.CONTACT_REMOVED, ("customer", customer.id), at, actor, payload)])


def contact_verify(*, contact_id: int, actor: Actor, at: datetime) -> ContactPoint:
    """Notes that the customer has shown that the address or number is his (a code sent there came back).

    Publishes customer.contact_verified the first time.
    """
    with transaction.atomic():
        contact = ContactPoint.objects.select_for_update().filter(pk=contact_id).first()
        if contact is None:
            raise NotFound(_("没有这个联系方式"))
        if contact.verified_at is None:
            contact.verified_at = at
            contact.save(update_fields=["verified_at"])
            payload = {"contact": contact.id, "kind": contact.kind}
            publish(
                [NewEvent(events.CONTACT_VERIFIED, ("customer", contact.customer_id), at, actor, payload)]
            )
    return contact


def reveal(
    *, customer_id: int, field: str, actor: Actor, at: datetime, address: str | None = None
) -> str | list[str]:
    """The customer's contact in full, and the trace of it: event customer.revealed and an entry in the access
    log.

    `field` is the id of a contact point (as text), or `mail` or `phone` for all of the kind (a list, primary
    first). Needs customers.reveal. Raises NotAllowed, NotFound.
    """
    need(actor, REVEAL)
    with transaction.atomic():
        customer = Customer.objects.filter(pk=customer_id, erased_at=None).first()
        if customer is None:
            raise NotFound(_("没有这个客户，或它不对您开放"))
        detail: dict[str, Any]
        shown: str | list[str]
        if field in ContactPoint.Kind.values:
            rows = customer.contact_points.filter(kind=field).order_by("-primary", "id")
            shown, detail = [row.shown for row in rows], {"field": field}
        else:
            contact = _contact(customer, whole(field) or 0)
            shown, detail = contact.shown, {"field": contact.kind, "contact": contact.id}
        publish([NewEvent(events.REVEALED, ("customer", customer.id), at, actor, detail)])
        audit.record(
            action=events.REVEALED,
            target=("customer", customer.id),
            detail=detail,
            actor=actor,
            at=at,
            address=address,
        )
    return shown


def _contact(customer: Customer, contact_id: int) -> ContactPoint:
    contact = customer.contact_points.filter(pk=contact_id).first()
    if contact is None:
        raise NotFound(_("没有这个联系方式"))
    return contact


def _attributes(customer: Customer, given: dict[str, Any]) -> dict[str, Any]:
    merged = {k: v for k, v in {**customer.attributes, **given}.items() if v is not None}
    for key, value in merged.items():
        plain = isinstance(value, str | int | float | bool)
        if not plain or len(str(value)) > 2000 or not 0 < len(key) <= 60:
            raise Invalid(_("附加信息须是文字、数字或是否"), field="attributes")
    if len(merged) > 100:
        raise Invalid(_("附加信息太多"), field="attributes")
    return {clean_line(k): clean(v) if isinstance(v, str) else v for k, v in merged.items()}
