"""Clocks over the API: one clock, why it is due then, and what people may do to it."""

from __future__ import annotations

from datetime import date as Date
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from shounuo.commitments import queries, services
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import NotAllowed
from shounuo.kernel.moments import GivenMoment

router = Router(tags=["clocks"])


class ClockOut(Schema):
    id: int
    clause: str
    commitment: str
    round: int
    state: str = Field(description="running, paused, met, breached, cancelled")
    started_at: datetime
    warn_at: datetime | None
    due_at: datetime
    met_at: datetime | None
    breached_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str | None


class LedgerLineOut(Schema):
    from_: datetime = Field(alias="from", serialization_alias="from")
    to: datetime
    counted: int = Field(description="seconds")
    reason: str
    kind: str = Field(description="working, workday, custom, closed, rest, holiday, natural, paused")
    day: Date
    name: str
    provisional: bool


class LedgerOut(Schema):
    due_at: datetime
    warn_at: datetime | None
    total: int = Field(description="seconds from start to due")
    used: int
    left: int = Field(description="seconds, negative when late")
    rebased: bool = Field(description="a person has set the due moment")
    provisional: bool
    ledger: list[LedgerLineOut]


class RebaseIn(Schema):
    model_config = ConfigDict(extra="forbid")

    due_at: GivenMoment | None = Field(
        None,
        description="empty: reckoned anew on the calendar as it is now",
        examples=["2030-01-08T17:00:00+08:00"],
    )
    reason: str


class CauseIn(Schema):
    model_config = ConfigDict(extra="forbid")

    cause: str = Field(examples=["staffing"])
    note: str = ""


@router.get("/clocks/{int:clock_id}", response=ClockOut, summary="A clock")
def clock(request: HttpRequest, clock_id: int) -> Any:
    return queries.clock_json(queries.clock_of(_actor(request), clock_id))


@router.get(
    "/clocks/{int:clock_id}/ledger",
    response=LedgerOut,
    by_alias=True,
    summary="Why a clock is due when it is",
)
def ledger(request: HttpRequest, clock_id: int) -> Any:
    return queries.ledger_json(queries.clock_of(_actor(request), clock_id), now())


@router.post("/clocks/{int:clock_id}/rebase", response=ClockOut, summary="Move a due moment, with a reason")
def rebase(request: HttpRequest, clock_id: int, given: RebaseIn) -> Any:
    moved = services.clock_rebase(
        clock_id=clock_id, due_at=given.due_at, reason=given.reason, actor=_actor(request), at=now()
    )
    return queries.clock_json(moved)


@router.post("/clocks/{int:clock_id}/cause", response=ClockOut, summary="Say why a promise was broken")
def cause(request: HttpRequest, clock_id: int, given: CauseIn) -> Any:
    told = services.clock_cause_set(
        clock_id=clock_id, cause=given.cause, note=given.note, actor=_actor(request), at=now()
    )
    return queries.clock_json(told)


def _actor(request: HttpRequest) -> Actor:
    """Who asks: the API root's authentication answers with the actor."""
    actor = getattr(request, "auth", None)
    if not isinstance(actor, Actor):
        raise NotAllowed(_("请先登录"), code="unauthenticated")
    return actor
