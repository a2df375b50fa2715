"""Grants over the API: what may be asked for on a case or on none, asking, deciding, withdrawing; who stands in for whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import Router, Schema
from pydantic import Field

from shounuo.cases import queries, services
from shounuo.cases.approvals import APPROVAL
from shounuo.cases.models import Grant
from shounuo.cases.queries import grants, requests
from shounuo.cases.queries.grants import Offer
from shounuo.channels.api.answers import (
    KEY_HEADER,
    READING,
    WRITING,
    Cursor,
    Given,
    Limit,
    Number,
    Page,
    Text,
    actor_of,
    idempotent,
    need,
    reply,
)
from shounuo.duties import queries as duties
from shounuo.duties import services as duty_services
from shounuo.duties.models import Delegation, Duty
from shounuo.duties.permissions import WORK
from shounuo.duties.queries import Filters
from shounuo.kernel import paging
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.moments import GivenMoment

router = Router()
SERVING = _("您没有查看待办的权限")


class GrantOut(Schema):
    id: int
    case: int | None = Field(description="the case's number; empty for what belongs to no case")
    about: str | None = Field(description="what it is about, where it belongs to no case")
    kind: str = Field(examples=["compensation"])
    amount: int | None = Field(description="fen; empty for a special request", examples=[30000])
    total: int | None = Field(description="fen: what the sum over its scope came to with it, as judged last")
    reason: str
    state: str = Field(description="asked, granted, refused, withdrawn")
    asked_by: int
    asked_at: datetime
    roles: list[str] = Field(description="who may decide it; empty where it was granted at once on a case")
    decided_by: int | None
    decided_at: datetime | None
    stood_in_for: int | None = Field(description="in whose place it was decided")
    via: str | None = Field(description="page, mail, api")
    note: str | None
    clause: str


class OfferOut(Schema):
    kind: str = Field(examples=["compensation"])
    given: int = Field(description="fen granted so far")
    alone: bool = Field(description="the caller may give it by himself")
    up_to: int | None = Field(description="up to this sum in fen; empty: without end, or not at all")
    money: bool
    clause: str


class GrantsOut(Schema):
    items: list[GrantOut]
    next_cursor: str | None = Field(examples=[None])
    offers: list[OfferOut] = Field(description="what the rules in force let anybody ask for on the case")


class RequestOfferOut(OfferOut):
    roles: list[str] = Field(description="who would be asked; empty where the caller may grant it himself")


class RequestGiven(Given):
    kind: str = Field(max_length=64, examples=["report_release"])
    about: str = Field(max_length=200, examples=["第三季度服务质量报告对外发布"])
    amount: int | None = Field(None, description="fen, where the rule speaks of money")
    reason: Text = Field(examples=["客户年会上要用"])


class GrantGiven(Given):
    kind: str = Field(max_length=64, examples=["compensation"])
    amount: int | None = Field(None, description="fen", examples=[30000])
    reason: Text = Field(examples=["料受潮，客户要求补偿"])


class GrantWordGiven(Given):
    note: Text = ""


class GrantReasonGiven(Given):
    reason: Text = Field(examples=["证据不足"])


class DelegationOut(Schema):
    id: int
    person: int
    delegate: int
    starts_at: datetime
    ends_at: datetime
    reason: str
    ended_at: datetime | None


class DelegationGiven(Given):
    delegate: int
    person: int | None = Field(None, description="the caller where nothing is said")
    starts_at: GivenMoment = Field(examples=["2030-01-08T00:00:00+08:00"])
    ends_at: GivenMoment = Field(examples=["2030-01-12T00:00:00+08:00"])
    reason: Text = ""


@router.get("/cases/{int:number}/grants", response={200: GrantsOut, **READING}, summary="Grants on a case")
def case_grants(
    request: HttpRequest, number: Number, cursor: Cursor = None, limit: Limit = None
) -> HttpResponse:
    """The grants of the matter (cases split and merged are one), the last first, and what may be asked for."""
    actor, at = actor_of(request), now()
    case = queries.get(actor, number)
    found, after = grants.page_of_case(case.pk, cursor=cursor, limit=paging.limit_of(limit))
    return reply(
        {
            "items": [grants.grant_json(g) for g in found],
            "next_cursor": after,
            "offers": [_offer(o) for o in grants.offers(actor, case, at)],
        }
    )


@router.post(
    "/cases/{int:number}/grants",
    response={201: GrantOut, **WRITING},
    summary="Ask for a grant",
    openapi_extra=KEY_HEADER,
)
@idempotent
def case_grant_ask(request: HttpRequest, number: Number, given: GrantGiven) -> HttpResponse:
    """Given at once within the caller's limit (state `granted`), else asked of those who may (`asked`)."""
    actor = actor_of(request)
    case = queries.get(actor, number)
    made = services.grant_ask(
        case_id=case.pk, kind=given.kind, amount=given.amount, reason=given.reason, actor=actor, at=now()
    )
    return reply(grants.grant_json(grants.get(actor, made.pk)), 201)


