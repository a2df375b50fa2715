"""Reading customers. `visible_to(actor)` first; addresses and numbers come out masked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from shounuo.audit.queries import held
from shounuo.customers.models import Company, ContactPoint, Customer, Merge
from shounuo.customers.permissions import VIEW
from shounuo.events.subjects import Facts
from shounuo.kernel import paging, prepared
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotFound
from shounuo.kernel.text import clean_line, fold_width, mask_mail, mask_phone, normalise_phone, plain_digits

UNDO_WITHIN = timedelta(days=30)
_MOST_FOUND = 200


@dataclass(frozen=True, slots=True)
class MaskedContact:
    """A contact point as the actor may see it; `masked` says that there is more to reveal."""

    id: int
    kind: str
    text: str
    masked: bool
    primary: bool
    verified: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """What stands beside a case about its customer."""

    customer: Customer
    company: Company | None
    contacts: list[MaskedContact]
    merges: list[Merge]


def visible_to(actor: Actor) -> QuerySet[Customer]:
    """The customers the actor may know of: all with customers.view, himself for a customer, else none."""
    if actor.may(VIEW):
        return Customer.objects.all()
    if actor.kind == "customer":
        return Customer.objects.filter(id__in=[actor.id])
    return Customer.objects.none()


def live(rows: QuerySet[Customer]) -> QuerySet[Customer]:
    """Without those merged into another and those erased."""
    return rows.filter(merged_into=None, erased_at=None)


def get(actor: Actor, customer_id: int) -> Customer:
    """The customer, or the one who took over after merges; NotFound for those the actor may not know of."""
    customer = visible_to(actor).select_related("company").filter(id=customer_id).first()
    while customer is not None and customer.merged_into_id is not None:
        customer = visible_to(actor).select_related("company").filter(id=customer.merged_into_id).first()
    if customer is None:
        raise NotFound(_("没有这个客户，或它不对您开放"))
    return customer


def masked(contact: ContactPoint, actor: Actor) -> str:
    """The address or number as the actor may see it at once: whole for the customer himself and the system,
    masked for everyone else. The whole one is given by `services.reveal`, which leaves a trace.
    """
    if actor.is_system or (actor.kind == "customer" and actor.id == contact.customer_id):
        return contact.shown
    return mask_mail(contact.value) if contact.kind == ContactPoint.Kind.MAIL else mask_phone(contact.value)


def masked_contacts(customer: Customer, actor: Actor) -> list[MaskedContact]:
    """The customer's contact points, the primary ones first; no query when they were prefetched."""
    rows = sorted(customer.contact_points.all(), key=lambda c: (c.kind, not c.primary, c.id))
    out = []
    for row in rows:
        text = masked(row, actor)
        out.append(
            MaskedContact(row.id, row.kind, text, text != row.shown, row.primary, row.verified_at is not None)
        )
    return out


def panel(actor: Actor, customer_id: int) -> Panel:
    """The customer with company, masked contact points and the merges that can still be told of; three
    queries.
    """
    customer = get(actor, customer_id)
    merges = (
        Merge.objects.filter(target=customer, undone_at=None).select_related("source").order_by("-id")[:10]
    )
    return Panel(customer, customer.company, masked_contacts(customer, actor), list(merges))


def list_page(
    actor: Actor,
    *,
    cursor: str | None = None,
    limit: int | None = None,
    segment: str = "",
    company_id: int | None = None,
) -> tuple[list[Customer], str | None]:
    """Customers in the order of their names' sound, with company and contact points; three queries."""
    size = paging.limit_of(limit)
    rows = live(visible_to(actor))
    if segment:
        rows = rows.filter(segment=segment)
    if company_id is not None:
        rows = rows.filter(company_id=company_id)
    if cursor:
        key, last = paging.decode(cursor, str, int)
        rows = rows.filter(Q(sort_key__gt=key) | Q(sort_key=key, id__gt=last))
    found = list(_with_all(rows.order_by("sort_key", "id"))[: size + 1])
    if len(found) <= size:
        return found, None
    return found[:size], paging.encode(found[size - 1].sort_key, found[size - 1].id)


def search(actor: Actor, text: str, *, limit: int = 20) -> list[Customer]:
    """Live customers whose name holds the text, whose initials begin with it, or one of whose numbers (from three
    digits) or addresses (from two characters) holds it: of at most 200 matches of each kind, in the order of names.

    Three queries.
    """
    text = clean_line(fold_width(text), 80)
    if not text:
        return []
    allowed = live(visible_to(actor))
    ways = [_by_name(text)]
    digits = re.sub(r"[\s()+-]", "", plain_digits(text))
    if digits.isascii() and digits.isdigit():
        if len(digits) >= 3:
            ways.append(_by_contact("phone", _bare(text)))
        ways.append(_by_contact("mail", text.lower()))
    elif text.isascii() and " " not in text:
        if text.isalpha():
            found = Customer.objects.filter(initials__startswith=text.lower())
            ways.append(found.values_list("id", flat=True))
        if len(text) >= 2:
            ways.append(_by_contact("mail", text.lower()))
    first, *rest = (way[:_MOST_FOUND] for way in ways)
    ids = first.union(*rest) if rest else first
    return list(_with_all(allowed.filter(id__in=list(ids)).order_by("sort_key", "id"))[:limit])


