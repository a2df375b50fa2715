"""Customers over the API. Addresses and numbers come out masked; a reveal is made on the customer's page."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import Router
from pydantic import Field

from shounuo.channels.api import schemas as s
from shounuo.channels.api.answers import (
    KEY_HEADER,
    READING,
    WRITING,
    Cursor,
    Limit,
    Line,
    Number,
    Page,
    actor_of,
    idempotent,
    need,
    reply,
)
from shounuo.customers import permissions, queries, services
from shounuo.kernel import paging
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Invalid

router = Router()
Words = Annotated[Line, Field(max_length=80, description="name, initials, part of a number or an address")]


@router.get("/customers", response={200: Page[s.CustomerOut], **READING}, summary="List or find customers")
def customer_list(
    request: HttpRequest, q: Words = "", cursor: Cursor = None, limit: Limit = None
) -> HttpResponse:
    """In the order of their names' sound; with `q` the first matches, on one page."""
    actor = need(request, permissions.VIEW, _("您没有查看客户的权限"))
    if q:
        rows, more = queries.search(actor, q, limit=paging.limit_of(limit)), None
    else:
        rows, more = queries.list_page(actor, cursor=cursor, limit=limit)
    return reply({"items": [queries.customer_json(c, actor) for c in rows], "next_cursor": more})


@router.post(
    "/customers",
    response={200: s.CustomerOut, 201: s.CustomerOut, **WRITING},
    summary="Find or make a customer",
    openapi_extra=KEY_HEADER,
)
@idempotent
def customer_add(request: HttpRequest, given: s.CustomerGiven) -> HttpResponse:
    """201 with the new customer, or 200 with the one who has this mail or phone already."""
    actor = need(request, permissions.EDIT, _("您没有修改客户资料的权限"))
    if not (given.name or given.mail or given.phone):
        raise Invalid(_("请给出客户的姓名、邮箱或电话"), field="name", code="no_customer")
    customer, new = services.customer_find_or_create(
        name=given.name, mail=given.mail, phone=given.phone, company=given.company, actor=actor, at=now()
    )
    return reply(queries.customer_json(queries.get(actor, customer.pk), actor), 201 if new else 200)


@router.get("/customers/{int:customer}", response={200: s.CustomerOut, **READING}, summary="Read a customer")
def customer_read(request: HttpRequest, customer: Number) -> HttpResponse:
    """The customer, or the one into whom he was merged. His cases: `/cases?customer=`."""
    actor = actor_of(request)
    return reply(queries.customer_json(queries.get(actor, customer), actor))


@router.patch(
    "/customers/{int:customer}",
    response={200: s.CustomerOut, **WRITING},
    summary="Change a customer",
)
def customer_change(request: HttpRequest, customer: Number, given: s.CustomerChange) -> HttpResponse:
    """Changes the fields that are given."""
    actor = actor_of(request)
    found = queries.get(actor, customer)
    services.customer_change(customer_id=found.pk, **given.dict(exclude_unset=True), actor=actor, at=now())
    return reply(queries.customer_json(queries.get(actor, found.pk), actor))