@router.get("/grants", response={200: Page[GrantOut], **READING}, summary="Requests by when they are owed")
def grant_list(
    request: HttpRequest,
    box: Literal["todo", "asked", "all", "organisation"] = "todo",
    state: Literal["open", "done", "cancelled"] = "open",
    cursor: Cursor = None,
    limit: Limit = None,
) -> HttpResponse:
    """`todo`: those that wait for the caller's word; `asked`: by him; `all` that he may see. `done`: answered. `organisation`:
    those on no case, also those granted at once; what is not `open` there is any that has ended."""
    actor = _worker(request)
    if box == "organisation":
        rows, after = requests.page(
            actor, waiting=state == "open", cursor=cursor, limit=paging.limit_of(limit)
        )
        return reply({"items": [grants.grant_json(g) for g in rows], "next_cursor": after})
    filters = Filters(box=box, kind=APPROVAL, state=Duty.State(state))
    waiting, after = duties.inbox(actor, filters, now(), cursor=cursor, limit=paging.limit_of(limit))
    found = {g.pk: g for g in grants.visible_to(actor).filter(pk__in={d.origin_id for d in waiting})}
    items = [grants.grant_json(found[d.origin_id]) for d in waiting if d.origin_id in found]
    return reply({"items": items, "next_cursor": after})


@router.post(
    "/grants",
    response={201: GrantOut, **WRITING},
    summary="Ask for a grant on no case",
    openapi_extra=KEY_HEADER,
)
@idempotent
def request_ask(request: HttpRequest, given: RequestGiven) -> HttpResponse:
    """Given at once where the caller's role may (state `granted`), else asked of those who may (`asked`)."""
    actor = _worker(request)
    made = services.request_ask(
        kind=given.kind,
        about=given.about,
        amount=given.amount,
        reason=given.reason,
        actor=actor,
        at=now(),
    )
    return reply(grants.grant_json(grants.get(actor, made.pk)), 201)


@router.get(
    "/grants/offers",
    response={200: Page[RequestOfferOut], **READING},
    summary="What may be asked for on no case",
)
def request_offers(request: HttpRequest, cursor: Cursor = None, limit: Limit = None) -> HttpResponse:
    """The kinds of which an authority rule in force speaks for the organisation, in the order of their clauses."""
    found, after = paging.part(
        requests.offers(_worker(request), now()),
        lambda a: a.offer.kind,
        cursor=cursor,
        limit=paging.limit_of(limit),
    )
    items = [_offer(a.offer) | {"roles": list(a.roles)} for a in found]
    return reply({"items": items, "next_cursor": after})


@router.get("/grants/{int:grant}", response={200: GrantOut, **READING}, summary="Read a grant")
def grant_read(request: HttpRequest, grant: Number) -> HttpResponse:
    return reply(grants.grant_json(grants.get(_worker(request), grant)))