def _by_name(text: str) -> QuerySet:
    return (
        Customer.objects.annotate(upper_name=Upper("name"))
        .filter(upper_name__contains=Upper(Value(text)))
        .values_list("id", flat=True)
    )


def _by_contact(kind: str, part: str) -> QuerySet:
    return ContactPoint.objects.filter(kind=kind, value__contains=part).values_list("customer_id", flat=True)


def _bare(text: str) -> str:
    """Digits as numbers are stored: a whole number in its normal form, a part without a country code's
    zeros.
    """
    return normalise_phone(text) or re.sub(
        r"^(?:\+|00)?86(?=1)", "", re.sub(r"[^\d+]", "", plain_digits(text))
    )


def by_phone_prefix(actor: Actor, digits: str, *, limit: int = 8) -> list[Customer]:
    """Customers for the phone form as the number is typed: those whose number begins with the digits first,
    then those whose number holds them (four digits or more: the tail is often all one has).
    """
    bare = _bare(digits)
    if len(bare) < 3:
        return []
    allowed = live(visible_to(actor))
    numbers = ContactPoint.objects.filter(kind="phone")
    ids = list(
        numbers.filter(value__startswith=bare).order_by("value").values_list("customer_id", flat=True)[:limit]
    )
    if len(ids) < limit and len(bare) >= 4:
        more = numbers.filter(value__contains=bare).order_by("value").values_list("customer_id", flat=True)
        ids += [i for i in more[:limit] if i not in ids]
    order = {id: place for place, id in reversed(list(enumerate(ids)))}
    return sorted(_with_all(allowed.filter(id__in=order)), key=lambda c: order[c.id])[:limit]


def by_contact(actor: Actor, *, mail: str = "", phone: str = "") -> Customer | None:
    """The live customer who has this address or number (already normalised); the address decides."""
    wanted = Q(kind="mail", value=mail) if mail else Q()
    if phone:
        wanted |= Q(kind="phone", value=phone)
    if not wanted:
        return None
    points = ContactPoint.objects.filter(wanted).order_by("kind").values_list("customer_id", flat=True)
    ids = list(points)
    found = live(visible_to(actor)).in_bulk(ids)
    return next((found[i] for i in ids if i in found), None)


def duplicates(actor: Actor, customer: Customer, *, limit: int = 5) -> list[Customer]:
    """Others of the same name, those of the same company first: candidates for a merge, nothing more."""
    if not customer.named:
        return []
    rows = live(visible_to(actor)).filter(name__iexact=customer.name).exclude(id=customer.id)
    found = list(_with_all(rows.order_by("id"))[:50])
    return sorted(found, key=lambda c: c.company_id != customer.company_id)[:limit]


def ids_of(customer_id: int) -> list[int]:
    """The customer and all who were merged into him, directly or on the way."""
    ids, fresh = {customer_id}, {customer_id}
    while fresh:
        fresh = set(Customer.objects.filter(merged_into__in=fresh).values_list("id", flat=True)) - ids
        ids |= fresh
    return sorted(ids)


def held_ids() -> set[int]:
    """Customers under a legal hold, with those merged into them and the ones they were merged into."""
    ids: set[int] = set()
    for id in held("customer"):
        while (
            above := Customer.objects.filter(pk=id).values_list("merged_into_id", flat=True).first()
        ) is not None:
            id = above
        ids.update(ids_of(id))
    return ids


def companies(actor: Actor, text: str = "", *, limit: int = 20) -> list[Company]:
    """Companies whose name holds the text or whose initials begin with it."""
    if not actor.may(VIEW):
        return []
    rows = Company.objects.order_by("sort_key", "id")
    if text := clean_line(text, 80):
        rows = rows.filter(Q(name__icontains=text) | Q(initials__startswith=text.lower()))
    return list(rows[:limit])


_FACTS = (
    "SELECT id, segment, company_id, region, language FROM customers_customer WHERE id = ANY(%s::bigint[])"
)


def facts(ids: Iterable[int]) -> dict[int, Facts]:
    """What rules may match on."""
    return {
        id: {"segment": segment, "company": company, "region": region, "customer_language": language}
        for id, segment, company, region, language in prepared.by_ids(_FACTS, list(ids))
    }


def labels(ids: Iterable[int]) -> dict[int, str]:
    """Names by id (stars for one who was erased)."""
    return dict(Customer.objects.filter(id__in=list(ids)).values_list("id", "name"))


def customer_json(customer: Customer, actor: Actor) -> dict[str, Any]:
    """The customer for the API: contact points masked as the actor may see them."""
    return {
        "id": customer.id,
        "name": customer.name,
        "company": customer.company.name if customer.company else None,
        "segment": customer.segment or None,
        "region": customer.region or None,
        "contacts": [
            {"id": c.id, "kind": c.kind, "value": c.text, "masked": c.masked, "verified": c.verified}
            for c in masked_contacts(customer, actor)
        ],
        "created_at": customer.created_at.isoformat(),
    }


def _with_all(rows: QuerySet[Customer]) -> QuerySet[Customer]:
    return rows.select_related("company").prefetch_related("contact_points")