@router.post(
    "/grants/{int:grant}/approve",
    response={200: GrantOut, **WRITING},
    summary="Approve a request",
    openapi_extra=KEY_HEADER,
)
@idempotent
def grant_approve(request: HttpRequest, grant: Number, given: GrantWordGiven) -> HttpResponse:
    """For who may grant the sum as it is now, never for who asked."""
    return _decided(request, grant, True, given.note)


@router.post(
    "/grants/{int:grant}/refuse",
    response={200: GrantOut, **WRITING},
    summary="Refuse a request",
    openapi_extra=KEY_HEADER,
)
@idempotent
def grant_refuse(request: HttpRequest, grant: Number, given: GrantReasonGiven) -> HttpResponse:
    return _decided(request, grant, False, given.reason)


@router.post(
    "/grants/{int:grant}/withdraw",
    response={200: GrantOut, **WRITING},
    summary="Take back a request, or what was granted and not given",
    openapi_extra=KEY_HEADER,
)
@idempotent
def grant_withdraw(request: HttpRequest, grant: Number, given: GrantReasonGiven) -> HttpResponse:
    actor = _worker(request)
    services.grant_withdraw(grant_id=grant, reason=given.reason, actor=actor, at=now())
    return reply(grants.grant_json(grants.get(actor, grant)))


@router.get("/delegations", response={200: Page[DelegationOut], **READING}, summary="Who stands in for whom")
def delegation_list(request: HttpRequest, cursor: Cursor = None, limit: Limit = None) -> HttpResponse:
    """Those that concern the caller, the latest first."""
    rows, after = duties.delegations_page(_worker(request), cursor=cursor, limit=paging.limit_of(limit))
    return reply({"items": [_delegation(d) for d in rows], "next_cursor": after})


@router.post(
    "/delegations",
    response={201: DelegationOut, **WRITING},
    summary="Name who stands in",
    openapi_extra=KEY_HEADER,
)
@idempotent
def delegation_make(request: HttpRequest, given: DelegationGiven) -> HttpResponse:
    """For oneself; for others one needs `duties.manage`."""
    actor = _worker(request)
    made = duty_services.delegation_make(
        person_id=given.person or actor.person_id or 0,
        delegate_id=given.delegate,
        starts_at=given.starts_at,
        ends_at=given.ends_at,
        reason=given.reason,
        actor=actor,
        at=now(),
    )
    return reply(_delegation(made), 201)


@router.post(
    "/delegations/{int:delegation}/end",
    response={200: DelegationOut, **WRITING},
    summary="End it early",
    openapi_extra=KEY_HEADER,
)
@idempotent
def delegation_end(request: HttpRequest, delegation: Number) -> HttpResponse:
    ended = duty_services.delegation_end(delegation_id=delegation, actor=_worker(request), at=now())
    return reply(_delegation(ended))


def _worker(request: HttpRequest) -> Actor:
    return need(request, WORK, SERVING)


def _decided(request: HttpRequest, grant: int, approve: bool, note: str) -> HttpResponse:
    actor = _worker(request)
    services.grant_decide(
        grant_id=grant, approve=approve, note=note, via=Grant.Via.API, actor=actor, at=now()
    )
    return reply(grants.grant_json(grants.get(actor, grant)))


def _offer(offer: Offer) -> dict[str, Any]:
    return {
        "kind": offer.kind,
        "given": offer.given,
        "alone": offer.limit.allowed,
        "up_to": offer.limit.fen,
        "money": offer.money,
        "clause": offer.clause,
    }


def _delegation(it: Delegation) -> dict[str, Any]:
    return {
        "id": it.pk,
        "person": it.person_id,
        "delegate": it.delegate_id,
        "starts_at": it.starts_at,
        "ends_at": it.ends_at,
        "reason": it.reason,
        "ended_at": it.ended_at,
    }
